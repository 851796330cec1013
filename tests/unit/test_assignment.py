"""What `array[key] = value` takes, refuses and warns of: in every case what NumPy does."""

import array
import warnings
from array import array as packed
from collections import deque

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ShapeMismatchError

VALUES = {
    "an integer": 5,
    "a large integer": 300,
    "a huge integer": 2**70,
    "a negative integer": -1,
    "a float": 1.5,
    "NaN": float("nan"),
    "a complex number": 1j,
    "a flag": True,
    "text": "7",
    "other text": "x",
    "bytes": b"7",
    "nothing": None,
    "a list of one": [5],
    "a nested list of one": [[5]],
    "an empty list": [],
    "a list of floats": [1.5, 2.5],
    "a ragged list": [1, [2, 3]],
    "a list of a large integer": [300, 1],
    "a tuple": (1, 2),
    "a range": range(2),
    "a range of one": range(5, 6),
    "a range of large integers": range(300, 302),
    "a queue": deque([1.5, 2.5]),
    "numbers of the standard library": packed("h", [300, 1]),
    "a view of memory": memoryview(packed("d", [1.5, 2.5])),
    "a buffer": bytearray(b"\1\2"),
    "a dictionary": {0: 1, 1: 2},
    "a set": {1, 2},
    "an array of one": np.array([5]),
    "a nested array of one": np.array([[5]]),
    "an array of two": np.array([5, 6]),
    "a nested list of two": [[5, 6]],
    "a nested array of two": np.array([[[5, 6]]]),
    "a 0-d array": np.array(5),
    "an array of large integers": np.array([300, 301]),
    "an array of floats": np.array([1.5, -2.5]),
    "an array of NaN": np.array([np.nan, 1]),
    "an array of complex numbers": np.array([1 + 2j, 3]),
    "an array of text": np.array(["1", "2"]),
    "an array of objects": np.array([1, 2], object),
    "an array of one object": np.array([1], object),
    "an array of nothing": np.array([None], object),
    "a scalar": np.int64(300),
    "a scalar of float": np.float32(2.5),
    "a date": np.datetime64("2020-01-01"),
    "an array of dates": np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
    "a list of dates": [np.datetime64("2020-01-01"), np.datetime64("2021-01-01")],
    "a duration": np.timedelta64(3, "s"),
    "an array of durations": np.array([1, 2], "m8[s]"),
}
TYPES = ["u1", "i8", "f4", "c16", "?", "M8[D]", "m8[s]", "U2", "S2"]
KEYS = {
    "an element": 0,
    "all": ...,
    "a slice": slice(0, 2),
    "a new axis": (None, slice(2)),
    "points": [1, 0],
    "points of two dimensions": [[0, 1]],
    "a point": [0],
    "a mask": np.array([True, True]),
    "a mask that is true once": ([False, True],),
    "a mask beside a new axis": (None, [True, True]),
    "no points": range(0),
}


def outcome(assign):
    """What came of an assignment: the class of its error, or None, and the kinds of warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            assign()
        except Exception as error:
            return _numpys(type(error)), set()
    return None, {each.category for each in caught}


def _numpys(kind):
    """Class of an error among those that NumPy raises."""
    return ValueError if kind is ShapeMismatchError else kind


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", VALUES)
def test_an_assignment_is_numpys(name, dtype):
    """Values, errors and warnings, for an element, a slice, all and a new axis."""
    for key in KEYS.values():
        expected = np.zeros(2, dtype)
        array = zarrpy.create_array({}, data=expected, chunks=1)
        value = VALUES[name]

        wanted = outcome(lambda e=expected, k=key, v=value: e.__setitem__(k, v))
        found = outcome(lambda a=array, k=key, v=value: a.__setitem__(k, v))

        assert found == wanted, key
        if wanted[0] is not None:  # NumPy may have changed the first elements before it failed
            expected = np.zeros(2, dtype)
        assert np.array_equal(array[...], expected, equal_nan=dtype[0] in "fcMm"), key


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("key", [(), ...])
def test_an_assignment_to_an_array_without_axes_is_numpys(name, key):
    """By the empty index and by the ellipsis."""
    expected = np.zeros((), "i4")
    array = zarrpy.create_array({}, data=expected)

    wanted = outcome(lambda: expected.__setitem__(key, VALUES[name]))
    found = outcome(lambda: array.__setitem__(key, VALUES[name]))

    assert found == wanted
    assert array[()] == expected[()]


@pytest.mark.parametrize("value", [[], (), range(0), np.empty(0), [5], 5])
def test_nothing_can_be_assigned_to_nothing(value):
    """An empty list has the shape of an empty selection."""
    array = zarrpy.create_array({}, data=np.arange(3))

    array[1:1] = value

    assert array[...].tolist() == [0, 1, 2]


def test_a_structure_is_assigned_as_numpys():
    """A tuple is one element, a list of tuples several."""
    expected = np.zeros(2, [("a", "i4"), ("b", "f8")])
    array = zarrpy.create_array({}, data=expected)

    for key, value in [(0, (1, 2.5)), (slice(2), (3, 4.5)), (slice(2), [(5, 6.5), (7, 8.5)])]:
        expected[key] = value
        array[key] = value

        assert np.array_equal(array[...], expected)


@pytest.mark.parametrize("value", [[1, 2, 3], (1, 2, 3), np.arange(3), np.ones((2, 2))])
def test_a_value_of_another_shape_names_both(value):
    """Lists as well as arrays."""
    array = zarrpy.create_array({}, shape=2, dtype="i4")

    with pytest.raises(ShapeMismatchError) as caught:
        array[...] = value

    assert (caught.value.expected, caught.value.actual) == ((2,), np.shape(value))


# ------------------------------------------------------------------------------------ into memory


@pytest.mark.parametrize(
    "out",
    [
        np.lib.stride_tricks.as_strided(np.zeros(8), (4, 4), (8, 8)),
        np.lib.stride_tricks.as_strided(np.zeros(8), (4, 4), (0, 8)),
        np.lib.stride_tricks.as_strided(np.zeros(16), (4, 4), (24, 8)),
        np.lib.stride_tricks.as_strided(np.zeros(16), (4, 4), (32, 4)),
    ],
)
def test_memory_whose_elements_lie_over_each_other_is_refused(out):
    """One element would be read over another."""
    array = zarrpy.create_array({}, data=np.arange(16.0).reshape(4, 4))

    with pytest.raises(ValueError, match=r"over each other.*strides"):
        array.read(out=out)

    assert not out.any()


@pytest.mark.parametrize(
    ("shape", "strides"),
    [((4, 4), (8, 32)), ((4, 4), (40, 8)), ((3, 2), (16, 24)), ((4, 1), (8, 0)), ((0, 4), (0, 0))],
)
def test_memory_of_any_strides_that_keep_elements_apart_is_filled(shape, strides):
    """In whatever order they interleave."""
    values = np.arange(np.prod(shape), dtype="f8").reshape(shape)
    array = zarrpy.create_array({}, data=values)
    out = np.lib.stride_tricks.as_strided(np.zeros(64), shape, strides)

    assert np.array_equal(array.read(out=out), values)


@pytest.mark.parametrize(
    "value", [range(1, 5), array.array("i", [1, 2, 3, 4]), memoryview(b"1234")]
)
def test_ranges_and_buffers_are_assigned_element_by_element(value):
    """As NumPy does."""
    stored = zarrpy.create_array({}, data=value, chunks=3)
    expected = np.zeros(4, "i8")
    expected[...] = value

    assert stored[...].tolist() == expected.tolist()
    stored[...] = 0
    stored[...] = value
    assert stored[...].tolist() == expected.tolist()


def test_what_numpy_says_of_a_value_comes_with_the_array(tmp_path):
    """Its message names none, and a program may assign to many."""
    array = zarrpy.create_array(tmp_path / "t2m", data=[1, 2])

    for value, error in ("abc", ValueError), (None, TypeError), ([[1, 2], [3]], ValueError):
        with pytest.raises(error) as caught:
            array[:1] = value
        assert caught.value.__notes__ == [f"while assigning to {tmp_path / 't2m'}"]
