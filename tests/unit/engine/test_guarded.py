"""Tests of `zarrpy.engine.guarded`: parts of chunks, where others write to the same ones."""

import sys

import numpy as np
import pytest
import writers

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import LMDBStore, MemoryStore, SQLiteStore


@pytest.fixture(params=[SQLiteStore, LMDBStore], ids=["sqlite", "lmdb"])
def store(request, tmp_path):
    """A store of one file, that several processes may write to."""
    if request.param is LMDBStore and sys.platform == "win32":
        pytest.skip("LMDB takes its whole size on the disk of Windows: run this on another system")
    with request.param(str(tmp_path / "a.file")) as store:
        yield store


def test_processes_that_write_parts_of_one_chunk_lose_nothing(store):
    """Each has columns of its own in the same two chunks."""
    assert (writers.race(store, 20) == writers.expected(20)).all()


class Others(MemoryStore):
    """Somebody else writes between reading and writing, the first times that a key is updated."""

    guards = True

    def __init__(self, meanwhile, times=2):
        super().__init__()
        self.meanwhile, self.times, self.calls = meanwhile, times, 0

    def update(self, key, change):
        while True:
            before = self.get(key)
            new = change(before)
            self.calls += 1
            if self.calls <= self.times:
                self.meanwhile(self)
            if self.get(key) == before:
                self.set_many([key], [new])
                return


class CannotCompareDeletions(Others):
    """Compares before it replaces, but not before it deletes, as services of objects."""

    guards_deletions = False


def array_bytes(values):
    """A chunk as the default codecs store it."""
    store = MemoryStore()
    zarrpy.create_array(store, data=np.array(values, "i4"), chunks=(len(values),))
    return bytes(store.get("c/0"))


class Guarded(MemoryStore):
    """Says that its updates keep others out."""

    guards = True


def test_a_part_is_written_again_into_what_others_wrote():
    """As often as it takes; whole chunks beside it are written once."""

    def meanwhile(store):
        same = MemoryStore(store._values)
        zarrpy.open_array(same, path="a")[15, store.calls] = 70 + store.calls

    store = Others(meanwhile)
    array = zarrpy.create_array(store, name="a", shape=(16, 16), chunks=(8, 16), dtype="i4")
    array[:] = 1

    array[:12] = 2  # a whole chunk and a part of one

    expected = np.ones((16, 16), "i4")
    expected[:12] = 2
    expected[15, 1:3] = 71, 72
    assert store.calls == 3
    assert (array[...] == expected).all()


@pytest.mark.parametrize("selection", [np.s_[3:13], np.s_[:16], np.s_[::3], np.s_[5], np.s_[:9]])
@pytest.mark.parametrize("shards", [None, (8, 8)], ids=["plain", "shards"])
def test_the_same_is_written_as_without_guards(selection, shards):
    """Whole chunks and parts, bit by bit."""
    written = []
    for store in (MemoryStore(), Guarded()):
        field = np.arange(256.0).reshape(16, 16)
        array = zarrpy.create_array(store, data=field, chunks=(4, 4), shards=shards)
        array[selection] = -1
        array[0, selection] = 0
        written.append({key: bytes(store.get(key)) for key in store.list()})

    assert written[0] == written[1]


def test_a_chunk_of_the_fill_value_is_deleted():
    """By the update itself."""
    store = Guarded()
    array = zarrpy.create_array(store, shape=(8,), chunks=(8,), dtype="i4")
    array[:4] = 1

    array[:4] = 0

    assert [key for key in store.list() if key.startswith("c")] == []


@pytest.mark.parametrize("shards", [None, (8,)], ids=["plain", "shard"])
def test_a_chunk_of_the_fill_value_is_kept_where_deleting_compares_nothing(shards):
    """What others write into it meanwhile would go with it; whole chunks are deleted as ever."""
    store = CannotCompareDeletions(lambda store: None, times=0)
    array = zarrpy.create_array(store, shape=(16,), chunks=(4,), shards=shards, dtype="i4")
    array[:8] = 1
    array[9] = 0  # nothing is there, and nothing needs to be

    array[:3] = 0
    array[3:8] = 0

    assert [key for key in store.list() if key.startswith("c")] == ["c/0"]
    assert (array[...] == 0).all()
    array[:8] = 0
    assert [key for key in store.list() if key.startswith("c")] == []


def test_what_others_write_into_a_chunk_that_becomes_the_fill_value_stays():
    """Whether it is deleted or kept."""

    def meanwhile(store):
        zarrpy.open_array(MemoryStore(store._values), path="a")[7] = 5

    for kind in (Others, CannotCompareDeletions):
        store = kind(meanwhile, times=1)
        array = zarrpy.create_array(store, name="a", shape=(8,), chunks=(8,), dtype="i4")
        store.set("a/c/0", array_bytes([1, 0, 0, 0, 0, 0, 0, 0]))

        array[0] = 0

        assert array[...].tolist() == [0, 0, 0, 0, 0, 0, 0, 5]


def test_an_error_of_the_store_reaches_the_caller():
    """Whichever thread it happens on."""
    array = zarrpy.create_array(Failing(), shape=(64,), chunks=(8,), dtype="i4")

    with pytest.raises(StoreError, match="no more"):
        array[1:60] = 1


class Failing(Guarded):
    """Cannot update chunks."""

    @property
    def requests(self):
        return 4

    def update(self, key, change):
        if key.startswith("c/"):
            raise StoreError("no more", key=key, operation="update")
        super().update(key, change)
