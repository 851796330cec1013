"""Tests of `zarrpy.metadata.json`."""

import gc
import math
import re
import time
import warnings

import pytest

from zarrpy.config import config
from zarrpy.errors import MetadataError
from zarrpy.metadata.json import copy, dumps, loads


def refused(data: bytes) -> str:
    """Give the text of the error that reading the document raises."""
    with pytest.raises(MetadataError) as caught:
        loads(data, path="a/zarr.json")
    assert caught.value.path == "a/zarr.json"
    return str(caught.value)


def test_a_document_is_read_into_plain_python():
    """Values and the order of members stay."""
    document = loads('{"b": [1, 2.5, null], "a": {"é": true}}'.encode(), path="x")

    assert document == {"b": [1, 2.5, None], "a": {"é": True}}
    assert list(document) == ["b", "a"]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like_object_is_read(kind):
    """Stores may answer with a view."""
    assert loads(kind(b'{"a": 1}'), path="x") == {"a": 1}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "the document is empty (line 1, column 1)"),
        (b" \n", "the document is empty"),
        (b'{"a": 1', "not valid JSON: Expecting ',' delimiter (line 1, column 8)"),
        (b'{\n"a": 1,\n}', "(line"),
        (b'{"a": 1} x', "not valid JSON: Extra data (line 1, column 10)"),
        (b"[1]", "the document must be a JSON object ([1])"),
        (b"null", "the document must be a JSON object (null)"),
        (b'{"a": "\xff"}', "not UTF-8: byte 0xff at offset 7"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8: byte 0xed at offset 7"),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{"a": 1, "a": 1}', "the key 'a' is given twice in one object (lines 1 and 1)"),
        (b'{"x":\n{"a": 1,\n"a": 2}}', "twice in one object (lines 2 and 3)"),
        (b'{"a": 0, "x": {"a": 1, "a": 2}}', "the key 'a' is given twice in one object"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON: "),
        (b'{"a": \x00}', "not valid JSON"),
    ],
)
def test_a_document_that_is_not_valid_is_refused_with_its_place(data, text):
    """The error names the document, and where in it the fault is."""
    assert refused(data).startswith("a/zarr.json: ")
    assert text in refused(data)


@pytest.mark.parametrize("brackets", [b"[]", b"{}"])
@pytest.mark.parametrize("depth", [101, 5_000, 500_000])
def test_a_deep_document_is_refused(brackets, depth):
    """However deep: no crash, no hang, and the setting that allows more is named."""
    opening = b"[" if brackets == b"[]" else b'{"a":'
    closing = brackets[1:]
    data = b'{"a":' + opening * (depth - 1) + b"1" + closing * (depth - 1) + b"}"

    assert "nested deeper than 100 levels" in refused(data)
    assert "config.limits.json_depth" in refused(data)


@pytest.mark.parametrize("depth", [99, 100])
def test_a_document_as_deep_as_the_limit_is_read(depth):
    """The limit itself is allowed."""
    data = b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert loads(data, path="x")


def test_brackets_in_strings_do_not_count():
    """Depth is that of the document, not of its texts."""
    data = b'{"a": "' + b"[{" * 500 + b'", "b": ["\\"]"]}'

    assert loads(data, path="x")["a"] == "[{" * 500


def test_brackets_in_strings_do_not_hide_depth():
    """A closing bracket in a string closes nothing."""
    data = b'{"a":' + b'["]",' * 150 + b"1" + b',"["]' * 150 + b"}"

    assert "nested deeper" in refused(data)


def test_a_backslash_at_the_end_of_a_string_does_not_hide_depth():
    """What it escapes is itself, and the quote after it ends the string."""
    data = b'{"a": ["x\\\\", ' + b"[" * 150 + b"]" * 150 + b"]}"

    assert "nested deeper" in refused(data)


def test_many_shallow_brackets_are_allowed():
    """Only depth is bounded, not the number of objects."""
    data = b'{"a": [' + b",".join([b'{"b": [1]}'] * 1000) + b"]}"

    assert len(loads(data, path="x")["a"]) == 1000


def test_strings_without_end_take_no_longer_than_others():
    """A hostile document of escaped quotes is refused in linear time."""
    data = b'{"a":' + b"[" * 101 + b'"' + b'\\"' * 1_000_000

    started = time.perf_counter()
    assert "nested deeper" in refused(data)

    assert time.perf_counter() - started < 10


def test_unbalanced_brackets_are_the_parsers_business():
    """The depth check leaves the better message to the parser."""
    assert "not valid JSON" in refused(b'{"a": ' + b"[]" * 200 + b"]]")


def test_a_large_document_is_refused_before_it_is_parsed():
    """The limit is a setting, and the error names it."""
    with config.set({"limits.metadata_bytes": 10}):
        text = refused(b'{"a": "0123456789"}')

    assert "has 19 bytes, 10 are allowed" in text
    assert "config.limits.metadata_bytes" in text


@pytest.mark.parametrize(
    ("word", "value"), [("Infinity", math.inf), ("-Infinity", -math.inf), ("NaN", math.nan)]
)
def test_a_bare_word_is_read_with_one_warning(word, value):
    """Other writers leave NaN in attributes; the data are worth reading."""
    data = f'{{"a": {word}, "b": [{word}]}}'.encode()

    with pytest.warns(UserWarning, match=f"a/zarr.json holds {word}, which is not JSON") as seen:
        document = loads(data, path="a/zarr.json")

    assert len(seen) == 1
    assert repr(document["a"]) == repr(document["b"][0]) == repr(value)


def test_a_document_is_written_for_people_too():
    """Two spaces, given order, UTF-8 as it is."""
    assert dumps({"b": 1, "a": ["é"]}) == '{\n  "b": 1,\n  "a": [\n    "é"\n  ]\n}'.encode()


def test_what_is_written_is_read_back():
    """Half a surrogate pair included, which UTF-8 cannot hold and JSON can escape."""
    document = {"a": ["\ud800", -0.0, 2**70, 1e-320], "é": None}

    back = loads(dumps(document), path="x")

    assert back == document
    assert math.copysign(1, back["a"][1]) == -1


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"a": {"b": [0.0, math.nan]}}, 'a.b[1] is NaN, which JSON has no number for; write "NaN"'),
        ({"a": -math.inf}, "a is -Infinity, which JSON has no number for"),
        ({"a": (1, {2})}, "a[1] is a set, which JSON has no form for"),
        ({"a": {(1, 2): 3}}, "a has the key (1, 2); keys must be strings"),
        ({"a": [{3: 3}]}, "a[0] has the key 3; keys must be strings"),
        ({"a": [True, None, "x", 1, 0.5, {}], "b": 1j}, "b is a complex, which JSON has no form"),
    ],
)
def test_a_value_that_json_has_no_form_for_is_never_written(document, text):
    """The error leads to the value."""
    with pytest.raises(MetadataError, match="^" + re.escape(text)):
        dumps(document)


def test_a_document_that_contains_itself_is_refused():
    """No endless loop."""
    document = {}
    document["a"] = document

    with pytest.raises(MetadataError, match="contains itself"):
        dumps(document)


def test_a_document_too_deep_to_write_is_refused():
    """Not with a RecursionError."""
    document = {}
    for _ in range(100_000):
        document = {"a": document}

    with pytest.raises(MetadataError, match="nested too deeply"):
        dumps(document)
    while document:  # take it apart, as the interpreter's own recursion is bounded too
        document = document.pop("a")


def test_a_copy_shares_nothing():
    """Changing the copy leaves the original."""
    original = {"a": [{"b": 1}]}

    copied = copy(original)
    copied["a"][0]["b"] = 2

    assert original == {"a": [{"b": 1}]}


def test_a_copy_can_be_written_whatever_was_read():
    """Bare words read become words written."""
    with warnings.catch_warnings(action="ignore"):
        document = loads(b'{"a": [NaN, Infinity, -Infinity, 1.5]}', path="x")

    assert copy(document) == {"a": ["NaN", "Infinity", "-Infinity", 1.5]}
    assert dumps(copy(document))


def test_the_collector_rests_only_while_a_large_document_is_read():
    """And never stays off; who had switched it off finds it off."""
    large = b'{"a": [' + b'{"b": 1}, ' * 200_000 + b"{}]}"

    assert gc.isenabled()
    loads(large, path="x")
    assert gc.isenabled()
    with pytest.raises(MetadataError):
        loads(large[:-1], path="x")
    assert gc.isenabled()
    gc.disable()
    try:
        loads(large, path="x")
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400 + ".0"])
def test_a_number_that_no_float_has_is_refused(number):
    """It would become infinite, and be written as a word."""
    for where in ('{"fill_value": %s}', '{"attributes": {"a": [1, %s]}}'):
        text = refused((where % number).encode())
        assert number[:20] in text
        assert "larger than any float" in text


def test_numbers_at_the_ends_of_floats_are_read():
    """One that is too small for any is zero."""
    numbers = loads(b'{"a": [1.7976931348623157e308, 5e-324, 1e-400, -0.0]}', path="x")["a"]

    assert numbers == [1.7976931348623157e308, 5e-324, 0, 0]
    assert math.copysign(1, numbers[3]) == -1
