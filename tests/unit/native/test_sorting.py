"""Tests of points that are sorted by chunk: in C and in NumPy alike."""

import numpy as np
import pytest

import zarrpy
from zarrpy._native.sorting import sort_points
from zarrpy.selection.record import Points
from zarrpy.selection.table import PointTable

FIELDS = ("pieces", "positions", "places")


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [((100,), (7,)), ((50, 60), (50, 1)), ((9, 1, 11), (4, 1, 3)), ((300, 300), (1, 1))],
)
@pytest.mark.parametrize("count", [1, 30, 4000])
@pytest.mark.parametrize("parts", [None, 1, 3])
def test_points_are_sorted_as_by_numpy(shape, chunks, count, parts):
    """With points that come twice, and chunks all of whose elements come; also inside of shards."""
    random = np.random.default_rng(count)
    points = Points(tuple(range(len(shape))), tuple(random.integers(0, n, count) for n in shape))
    inner = None if parts is None else tuple(-(-n // parts) for n in chunks)

    found = PointTable.of(points, shape, chunks, inner)
    with zarrpy.config.set(disable=["native"]):
        expected = PointTable.of(points, shape, chunks, inner)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert found.pieces[0, :, 4].sum() == count


def test_what_the_short_way_does_not_take_is_left_to_numpy():
    """No points, a point outside, chunks of length 0, and very many chunks."""
    some = np.array([1, 5])

    assert sort_points([some, some], (10, 10), (3, 3)) is not None
    assert sort_points([some[:0]], (10,), (3,)) is None
    assert sort_points([some], (5,), (3,)) is None
    assert sort_points([-some], (10,), (3,)) is None
    assert sort_points([some], (10,), (0,)) is None
    assert sort_points([some, some], (1 << 40, 10), (1, 1)) is None
    assert sort_points([some, some], (1 << 40, 10), (1 << 39, 10), (1, 1)) is None
    assert sort_points([some], (10,), (5,), (0,)) is None
    with pytest.raises(ValueError, match="1 positions on axis 1, not 2"):
        sort_points([some, some[:1]], (10, 10), (3, 3))


def test_a_grid_of_very_many_chunks_has_points_too():
    array = zarrpy.create_array({}, shape=(1 << 40, 10), chunks=(1, 3), dtype="i4")
    array.vindex[[5, 1 << 39, 5], [9, 2, 0]] = [1, 2, 3]

    assert array.vindex[[1 << 39, 5, 5], [2, 0, 9]].tolist() == [2, 3, 1]
