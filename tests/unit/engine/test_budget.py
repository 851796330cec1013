"""Tests of `zarrpy.engine.budget`, and of the bounds that calls keep by it."""

from typing import NamedTuple

import numpy as np
import pytest

import zarrpy
from zarrpy import config
from zarrpy.engine.budget import (
    FEWEST,
    ONE_BY_ONE_NBYTES,
    PER_TASK,
    PER_WORKER,
    WINDOW,
    WINDOW_NBYTES,
    Budget,
)
from zarrpy.engine.requests import Run
from zarrpy.errors import LimitError
from zarrpy.stores import MemoryStore

KIB = 1 << 10


def budget(chunk_nbytes, most, *, workers=8, of_files=False):
    """The budget of a request whose chunks are so large."""
    return Budget.of(Run(None, "", chunk_nbytes, None, most), workers, of_files=of_files)


@pytest.mark.parametrize("of_files", [True, False])
@pytest.mark.parametrize("most", [6, 7, 12, 50, 1000])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_what_is_in_work_keeps_within_the_bound(of_files, most, workers):
    """Workers and the chunks of a window together."""
    found = budget(KIB, most * KIB, workers=workers, of_files=of_files)

    in_hand = 0 if of_files else found.window * PER_TASK
    assert 1 <= found.workers <= workers
    assert 1 <= found.window <= WINDOW
    assert (found.workers * PER_WORKER + in_hand) * KIB <= most * KIB


@pytest.mark.parametrize(("of_files", "least"), [(True, 4 * KIB), (False, 6 * KIB)])
def test_a_bound_below_one_chunk_is_an_error(of_files, least):
    """It cannot be kept, so it is not passed over."""
    assert budget(KIB, least, of_files=of_files).workers == 1
    with pytest.raises(LimitError, match=f"takes up to {least}, but max_memory is") as caught:
        budget(KIB, least - 1, of_files=of_files)

    assert (caught.value.limit, caught.value.asked) == (least - 1, least)


@pytest.mark.parametrize(
    ("chunk_nbytes", "window"),
    [(0, WINDOW), (KIB, WINDOW), (WINDOW_NBYTES // 100, 100), (WINDOW_NBYTES, FEWEST)],
)
def test_without_a_bound_windows_of_large_chunks_are_short(chunk_nbytes, window):
    """Some hundred megabytes at most, unless a few chunks are more."""
    assert budget(chunk_nbytes, None) == Budget(8, window)


@pytest.mark.parametrize(
    ("chunk_nbytes", "asked", "window"),
    [
        (0, 0, WINDOW),
        (KIB, 0, WINDOW),
        (ONE_BY_ONE_NBYTES // 20, 0, 20),
        (ONE_BY_ONE_NBYTES, 0, 8),
        (ONE_BY_ONE_NBYTES, 640 * ONE_BY_ONE_NBYTES, 10),
        (WINDOW_NBYTES // 100, 10**6 * WINDOW_NBYTES, 100),
    ],
)
def test_windows_of_values_that_come_one_by_one_are_a_small_part(chunk_nbytes, asked, window):
    """Each worker has a chunk, though."""
    run = Run(Asking(asked), "", chunk_nbytes)

    assert Budget.of(run, 8, of_files=False, one_by_one=True) == Budget(8, window)


class Asking(NamedTuple):
    """A batch that reads so many bytes."""

    asked_nbytes: int
    writing: bool = False


class Counting(MemoryStore):
    """Counts the values that it hands over or takes at a time."""

    def __init__(self):
        super().__init__()
        self.most = 0

    def get_many(self, keys):
        self.most = max(self.most, len(keys))
        return super().get_many(keys)

    def set_many(self, keys, values):
        self.most = max(self.most, len(keys))
        super().set_many(keys, values)


@pytest.mark.parametrize("how", ["argument", "setting"])
def test_a_call_goes_by_its_bound(body, how):
    """Given to the call, or as a setting; numbers and texts."""
    store = Counting()
    values = np.arange(64 * KIB, dtype="u1")
    array = zarrpy.create_array(store, shape=values.shape, dtype="u1", chunks=KIB)
    store.most = 0

    if how == "argument":
        array.write(..., values, max_memory="16KiB")
        found = array.read(max_memory=16 * KIB)
    else:
        with config.set(max_memory="16 KiB"):
            array[...] = values
            found = array[...]

    assert found.tobytes() == values.tobytes()
    assert 1 <= store.most <= 6


@pytest.mark.parametrize("bound", [-1, "much", 1.5, True])
def test_a_bound_that_is_no_size_is_refused(bound):
    """By name."""
    array = zarrpy.ones(3)

    with pytest.raises(ValueError, match="max_memory must be a number of bytes"):
        array.read(max_memory=bound)


@pytest.mark.parametrize("of_files", [True, False])
def test_shards_are_read_within_a_bound_of_chunks_inside_them(tmp_path, of_files):
    """No more than one of those is decoded at a time; a whole shard is where one is written."""
    store = tmp_path / "a" if of_files else {}
    values = np.arange(4 << 20, dtype="u1").reshape(2, 2 << 20)
    array = zarrpy.create_array(store, data=values, chunks=(1, 4 * KIB), shards=(1, 2 << 20))
    bound = (2 << 20) if of_files else (5 << 20)

    assert (
        array.read((1, slice(70, 5000)), max_memory=bound).tobytes() == values[1, 70:5000].tobytes()
    )
    assert array.read(max_memory=bound).tobytes() == values.tobytes()
    with pytest.raises(LimitError, match=r"one shard of 2097152 bytes .* store smaller shards"):
        array.write((1, 7), 0, max_memory=bound)


def test_indexes_of_shards_of_very_many_chunks_count(tmp_path):
    """They take more than the chunks."""
    values = np.arange(1 << 20, dtype="u1")
    array = zarrpy.create_array(tmp_path / "a", data=values, chunks=64, shards=1 << 20)

    with pytest.raises(LimitError, match=r"takes up to 26\d{5}, but"):
        array.read(max_memory="2MiB")
    assert array.read(max_memory="3MiB").tobytes() == values.tobytes()
