"""Tests of `zarrpy.array`: reading and writing as NumPy has it, and what arrays are."""

import asyncio
import operator
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    ChecksumError,
    CorruptChunkError,
    MissingChunkError,
    NodeNotFoundError,
    SelectionError,
    ShapeMismatchError,
)

VALUES = np.arange(24, dtype="f8").reshape(4, 6)


@pytest.fixture
def array(store):
    """Four rows and six columns in six chunks."""
    return zarrpy.create_array(store, name="a", data=VALUES, chunks=(2, 2))


# ------------------------------------------------------------------------------------- reading

KEYS = {
    "0": 0,
    "-1": -1,
    "1:3": slice(1, 3),
    "::-1": slice(None, None, -1),
    "3:0:-2": slice(3, 0, -2),
    "5:1": slice(5, 1),
    "-100:100": slice(-100, 100),
    "...": ...,
    "()": (),
    "None": None,
    "0,0": (0, 0),
    "0,...": (0, ...),
    "0,0,...": (0, 0, ...),
    "...,0,0": (..., 0, 0),
    "...,-1": (..., -1),
    ":,2": (slice(None), 2),
    "None,0,None,...,None": (None, 0, None, ..., None),
    "::2,::-3": (slice(None, None, 2), slice(None, None, -3)),
    "int64": np.int64(2),
    "0-d array of integers": np.array(1),
    "empty slice, 0": (slice(10, 20), 0),
    "slices of int64": slice(np.int64(1), np.int64(3)),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_basic_index_gives_what_numpy_gives(array, body, name):
    """The same values, shape, type of the result and data type."""
    expected = VALUES[KEYS[name]]

    result = array[KEYS[name]]

    assert type(result) is type(expected)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(result, expected)


@pytest.mark.parametrize("key", [(), ..., None, (..., None), (None, None)])
def test_a_0d_array_is_indexed_as_numpys(store, body, key):
    """A scalar for the empty index, an array for the ellipsis."""
    array = zarrpy.create_array(store, data=np.float32(2.5))
    expected = np.array(2.5, "f4")[key]

    result = array[key]

    assert type(result) is type(expected)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(result, expected)


@pytest.mark.parametrize(
    "key", [4, -5, (0, 6), (0, 0, 0), (..., ...), 1.0, "x", np.float64(1), (0, 1.5), b"x"]
)
def test_an_index_that_does_not_fit_is_an_index_error(array, key):
    """As with NumPy; for reading and for writing, which changes nothing."""
    with pytest.raises(IndexError):
        VALUES[key]

    with pytest.raises(SelectionError) as caught:
        array[key]
    with pytest.raises(IndexError):
        array[key] = 1

    assert caught.value.shape == (4, 6)
    assert np.array_equal(array[...], VALUES)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (slice(None, None, 0), ValueError),
        (slice(0.5, 2), TypeError),
        (slice("a", "b"), TypeError),
    ],
)
def test_a_slice_that_is_none_is_the_error_of_numpy(array, key, error):
    """A step of zero is a ValueError, ends that are no integers are a TypeError."""
    with pytest.raises(error):
        VALUES[key]
    with pytest.raises(error):
        array[key]


@pytest.mark.parametrize("key", [[0, 1], np.array([1, 2]), VALUES > 3, True, np.array([True] * 4)])
def test_what_does_not_select_here_says_what_does(array, key):
    """An IndexError that names the kinds of index there are, and dumps no array."""
    with pytest.raises(SelectionError, match="integers, slices") as caught:
        array[key]

    assert len(str(caught.value)) < 200


def test_a_result_is_the_callers_own(array):
    """Changing it changes nothing stored."""
    result = array[...]

    result[...] = -1

    assert result.flags.writeable
    assert result.flags.owndata
    assert np.array_equal(array[...], VALUES)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_selection_is_read_into_an_array_of_the_callers(array, body, order):
    """Of any strides; it is returned, and holds just the selection."""
    out = np.zeros((2, 3), "f8", order=order)

    result = array.read((slice(1, 3), slice(None, None, -2)), out=out)

    assert result is out
    assert np.array_equal(out, VALUES[1:3, ::-2])


def test_the_callers_array_has_to_fit(array):
    """By shape, by data type, and by being an array that can be written."""
    with pytest.raises(ShapeMismatchError, match=r"\(2, 2\).*\(4, 6\)"):
        array.read(out=np.zeros((2, 2)))
    with pytest.raises(TypeError, match="float32"):
        array.read(out=np.zeros((4, 6), "f4"))
    with pytest.raises(TypeError, match="list"):
        array.read(out=[1, 2])
    locked = np.zeros((4, 6))
    locked.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        array.read(out=locked)


def test_reading_can_be_awaited(array, body):
    """The same values."""
    assert np.array_equal(asyncio.run(array.read.aio(slice(1, 3))), VALUES[1:3])


# ------------------------------------------------------------------------------------- writing

ASSIGNMENTS = {
    "a number": ((slice(None), 1), 5),
    "a row": (2, np.arange(6)),
    "a column": ((slice(None), 0), np.arange(4)),
    "backwards": (slice(None, None, -1), np.arange(24).reshape(4, 6)),
    "steps": ((slice(0, 4, 3), slice(None, None, 2)), [[1, 2, 3], [4, 5, 6]]),
    "more axes": ((slice(1, 3), slice(2, 4)), np.ones((1, 1, 2, 2))),
    "one element": ((1, 1), 7),
    "one element of an array": ((1, 1), np.array(7)),
    "nothing": ((slice(3, 1),), 9),
    "a new axis": (None, np.ones((1, 4, 6))),
    "another type": (..., np.arange(6, dtype=">i2")),
    "a list": (0, [1, 2, 3, 4, 5, 6]),
    "F order": (..., np.asfortranarray(np.arange(24.0).reshape(4, 6))),
    "negative strides": (..., np.arange(24.0).reshape(4, 6)[::-1, ::-1]),
    "a flag": (..., True),
}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_assignment_changes_what_numpys_changes(array, body, name):
    """The selected elements and no others."""
    key, value = ASSIGNMENTS[name]
    expected = VALUES.copy()
    expected[key] = value

    array[key] = value

    assert np.array_equal(zarrpy.open(array.store, path="a")[...], expected)


@pytest.mark.parametrize("shape", [(5, 5), (4, 5), (3,), (2, 4, 6)])
def test_a_value_of_another_shape_is_refused_whole(array, contents, shape):
    """The error is a ValueError that names both shapes; nothing is written."""
    before = contents(array.store)

    with pytest.raises(ShapeMismatchError) as caught:
        array[...] = np.zeros(shape)

    assert (caught.value.expected, caught.value.actual) == ((4, 6), shape)
    assert isinstance(caught.value, ValueError)
    assert str(shape) in str(caught.value)
    assert contents(array.store) == before


@pytest.mark.parametrize(
    ("value", "error"),
    [(300, OverflowError), (-1, OverflowError), ([0, 256], OverflowError), ("x", ValueError),
     (1j, TypeError), (None, TypeError), (object(), TypeError), (float("nan"), ValueError)],
)  # fmt: skip
def test_a_value_that_the_type_cannot_hold_is_the_error_of_numpy(store, contents, value, error):
    """Numbers do not wrap around unseen; nothing is written."""
    array = zarrpy.create_array(store, data=np.zeros(2, "u1"))
    before = contents(store)

    with pytest.raises(error):
        np.zeros(2, "u1")[...] = value
    with pytest.raises(error):
        array[...] = value

    assert contents(store) == before


def test_writing_does_not_hold_on_to_the_value(body):
    """A memory store keeps bytes of its own, also of chunks stored as they are."""
    value = np.arange(4.0)
    array = zarrpy.create_array({}, data=value, chunks=4, compressors=None)

    value[...] = -1

    assert array[...].tolist() == [0, 1, 2, 3]


def test_writing_can_be_awaited(array, body):
    """And reading after it sees it."""

    async def change():
        await array.write.aio((0, 0), 9)
        return await array.read.aio((0, 0))

    assert asyncio.run(change()) == 9


def test_chunks_of_nothing_but_the_fill_value_are_not_stored(store, body):
    """Those that were are deleted."""
    array = zarrpy.create_array(store, data=np.arange(1, 5), chunks=2)

    array[:2] = 0

    assert sorted(store.list()) == ["c/1", "zarr.json"]
    assert array[...].tolist() == [0, 0, 3, 4]


@pytest.mark.parametrize("how", ["of the array", "of the process"])
def test_chunks_of_nothing_but_the_fill_value_are_stored_when_asked_for(store, body, how):
    """By the setting of the array or of the process."""
    config = {"write_empty_chunks": True} if how == "of the array" else None
    array = zarrpy.create_array(store, shape=2, chunks=1, dtype="i4", config=config)

    with zarrpy.config.set({"array.write_empty_chunks": how == "of the process"}):
        array[...] = 0

    assert sorted(store.list()) == ["c/0", "c/1", "zarr.json"]


# --------------------------------------------------------------------------------- fill values


def bits(value, dtype):
    """Make a float of so many bits, as integer."""
    return np.array(value, f"u{np.dtype(dtype).itemsize}").view(dtype)[()]


PLAIN_BITS = [0x7FC00000, 0x7F800000, 0xFF800000, 0x80000000, 0, 0x3FC00000]


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
@pytest.mark.parametrize(
    ("zarr_format", "fill"),
    [(2, fill) for fill in PLAIN_BITS]
    # Zarr v2 has words for one NaN only; others are refused there
    + [(3, fill) for fill in [*PLAIN_BITS, 0x7FC00001, 0xFFC00000, 0x7FA00000]],
)
def test_a_fill_value_is_kept_bit_for_bit(store, body, zarr_format, dtype, fill):
    """NaN with its payload and sign, infinities, and the zero that is negative."""
    value = bits(fill, "f4")
    zarrpy.create_array(store, shape=3, dtype=dtype, fill_value=value, zarr_format=zarr_format)

    again = zarrpy.open(store)

    assert again.fill_value.view("u4") == fill
    assert again[...].view("u4").tolist() == [fill] * 3
    assert again[0].view("u4") == fill


@pytest.mark.parametrize("dtype", ["f2", "<f8", ">f8", "c8", ">c16"])
@pytest.mark.parametrize("compressors", [None, "auto"])
def test_what_equals_the_fill_value_is_compared_bit_for_bit(store, body, dtype, compressors):
    """-0.0 is not 0.0, and one NaN is not another: only the very same bits are left out."""
    array = zarrpy.create_array(store, shape=6, chunks=1, dtype=dtype, compressors=compressors)
    values = np.array([0.0, -0.0, np.nan, -np.nan, np.inf, 1], array.dtype)

    array[...] = values

    assert array[...].tobytes() == values.tobytes()
    assert sorted(store.list("c/")) == [f"c/{i}" for i in range(1, 6)]


def test_nan_that_is_the_fill_value_is_left_out(store, body):
    """NaN does not equal itself, but its bits do; one with other bits is stored."""
    array = zarrpy.create_array(store, shape=3, chunks=1, dtype="f4", fill_value=np.nan)
    values = np.array([0x7FC00000, 0x7FC00001, 0xFFC00000], "u4").view("f4")

    array[...] = values

    assert sorted(store.list()) == ["c/1", "c/2", "zarr.json"]
    assert array[...].view("u4").tolist() == values.view("u4").tolist()


def test_a_fill_value_that_is_not_defined_reads_as_zero(store, body):
    """Zarr v2 may leave it open, and it stays open."""
    zarrpy.create_array(store, shape=2, dtype="f4", fill_value=None, zarr_format=2)

    assert zarrpy.open(store)[...].tolist() == [0, 0]
    assert b'"fill_value": null' in bytes(store.get(".zarray"))


# ------------------------------------------------------------------------- shapes at the edges


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0, 2), (1,), (1, 1, 1)])
def test_arrays_of_every_size_are_written_and_read(store, body, zarr_format, shape):
    """Those without axes and those without elements are arrays too."""
    values = np.arange(np.prod(shape), dtype="i4").reshape(shape) + 1

    array = zarrpy.create_array(store, data=values, chunks=2, zarr_format=zarr_format)
    array[...] = array[...] * 2

    again = zarrpy.open(store)
    assert (again.shape, again.size, again.nbytes) == (shape, values.size, values.nbytes)
    assert np.array_equal(again[...], values * 2)


def test_a_0d_array_is_written_by_every_index(store, body):
    """The empty one, the ellipsis and new axes."""
    array = zarrpy.create_array(store, shape=(), dtype="i4")
    seen = []

    for key, value in [((), 1), (..., 2), (None, [3]), ((..., None), 4)]:
        array[key] = value
        seen.append(array[()])

    assert seen == [1, 2, 3, 4]


def test_chunks_larger_than_the_array_hold_the_fill_value_beyond_it(store):
    """Edge chunks are whole chunks."""
    array = zarrpy.create_array(
        store, data=np.ones(3, "u1"), chunks=5, compressors=None, fill_value=7
    )

    assert bytes(store.get("c/0")) == bytes([1, 1, 1, 7, 7])
    assert array[...].tolist() == [1, 1, 1]


# ---------------------------------------------------------------------------------- bad chunks


@pytest.mark.parametrize(
    ("compressors", "how"),
    # without a codec nothing tells changed bytes from others
    [(None, how) for how in ("cut", "empty", "longer")]
    + [
        (codec, how)
        for codec in ("auto", "zstd:3:true", "gzip")
        for how in ("cut", "changed", "empty", "longer")
    ],
)
def test_a_corrupt_chunk_is_an_error_that_names_it(store, body, contents, how, compressors):
    """Array, chunk, key and codec are fields and in the text; nothing is changed by reading."""
    array = zarrpy.create_array(
        store, name="g/a", data=np.arange(64.0).reshape(8, 8), chunks=4, compressors=compressors
    )
    value = bytearray(store.get("g/a/c/0/1"))
    if how == "changed":
        value[len(value) // 2] ^= 0x10
    damaged = {"cut": value[:-3], "changed": value, "empty": b"", "longer": value + b"xyz"}[how]
    store.set("g/a/c/0/1", bytes(damaged))
    before = contents(store)

    with pytest.raises(CorruptChunkError) as caught:
        array[...]

    error = caught.value
    assert (error.array, error.chunk, error.key) == ("g/a", (0, 1), "c/0/1")
    assert all(word in str(error) for word in ("g/a", "(0, 1)", "c/0/1", error.codec))
    assert isinstance(error, ValueError)
    assert contents(store) == before
    assert np.array_equal(array[4:], np.arange(64.0).reshape(8, 8)[4:])


def test_a_wrong_checksum_is_its_own_error(store, body):
    """Bytes that changed are told from bytes that make no sense."""
    array = zarrpy.create_array(store, data=np.arange(4), compressors="crc32c")
    value = bytearray(store.get("c/0"))
    value[0] ^= 1
    store.set("c/0", bytes(value))

    with pytest.raises(ChecksumError, match="checksum") as caught:
        array[...]

    assert caught.value.codec == "crc32c"


def test_a_part_of_a_corrupt_chunk_is_not_overwritten(store, body, contents):
    """The rest of it could not be kept; replacing the whole of it can."""
    array = zarrpy.create_array(store, data=np.arange(4), chunks=2)
    store.set("c/0", b"damaged")
    before = contents(store)

    with pytest.raises(CorruptChunkError):
        array[0] = 9
    assert contents(store) == before
    array[:2] = 9

    assert array[...].tolist() == [9, 9, 2, 3]


def test_missing_chunks_can_be_errors(store, body):
    """`config.missing` decides; the array is named."""
    array = zarrpy.create_array(store, name="a", shape=4, chunks=2, dtype="i4")
    array[:2] = 1

    with zarrpy.config.set(missing="error"):
        assert array[:2].tolist() == [1, 1]
        with pytest.raises(MissingChunkError, match="a") as caught:
            array[...]

    assert isinstance(caught.value, KeyError)
    assert array[...].tolist() == [1, 1, 0, 0]


def test_an_array_that_was_deleted_is_an_error(store, body):
    """Not an array of fill values."""
    array = zarrpy.create_array(store, name="a", data=[1, 2])
    store.delete_prefix("a/")

    with pytest.raises(NodeNotFoundError, match="deleted"):
        array[...]


# --------------------------------------------------------------------------------- concurrency


def halves(array, i, rounds):
    """Count up one half of a chunk."""
    part = slice(4 * i, 4 * i + 4)
    for _ in range(rounds):
        array[part] = array[part] + 1


@pytest.mark.parametrize("kind", ["memory", "local"])
def test_threads_that_write_parts_of_one_chunk_lose_nothing(tmp_path, body, kind):
    """Four threads, four quarters of a chunk, each through a handle of its own."""
    place = {} if kind == "memory" else tmp_path / "x"
    zarrpy.create_array(place, shape=16, chunks=16, dtype="i4")
    threads = [threading.Thread(target=halves, args=(zarrpy.open(place), i, 40)) for i in range(4)]

    with zarrpy.config.set(disable=sorted(zarrpy.config.disable)):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert zarrpy.open(place)[...].tolist() == [40] * 16


def test_processes_that_write_parts_of_one_chunk_lose_nothing(tmp_path):
    """Two processes, two halves of a chunk."""
    zarrpy.create_array(tmp_path / "x", shape=8, chunks=8, dtype="i4")
    code = (
        "import sys, zarrpy\n"
        "a = zarrpy.open(sys.argv[1])\n"
        "i = 4 * int(sys.argv[2])\n"
        "for _ in range(150):\n"
        "    a[i : i + 4] = a[i : i + 4] + 1\n"
    )

    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "x"), str(i)])
        for i in range(2)
    ]
    codes = [writer.wait(60) for writer in writers]

    assert codes == [0, 0]
    assert zarrpy.open(tmp_path / "x")[...].tolist() == [150] * 8
    assert os.listdir(tmp_path / "x" / "c") == ["0"]


@pytest.mark.parametrize("kind", ["memory", "local"])
def test_a_reader_never_sees_a_torn_chunk(tmp_path, body, kind):
    """While a writer changes all elements of a chunk, a reader sees them all alike."""
    place = {} if kind == "memory" else tmp_path / "x"
    writer = zarrpy.create_array(
        place, data=np.zeros(20_000, "i4"), chunks=20_000, compressors=None,
        config={"write_empty_chunks": True},
    )  # fmt: skip
    done = threading.Event()
    torn = []

    def read():
        reader = zarrpy.open(place)
        while not done.is_set():
            values = reader[...]
            if values.min() != values.max():
                torn.append(values)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for i in range(150):
            writer[...] = i
    finally:
        done.set()
        for reader in readers:
            reader.join()

    assert torn == []


# --------------------------------------------------------------------------------- conventions


def test_what_an_array_is(array):
    """The properties that NumPy's arrays have, and those of Zarr."""
    assert (array.shape, array.ndim, array.size) == ((4, 6), 2, 24)
    assert (array.dtype, array.itemsize, array.nbytes) == (np.dtype("f8"), 8, 192)
    assert (array.chunks, array.cdata_shape, array.nchunks) == ((2, 2), (2, 3), 6)
    assert (array.path, array.name, array.basename) == ("a", "/a", "a")
    assert (array.fill_value, array.order, array.read_only) == (0.0, "C", False)
    assert (array.shards, array.filters, array.serializer.name) == (None, (), "bytes")


def test_the_length_is_that_of_the_first_axis(array, store):
    """An array without axes has none."""
    assert len(array) == 4
    with pytest.raises(TypeError, match="0-d"):
        len(zarrpy.create_array({}, shape=(), dtype="i4"))


def test_iterating_gives_the_rows(array, body):
    """Decoding each chunk once."""
    assert [row.tolist() for row in array] == VALUES.tolist()
    with pytest.raises(TypeError, match="0-d"):
        iter(zarrpy.create_array({}, shape=(), dtype="i4")).__next__()


def test_numpy_takes_an_array_as_one_of_its_own(array):
    """By its protocol, which always copies."""
    assert np.array_equal(np.asarray(array), VALUES)
    assert np.asarray(array, dtype="i2").dtype == np.dtype("i2")
    assert np.sum(array) == VALUES.sum()
    with pytest.raises(ValueError, match="copy"):
        np.array(array, copy=False)


def test_a_single_element_is_a_number():
    """As NumPy's arrays of one element are."""
    array = zarrpy.create_array({}, data=np.int32(3))

    assert (int(array), float(array), bool(array), operator.index(array)) == (3, 3.0, True, 3)
    assert [10, 20, 30, 40][array] == 40
    with pytest.raises(TypeError):
        operator.index(zarrpy.array([1, 2]))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(zarrpy.array([1, 2]))


def test_arrays_are_equal_when_they_are_the_same_object(array):
    """Comparing and hashing read nothing."""
    assert array == array
    assert array != zarrpy.open(array.store, path="a")
    assert len({array, array}) == 1


def test_the_repr_reads_no_chunk(array):
    """It tells name, shape, type and store."""
    array.store.delete_prefix("a/")

    assert repr(array).startswith("<zarrpy.Array '/a' (4, 6) float64 in ")


def test_the_repr_names_the_axes():
    """Those that have names."""
    array = zarrpy.create_array({}, shape=(2, 3), dtype="i1", dimension_names=("time", None))

    assert "(time 2, 3)" in repr(array)


def test_an_array_is_pickled_with_its_store(tmp_path):
    """Another process opens the same files."""
    array = zarrpy.create_array(tmp_path / "x", data=[1, 2])

    again = pickle.loads(pickle.dumps(array))

    assert again[...].tolist() == [1, 2]
