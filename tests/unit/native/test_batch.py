"""Tests of `zarrpy._native.batch`: whole batches of chunks in C."""

import threading

import numpy as np
import pytest

import zarrpy
from tests.unit.python_calls import FEW, calls_of, uncounted
from zarrpy._native.batch import DONE, Batch
from zarrpy._native.files import Directory
from zarrpy._native.plan import ChunkPlan
from zarrpy._native.steps import NativeChain
from zarrpy.codecs.base import Step
from zarrpy.errors import CorruptChunkError, StoreError
from zarrpy.selection import parse
from zarrpy.stores import LocalStore, MemoryStore


def batch_of(array, block, *, writing=False):
    """The batch of all elements of an array, ready to be run with bytes in hand."""
    batch = array._batch(parse(..., array.shape), block, writing=writing)
    batch.name_keys("c/", "/", "c")
    return batch


# -------------------------------------------------------------------- nothing in Python a chunk


@pytest.fixture
def array(store):
    """256 chunks of 16 elements; every look-up that is made once has been made."""
    array = zarrpy.create_array(store, data=np.arange(4096, dtype="i4"), chunks=16)
    array[:16], array[...] = array[:16], array[...]
    return array


def test_the_native_body_serves_the_default_chain(array):
    """Otherwise the tests below would prove nothing."""
    assert isinstance(
        array._batch(parse(..., array.shape), np.zeros(4096, "i4"), writing=False), Batch
    )


@uncounted
def test_reading_makes_no_python_call_per_chunk(array):
    """Reading 256 chunks calls as many Python functions as reading one; on files, C ones too."""
    one = calls_of(lambda: array[0:16])
    many = calls_of(lambda: array[0:4096])

    assert one[0] > 0
    assert many[0] < one[0] + FEW
    if isinstance(array.store, LocalStore):
        assert many[1] < one[1] + FEW


@uncounted
@pytest.mark.parametrize("step", [1, 2])
def test_writing_makes_no_python_call_per_chunk(array, step):
    """Whole chunks, and parts of chunks, which are read first."""
    values = np.arange(4096 // step, dtype="i4") + 7

    one = calls_of(lambda: array.write(slice(0, 16, step), values[: 16 // step]))
    many = calls_of(lambda: array.write(slice(0, 4096, step), values))

    assert one[0] > 0
    assert many[0] < one[0] + FEW
    if isinstance(array.store, LocalStore):
        assert many[1] < one[1] + FEW


@uncounted
def test_deleting_chunks_makes_no_python_call_per_chunk(array):
    """Chunks that become nothing but the fill value."""
    one = calls_of(lambda: array.write(slice(0, 16), 0))
    many = calls_of(lambda: array.write(slice(16, 4096), 0))

    assert many[0] < one[0] + FEW


# ----------------------------------------------------------------------------------- together


@pytest.mark.parametrize("kind", ["memory", "local"])
def test_many_threads_work_on_one_batch(tmp_path, kind):
    """Every chunk is done once, whoever takes it."""
    values = np.arange(90_000, dtype="f4").reshape(300, 300)
    place = MemoryStore() if kind == "memory" else LocalStore(tmp_path / "x")
    array = zarrpy.create_array(place, shape=values.shape, dtype="f4", chunks=(7, 11))

    for writing, block in [(True, values), (False, np.zeros_like(values))]:
        batch = batch_of(array, block, writing=writing)
        if kind == "local":
            batch.use_directory(place.directory(""))
        else:
            batch.open_window(0, batch.ntasks)
            keys = batch.window_keys()
            batch.feed([None] * len(keys) if writing else place.get_many(keys))
        threads = [threading.Thread(target=batch.run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        batch.check()
        if writing and kind == "memory":
            place.set_many(keys, batch.results())

    assert np.array_equal(block, values)
    assert np.array_equal(array[...], values)


@pytest.mark.parametrize("ntasks", [1, 2, 3, 4, 5, 11, 12, 13])
@pytest.mark.parametrize("nworkers", [1, 2, 3, 5, 20])
def test_chunks_are_shared_out_once_each(ntasks, nworkers):
    """Whatever lanes the workers are sent to; here one does the work of all."""
    values = np.arange(ntasks * 2, dtype="i4")
    array = zarrpy.create_array(MemoryStore(), data=values, chunks=2, compressors=None)
    stored = [array.store.get(f"c/{i}") for i in range(ntasks)]
    block = np.full(ntasks * 2, -1, "i4")
    batch = batch_of(array, block)
    cut = ntasks // 3

    for first, last in ((0, cut), (cut, ntasks)):
        batch.open_window(first, last)
        batch.feed(stored[first:last])
        batch.share(nworkers)
        batch.run()
        batch.check()
        assert batch.outcomes() == bytes([DONE]) * (last - first)

    np.testing.assert_array_equal(block, values)


def test_a_batch_counts_what_it_moved():
    """Chunks that were absent, and stored bytes."""
    array = zarrpy.create_array({}, shape=8, chunks=2, dtype="i4", compressors=None)
    batch = batch_of(array, np.zeros(8, "i4"))
    batch.open_window(0, 4)
    batch.feed([b"12345678", None, b"12345678", None])

    batch.run()

    assert (batch.nabsent, batch.nbytes_stored, batch.outcomes()) == (2, 16, bytes([1, 2, 1, 2]))


def test_the_first_error_stops_the_batch_and_names_its_chunk():
    """Codec, chunk, key and reason; later chunks are not begun."""
    array = zarrpy.create_array({}, shape=(2, 8), chunks=(1, 2), dtype="i4", compressors="zstd")
    batch = batch_of(array, np.zeros((2, 8), "i4"))
    batch.open_window(0, 8)
    good = bytes(array.codecs.encode(np.ones((1, 2), "i4")))
    batch.feed([good] * 5 + [b"bad"] + [good] * 2)

    batch.run()

    with pytest.raises(CorruptChunkError) as caught:
        batch.check()
    assert (caught.value.codec, caught.value.chunk, caught.value.key) == ("zstd", (1, 1), "c/1/1")
    assert batch.outcomes() == bytes([1] * 5 + [0] * 3)


def test_any_buffer_is_taken_for_stored_bytes():
    """Bytes, arrays of bytes and views; an empty one is a chunk of no bytes, not an absent one."""
    array = zarrpy.create_array({}, shape=8, chunks=2, dtype="u1", compressors=None)
    out = np.zeros(8, "u1")
    batch = batch_of(array, out)
    batch.open_window(0, 4)
    batch.feed([b"ab", bytearray(b"cd"), memoryview(b"xefx")[1:3], np.frombuffer(b"gh", "u1")])

    batch.run()
    batch.check()

    assert out.tobytes() == b"abcdefgh"
    batch = batch_of(array, out)
    batch.open_window(0, 1)
    batch.feed([memoryview(b"")])
    batch.run()
    with pytest.raises(CorruptChunkError):
        batch.check()


def test_a_batch_is_fed_as_many_values_as_its_window_has_chunks():
    """And once."""
    array = zarrpy.create_array({}, shape=8, chunks=2, dtype="u1")
    batch = batch_of(array, np.zeros(8, "u1"))
    batch.open_window(1, 3)

    assert batch.window_keys() == ["c/1", "c/2"]
    for wrong in ([], [None], [None] * 3):
        with pytest.raises(ValueError, match="2 tasks"):
            batch.feed(wrong)
    batch.feed([None, None])
    with pytest.raises(ValueError, match="before"):
        batch.feed([None, None])


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (0, 5), (3, 2)])
def test_a_window_lies_within_the_plan(first, last):
    """Anything else is an IndexError."""
    array = zarrpy.create_array({}, shape=8, chunks=2, dtype="u1")

    with pytest.raises(IndexError, match="4 tasks"):
        batch_of(array, np.zeros(8, "u1")).open_window(first, last)


PLAN = ((4, 4), (2, 2), [0, 0], [4, 4], [1, 1])


@pytest.mark.parametrize(
    "block",
    [np.zeros((4, 5), "i4"), np.zeros((3, 4), "i4"), np.zeros(16, "i4"), np.zeros((4, 4), "i8"),
     np.zeros((4, 4, 1), "i4")],
)  # fmt: skip
def test_a_block_that_does_not_fit_the_plan_is_refused(block):
    """Memory beside it would be written otherwise."""
    chain = NativeChain([], 4, [0, 1], 0)

    with pytest.raises(ValueError, match=r"axes|elements|item sizes"):
        Batch(ChunkPlan(*PLAN), chain, block, bytes(4), bytes(4))


def test_a_fill_value_has_the_size_of_an_element():
    """Both the one in memory and the one in store."""
    chain = NativeChain([], 4, [0, 1], 0)

    for fill, stored in [(bytes(3), bytes(4)), (bytes(4), bytes(8))]:
        with pytest.raises(ValueError, match="sizes"):
            Batch(ChunkPlan(*PLAN), chain, np.zeros((4, 4), "i4"), fill, stored)


def test_a_block_that_cannot_be_written_is_refused_for_reading():
    """For writing it is as good as any."""
    chain = NativeChain([], 4, [0, 1], 0)
    block = np.zeros((4, 4), "i4")
    block.flags.writeable = False

    Batch(ChunkPlan(*PLAN), chain, block, bytes(4), bytes(4), writing=True)
    with pytest.raises((BufferError, ValueError)):
        Batch(ChunkPlan(*PLAN), chain, block, bytes(4), bytes(4))


@pytest.mark.parametrize("order", [[0, 0], [1, 2], [0, 1, 3]])
def test_a_chain_has_an_order_of_all_axes(order):
    """Each once."""
    with pytest.raises(ValueError, match="order of axes"):
        NativeChain([], 4, order, 0)


def test_an_unknown_step_is_a_lookup_error():
    """It names what is missing."""
    with pytest.raises(LookupError, match="no-such"):
        NativeChain([Step("no-such")], 4, [0], 0)


# -------------------------------------------------------------------------------- directories


def test_a_directory_that_is_not_there_is_an_os_error(tmp_path):
    """With the class that says so."""
    with pytest.raises(FileNotFoundError):
        Directory(str(tmp_path / "none"))
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        Directory(str(tmp_path / "file"))


def test_a_key_that_is_too_long_is_an_error(tmp_path):
    """For reading, writing and deleting; nothing is cut short."""
    directory = Directory(str(tmp_path))
    key = "/".join(["x" * 200] * 40)

    for act in (directory.read, directory.delete, lambda key: directory.write(key, b"1")):
        with pytest.raises(StoreError):
            act(key)

    assert list(tmp_path.iterdir()) == []


def test_a_store_may_be_handed_the_engines_own_memory(tmp_path):
    """What a zip file is written from is not copied first; others get bytes."""
    seen = []

    class Seeing(zarrpy.MemoryStore):
        def set_many(self, keys, values):
            seen.extend(type(value) for value in values)
            super().set_many(keys, [bytes(value) for value in values])

    class Taking(Seeing):
        takes_buffers = True

    values = np.arange(64.0)
    for store, kind in ((Seeing(), bytes), (Taking(), memoryview)):
        seen.clear()
        array = zarrpy.create_array(store, shape=64, chunks=16, dtype="f8")
        array[:] = values
        assert kind in seen
        np.testing.assert_array_equal(array[:], values)
