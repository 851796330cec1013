"""What indexing by arrays, masks, chunks and fields promises beyond the values."""

from __future__ import annotations

import asyncio
import re
from array import array as array_of_floats
from collections import deque

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MissingChunkError, ReadOnlyStoreError, SelectionError, ShapeMismatchError
from zarrpy.stores import MemoryStore

VALUES = np.arange(60, dtype="i4").reshape(6, 10)
POINT = np.dtype([("x", "<f4"), ("y", "<i2"), ("z", "u1")])


class Counting(MemoryStore):
    """A store that remembers which keys were read."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def get(self, key, byte_range=None):
        self.asked.append(key)
        return super().get(key, byte_range)

    def get_many(self, keys):
        self.asked += keys
        return super().get_many(keys)


@pytest.fixture
def counting():
    """An array of 3 x 4 chunks, and the keys that were read since it was made."""
    store = Counting()
    array = zarrpy.create_array(store, data=VALUES, chunks=(2, 3))
    store.asked.clear()
    return array, store.asked


@pytest.fixture
def array(store, body):
    """The same array in every store, for both bodies."""
    return zarrpy.create_array(store, data=VALUES, chunks=(2, 3))


# ----------------------------------------------------------------------------------- chunks


def test_points_read_each_chunk_once(counting, body):
    """However the points of one chunk are strewn among the others."""
    array, asked = counting
    found = array.vindex[[0, 5, 1, 0, 5], [0, 9, 1, 4, 9]]

    assert found.tolist() == [0, 59, 11, 4, 59]
    assert sorted(asked) == ["c/0/0", "c/0/1", "c/2/3"]


def test_orthogonal_arrays_read_each_chunk_once(counting, body):
    """The product of the chunks on each axis, and no others."""
    array, asked = counting
    array.oindex[[5, 0, 4], [9, 0, 1, 9]]

    assert sorted(asked) == ["c/0/0", "c/0/3", "c/2/0", "c/2/3"]


def test_a_write_reads_only_chunks_that_it_does_not_cover(counting, body):
    """Covered in any order, and at the edge as far as the array goes."""
    array, asked = counting
    array.oindex[[3, 2, 0], [9, 2, 0, 1, 1]] = 7

    asked.remove(".__zp-shrink")  # whether others are about to change the shape
    assert sorted(asked) == ["c/0/0", "c/0/3"]  # rows 2 and 3 are whole: c/1/0 and c/1/3
    assert array.oindex[[0, 2, 3], [0, 1, 2, 9]].tolist() == [[7] * 4] * 3
    assert (array[...] != VALUES).sum() == 12


def test_a_mask_that_is_true_everywhere_reads_nothing_to_write(counting, body):
    """Every chunk is covered; only whether others change the shape is looked up."""
    array, asked = counting
    array[np.ones(VALUES.shape, bool)] = VALUES.ravel()[::-1]

    assert asked == [".__zp-shrink"]
    assert (array[...] == VALUES[::-1, ::-1]).all()


def test_points_of_chunks_that_were_never_written_are_the_fill_value(store, body):
    """Or missing, as for every other selection."""
    array = zarrpy.create_array(store, shape=(6, 10), chunks=(2, 3), dtype="i4", fill_value=9)
    array[0, 0] = 1

    assert array.vindex[[0, 5], [0, 9]].tolist() == [1, 9]
    masked = array.read(([0, 5, 0], [0, 9, 1]), missing="mask")
    assert masked.mask.tolist() == [False, True, False]
    with pytest.raises(MissingChunkError) as caught:
        array.read(([0, 5], [0, 9]), missing="error")
    assert caught.value.chunk == (2, 3)


def test_points_of_a_grid_with_more_chunks_than_numbers_are_found(body):
    """Chunks are compared axis by axis where one number would not hold their count."""
    end = 2**31 - 1
    array = zarrpy.create_array({}, shape=(end + 1,) * 3, chunks=(1, 1, 1), dtype="u1")
    array.vindex[[0, end, end], [end, 0, end], [0, 0, end]] = [1, 2, 3]

    found = array.vindex[[end, 0, end, 0], [end, end, 0, 0], [end, 0, 0, 0]]
    assert found.tolist() == [3, 1, 2, 0]


def test_a_hundred_thousand_points_are_read_by_both_bodies(tmp_path, body):
    """Over many chunks, by all threads."""
    values = np.random.default_rng(0).random((700, 900))
    array = zarrpy.create_array(tmp_path / "a", data=values, chunks=(64, 128))
    rows, columns = (np.random.default_rng(1).integers(0, n, 100_000) for n in values.shape)

    assert (array.vindex[rows, columns] == values[rows, columns]).all()


# ---------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "key",
    [
        ([0, 6],),
        (slice(None), [-11]),
        ([0.0],),
        (np.ones(5, bool),),
        (np.ones((6, 11), bool),),
        ([0], [0], [0]),
        ([0, 1], [0, 1, 2]),
        (["a", 1],),
        ({1},),
        (..., [0], ...),
    ],
)
def test_what_numpy_refuses_is_refused_before_anything_is_written(array, contents, key):
    """With an IndexError that carries the selection and the shape."""
    before = contents(array.store)
    with pytest.raises(IndexError):
        VALUES[key]

    with pytest.raises(SelectionError) as caught:
        array[key] = 1

    assert caught.value.shape == VALUES.shape
    assert contents(array.store) == before


def test_the_error_of_a_wrong_index_names_index_axis_and_size(array):
    """As NumPy says it."""
    with pytest.raises(IndexError, match="index 12 is out of bounds for axis 1 with size 10"):
        array[:, [3, 12]]


@pytest.mark.parametrize("key", [(0, 12), (0, [12]), (0, -11)])
def test_the_error_of_a_wrong_index_tells_what_there_is(array, key):
    """The indexes of the axis, and the shape."""
    with pytest.raises(SelectionError) as caught:
        array[key]

    assert caught.value.hint == f"this axis has -10 to 9; the shape is {array.shape}"
    with pytest.raises(SelectionError, match="this axis is empty"):
        zarrpy.create_array({}, shape=(0,), dtype="i4")[0]
    with pytest.raises(SelectionError, match="the grid of chunks is"):
        array.blocks[99, 0]


def test_a_value_that_cannot_be_broadcast_writes_nothing(array, contents):
    """The error is a ValueError."""
    before = contents(array.store)

    with pytest.raises(ShapeMismatchError):
        array.oindex[[0, 1], [2, 3]] = [1, 2, 3]

    assert contents(array.store) == before


def test_orthogonal_indexing_takes_arrays_of_one_dimension(array):
    """An array of two has no axis of its own."""
    with pytest.raises(SelectionError, match="one dimension, not 2"):
        array.oindex[[[0, 1], [2, 3]]]


def test_coordinates_name_every_axis(array):
    """A slice is no coordinate, and none may be left out."""
    for key in (([0, 1],), ([0, 1], slice(None)), [0, 1]):
        with pytest.raises(SelectionError, match="2 dimensions"):
            array.get_coordinate_selection(key)


def test_a_mask_selection_takes_a_mask_of_the_same_shape(array):
    """Of bool, nothing shorter and nothing that is only like it."""
    for mask in (np.ones(6, bool), np.ones((6, 10), int)):
        with pytest.raises(SelectionError, match="a mask is an array of bool"):
            array.get_mask_selection(mask)


@pytest.mark.parametrize("key", [3, (0, 4), slice(None, None, 2), None, [0, 1], "a", (0, 0, 0)])
def test_blocks_refuse_chunks_that_are_not_there_and_other_terms(array, key):
    """With an IndexError."""
    with pytest.raises(IndexError):
        array.blocks[key]


def test_nothing_is_written_to_an_array_that_was_opened_to_be_read(array):
    """In no way of indexing."""
    again = zarrpy.open_array(array.store, mode="r")
    for write in (
        lambda: again.__setitem__([0], 1),
        lambda: again.oindex.__setitem__([0], 1),
        lambda: again.vindex.__setitem__([0], 1),
        lambda: again.blocks.__setitem__(0, 1),
        lambda: again.set_mask_selection(VALUES > 3, 1),
    ):
        with pytest.raises(ReadOnlyStoreError):
            write()


# -------------------------------------------------------------------------- places and names


def test_two_dimensional_arrays_of_points_are_read_into_any_memory(array):
    """Also where no view of it has all points on one axis."""
    rows, columns = np.array([[0, 5], [3, 3]]), np.array([[9, 1], [0, 2]])
    around = np.zeros((4, 2), "i4")
    out = around[::2].T

    assert array.read((rows, columns), out=out) is out
    assert (out == VALUES[rows, columns]).all()
    assert not around[1::2].any()


def test_zarr_pythons_names_do_what_the_brackets_do(array):
    """Reading and writing, by each of the five."""
    rows, columns = [0, 5, 3], [1, 9, 4]
    mask = VALUES % 7 == 0
    assert array.get_basic_selection((slice(2), 3)).tolist() == [3, 13]
    assert (array.get_orthogonal_selection((rows, columns)) == VALUES[np.ix_(rows, columns)]).all()
    assert (array.get_coordinate_selection((rows, columns)) == VALUES[rows, columns]).all()
    assert (array.get_mask_selection(mask) == VALUES[mask]).all()
    assert (array.get_block_selection((1, slice(1, 3))) == VALUES[2:4, 3:9]).all()

    expected = VALUES.copy()
    array.set_basic_selection((0, 0), 100)
    expected[0, 0] = 100
    array.set_orthogonal_selection((rows, columns), 101)
    expected[np.ix_(rows, columns)] = 101
    array.set_coordinate_selection((rows, columns), [1, 2, 3])
    expected[rows, columns] = [1, 2, 3]
    array.set_mask_selection(mask, 102)
    expected[mask] = 102
    array.set_block_selection((2, 3), [[7], [8]])
    expected[4:, 9:] = [[7], [8]]
    assert (array[...] == expected).all()


def test_the_names_have_an_asynchronous_form(array):
    """As `read` and `write` have."""

    async def main():
        await array.set_coordinate_selection.aio(([0, 5], [0, 9]), [1, 2])
        return await array.get_orthogonal_selection.aio(([0, 5], [0, 9]))

    assert asyncio.run(main()).tolist() == [[1, 9], [50, 2]]


def test_an_array_of_this_library_can_be_an_index(array):
    """It is read as any other that NumPy can make an array of."""
    index = zarrpy.create_array({}, data=np.array([4, 0]))
    assert (array[index] == VALUES[[4, 0]]).all()


class Empty:
    """What makes an array of no floats."""

    def __array__(self, dtype=None, copy=None):
        return np.empty(0)


@pytest.mark.parametrize("key", [[], (), range(0), Empty(), [[]], array_of_floats("d"), deque()])
def test_a_sequence_of_nothing_has_no_type_and_names_nothing(array, key):
    """Whatever type NumPy would give to the array of it."""
    assert np.array_equal(array[key, 1], VALUES[key, 1])
    array[key, 1] = 5
    assert np.array_equal(array[...], VALUES)


def test_repeated_indexes_keep_the_last_value(array):
    """In C order of the value, within a chunk and in several."""
    array.vindex[[0, 0, 5, 0], [0, 0, 9, 0]] = [1, 2, 3, 4]
    array.oindex[[3, 3], [0, 8]] = [[5, 6], [7, 8]]

    assert array.vindex[[0, 5, 3, 3], [0, 9, 0, 8]].tolist() == [4, 3, 7, 8]


# ----------------------------------------------------------------------------------- fields


@pytest.fixture
def points(store, body):
    """An array of structures, and its values."""
    values = np.zeros((4, 5), POINT)
    values["x"] = np.arange(20).reshape(4, 5)
    values["y"] = -values["x"]
    return zarrpy.create_array(store, data=values, chunks=(2, 3)), values


def test_a_field_is_read_by_its_name(points):
    """Alone, with others, and with the elements that are asked for; the result has no gaps."""
    array, values = points
    assert (array["x"] == values["x"]).all()
    assert array["x"].flags.c_contiguous
    assert array[["x", "z"]].dtype == values[["x", "z"]].dtype
    assert (array[["x", "z"]] == values[["x", "z"]]).all()
    assert (array["y", 1:3, [0, 4]] == values["y"][1:3, [0, 4]]).all()
    assert (array.oindex["y", [3, 0], [0, 4]] == values["y"][np.ix_([3, 0], [0, 4])]).all()
    assert (array.get_basic_selection(fields="x") == values["x"]).all()


def test_writing_a_field_leaves_the_others(points):
    """Of whole chunks too, of which the other fields are read first."""
    array, values = points
    array["x"] = 7
    values["x"] = 7
    array["y", [0, 3], [1, 4]] = [5, 6]
    values["y"][[0, 3], [1, 4]] = [5, 6]
    array[["y", "z"], 2] = (8, 9)
    values["y"][2], values["z"][2] = 8, 9
    array.set_mask_selection(values["y"] == 8, 3, fields="z")
    values["z"][values["y"] == 8] = 3

    assert (array[...] == values).all()


def test_a_field_of_chunks_that_were_never_written_joins_the_fill_value(store, body):
    """The other fields are what they were read as before."""
    fill = np.array((1, 2, 3), POINT)[()]
    array = zarrpy.create_array(store, shape=4, chunks=2, dtype=POINT, fill_value=fill)
    array["y", 3] = 9

    assert array[...].tolist() == [(1, 2, 3), (1, 2, 3), (1, 2, 3), (1, 9, 3)]


def test_fields_that_are_not_there_are_refused_as_by_numpy(points):
    """With the errors of NumPy and the array's path; an array of numbers has none at all."""
    array, values = points
    for key in ("w", ["x", "w"], ["x", "x"]):
        with pytest.raises((ValueError, KeyError)) as expected:
            values[key]
        for act in (lambda key=key: array[key], lambda key=key: array.write(key, 1)):
            with pytest.raises(expected.type, match=re.escape(f"{array.place!r}: ")) as found:
                act()
            assert found.type is expected.type
    with pytest.raises(IndexError):
        zarrpy.create_array({}, data=VALUES)["x"]


def test_a_field_is_read_into_given_memory_of_its_type(points):
    """Memory of another type or shape is refused before anything is read."""
    array, values = points
    out = np.zeros((5, 4), "f4").T
    assert array.read("x", out=out) is out
    assert (out == values["x"]).all()
    with pytest.raises(TypeError, match="data type"):
        array.read("x", out=np.zeros((4, 5), "f8"))
    with pytest.raises(ShapeMismatchError):
        array.read("x", out=np.zeros((4, 4), "f4"))


@pytest.mark.parametrize(
    "select",
    [
        lambda array: array[9],
        lambda array: array.oindex[[9]],
        lambda array: array.vindex[0, 0],
        lambda array: array.blocks[9],
        lambda array: array.isel(depth=0),
        lambda array: array["field"],
        lambda array: array.get_mask_selection([True]),
        lambda array: array.write([0.5], 1),
        lambda array: array.lazy[9],
        lambda array: array.lazy.isel(depth=0),
        lambda array: array.discard(9),
        lambda array: array.sum(selection=9),
        lambda array: list(array.iter_chunks(9)),
        lambda array: list(array.map_chunks(len, 9)),
    ],
)
def test_a_selection_that_does_not_fit_names_the_array(select):
    """Where many arrays are indexed, the line says which of them it was."""
    group = zarrpy.create_group({})
    array = group.create_array("a/b", data=[1, 2, 3], dimension_names=["x"])

    with pytest.raises(SelectionError) as caught:
        select(array)

    assert str(caught.value).startswith("'/a/b': ")
    assert caught.value.array == "/a/b"


@pytest.mark.parametrize(
    ("key", "error"),
    [(np.s_[0:2:0], ValueError), (np.s_["a":], TypeError), (np.s_[:1.5], TypeError)],
)
def test_slices_that_python_refuses_are_refused_with_the_name_of_the_array(key, error):
    """As every other selection that does not fit."""
    array = zarrpy.create_array({}, name="b/x", data=np.arange(10))

    for read in (array.__getitem__, array.oindex.__getitem__, array.lazy.__getitem__):
        with pytest.raises(error, match="'/b/x': slice"):
            read(key)
    with pytest.raises(error, match="'/b/x': slice"):
        array[key] = 1


@pytest.mark.parametrize("chunks", [(5, 1), (4, 3), (2, 2)])
def test_a_single_truth_value_makes_an_axis_beside_one_that_runs_backwards(body, chunks):
    """Whose strides in memory look like those of one run."""
    values = np.arange(12, dtype="i4").reshape(4, 3)
    array = zarrpy.create_array({}, data=values, chunks=chunks)
    key = (np.array(True), np.s_[::-1], np.array(0))

    assert array[key].tolist() == values[key].tolist() == [[9, 6, 3, 0]]


@pytest.mark.parametrize("index", [4, 2**63, 2**64 - 4, 2**64 - 1])
@pytest.mark.parametrize("name", ["oindex", "vindex", "lazy"])
def test_unsigned_indexes_are_never_counted_from_the_end(index, name):
    """They would be negative as signed numbers of as many bits."""
    values = np.arange(16).reshape(4, 4)
    array = zarrpy.create_array({}, data=values, chunks=(2, 2))
    shown = getattr(array, name)
    selection = (np.array([0, 1]), np.array([0, index], "uint64"))

    with pytest.raises(IndexError, match="out of bounds"):
        np.asarray(shown[selection])
    if name != "lazy":
        with pytest.raises(IndexError, match="out of bounds"):
            shown[selection] = 99
    with pytest.raises(IndexError, match="out of bounds"):
        array[np.array([index], "uint64")]
    assert array[...].tolist() == values.tolist()
