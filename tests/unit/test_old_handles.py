"""What a handle may do that does not know that its array has grown."""

import asyncio

import numpy as np
import pytest

import zarrpy

GRIDS = {
    "chunks": {"chunks": (4, 3)},
    "shards": {"chunks": (2, 3), "shards": (4, 6)},
    "inner chunks": {"chunks": (4, 3), "shards": (8, 6)},
    "v2": {"chunks": (4, 3), "zarr_format": 2},
}
WRITES = {
    "all": np.s_[...],
    "the last row": np.s_[-1],
    "backwards": np.s_[::-1, ::-1],
    "rows by number": np.s_[[5, 4]],
    "a mask": np.s_[np.ones((6, 5), bool)],
    "one axis by a mask": np.s_[:, np.ones(5, bool)],
}


def grown(store, **grid):
    """An array of 6 x 5, an old handle of it, and what it holds after others have appended."""
    old = zarrpy.create_array(store, data=np.ones((6, 5), "i4"), fill_value=-1, **grid)
    values = np.ones((6, 5), "i4")
    other = zarrpy.open(store)
    other.append(np.full((3, 5), 7))
    other.append(np.full((9, 2), 8), axis=1)
    return old, np.pad(
        np.pad(values, ((0, 3), (0, 0)), constant_values=7), ((0, 0), (0, 2)), constant_values=8
    )


@pytest.mark.parametrize("key", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_writing_through_an_old_handle_keeps_what_was_appended(store, body, grid, key):
    """It lies in chunks of which the old handle covers all that it knows."""
    old, expected = grown(store, **grid)

    old[key] = 5

    expected[:6, :5][key] = 5
    assert np.array_equal(zarrpy.open(store)[...], expected)
    assert old.shape == (6, 5)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("key", [np.s_[...], np.s_[4:], np.s_[[4, 5]]], ids=str)
def test_discarding_through_an_old_handle_keeps_what_was_appended(store, body, grid, key):
    """Chunks that hold more by now are not deleted."""
    old, expected = grown(store, **grid)

    old.discard(key)

    expected[:6, :5][key] = -1
    assert np.array_equal(zarrpy.open(store)[...], expected)


def test_views_and_mapped_chunks_of_an_old_handle_keep_what_was_appended(store):
    """However it is written."""
    old, expected = grown(store, chunks=(4, 3))

    old.map_chunks(np.negative, out=old)
    old.lazy[4:].T.write(9)

    expected[:6, :5] = -1
    expected[4:6, :5] = 9
    assert np.array_equal(zarrpy.open(store)[...], expected)


def test_an_old_handle_of_chunks_with_lengths_of_their_own_keeps_what_was_appended(store, body):
    """The last of them may reach beyond an array that had been longer."""
    old = zarrpy.create_array(store, data=np.ones(9, "i4"), chunks=[[2, 3, 4]])
    old.resize((7,))
    zarrpy.open(store).append([7] * 6)

    old[4:] = 5

    assert zarrpy.open(store)[...].tolist() == [1] * 4 + [5] * 3 + [7] * 6


def test_an_old_handle_that_writes_asynchronously_keeps_what_was_appended(store):
    """It is the same body."""
    old, expected = grown(store, chunks=(4, 3))

    asyncio.run(old.write.aio(..., 5))

    expected[:6, :5] = 5
    assert np.array_equal(zarrpy.open(store)[...], expected)
