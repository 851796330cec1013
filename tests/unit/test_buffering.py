"""What `array.buffered()` promises: chunks are encoded once, nothing is lost, memory is bounded."""

import asyncio
import copy
import gc
import os
import pickle
import threading
import tracemalloc
import warnings

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import LimitError, ReadOnlyStoreError, StoreError
from zarrpy.stores import MemoryStore

VALUES = np.arange(32 * 32, dtype="i4").reshape(32, 32)
SHARDED = {"chunks": (4, 4), "shards": (16, 16)}


class BrokenStore(MemoryStore):
    """A memory store that refuses to write some keys while it is broken."""

    broken: frozenset[str] = frozenset()

    def set_many(self, keys, values):
        """Write one after the other, up to one that fails."""
        for key, value in zip(keys, values, strict=True):
            if key in self.broken:
                raise StoreError("the disk is full", key=key, operation="set")
            super().set_many([key], [value])


def by_rows(array, values=VALUES):
    """Fill an array row by row."""
    for i, row in enumerate(values):
        array[i] = row


def chunks_read(store):
    """Keys of the chunks that a counting store was asked for."""
    return [key for keys in store.reads for key in keys if key.startswith("c/")]


# ------------------------------------------------------------------------------ encoded once


@pytest.mark.parametrize("grid", [SHARDED, {"chunks": (16, 16)}], ids=["shards", "chunks"])
def test_filling_piece_by_piece_writes_each_key_once_and_reads_none(counting_store, body, grid):
    """Row by row, a chunk is whole when its last row comes, and is written then."""
    array = zarrpy.create_array(counting_store, shape=(32, 32), dtype="i4", **grid)
    counting_store.forget()

    with array.buffered():
        by_rows(array)

    assert sorted(counting_store.written) == ["c/0/0", "c/0/1", "c/1/0", "c/1/1"]
    assert chunks_read(counting_store) == []
    assert np.array_equal(zarrpy.open(counting_store)[...], VALUES)


def test_a_whole_chunk_is_written_at_once(counting_store):
    """When its last piece comes, before the block ends."""
    array = zarrpy.create_array(counting_store, shape=(32, 32), dtype="i4", **SHARDED)

    with array.buffered():
        by_rows(array, VALUES[:15])
        assert counting_store.written == ["zarr.json"]
        array[15] = VALUES[15]
        assert sorted(counting_store.written[1:]) == ["c/0/0", "c/0/1"]


def test_a_chunk_in_part_is_read_and_written_once(counting_store, body):
    """At the end of the block, merged with what was stored."""
    array = zarrpy.create_array(counting_store, data=VALUES, **SHARDED)
    counting_store.forget()

    with array.buffered():
        for i in range(20):
            array[i, 3] = -1

    expected = VALUES.copy()
    expected[:20, 3] = -1
    assert sorted(counting_store.written) == ["c/0/0", "c/1/0"]
    assert sorted(chunks_read(counting_store)) == ["c/0/0", "c/1/0"]
    assert np.array_equal(array[...], expected)


def test_without_a_buffer_each_row_writes_the_shard(counting_store):
    """What the buffer saves; the switch turns it off."""
    array = zarrpy.create_array(counting_store, shape=(32, 32), dtype="i4", **SHARDED)
    counting_store.forget()

    with zarrpy.config.set(disable=["buffer"]), array.buffered():
        by_rows(array)

    assert len(counting_store.written) == 2 * 32


def test_the_switch_changes_nothing_of_what_is_stored():
    """Byte for byte."""
    stored = []
    for disable in ([], ["buffer"]):
        store = {}
        array = zarrpy.create_array(store, shape=(32, 32), dtype="i4", **SHARDED)
        with zarrpy.config.set(disable=disable), array.buffered():
            by_rows(array)
        stored.append({key: bytes(value) for key, value in store.items()})

    with_buffer, without = stored
    assert len(with_buffer) > 2
    assert with_buffer == without


def test_chunks_that_a_write_covers_are_not_kept(counting_store):
    """They are written as without a buffer."""
    array = zarrpy.create_array(counting_store, shape=(32, 32), dtype="i4", **SHARDED)

    with array.buffered():
        array[:16] = VALUES[:16]
        assert sorted(counting_store.written[1:]) == ["c/0/0", "c/0/1"]


# ------------------------------------------------------------------------- who sees what, when


def test_the_array_shows_pieces_at_once_and_others_see_what_is_flushed(store, body):
    """Reading through the same handle, by any way; another handle after `flush`."""
    array = zarrpy.create_array(store, data=VALUES, **SHARDED)
    other = zarrpy.open(store)
    expected = VALUES.copy()
    expected[3:5, 7] = -1

    with array.buffered() as same:
        assert same is array
        same[3:5, 7] = -1
        assert np.array_equal(array[...], expected)
        assert array[3, 7] == -1
        assert np.array_equal(array[[3, 4], [7, 7]], [-1, -1])
        assert np.array_equal(array.lazy[::-1].T.read(), expected[::-1].T)
        assert np.array_equal(other[...], VALUES)
        array.flush()
        assert np.array_equal(other[...], expected)


def test_whatever_looks_at_the_store_finds_all_of_it(store):
    """Sums, chunks as stored, sizes, tokens and changes of the shape."""
    array = zarrpy.create_array(store, shape=(32, 32), dtype="i4", **SHARDED)

    with array.buffered():
        array[0, 0] = 1
        assert array.sum() == 1
        array[0, 17] = 1
        assert [chunk.position for chunk in array.iter_chunks(stored_only=True)] == [(0, 0), (0, 4)]
        array[17, 0] = 1
        assert array.nchunks_initialized == 3
        token = array.__dask_tokenize__()
        array[31, 31] = 1
        assert array.__dask_tokenize__() != token
        with pytest.raises(zarrpy.errors.MissingChunkError):
            array.read((20, slice(None)), missing="error")
        array[0, 1] = 9
        array.resize((48, 32))
        array[40, 0] = 5
        array.append(np.ones((16, 32)))

    found = zarrpy.open(store)[...]
    assert found.shape == (64, 32)
    assert (found[0, 1], found[40, 0], found[63, 0], found.sum()) == (9, 5, 1, 13 + 5 + 16 * 32)


def test_what_others_write_meanwhile_stays(store, body):
    """Elements beside the pieces, and elements that others have appended to the last chunk."""
    array = zarrpy.create_array(store, data=VALUES[:20], chunks=(16, 16))
    other = zarrpy.open(store)

    with array.buffered():
        array[0, 0] = -1
        array[16:19] = -2
        other[0, 1] = -3
        other.append(VALUES[20:24])
        array[19] = -2

    expected = VALUES[:24].copy()
    expected[0, :2] = [-1, -3]
    expected[16:20] = -2
    assert np.array_equal(zarrpy.open(store)[...], expected)


CUT = {"elements": (6,), "a chunk": (18,), "both": (6, 18)}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("places", CUT.values(), ids=CUT)
def test_pieces_beyond_an_array_that_another_handle_made_shorter_are_an_error(
    store, body, places, late
):
    """At the end of the block, as for writes that are not collected; the others are written."""
    array = zarrpy.create_array(store, shape=(20,), chunks=(8,), dtype="i4")
    other = zarrpy.open(store, mode="r+")
    if not late:
        other.resize(4)

    def write():
        with array.buffered():
            for place in (1, *places):
                array[place] = 7
            if late:
                other.resize(4)

    with pytest.raises(IndexError, match="shape is \\(4,\\)") as caught:
        write()

    assert not hasattr(caught.value, "__notes__")
    assert zarrpy.open(store)[...].tolist() == [0, 7, 0, 0]
    array[2] = 8
    assert zarrpy.open(store)[2] == 8


def test_pieces_that_do_not_fit_are_an_error_of_a_flush_too(store):
    """And of a write that makes a chunk whole; the block goes on after them."""
    array = zarrpy.create_array(store, shape=(20,), chunks=(8,), dtype="i4")
    zarrpy.open(store, mode="r+").resize(4)

    with array.buffered():
        array[1], array[6] = 7, 1
        with pytest.raises(IndexError, match="open it again"):
            array.flush()
        array[8:12] = 1
        with pytest.raises(IndexError, match="open it again"):
            array[12:16] = 1
        array[2] = 8

    assert zarrpy.open(store)[...].tolist() == [0, 7, 8, 0]


def test_an_array_that_shrinks_by_another_handle_loses_what_was_cut_off(store):
    """The pieces of what there is no more are dropped."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(16, 16))

    with array.buffered():
        array[0, 0] = -1
        array[30, 0] = -1
        array.resize((20, 32))
        array[19, 0] = -1

    found = zarrpy.open(store)
    assert found.shape == (20, 32)
    assert (found[0, 0], found[19, 0]) == (-1, -1)


def test_objects_are_kept_as_they_were_written():
    """Changing one afterwards changes nothing."""
    array = zarrpy.create_array(
        {}, shape=2, chunks=2, dtype=object, zarr_format=2, object_codec="json2"
    )
    value = {"a": [1]}
    new = np.empty(1, object)
    new[0] = value

    with array.buffered():
        array[1:] = new
        value["a"].append(2)

    assert array[1] == {"a": [1]}


# ------------------------------------------------------------------------------------- memory


def test_no_more_than_max_memory_is_kept(tmp_path, body):
    """Pieces of 64 chunks, room for 8 of them: those not written to for the longest go."""
    array = zarrpy.create_array(
        tmp_path / "x", shape=(64, 65536), dtype="f4", chunks=(1, 65536), compressors=None
    )
    one = 65536 * 5
    tracemalloc.start()
    try:
        with array.buffered(max_memory=8 * one):
            for i in range(64):
                array[i, 1:] = i
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 * one
    assert np.array_equal(array[:, -1], np.arange(64))
    assert not array[:, 0].any()


def test_a_buffer_that_cannot_hold_a_chunk_is_refused():
    """Saying how much it takes; the default has room for one, whatever its size."""
    array = zarrpy.create_array({}, shape=1000, dtype="f8", chunks=1000)

    with pytest.raises(LimitError, match="9000") as caught:
        array.buffered(max_memory=8999)
    assert (caught.value.limit, caught.value.asked) == (8999, 9000)
    with pytest.raises(ValueError, match="max_memory must be"):
        array.buffered(max_memory="much")
    with zarrpy.config.set(max_memory=17_000), pytest.raises(LimitError, match="is 8500"):
        array.buffered()
    with array.buffered(max_memory="9000B"):
        array[1] = 1
    assert array[1] == 1


# ------------------------------------------------------------------------------------- errors


def test_what_was_written_before_an_exception_is_stored(store):
    """As without a buffer."""
    array = zarrpy.create_array(store, data=VALUES, **SHARDED)

    def fail():
        with array.buffered():
            array[0] = -1
            raise KeyError("other")

    with pytest.raises(KeyError, match="other"):
        fail()

    assert (zarrpy.open(store)[0] == -1).all()


def test_pieces_that_cannot_be_written_are_kept_and_flushed_later(body):
    """The error names the key; other chunks are stored; newer pieces stay on top."""
    store = BrokenStore()
    array = zarrpy.create_array(store, data=VALUES, chunks=(16, 16))
    store.broken = frozenset({"c/1/0"})
    expected = VALUES.copy()
    expected[:, 0] = -1
    expected[31, 0] = -2

    def collect():
        with array.buffered():
            array[:, 0] = -1
            with pytest.raises(StoreError):
                array.flush()
            array[31, 0] = -2

    with pytest.raises(StoreError, match="disk is full") as caught:
        collect()
    assert caught.value.key == "c/1/0"
    assert "flush()" in caught.value.__notes__[0]
    assert np.array_equal(array[...], expected)
    assert np.array_equal(zarrpy.open(store)[:16], expected[:16])

    with pytest.raises(StoreError), array.buffered():
        pass
    store.broken = frozenset()
    array.flush()
    assert np.array_equal(zarrpy.open(store)[...], expected)
    array[0] = 0
    assert not zarrpy.open(store)[0].any()


def test_an_exception_in_the_block_is_not_hidden_by_one_at_its_end():
    """It says that there are pieces left."""
    store = BrokenStore()
    array = zarrpy.create_array(store, data=VALUES, chunks=(16, 16))

    def fail():
        with array.buffered():
            array[0, 0] = -1
            store.broken = frozenset({"c/0/0"})
            raise KeyError("other")

    with pytest.raises(KeyError) as caught:
        fail()

    assert "disk is full" in caught.value.__notes__[0]
    store.broken = frozenset()
    array.flush()
    assert zarrpy.open(store)[0, 0] == -1


def test_a_buffer_that_is_forgotten_warns():
    """Nothing is lost in silence."""

    def forget():
        array = zarrpy.create_array({}, data=VALUES, chunks=(16, 16))
        array.buffered().__enter__()
        array[0, 0] = 1
        del array
        gc.collect()

    with pytest.warns(ResourceWarning, match="1 chunks .* never stored"):
        forget()


def test_an_array_is_buffered_once_at_a_time_and_only_where_it_can_be_written(store):
    """Another handle may have a block of its own."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(16, 16))

    with array.buffered():
        with pytest.raises(RuntimeError, match="buffered already"), array.buffered():
            pass
        with array.with_config({}).buffered() as other:
            other[0, 0] = -1
        array[0, 1] = -2
    with pytest.raises(ReadOnlyStoreError):
        zarrpy.open(store, mode="r").buffered()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with array.buffered():
            pass

    assert zarrpy.open(store)[0, :2].tolist() == [-1, -2]


def test_a_buffered_array_is_not_pickled(tmp_path):
    """The other process would not have the pieces."""
    array = zarrpy.create_array(tmp_path / "x", data=VALUES)

    with array.buffered():
        array[0, 0] = -1
        with pytest.raises(TypeError, match="while it is buffered"):
            pickle.dumps(array)
        assert copy.copy(array)[0, 0] == 0

    assert pickle.loads(pickle.dumps(array))[0, 0] == -1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork: run this on Linux or macOS")
def test_a_forked_child_does_not_write_what_its_parent_has(tmp_path):
    """It is told to open the array again, and leaves the block without writing."""
    array = zarrpy.create_array(tmp_path / "x", data=VALUES, chunks=(16, 16))
    with array.buffered():
        array[0, 0] = -1
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with pytest.raises(RuntimeError, match="open the array again"):
                    array[0, 1] = -1
                array._end()
                code = int(zarrpy.open(tmp_path / "x")[0, 0] != 0)
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0

    assert zarrpy.open(tmp_path / "x")[0, :2].tolist() == [-1, 1]


# ------------------------------------------------------------------------ threads and coroutines


@pytest.mark.parametrize("limit", [16 * 16 * 5, 1 << 20], ids=["room for one", "room for all"])
def test_threads_fill_one_buffered_array(store, body, limit):
    """Each its columns, so that all share every chunk; each sees its own."""
    array = zarrpy.create_array(store, shape=(32, 32), dtype="i4", **SHARDED)
    failures = []

    def fill(columns):
        try:
            for i in range(32):
                array[i, columns] = VALUES[i, columns]
                assert np.array_equal(array[i, columns], VALUES[i, columns])
        except BaseException as error:
            failures.append(error)

    with array.buffered(max_memory=limit):
        threads = [threading.Thread(target=fill, args=(slice(k, None, 4),)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []
    assert np.array_equal(zarrpy.open(store)[...], VALUES)


def test_the_last_of_many_writes_of_one_thread_stays(store):
    """Older pieces never come after newer ones, however often chunks take off."""
    array = zarrpy.create_array(store, shape=(4, 64), dtype="i4", chunks=(1, 64))

    def count(row):
        for k in range(1, 40):
            array[row, : 64 if k % 3 else 63] = k
            if k % 5 == 0:
                array.flush()

    with array.buffered(max_memory=2 * 64 * 5):
        threads = [threading.Thread(target=count, args=(row,)) for row in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    found = zarrpy.open(store)[...]
    assert (found[:, :63] == 39).all()
    assert (found[:, 63] == 38).all()


def test_coroutines_fill_one_buffered_array(store):
    """More of them than there are threads, with room for one chunk only."""
    array = zarrpy.create_array(store, shape=(64, 16), dtype="i4", chunks=(8, 8))

    async def fill(i):
        await array.write.aio(i, i)
        return await array.read.aio((i, 3))

    async def main():
        async with array.buffered(max_memory=8 * 8 * 5):
            return await asyncio.gather(*map(fill, range(64)))

    assert [int(each) for each in asyncio.run(main())] == list(range(64))
    assert np.array_equal(zarrpy.open(store)[...], np.arange(64)[:, None] * np.ones(16, "i4"))


def test_flushing_can_be_awaited(store):
    """By `.aio`, as every operation."""
    array = zarrpy.create_array(store, data=VALUES, **SHARDED)

    async def main():
        async with array.buffered():
            await array.write.aio((0, 0), -1)
            await array.flush.aio()
            return await zarrpy.open.aio(store)

    assert asyncio.run(main())[0, 0] == -1
