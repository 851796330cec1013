"""Tests of copies that threads share."""

import numpy as np
import pytest

from zarrpy._native.blocks import copy_blocks
from zarrpy.config import config
from zarrpy.engine.copies import Copies

BODIES = pytest.mark.parametrize("disable", ["", "native"])


@BODIES
@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize(
    "shape", [(), (0, 3), (7,), (3, 300, 400), (5000, 200), (1, 1 << 20), (1 << 20, 1)]
)
def test_all_of_every_array_is_copied(shape, workers, disable):
    """However many share it, and however long its first axis is; also backwards and broadcast."""
    values = np.arange(np.prod(shape), dtype="f8").reshape(shape)
    backwards = np.asarray(np.flip(values))
    targets = [np.zeros(shape) for _ in range(4)]
    copies = Copies()
    copies.add(targets[0], values)
    copies.add(targets[1].T, values.T)
    copies.add(targets[2], np.broadcast_to(np.float64(7), shape))
    copies.add(targets[3], backwards)

    with config.set(workers=workers, disable=disable):
        copies.finish()

    np.testing.assert_array_equal(targets[0], values)
    np.testing.assert_array_equal(targets[1], values)
    assert (targets[2] == 7).all()
    np.testing.assert_array_equal(targets[3], backwards)


@BODIES
@pytest.mark.parametrize(
    "dtype", ["?", "i1", ">u2", "f2", "c16", "M8[s]", "m8[D]", "U3", "S5", "V7"]
)
def test_elements_of_any_size_are_copied_as_they_are(dtype, disable):
    """A part of each row, to a part of larger rows."""
    dtype = np.dtype(dtype)
    values = np.frombuffer(np.random.default_rng(1).bytes(60 * 16), "u1")[: 60 * dtype.itemsize]
    if dtype.kind in "?U":
        values = np.zeros_like(values)
    values = values.view(dtype).reshape(6, 10)
    target = np.zeros((8, 12), dtype)
    copies = Copies()
    copies.add(target[1:7, 2:9], values[:, 3:])

    with config.set(disable=disable):
        copies.finish()

    assert target[1:7, 2:9].tobytes() == values[:, 3:].tobytes()
    assert target[[0, 7]].tobytes() == bytes(24 * dtype.itemsize)


def test_what_cannot_be_copied_as_it_is_is_refused():
    """By C, which knows bytes only."""
    for target, source, error in (
        (np.zeros(3), np.zeros(3, ">f8"), TypeError),
        (np.zeros(3, object), np.zeros(3, object), TypeError),
        (np.zeros(3), np.zeros(4), ValueError),
        (np.zeros(3), np.zeros((1, 3)), ValueError),
    ):
        copies = Copies()
        copies.add(target, source)
        with pytest.raises(error, match="cannot copy"):
            copies.finish()


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((1024, 4096), 5),
        ((1, 1024, 4096), 5),
        ((2, 1024, 2048), 5),
        ((1, 1, 1 << 22), 5),
        ((3, 2, 1 << 20), 5),
        ((1, 1, 1 << 17), 0),
    ],
)
def test_helpers_are_asked_for_whatever_axis_is_long(shape, wanted):
    """A piece of one step along the first axis is shared, and signals are seen to in between."""
    asked, loans = [0], {}

    def lend(loan, number):
        asked.append(number)
        loans[loan] = number
        return number

    source = np.arange(np.prod(shape), dtype="u4").astype("u1").reshape(shape)
    target = np.zeros(shape, "u1")

    copy_blocks([(target, source)], 5, lend, loans)

    assert asked[-1] == wanted
    assert not loans
    np.testing.assert_array_equal(target, source)
