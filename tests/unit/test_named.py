"""Tests of selections by the names of dimensions."""

import asyncio

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import SelectionError

VALUES = np.arange(4 * 6 * 5).reshape(4, 6, 5)


@pytest.fixture
def array(store):
    """Three axes, two of them with names."""
    return zarrpy.create_array(
        store, data=VALUES, chunks=(2, 3, 5), dimension_names=("time", "lat (deg)", None)
    )


def test_names_select_as_their_axes_do(array, body):
    """Integers drop an axis, slices are half-open, arrays are each for its own axis."""
    assert np.array_equal(array.isel(time=1), VALUES[1])
    assert np.array_equal(array.isel({"lat (deg)": slice(1, 3)}, time=-1), VALUES[-1, 1:3])
    expected = VALUES[np.ix_([0, 3], [5, 0, 1])]
    assert np.array_equal(array.isel({"time": [0, 3], "lat (deg)": [5, 0, 1]}), expected)
    assert np.array_equal(array.isel(), VALUES)


def test_a_dictionary_stands_wherever_a_selection_does(array):
    """In brackets, of reading, of writing, of views."""
    key = {"time": slice(1, 3), "lat (deg)": [0, 2]}
    expected = VALUES[1:3, [0, 2]]

    assert np.array_equal(array[key], expected)
    assert np.array_equal(array.read(key), expected)
    assert np.array_equal(array.oindex[key], expected)
    assert np.array_equal(array.lazy[key].read(), expected)
    assert np.array_equal(
        array.vindex[{"time": [0, 1], "lat (deg)": [5, 4]}], VALUES[[0, 1], [5, 4]]
    )
    assert np.array_equal(array.blocks[{"time": 1}], VALUES[2:])
    assert np.array_equal(asyncio.run(array.isel.aio(key)), expected)


def test_what_names_select_is_assigned_to(array, body):
    """By brackets, by `write`, or by a view."""
    expected = VALUES.copy()

    array[{"time": 0}] = -1
    array.write({"lat (deg)": slice(4, None)}, -2)
    array.lazy.isel(time=[1, 2]).write(-3)

    expected[0], expected[:, 4:], expected[1:3] = -1, -2, -3
    assert np.array_equal(array[...], expected)


def test_names_and_fields_select_together():
    """A field, and of it what names select."""
    points = np.zeros((3, 2), [("x", "f4"), ("y", "i2")])
    array = zarrpy.create_array({}, data=points, dimension_names=("a", "b"))

    array["x", {"a": 1}] = [1, 2]

    assert array["x"].tolist() == [[0, 0], [1, 2], [0, 0]]


def test_a_name_that_is_not_there_is_told_those_that_are(array):
    """For reading, writing and views; nothing is written."""
    message = r"no dimension has the name 'depth': .* 'time', 'lat \(deg\)', \(unnamed\)"
    with pytest.raises(SelectionError, match=message):
        array.isel(depth=0)
    with pytest.raises(SelectionError, match=message):
        array[{"depth": 0}] = 1
    with pytest.raises(SelectionError, match=message):
        array.lazy.isel(depth=0)
    assert np.array_equal(array[...], VALUES)


def test_a_name_of_two_dimensions_is_refused():
    """Nobody knows which of them is meant; the others can be named."""
    array = zarrpy.create_array({}, data=VALUES, dimension_names=("x", "x", "y"))

    with pytest.raises(SelectionError, match=r"2 dimensions have the name 'x': .*'x', 'x', 'y'"):
        array.isel(x=0)
    assert array.isel(y=0).shape == (4, 6)


def test_dimensions_without_names_are_not_named():
    """Nor does None name one."""
    array = zarrpy.create_array({}, data=VALUES)

    with pytest.raises(SelectionError, match="the dimensions have no names"):
        array.isel(x=0)
    with pytest.raises(SelectionError, match="no dimension has the name None"):
        zarrpy.create_array({}, data=VALUES, dimension_names=("x", None, None))[{None: 0}]


@pytest.mark.parametrize("term", [None, ...])
def test_a_name_is_of_one_axis(array, term):
    """Newaxis and ellipsis are not on one."""
    with pytest.raises(SelectionError, match="'time'"):
        array.isel(time=term)


def test_a_name_is_given_once(array):
    """As in any call."""
    with pytest.raises(TypeError, match="several values for the dimension 'time'"):
        array.isel({"time": 0}, time=1)
    with pytest.raises(TypeError, match="int"):
        array.isel(0)
