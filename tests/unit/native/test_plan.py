"""Tests of `zarrpy._native.plan`, against a plan in a few lines of NumPy."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy._native.plan import ChunkPlan
from zarrpy.metadata.runs import Runs


def cuts(length, spacing):
    """First element and extent of every chunk along an axis."""
    if isinstance(spacing, tuple):
        starts = np.concatenate([[0], np.cumsum(spacing)[:-1]]).astype(int)
        return list(zip(starts.tolist(), spacing, strict=True))
    return [(start, spacing) for start in range(0, length, spacing)]


def expected_pieces(length, spacing, start, count, step):
    """Say for every chunk that holds selected elements what `ChunkPlan.pieces` says."""
    selected = start + step * np.arange(count)
    found = []
    for number, (first, extent) in enumerate(cuts(length, spacing)):
        here = np.flatnonzero((selected >= first) & (selected < first + extent))
        if here.size:
            inside = min(extent, length - first)
            begin = int(selected[here[0]]) - first
            found.append((number, extent, inside, begin, here.size, int(here[0])))
    return found


@st.composite
def axes(draw):
    """One axis: length, spacing, and a selection inside it."""
    length = draw(st.integers(0, 30))
    if draw(st.booleans()):
        spacing = draw(st.integers(1, 12))
    else:
        spacing, left = (), length
        while left > 0 or not spacing:
            extent, times = draw(st.integers(1, 9)), draw(st.integers(1, 3))
            spacing, left = spacing + (extent,) * times, left - extent * times
    step = draw(st.integers(1, 7))
    start = draw(st.integers(0, max(length - 1, 0)))
    most = 0 if length == 0 else (length - 1 - start) // step + 1
    return length, spacing, start, draw(st.integers(0, most)), step


def plan_of(case):
    """The plan of a selection, given axis by axis."""
    lengths, spacings, *selection = zip(*case, strict=True) if case else [()] * 5
    return ChunkPlan(lengths, tuple(map(rows, spacings)), *selection)


def rows(spacing):
    """The lengths of an axis as the plan takes them."""
    if isinstance(spacing, int):
        return spacing
    runs = Runs.of(spacing)
    return runs.ends, runs.lengths, runs.firsts


@given(st.lists(axes(), max_size=3))
def test_the_plan_is_the_product_of_the_pieces_of_its_axes(case):
    """For regular and irregular grids, every start, count and step."""
    expected = list(product(*[expected_pieces(*axis) for axis in case]))

    plan = plan_of(case)

    assert (plan.ndim, len(plan), plan.ntasks) == (len(case), len(expected), len(expected))
    assert [plan.pieces(task) for task in range(len(plan))] == expected
    assert [plan.step(axis) for axis in range(plan.ndim)] == [axis[4] for axis in case]


@given(st.lists(axes(), max_size=3))
def test_a_chunk_is_covered_when_all_its_elements_inside_the_array_are_selected(case):
    """Only then may it be written without being read first."""
    shape = tuple(axis[0] for axis in case)
    plan = plan_of(case)
    selected = np.zeros(shape, bool)
    selected[tuple(slice(s, s + c * p, p) for _, _, s, c, p in case)] = True

    for task in range(len(plan)):
        block = tuple(
            slice(cuts(length, spacing)[chunk][0], sum(cuts(length, spacing)[chunk]))
            for (length, spacing, *_), chunk in zip(case, plan.grid_index(task), strict=True)
        )
        assert plan.covered(task) == selected[block].all()


def test_a_selection_of_very_many_chunks_has_a_small_plan():
    """The plan keeps a row a stretch of equal chunks, never a row a chunk."""
    n = 100_000

    plan = ChunkPlan((n, n), (1, 1), [0, 0], [n, n], [1, 1])

    assert len(plan) == n * n
    assert plan.nbytes < 1000
    assert plan.grid_index(n * n - 1) == (n - 1, n - 1)
    assert plan.keys("c/", "/", "c", 1_234_567_890, 1_234_567_892) == [
        "c/12345/67890",
        "c/12345/67891",
    ]


def test_a_long_row_of_chunks_is_as_small_as_a_short_one():
    """10^9 chunks of one axis, with a run of others before them, are two rows of the plan."""
    n = 10**9

    plan = ChunkPlan((7 + n,), (rows(((7, 1), (1, n))),), [2], [n + 5], [1])

    assert (len(plan), plan.nbytes < 1000) == (n + 1, True)
    assert plan.pieces(0) == ((0, 7, 7, 2, 5, 0),)
    assert plan.pieces(n) == ((n, 1, 1, 0, 1, n + 4),)


def test_only_the_stretches_that_a_selection_touches_are_kept():
    """However many lengths the grid has."""
    lengths = tuple(range(1, 2001))

    plan = ChunkPlan((sum(lengths),), (rows(lengths),), [1_000_000], [3000], [1])

    assert plan.nbytes < 1000
    assert plan.pieces(0)[0][0] == 1413


def test_the_longest_axis_is_counted_without_overflow():
    """Up to the last element of an axis of nearly 2^63."""
    length = 2**63 - 1

    plan = ChunkPlan((length,), (2**62,), [2**62 - 1], [2], [2**62 - 1])
    last = ChunkPlan((length,), (length,), [length - 1], [1], [1])

    assert plan.pieces(0) == ((0, 2**62, 2**62, 2**62 - 1, 1, 0),)
    assert plan.pieces(1) == ((1, 2**62, 2**62 - 1, 2**62 - 2, 1, 1),)
    assert last.pieces(0) == ((0, length, length, length - 1, 1, 0),)


def test_a_selection_beyond_the_last_chunk_is_refused():
    """Rather than read beside the grid."""
    with pytest.raises(ValueError, match="element 7 lies beyond the last chunk, which ends at 7"):
        ChunkPlan((9,), (rows((3, 4)),), [0], [8], [1])


def test_more_chunks_than_can_be_counted_are_refused():
    """Rather than counted wrong."""
    with pytest.raises(OverflowError):
        ChunkPlan((2,) * 64, (1,) * 64, [0] * 64, [2] * 64, [1] * 64)


@pytest.mark.parametrize(
    ("args", "keys"),
    [
        (("c/", "/", "c"), ["c/0/0", "c/0/1", "c/1/0", "c/1/1"]),
        (("c.", ".", "c"), ["c.0.0", "c.0.1", "c.1.0", "c.1.1"]),
        (("", ".", "0"), ["0.0", "0.1", "1.0", "1.1"]),
    ],
)
def test_keys_are_made_of_grid_indexes(args, keys):
    """In C order."""
    plan = ChunkPlan((4, 4), (2, 2), [0, 0], [4, 4], [1, 1])

    assert plan.keys(*args) == keys
    assert plan.keys(*args, 1, 3) == keys[1:3]
    assert plan.keys(*args, 3, suffix=".x") == [keys[3] + ".x"]


def test_an_array_without_axes_has_one_chunk_with_a_key_of_its_own():
    """The zero of its encoding."""
    plan = ChunkPlan((), (), [], [], [])

    assert (len(plan), plan.pieces(0), plan.covered(0)) == (1, (), True)
    assert plan.keys("c/", "/", "c") == ["c"]
    assert plan.keys("", ".", "0") == ["0"]
    assert plan.keys("c/", "/", "c", suffix=".bin") == ["c.bin"]


@pytest.mark.parametrize("task", [-1, 4, 2**40])
def test_a_task_that_is_none_is_an_index_error(task):
    """Nothing is read beside the tables."""
    plan = ChunkPlan((4, 4), (2, 2), [0, 0], [4, 4], [1, 1])

    for ask in (plan.pieces, plan.grid_index, plan.covered):
        with pytest.raises(IndexError):
            ask(task)
    with pytest.raises(IndexError):
        plan.keys("c/", "/", "c", task, task + 1)
    with pytest.raises(IndexError):
        plan.step(2)


def test_an_array_has_at_most_64_axes():
    """As in NumPy."""
    with pytest.raises(ValueError, match="64"):
        ChunkPlan((1,) * 65, (1,) * 65, [0] * 65, [1] * 65, [1] * 65)
