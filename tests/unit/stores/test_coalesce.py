"""Tests of `zarrpy.stores.coalesce`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.stores.coalesce import LITTLE, coalesce, coalesce_far


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


KIB = 1 << 10


@pytest.mark.parametrize(
    ("ranges", "joined"),
    [
        # four chunks of 16 KiB in two rows of eight: two reads of what is wanted, not one of 160
        ([(0, 16), (16, 16), (128, 16), (144, 16)], [(0, 32), (128, 32)]),
        # what lies between is no more than what is wanted
        ([(0, 32), (64, 32)], [(0, 96)]),
        ([(0, 32), (96, 32)], [(0, 128)]),
        ([(0, 32), (97, 32)], [(0, 32), (97, 32)]),
        # little is read along however few are wanted
        ([(0, 1), (17, 1), (34, 1)], [(0, 35)]),
        ([(0, 1), (18, 1)], [(0, 1), (18, 1)]),
        # much is not read along however much is wanted
        ([(0, 3000), (3000 + 1024, 10)], [(0, 4034)]),
        ([(0, 3000), (3000 + 1025, 10)], [(0, 3000), (4025, 10)]),
    ],
)
def test_behind_a_network_no_more_is_read_for_nothing_than_is_wanted(ranges, joined):
    """Numbers are of KiB."""
    found = coalesce_far(np.array(ranges, "int64") * KIB)

    assert [(at // KIB, n // KIB) for at, n in found] == joined


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 60)), min_size=1))
def test_what_is_read_for_nothing_is_bounded(ranges):
    """By what is wanted, and a little for each range."""
    ranges = np.array(sorted(ranges), "int64") * KIB
    wanted = sum(n for _, n in coalesce(ranges, gap=0, most=1 << 40))

    read = sum(n for _, n in coalesce_far(ranges))

    assert read <= 2 * wanted + LITTLE * len(ranges)
