"""Tests of `zarrpy.engine.sequence`: the order of chunks in a shard."""

import doctest

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import sequence


def offsets(store, count):
    """Offset of each chunk of the only shard, by position in its index."""
    index = np.frombuffer(store["c/0/0"][-16 * count - 4 : -4], "<u8").reshape(-1, 2)
    return index[:, 0].argsort().tolist()


@pytest.mark.parametrize(
    ("order", "positions"),
    [
        ("lexicographic", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("colexicographic", [0, 4, 1, 5, 2, 6, 3, 7]),
        ("morton", [0, 1, 4, 5, 2, 3, 6, 7]),
    ],
)
def test_the_order_of_writing_is_chosen_at_run_time(order, positions, body):
    """It is not in the metadata, and whoever reads does not care."""
    stores = {"a": {}, "b": {}}
    values = np.arange(32).reshape(4, 8)

    with zarrpy.config.set({"array.subchunk_write_order": order}):
        zarrpy.create_array(stores["a"], data=values, chunks=2, shards=(4, 8))
    zarrpy.create_array(stores["b"], data=values, chunks=2, shards=(4, 8))

    assert offsets(stores["a"], 8) == positions
    assert offsets(stores["b"], 8) == list(range(8))
    assert stores["a"]["zarr.json"] == stores["b"]["zarr.json"]
    assert np.array_equal(zarrpy.open(stores["a"])[...], values)


def test_the_examples_hold():
    """Of the orders."""
    assert doctest.testmod(sequence).failed == 0


@pytest.mark.parametrize("grid", [(), (1,), (3, 5), (4, 1, 7), (2, 3, 4, 5)])
@pytest.mark.parametrize("order", ["colexicographic", "morton"])
def test_every_position_comes_once(grid, order):
    """Whatever the lengths of the axes."""
    found = sequence._sequence(order, grid)

    assert sorted(found.tolist()) == list(range(int(np.prod(grid))))
