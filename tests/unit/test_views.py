"""Tests of `zarrpy.views`: selections that are not read yet."""

import asyncio
import pickle

import numpy as np
import pytest

import zarrpy
from zarrpy.array import Array
from zarrpy.errors import SelectionError, ShapeMismatchError
from zarrpy.stores import MemoryStore

VALUES = np.arange(4 * 6 * 5).reshape(4, 6, 5)


class Counted(MemoryStore):
    """Counts how often chunks are read."""

    reads = 0

    def get(self, key, byte_range=None):
        """Read a value."""
        self.reads += 1
        return super().get(key, byte_range)

    def get_many(self, keys):
        """Read several values."""
        self.reads += len(keys)
        return super().get_many(keys)


@pytest.fixture
def array():
    """Three named axes, in chunks of 2×3×5."""
    return zarrpy.create_array(
        Counted(), data=VALUES, chunks=(2, 3, 5), dimension_names=("time", "lat", "lon")
    )


def test_nothing_is_read_before_it_is_asked_for(array):
    """Neither by composing nor by looking at a view."""
    array.store.reads = 0

    view = array.lazy[1:, [0, 3]].T.isel(time=0)[..., None]
    told = view.shape, view.dtype, view.ndim, view.size, view.nbytes, view.dimension_names
    repr(view)

    assert told == ((5, 2, 1), VALUES.dtype, 3, 10, 80, ("lon", "lat", None))
    assert array.store.reads == 0


def test_what_composed_selections_have_in_common_is_read_once(array):
    """As few chunks as the direct selection needs."""
    array.store.reads = 0

    found = array.lazy[1:][:, 3:].lazy[0, ::-1].read()

    assert np.array_equal(found, VALUES[1, 3:][::-1])
    assert array.store.reads == 1


def test_a_view_takes_the_way_of_the_direct_selection(array, monkeypatch):
    """One native batch over the same chunks."""
    batches = []
    make = Array._batch

    def record(self, *args, **kwargs):
        batches.append(make(self, *args, **kwargs))
        return batches[-1]

    monkeypatch.setattr(Array, "_batch", record)

    array.lazy[1:].lazy[:, ::-2].lazy[0].read()
    array.read((1, slice(None, None, -2)))

    of_view, direct = batches
    assert type(of_view) is type(direct)
    assert of_view.native
    assert (of_view.ntasks, of_view.nbytes) == (direct.ntasks, direct.nbytes)


def test_numpy_takes_a_view_as_an_array(array):
    """By its protocol; nothing else is needed to compute with it."""
    view = array.lazy[::2].T

    assert np.array_equal(np.asarray(view), VALUES[::2].T)
    assert np.asarray(view, "f4").dtype == "f4"
    assert np.add(view, 1)[0, 0, 0] == 1
    assert np.array_equal(np.from_dlpack(view), VALUES[::2].T)


def test_a_view_is_written(array):
    """Whole, or a part of it by brackets; nothing else changes."""
    expected = VALUES.copy()

    array.lazy[1].T[0].write([10, 20, 30, 40, 50, 60])
    array.lazy.isel(time=slice(2, 4))[:, 0] = -1
    array.lazy.oindex[[3], [5]][..., 4] = 7

    expected[1].T[0] = [10, 20, 30, 40, 50, 60]
    expected[2:4, 0] = -1
    expected[3, 5, 4] = 7
    assert np.array_equal(array[...], expected)


def test_a_value_that_does_not_fit_a_view_changes_nothing(array):
    """As for the array."""
    with pytest.raises(ShapeMismatchError, match=r"\(3,\).*\(6, 5\)"):
        array.lazy[0].write([1, 2, 3])

    assert np.array_equal(array[...], VALUES)


def test_a_new_axis_may_repeat_what_there_is(array):
    """Read as often as it is named; of what is written the last stays."""
    view = array.lazy[0, 0, :, None][:, [0, 0, 0]]

    assert view.shape == (5, 3)
    assert np.array_equal(view.read(), np.repeat(VALUES[0, 0, :, None], 3, axis=1))
    out = np.zeros((5, 3), int)
    assert view.read(out=out) is out
    assert np.array_equal(out, view.read())
    view.write(np.arange(15).reshape(5, 3))
    assert array[0, 0].tolist() == [2, 5, 8, 11, 14]


def test_a_scalar_array_may_be_repeated():
    """It has nothing but new axes."""
    array = zarrpy.create_array({}, data=np.float32(3))

    assert array.lazy[None][[0, 0]].read().tolist() == [3, 3]


def test_a_view_is_read_into_memory_of_the_callers(array):
    """Of any strides."""
    out = np.zeros((10, 12), int)[::2, ::-2]

    array.lazy[1].T.read(out=out)

    assert np.array_equal(out, VALUES[1].T)


def test_a_view_of_fields(array):
    """One or several; the others stay as they are when it is written."""
    points = np.zeros(6, [("x", "f4"), ("y", "i2"), ("z", "S1")])
    points["x"] = range(6)
    stored = zarrpy.create_array({}, data=points, chunks=4)

    view = stored.lazy["x"][::2]
    assert (view.dtype, view.read().tolist()) == (np.dtype("f4"), [0, 2, 4])
    view.write([7, 8, 9])
    stored.lazy[["x", "y"]]["y"][1:3] = 5

    assert stored["x"].tolist() == [7, 1, 8, 3, 9, 5]
    assert stored["y"].tolist() == [0, 5, 5, 0, 0, 0]
    with pytest.raises(SelectionError, match="have no fields"):
        view["x"]
    with pytest.raises(ValueError, match="w"):
        stored.lazy["w"]


def test_missing_chunks_can_be_masked(array):
    """In the order of the view."""
    array.store.delete("c/0/0/0")

    found = array.lazy[:, 2:4].T.read(missing="mask")

    assert found.mask.T[:, :, 0].tolist() == [[True, False]] * 2 + [[False, False]] * 2


def test_axes_are_put_in_any_order(array):
    """By number or by name; what is no order is NumPy's error."""
    view = array.lazy

    assert view.transpose().shape == view.T.shape == (5, 6, 4)
    assert view.transpose(1, 0, -1).shape == view.transpose([1, 0, 2]).shape == (6, 4, 5)
    assert view.transpose("lon", "time", "lat").dimension_names == ("lon", "time", "lat")
    with pytest.raises(ValueError, match="axes"):
        view.transpose(0, 1)
    with pytest.raises(ValueError, match="repeated"):
        view.transpose(0, 0, 1)
    with pytest.raises(SelectionError, match="'time', 'lat', 'lon'"):
        view.transpose("time", "lat", "height")


def test_names_stay_with_what_they_name(array):
    """Through slices, index arrays and other orders; points of several axes have none."""
    view = array.lazy

    assert view.T.dimension_names == ("lon", "lat", "time")
    assert view[0, None].dimension_names == (None, "lat", "lon")
    assert view.oindex[[0, 3, 1]].dimension_names == ("time", "lat", "lon")
    assert view.vindex[[0, 1], [2, 3]].dimension_names == (None, "lon")
    assert zarrpy.create_array({}, shape=3, dtype="i1").lazy.dimension_names is None


def test_a_view_that_an_array_has_become_too_small_for_is_refused(array):
    """Nothing outside the array is read or written."""
    view = array.lazy[2:]
    array.metadata = array.metadata.with_shape((3, 6, 5))

    with pytest.raises(SelectionError, match=r"\(4, 6, 5\).*\(3, 6, 5\)"):
        view.read()
    with pytest.raises(SelectionError, match="anew"):
        view.write(0)


def test_an_index_that_does_not_fit_is_refused_when_it_is_given(array):
    """By the shape of the view, not of the array."""
    with pytest.raises(SelectionError, match="size 2"):
        array.lazy[::2][2]
    with pytest.raises(SelectionError, match="too many"):
        array.lazy[0][0, 0, 0]


def test_a_view_is_iterated_by_views(array):
    """Nothing is read by that; it has a length."""
    rows = list(array.lazy)

    assert len(rows) == len(array.lazy) == 4
    assert np.array_equal(rows[3].read(), VALUES[3])
    with pytest.raises(TypeError, match="0-d"):
        iter(array.lazy[0, 0, 0])
    with pytest.raises(TypeError, match="0-d"):
        len(array.lazy[0, 0, 0])


def test_a_view_of_one_element_is_a_number(array):
    """As NumPy's arrays of one are."""
    view = array.lazy[1, 0, 0]

    assert (int(view), float(view), complex(view), bool(view)) == (30, 30.0, 30 + 0j, True)
    assert list(range(40))[view] == 30


def test_a_view_is_read_and_written_in_an_event_loop(array):
    """By the same operations."""

    async def change():
        await array.lazy[0].write.aio(0)
        return await array.lazy[0, 0].read.aio()

    assert asyncio.run(change()).tolist() == [0] * 5


def test_a_view_is_pickled_with_its_array(tmp_path):
    """And shows the same elements."""
    array = zarrpy.create_array(tmp_path / "a", data=VALUES)

    again = pickle.loads(pickle.dumps(array.lazy[1:, [0, 5, 2]].T))

    assert np.array_equal(again.read(), VALUES[1:, [0, 5, 2]].T)


def test_views_of_different_elements_have_different_names_for_dask(array):
    """And equal ones the same, however they were made."""
    view = array.lazy
    token = view[1:][::2].__dask_tokenize__()

    assert token == array.lazy[1::2].__dask_tokenize__()
    assert token != view[1:].__dask_tokenize__()
    assert view.oindex[[0, 2, 1]].__dask_tokenize__() != view.oindex[[0, 1, 3]].__dask_tokenize__()
    array[0] = 0
    assert token != array.lazy[1::2].__dask_tokenize__()
