"""Tests of `zarrpy.codecs.reshape`."""

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.reshape import Reshape, Squeeze
from zarrpy.errors import MetadataError
from zarrpy.testing.codec_contract import ArrayToArrayContract


class TestReshape(ArrayToArrayContract):
    codecs = (Reshape([1, -1]), Reshape([[0], 1]), Reshape([-1, [], 1]))
    dtypes = ("u1", "f8")


class TestSqueeze(ArrayToArrayContract):
    codecs = (Squeeze(),)
    dtypes = ("u1", "f8")


def spec(*shape):
    """Describe a chunk."""
    return ChunkSpec(shape, np.dtype("u1"), None)


@pytest.mark.parametrize(
    ("shape", "given", "wanted"),
    [
        ([[0, 1], [2], 3], (100, 50, 64, 3), (5000, 64, 3)),
        ([[0, 1], 10, [3, 4]], (2, 3, 10, 4, 5), (6, 10, 20)),
        ([-1], (4, 5), (20,)),
        ([], (1, 1), ()),
        ([5, -1, 2], (20,), (5, 2, 2)),
    ],
)
def test_the_shape_follows_from_that_of_the_chunk(shape, given, wanted):
    """Numbers are lengths, lists are axes of the chunk, -1 is the rest."""
    assert Reshape(shape).encoded_spec(spec(*given)).shape == wanted


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ([3], (4,)),
        ([3, -1], (4,)),
        ([[0, 4]], (4,)),
        ([[1], 4], (4, 6)),
        ([2, [1], 2], (4, 6)),
    ],
)
def test_a_shape_that_chunks_cannot_have_is_refused(shape, given):
    """The elements must be as many, and lists must mean whole axes."""
    with pytest.raises(MetadataError, match=r"reshape\.shape must be"):
        Reshape.from_config({"shape": shape}, spec=spec(*given))


@pytest.mark.parametrize(
    "shape", [None, 5, "5", [0], [-2], [-1, -1], [[1, 0]], [[0], [0]], [[1], [0]], [1.0], [[-1]]]
)
def test_a_shape_that_is_none_is_refused(shape):
    """Before it meets a chunk."""
    with pytest.raises(MetadataError, match=r"reshape\.shape must be a list of lengths"):
        Reshape(shape)


@pytest.mark.parametrize("filters", [[Reshape([[0, 1], -1])], [Squeeze()]])
def test_native_chains_have_nothing_to_do_for_it(filters):
    """The bytes of elements in C order are the same; what follows sees the other shape."""
    values = np.arange(60, dtype="i2").reshape(3, 1, 20)

    array = zarrpy.create_array({}, data=values, chunks=(2, 1, 7), filters=filters)

    assert array.codecs.native
    assert (array[...] == values).all()
    with zarrpy.config.set(disable={"native"}):
        assert (array[...] == values).all()
