"""Codec objects that a caller passes for what is not known, or is refused."""

import json
import pickle
from dataclasses import dataclass
from typing import ClassVar

import numcodecs
import numpy as np
import pytest

import zarrpy
from tests.unit.codecs.plug_in_classes import Negate, Words
from zarrpy.codecs.base import BytesToBytes
from zarrpy.errors import UnsupportedExtensionError

ELEMENTS = [{1, 2}, None, ("a", 3), [4.5]]


@pytest.fixture(autouse=True)
def _allowed(monkeypatch):
    """The numcodecs of some versions has a switch of its own, and tells in its error where."""
    monkeypatch.setattr(numcodecs.pickles, "ALLOW_UNSAFE_PICKLE_DECODE", True, raising=False)


def boxed(values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def pickled(filters, compressor=None):
    """A store with one chunk as numcodecs pickles it."""
    document = {
        "zarr_format": 2,
        "shape": [len(ELEMENTS)],
        "chunks": [len(ELEMENTS)],
        "dtype": "|O",
        "compressor": compressor,
        "fill_value": None,
        "order": "C",
        "filters": filters,
    }
    chunk = numcodecs.Pickle(protocol=4).encode(boxed(ELEMENTS))
    if compressor is not None and compressor["id"] == "zlib":
        chunk = numcodecs.Zlib().encode(chunk)
    return {".zarray": json.dumps(document).encode(), "0": chunk}


PICKLE = {"id": "pickle", "protocol": 4}


@pytest.mark.parametrize(
    ("filters", "compressor"),
    [([PICKLE], None), ([PICKLE], {"id": "zlib", "level": 1}), (None, PICKLE)],
)
def test_an_object_for_pickle_is_enough_to_read_and_write(filters, compressor):
    """Wherever the document names it; nothing is registered, and others are still refused."""
    store = pickled(filters, compressor)

    array = zarrpy.open(store, codecs=[numcodecs.Pickle()])

    assert array[...].tolist() == ELEMENTS
    array[0] = "new"
    assert zarrpy.open_array(store, codecs=[numcodecs.Pickle()])[0] == "new"
    with pytest.raises(UnsupportedExtensionError, match="would be to run the program") as caught:
        zarrpy.open(store)
    assert "codecs=[numcodecs.Pickle()]" in caught.value.hint


@pytest.mark.parametrize("keyword", ["object_codec", "filters", "serializer"])
def test_an_array_is_created_with_an_object_for_pickle(tmp_path, keyword):
    """By whichever keyword; whoever opens it passes one as well."""
    given = numcodecs.Pickle(protocol=3)
    keywords = {keyword: [given] if keyword == "filters" else given}

    made = zarrpy.create_array(tmp_path, data=boxed(ELEMENTS), zarr_format=2, **keywords)

    assert made[...].tolist() == ELEMENTS
    document = json.loads((tmp_path / ".zarray").read_text())
    assert document["filters"] == [{"id": "pickle", "protocol": 3}]
    with pytest.raises(UnsupportedExtensionError, match="pickle"):
        zarrpy.open(tmp_path)
    assert zarrpy.open(tmp_path, codecs=[numcodecs.Pickle()])[2] == ("a", 3)


def test_the_members_of_a_group_do_as_the_group(tmp_path):
    """At any depth, and through its other ways to a member."""
    group = zarrpy.create_group(tmp_path, zarr_format=2)
    group.create_array("a/b", data=boxed(ELEMENTS), object_codec=numcodecs.Pickle())

    opened = zarrpy.open_group(tmp_path, codecs=[numcodecs.Pickle()])

    assert opened["a/b"][...].tolist() == ELEMENTS
    assert opened["a"]["b"][1] is None
    assert opened.require_array("a/b", shape=4)[1] is None
    assert zarrpy.open(tmp_path, codecs=[numcodecs.Pickle()])["a/b"][1] is None
    with pytest.raises(UnsupportedExtensionError, match="pickle"):
        zarrpy.open_group(tmp_path)["a/b"][...]


def test_a_handle_keeps_its_objects(tmp_path):
    """When it grows, and when it is pickled and copied."""
    zarrpy.create_array(
        tmp_path, data=boxed(ELEMENTS), chunks=2, zarr_format=2, object_codec=numcodecs.Pickle()
    )
    array = zarrpy.open(tmp_path, codecs=[numcodecs.Pickle()])

    array.append(boxed([{"b"}]))
    array.attrs["units"] = "m"

    assert array[4] == {"b"}
    assert pickle.loads(pickle.dumps(array))[...].tolist() == [*ELEMENTS, {"b"}]


@pytest.mark.parametrize("codec", ["pickle", {"id": "pickle"}, numcodecs.Pickle, 5])
def test_a_name_is_no_object(codec):
    """It says nothing about how to decode."""
    with pytest.raises(TypeError, match="must be codec objects"):
        zarrpy.open({}, codecs=[codec])


def test_an_object_does_not_take_the_place_of_what_is_known():
    """What is stored is decoded by the codec of its name."""

    @dataclass(frozen=True, slots=True)
    class Zstd(BytesToBytes):
        """Not what it says."""

        name: ClassVar[str] = "zstd"

        def decode(self, data, nbytes=None, exact=True):
            raise AssertionError

    store = {}
    zarrpy.create_array(store, data=np.arange(5), compressors="zstd")

    assert zarrpy.open(store, codecs=[Zstd()])[...].tolist() == [0, 1, 2, 3, 4]


def test_objects_of_all_kinds_serve_documents_that_name_them():
    """Of zarrpy and of numcodecs, in both formats, without being registered."""

    class Reverse(numcodecs.abc.Codec):
        """Turn bytes around."""

        codec_id = "test-reverse"

        def encode(self, buf):
            return bytes(buf)[::-1]

        decode = encode

    given = [Negate(), Words(), Reverse()]
    store = {}

    zarrpy.create_array(
        store, data=np.arange(6), filters=given[:1], serializer=given[1], compressors=given[2]
    )

    assert bytes(store["c/0"])[::-1] == b"0 -1 -2 -3 -4 -5"
    assert zarrpy.open(store, codecs=given)[...].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(UnsupportedExtensionError, match=r"test\.negate"):
        zarrpy.open(store, codecs=given[1:])
