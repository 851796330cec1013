"""Tests of `zarrpy.engine.pieces`: a box, or a mark for each element, says the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.engine.copies import Copies
from zarrpy.engine.pieces import Pieces

SHAPE = (6, 5)


def boxes(shape):
    """Slices that are not empty, mostly of steps of one."""

    def along(n):
        steps = st.sampled_from([1, 1, 1, None, 2])
        pairs = st.tuples(st.integers(0, n - 1), st.integers(1, n), steps)
        return pairs.map(lambda p: slice(p[0], max(p[0] + 1, p[1]), p[2]))

    return st.tuples(*map(along, shape))


def written(pieces, mask, values):
    """Compare all that pieces say with marks and elements of our own."""
    assert pieces.missing == mask.size - np.count_nonzero(mask)
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    around = pieces.box(pieces.shape)
    if not mask.any():
        assert around is None
        return
    assert around == (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    gaps = pieces.gaps(around)
    np.testing.assert_array_equal(True if gaps is None else gaps, mask[around])
    assert (gaps is None) == mask[around].all()
    block = np.full(pieces.shape, -1)
    pieces.lay_over(block, (slice(None), slice(None)), (slice(None), slice(None)))
    np.testing.assert_array_equal(block, np.where(mask, values, -1))


@given(st.lists(boxes(SHAPE), max_size=6), st.booleans())
def test_what_was_written_is_known_however_it_came(places, look):
    """Looking in between, which makes the marks, changes nothing."""
    pieces, mask, values = Pieces(SHAPE, np.dtype(int)), np.zeros(SHAPE, bool), np.zeros(SHAPE, int)
    for number, place in enumerate(places, 1):
        copies = Copies()
        pieces.take(place, np.full(values[place].shape, number), copies)
        copies.finish()
        pieces.mark(place)
        mask[place], values[place] = True, number
        if look:
            written(pieces, mask, values)
    written(pieces, mask, values)


@given(st.lists(boxes(SHAPE), min_size=1, max_size=3), st.lists(boxes((8, 5)), max_size=3))
def test_newer_pieces_lie_over_older_ones(before, after):
    """Also where the chunk has grown between."""
    mask, values = np.zeros((8, 5), bool), np.zeros((8, 5), int)
    both = []
    for shape, places, number in ((SHAPE, before, 1), ((8, 5), after, 2)):
        pieces = Pieces(shape, np.dtype(int))
        for place in places:
            pieces.values[place] = number
            pieces.mark(place)
            mask[place], values[place] = True, number
        both.append(pieces)
    older, newer = both
    written(newer.over(older), mask, values)


def test_rows_one_after_the_other_need_no_marks():
    """Which would take longer to make than the rows to copy."""
    pieces = Pieces(SHAPE, np.dtype("u1"))
    for row in (2, 3, 4, 5, 1, 0):
        pieces.mark((slice(row, row + 1), slice(0, 5)))
        pieces.mark((slice(row, row + 1), slice(1, 3)))
        assert pieces._mask is None
    assert not pieces.missing


@pytest.mark.parametrize("shape", [(), (0, 3)])
def test_chunks_without_axes_or_elements(shape):
    """One is whole with its one element, the other from the beginning."""
    pieces = Pieces(shape, np.dtype("u1"))
    assert pieces.missing == pieces.values.size
    pieces.mark(tuple(slice(0, n) for n in shape))
    assert not pieces.missing
    assert pieces.gaps(tuple(slice(0, n) for n in shape)) is None
