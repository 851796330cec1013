"""Tests of `zarrpy.metadata.runs`, against the list of all lengths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.metadata.runs import Runs

lengths = st.lists(st.integers(1, 6), min_size=1, max_size=12)


@given(lengths, st.data())
def test_runs_say_the_same_as_the_list_of_all_lengths(each, data):
    """For every length of the array that they cover."""
    runs = Runs.of(each)
    starts = [sum(each[:i]) for i in range(len(each))]
    length = data.draw(st.integers(0, sum(each)))

    touched = sum(start < length for start in starts)

    assert runs.end == sum(each)
    assert runs.touched(length) == touched
    assert [runs.chunk(i) for i in range(len(each))] == list(zip(starts, each, strict=True))
    assert runs.longest(length) >= max(each[:touched], default=0)
    assert runs.longest(sum(each)) == max(each)


@given(lengths)
def test_equal_neighbours_are_one_run(each):
    """So two ways of saying the same are equal."""
    runs = Runs.of(each)

    assert Runs.of((length, 1) for length in each) == runs
    assert Runs.from_document(runs.document(), "x") == runs
    assert all(a[0] != b[0] for a, b in zip(runs.pairs, runs.pairs[1:], strict=False))


@pytest.mark.parametrize(
    ("given_", "pairs"), [([5], ((5, 1),)), ([(5, 2), 5, 4], ((5, 3), (4, 1)))]
)
def test_lengths_and_pairs_mix(given_, pairs):
    """As in documents."""
    assert Runs.of(given_).pairs == pairs
