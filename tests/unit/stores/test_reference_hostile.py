"""References that somebody made to harm: errors name the key, and memory is bounded."""

import gzip
import json

import pytest

import zarrpy
from zarrpy.errors import LimitError, StoreError
from zarrpy.stores import ReferenceStore

RULE = {
    "key": "a/{{i}}",
    "url": "data",
    "dimensions": {"i": {"stop": 2}},
}


def stored(path, text, pack=None):
    """A store of a document that was written as it is."""
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(data if pack is None else pack(data))
    return ReferenceStore(path)


@pytest.mark.parametrize(
    "entry",
    [
        "null",
        "5",
        "[]",
        '["data", true, 8]',
        '["data", 0, false]',
        f'["data", {2**63}, 1]',
        f'["data", {2**63 - 1}, 1]',
        '["data", 0, 1e400]',
        '["\\ud800", 0, 1]',
        '"\\ud800"',
        '"base64:\u00e9"',
        "[" * 500 + "]" * 500,
    ],
)
def test_an_entry_that_is_none_is_an_error_that_names_the_key(tmp_path, entry):
    """However it is asked for; the others are read."""
    store = stored(tmp_path / "refs.json", f'{{"a/0": {entry}, "a/1": "x"}}')

    for verb in (store.get, store.size, store.exists, lambda key: store.get_many(["a/1", key])):
        with pytest.raises(StoreError, match="'a/0'"):
            verb("a/0")
    assert store.get("a/1") == b"x"


def test_a_template_of_an_entry_that_is_not_understood_names_the_key():
    """And not only the expression."""
    refs = {"version": 1, "templates": {"u": "x"}, "refs": {"a/0": ["{{u ** 2}}", 0, 1]}}

    with pytest.raises(StoreError, match=r"'a/0'.* is not understood"):
        ReferenceStore(refs).get("a/0")


@pytest.mark.parametrize(
    "gen",
    [
        5,
        None,
        {},
        [5],
        [{**RULE, "dimensions": {"i": {"stop": 5, "step": 0}}}],
        [{**RULE, "dimensions": {"i": {"stop": 1.5}}}],
        [{**RULE, "dimensions": 5}],
    ],
)
def test_rules_that_are_none_are_an_error(gen):
    """Which shows them."""
    with pytest.raises(StoreError, match="gen"):
        ReferenceStore({"version": 1, "gen": gen}).get("a/0")


@pytest.mark.parametrize(
    "dimensions",
    [
        {"i": {"stop": 10**8}},
        {"i": {"stop": 2**70}},
        {"i": {"start": 2**70, "stop": 0, "step": -1}},
        {"i": {"stop": 10**8}, "j": []},
        {name: {"stop": 1000} for name in "ijklmn"},
    ],
)
def test_rules_make_no_more_references_than_a_document_has_room_for(dimensions):
    """They are counted before any is made."""
    refs = {"version": 1, "gen": [{**RULE, "dimensions": dimensions}]}

    with pytest.raises(LimitError, match="gen"):
        ReferenceStore(refs).get("a/0")


def test_rules_make_no_more_text_than_a_document_has_room_for():
    """Short rules may use long templates."""
    rule = {**RULE, "url": "{{u}}", "dimensions": {"i": {"stop": 100}}}
    refs = {"version": 1, "templates": {"u": "x" * 10_000}, "gen": [rule]}

    with zarrpy.config.set(**{"limits.metadata_bytes": 100_000}), pytest.raises(LimitError):
        ReferenceStore(refs).get("a/0")
    assert ReferenceStore(refs).exists("a/0")


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1", "[1", ""])
def test_a_document_that_is_no_object_is_an_error_that_names_the_file(tmp_path, text):
    """However deep it is."""
    store = stored(tmp_path / "refs.json", text)

    with pytest.raises(StoreError, match=r"refs\.json"):
        store.get("a/0")


def test_a_packed_document_that_is_cut_off_is_an_error_that_names_the_file(tmp_path):
    """At any byte."""
    packed = gzip.compress(json.dumps({str(i): "x" for i in range(100)}).encode())
    for cut in (3, 15, -1):
        store = stored(tmp_path / "refs.json", packed[:cut])
        with pytest.raises(StoreError, match=r"refs\.json.* gzip"):
            store.get("a/0")


def test_a_packed_document_is_unpacked_up_to_a_limit(tmp_path):
    """A short file may have much in it."""
    store = stored(tmp_path / "refs.json", b'{"a": "' + bytes(10**6) + b'"}', gzip.compress)

    allowed = zarrpy.config.set(**{"limits.metadata_bytes": 10**6})
    with allowed, pytest.raises(LimitError, match=r"refs\.json.* more than 1000000 bytes"):
        store.get("a")
