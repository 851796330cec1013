"""Tests of `zarrpy.metadata.attributes`."""

import collections
import datetime as dt
import enum
import math
import pathlib
import types

import numpy as np
import pytest

from zarrpy.config import config
from zarrpy.errors import AttributeNotJSONError
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.json import dumps, loads


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Word(str):
    pass


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (None, None), (True, True), (3, 3), (2**100, 2**100), (1.5, 1.5), ("é", "é"),
        ([1, [2]], [1, [2]]), ((1, 2), [1, 2]), ({"a": {"b": ()}}, {"a": {"b": []}}),
        (np.float32(0.5), 0.5), (np.int8(-3), -3), (np.bool_(True), True), (np.str_("x"), "x"),
        (np.uint64(2**64 - 1), 2**64 - 1), (np.float64(0.1), 0.1), (np.longdouble(0.5), 0.5),
        (np.arange(3), [0, 1, 2]), (np.eye(2), [[1.0, 0.0], [0.0, 1.0]]), (np.array(7), 7),
        (np.array(["a", "b"]), ["a", "b"]), (np.array([None, "x"], object), [None, "x"]),
        (np.array([(1, 2.5)], "i4,f8"), [[1, 2.5]]), (np.array([(1,)], "i4,")[0], [1]),
        (np.array(["a"], np.dtypes.StringDType()), ["a"]),
        (np.array([0.5], np.longdouble), [0.5]),
        (dt.datetime(2020, 1, 2, 3, 4), "2020-01-02T03:04:00"), (dt.date(2020, 1, 2), "2020-01-02"),
        (dt.time(3, 4), "03:04:00"), (np.datetime64("2020-01-02T03"), "2020-01-02T03"),
        (np.array(["2020-01", "NaT"], "M8[M]"), ["2020-01", "NaT"]),
        (pathlib.PurePosixPath("a/b"), "a/b"), (Colour.RED, "red"), (Level.LOW, 1),
        (Word("x"), "x"), (collections.OrderedDict(a=1), {"a": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}), ({Colour.RED: 1}, {"red": 1}),
    ],
)  # fmt: skip
def test_what_has_one_form_in_json_is_brought_into_it(given, value):
    """The result is plain, so that it can be written and read back equal."""
    result = normalise({"x": given})

    assert repr(result) == repr({"x": value})
    assert loads(dumps(result), path="x") == result


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (
            {"affines": {"phys": object()}},
            "attrs['affines']['phys'] is an object; JSON or NumPy values only",
        ),
        ({"a": [0, {1}]}, "attrs['a'][1] is a set; JSON or NumPy values only -> make it a sorted"),
        ({"a": b"x"}, "attrs['a'] is a bytes; JSON or NumPy values only -> decode it"),
        ({"a": 1j}, "attrs['a'] is a complex; JSON or NumPy values only -> give real"),
        ({"a": dt.timedelta(1)}, "attrs['a'] is a datetime.timedelta; JSON or NumPy values only"),
        ({"a": np.timedelta64(1, "s")}, "attrs['a'] is a numpy.timedelta64; JSON"),
        ({"a": np.complex64(1)}, "attrs['a'] is a numpy.complex64; JSON"),
        ({"a": np.zeros(2, "S3")}, "attrs['a'] is a numpy.ndarray of |S3; JSON"),
        ({"a": np.array([{1}], object)}, "attrs['a'][0] is a set; JSON"),
        ({"a": {1: 2}}, "attrs['a'] has the key 1, an int; keys in JSON are strings -> use '1'"),
        ({(1, 2): 3}, "attrs has the key (1, 2), a tuple; keys in JSON are strings"),
        ({"a": math.nan}, "attrs['a'] is nan, which JSON has no number for -> use None"),
        ({"a": np.array([1, np.inf])}, "attrs['a'][1] is inf, which JSON has no number for"),
        ([("a", 1)], "attrs is a list; JSON or NumPy values only -> attributes are a mapping"),
    ],
)
def test_what_has_no_form_in_json_is_refused_with_the_way_to_it(attributes, text):
    """In a deep structure the one culprit is named, and what to do."""
    with pytest.raises(AttributeNotJSONError) as caught:
        normalise(attributes)

    assert str(caught.value).startswith(text)


def test_the_error_carries_path_and_way():
    """For programs, as fields; both builtin classes are bases."""
    with pytest.raises(AttributeNotJSONError) as caught:
        normalise({"a": [0, {1}]}, path="group")

    assert (caught.value.path, caught.value.key_path) == ("group", ("a", 1))
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TypeError)


def test_numbers_that_json_lacks_become_words_when_allowed():
    """As the specification spells them for fill values."""
    attributes = {"a": math.nan, "b": [np.float32("inf"), -math.inf]}

    assert normalise(attributes, allow_nan=True) == {"a": "NaN", "b": ["Infinity", "-Infinity"]}


def test_attributes_that_contain_themselves_are_refused():
    """No endless loop, and the depth is a setting."""
    loop = []
    loop.append(loop)

    with pytest.raises(AttributeNotJSONError, match="nested deeper than 100 levels, or contains"):
        normalise({"a": loop})
    with config.set({"limits.json_depth": 2}), pytest.raises(AttributeNotJSONError, match="than 2"):
        normalise({"a": {"b": {"c": 1}}})


def test_the_result_shares_nothing_with_what_was_given():
    """A later change of the caller's list is not an attribute."""
    values = [1]

    result = normalise({"a": values})
    values.append(2)

    assert result == {"a": [1]}
