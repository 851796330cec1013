"""Tests of `zarrpy.stores.coalesce`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.stores.coalesce import coalesce


@pytest.mark.parametrize(
    ("ranges", "joined"),
    [
        ([], []),
        ([(5, 5)], [(5, 5)]),
        ([(0, 5), (5, 5)], [(0, 10)]),
        ([(0, 5), (15, 5)], [(0, 20)]),
        ([(0, 5), (16, 5)], [(0, 5), (16, 5)]),
        ([(0, 50), (10, 5), (50, 1)], [(0, 51)]),
        ([(0, 60), (60, 60)], [(0, 60), (60, 60)]),
        ([(0, 500), (10, 20)], [(0, 500)]),
    ],
)
def test_ranges_close_together_become_one(ranges, joined):
    """Up to a gap of 10 bytes, and 100 bytes in all."""
    assert coalesce(np.array(ranges, "int64").reshape(-1, 2), gap=10, most=100) == joined


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60))),
    st.integers(-1, 40),
    st.integers(0, 200),
)
def test_every_range_lies_in_one_of_the_joined(ranges, gap, most):
    """They ascend, and read no more than gaps along."""
    ranges.sort()

    joined = coalesce(np.array(ranges, "int64").reshape(-1, 2), gap=gap, most=most)

    assert joined == sorted(joined)
    for offset, length in ranges:
        assert any(at <= offset and offset + length <= at + n for at, n in joined)
    assert len(joined) <= len(ranges)
    assert all(n <= most or any(n == length for _, length in ranges) for _, n in joined)
