"""Tests of `zarrpy.conventions`: what Python and NumPy expect of an array."""

import copy
import pickle

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import MemoryStore

VALUES = np.arange(60, dtype="f4").reshape(10, 6)


class Counted(MemoryStore):
    """Counts how often each chunk is read."""

    def __init__(self):
        super().__init__()
        self.reads = []

    def get_many(self, keys):
        """Read several values."""
        self.reads += [key for key in keys if "json" not in key and ".z" not in key]
        return super().get_many(keys)


GRIDS = {
    "regular": {"chunks": (4, 3)},
    "rectilinear": {"chunks": [[1, 5, 4], [6]]},
    "larger than the array": {"chunks": (100, 100)},
    "v2": {"chunks": (4, 3), "zarr_format": 2},
}


@pytest.mark.parametrize("grid", GRIDS)
def test_iterating_reads_each_chunk_once(body, grid):
    """The rows come from chunks that are held until their last row."""
    store = Counted()
    array = zarrpy.create_array(store, data=VALUES, **GRIDS[grid])
    store.reads.clear()

    rows = list(array)

    assert np.array_equal(rows, VALUES)
    assert len(store.reads) == len(set(store.reads)) == array.nchunks


def test_iterating_reads_no_more_than_the_rows_in_hand():
    """So an array that does not fit in memory can be iterated."""
    store = Counted()
    array = zarrpy.create_array(store, data=VALUES, chunks=(4, 3))
    store.reads.clear()

    next(iter(array))

    assert len(store.reads) == 2


def test_iterating_over_shards_takes_the_chunks_inside(body):
    """A row of chunks at a time, not of shards."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(2, 3), shards=(4, 6))

    assert np.array_equal(list(array), VALUES)
    assert list(array._chunk_rows()) == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10)]


def test_iterating_decodes_shards_that_are_compressed_whole_once():
    """Of these no part can be read."""
    store = Counted()
    inside = zarrpy.codecs.Sharding((2, 3), ("bytes",))
    array = zarrpy.create_array(
        store, data=VALUES, chunks=(4, 6), serializer=inside, compressors="gzip"
    )
    store.reads.clear()

    assert np.array_equal(list(array), VALUES)
    assert store.reads == ["c/0/0", "c/1/0", "c/2/0"]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)])
def test_iterating_over_nothing_gives_its_rows(shape):
    """None, or rows without elements."""
    array = zarrpy.create_array({}, shape=shape, dtype="i2", chunks=2)

    assert [row.shape for row in array] == [shape[1:]] * shape[0]


def test_numpy_makes_an_array_of_one_by_its_own_rules():
    """Of another type when asked; never without a copy."""
    array = zarrpy.create_array({}, data=VALUES)

    assert np.array_equal(np.asarray(array), VALUES)
    assert np.asarray(array, dtype="i8").dtype == "i8"
    assert np.array(array, copy=True).flags.owndata
    with pytest.raises(ValueError, match="always a copy"):
        np.asarray(array, copy=False)


def test_dlpack_gives_what_is_read():
    """In main memory, as a copy."""
    array = zarrpy.create_array({}, data=VALUES)

    assert np.array_equal(np.from_dlpack(array), VALUES)
    assert array.__dlpack_device__() == (1, 0)
    with pytest.raises(BufferError, match="always a copy"):
        array.__dlpack__(copy=False)
    with pytest.raises(BufferError, match="main memory"):
        array.__dlpack__(dl_device=(2, 0))


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))])
def test_a_copy_of_an_array_in_files_is_of_the_same_files(tmp_path, how):
    """It sees what is written to the other; settings stay."""
    array = zarrpy.create_array(tmp_path / "a", data=VALUES, attributes={"b": 1})
    array = zarrpy.open(tmp_path / "a", mode="r")

    again = how(array)
    zarrpy.open(tmp_path / "a")[0] = -1

    assert (again[0] == -1).all()
    assert again.read_only
    assert dict(again.attrs) == {"b": 1}


def test_a_deep_copy_of_an_array_in_memory_is_its_own():
    """As of NumPy's arrays."""
    array = zarrpy.create_array({}, data=VALUES)

    shallow, deep = copy.copy(array), copy.deepcopy(array)
    array[0] = -1

    assert (shallow[0] == -1).all()
    assert np.array_equal(deep[...], VALUES)


def test_a_pickle_is_small_and_holds_nothing_open(tmp_path):
    """A path and metadata, whatever was read before."""
    array = zarrpy.create_array(tmp_path / "a", shape=(10**6, 10**6), dtype="f4", chunks=1000)
    array[0, :10]

    assert len(pickle.dumps(array)) < 3000
