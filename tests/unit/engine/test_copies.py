"""Tests of copies that threads share."""

import numpy as np
import pytest

from zarrpy.config import config
from zarrpy.engine.copies import Copies


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize(
    "shape", [(), (0, 3), (7,), (3, 300, 400), (5000, 200), (1, 1 << 20), (1 << 20, 1)]
)
def test_all_of_every_array_is_copied(shape, workers):
    """However many share it, and however long its first axis is; also backwards and broadcast."""
    values = np.arange(np.prod(shape), dtype="f8").reshape(shape)
    targets = [np.zeros(shape) for _ in range(3)]
    copies = Copies()
    copies.add(targets[0], values)
    copies.add(targets[1].T, values.T)
    copies.add(targets[2], np.broadcast_to(np.float64(7), shape))

    with config.set(workers=workers):
        copies.finish()

    np.testing.assert_array_equal(targets[0], values)
    np.testing.assert_array_equal(targets[1], values)
    assert (targets[2] == 7).all()


def test_what_is_cancelled_is_left():
    """As `zarrpy.engine.pool` asks for after an interrupt."""
    target = np.zeros(10)
    copies = Copies()
    copies.add(target, np.ones(10))
    copies.cancel()
    copies.run()

    assert not target.any()
