"""Tests of `zarrpy.array`: reading and writing as NumPy has it, and what arrays are."""

import asyncio
import operator
import pickle

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    SelectionError,
    ShapeMismatchError,
)

VALUES = np.arange(24, dtype="f8").reshape(4, 6)


@pytest.fixture
def array(store):
    """Four rows and six columns in six chunks."""
    return zarrpy.create_array(store, name="a", data=VALUES, chunks=(2, 2))


# ----------------------------------------------------------------------------------------- reading

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


@pytest.mark.parametrize(
    "key",
    [
        slice(None, None, 2**63),
        slice(None, None, 10**30),
        slice(10**30, -(10**30), -(10**25)),
        slice(5, 5, 10**30),
        (slice(None), slice(None, None, -(2**63) - 1)),
    ],
)
def test_a_step_beyond_the_array_may_be_of_any_length(array, body, key):
    """It is never taken."""
    expected = VALUES.copy()
    expected[key] = 7

    assert np.array_equal(array[key], VALUES[key])
    array[key] = 7
    assert np.array_equal(array[...], expected)


@pytest.mark.parametrize("key", [1.5, {0}, object(), [0.5], np.array([["a"] * 99])])
def test_what_does_not_select_here_says_what_does(array, key):
    """An IndexError that names what an index may be, and dumps no array."""
    with pytest.raises(SelectionError, match="integer") as caught:
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


# ----------------------------------------------------------------------------------------- writing

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


# ------------------------------------------------------------------------------------- conventions


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


def test_arrays_are_equal_when_they_are_of_the_same_node(array):
    """Comparing and hashing read nothing."""
    other = zarrpy.open(array.store, path="a")

    assert array == other
    assert len({array, other}) == 1
    assert array != zarrpy.create_array(array.store, name="b", data=array[...])


def test_the_repr_reads_nothing(array):
    """It tells name, shape, type, chunks, codecs and store."""
    array.store.delete_prefix("a/")

    assert repr(array).startswith(
        "<zarrpy.Array '/a' (4, 6) float64 chunks=(2,2) blosc:zstd:1:shuffle → crc32c "
    )


def test_the_repr_is_one_line_with_all_that_matters(tmp_path, monkeypatch):
    """Names of the axes, shards, and the place from where this process is."""
    array = zarrpy.create_array(
        tmp_path / "run.zarr", name="t2m", shape=(365, 180, 360), dtype="f4",
        dimension_names=("time", "lat", None), chunks=(30, 18, 36), shards=(30, 180, 360),
        compressors="zstd:5",
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)

    assert repr(array) == (
        "<zarrpy.Array '/t2m' (time 365, lat 180, 360) float32 chunks=(30,18,36) "
        "shards=(30,180,360) zstd:5 local:run.zarr>"
    )


def test_the_repr_obeys_no_stranger():
    """Names come from files: what would move a cursor is written out."""
    array = zarrpy.create_array({}, shape=(2, 3), dtype="i1", dimension_names=("a\x1b[2J", None))

    assert "\x1b" not in repr(array)


def test_an_array_is_pickled_with_its_store(tmp_path):
    """Another process opens the same files."""
    array = zarrpy.create_array(tmp_path / "x", data=[1, 2])

    again = pickle.loads(pickle.dumps(array))

    assert again[...].tolist() == [1, 2]


@pytest.mark.parametrize("how", ["oindex", "vindex", "blocks"])
def test_a_way_of_indexing_is_pickled_with_its_array(tmp_path, how):
    """So that it goes to other processes, as a function's argument."""
    array = zarrpy.create_array(tmp_path / "x", data=np.arange(6).reshape(2, 3), chunks=(1, 3))

    again = pickle.loads(pickle.dumps(getattr(array, how)))

    np.testing.assert_array_equal(again[1], getattr(array, how)[1])
