"""Tests of `zarrpy.codecs.json2` and `zarrpy.codecs.msgpack2`, and of what they share."""

import json
import sys

import msgpack
import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy import config
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.json2 import JSON2
from zarrpy.codecs.msgpack2 import MsgPack2
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError, MissingDependencyError
from zarrpy.testing.codec_contract import ArrayToBytesContract

OBJECT = np.dtype(object)
VALUES = ["a", None, {"b": [1, {"c": 0.5}]}, [1, 2], [3, 4], True, -7, "Łódź", ""]


class TestJSON2(ArrayToBytesContract):
    codecs = (JSON2(), JSON2(indent=1, sort_keys=False, ensure_ascii=False, encoding="utf-16"))
    dtypes = ("u1", "i4", "f8")


class TestMsgPack2(ArrayToBytesContract):
    codecs = (MsgPack2(),)
    dtypes = ("u1", "i4", "f8")


def boxed(values, shape=None):
    array = np.empty(len(values), object)
    for i, each in enumerate(values):
        array[i] = each
    return array if shape is None else array.reshape(shape)


PAIRS = [
    (JSON2(), numcodecs.JSON()),
    (JSON2(indent=2), numcodecs.JSON(indent=2)),
    (JSON2(ensure_ascii=False), numcodecs.JSON(ensure_ascii=False)),
    (JSON2(sort_keys=False), numcodecs.JSON(sort_keys=False)),
    (MsgPack2(), numcodecs.MsgPack()),
    (MsgPack2(use_single_float=True), numcodecs.MsgPack(use_single_float=True)),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda codec: repr(codec)[:40])
def test_texts_are_stored_as_objects(ours, theirs):
    """Of which numcodecs knows no data type but that one."""
    texts = ["a", "", "\u00e9"]

    stored = bytes(ours.encode(np.array(texts, np.dtypes.StringDType())))

    assert stored == bytes(theirs.encode(np.array(texts, object)))
    assert theirs.decode(stored).tolist() == texts


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda codec: repr(codec)[:40])
@pytest.mark.parametrize("shape", [(9,), (3, 3), (3, 1, 3)])
def test_objects_are_stored_as_numcodecs_does(body, ours, theirs, shape):
    """Byte for byte, in any number of axes."""
    array = boxed(VALUES, shape)

    encoded = ours.encode(array)

    assert bytes(encoded) == bytes(theirs.encode(array))
    assert ours.decode(encoded, ChunkSpec(shape, OBJECT, None)).tolist() == array.tolist()


@pytest.mark.parametrize("codec", [JSON2(), MsgPack2()], ids=["json2", "msgpack2"])
def test_one_element_without_axes_is_a_list_of_one_and_an_empty_shape(body, codec):
    """As numcodecs has it in JSON; its MessagePack has no arrays without axes."""
    array = np.array(5, object)

    encoded = codec.encode(array)

    assert codec.decode(encoded, ChunkSpec((), OBJECT, None)).tolist() == 5
    if codec == JSON2():
        assert bytes(encoded) == bytes(numcodecs.JSON().encode(array)) == b'[5,"|O",[]]'


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda codec: repr(codec)[:40])
def test_the_configuration_is_that_of_numcodecs(ours, theirs):
    """What either writes into a document, the other reads."""
    config = json.loads(json.dumps(theirs.get_config()))
    name = config.pop("id")

    assert (ours.v2_id, ours.to_config(2)) == (name, config)


DAMAGED = [
    ([], "does not end in a data type and a shape"),
    ({"a": 1}, "does not end in"),
    ([1, "|O", 2], "does not end in"),
    ([1, "|O", [-2]], "does not end in"),
    ([1, 2, 3, "|O", [3]], r"holds a shape \(3,\), but the chunk has \(2,\)"),
    ([1, "|O", [2]], "is not nested as the shape"),
    ([[1, 2], "|O", [2, 1]], "is not nested as the shape"),
    ([1, 2, "|O", [1, 2]], "is not nested as the shape"),
    ([[1, 2], [], "|O", [2, 1]], "is not nested as the shape"),
    ([[1], [2], [3], "|O", [2, 1]], "is not nested as the shape"),
    ([[1], {"a": 2}, "|O", [2, 1]], "is not nested as the shape"),
    ([[[1, 2]], "|O", [1, 2, 1]], "is not nested as the shape"),
    ([1, 2, "|O", [2, *[1] * 64]], "does not end in"),
    ([1, 2, "|O", [2, 1 << 63]], "holds a shape"),
]


@pytest.mark.parametrize(("document", "reason"), DAMAGED)
@pytest.mark.parametrize(
    ("codec", "write"),
    [(JSON2(), lambda document: json.dumps(document).encode()), (MsgPack2(), msgpack.packb)],
    ids=["json2", "msgpack2"],
)
def test_a_document_that_is_no_chunk_is_corrupt(body, codec, write, document, reason):
    """Whatever it says of itself."""
    with pytest.raises(CorruptChunkError, match=reason) as caught:
        codec.decode(write(document), ChunkSpec((2,), OBJECT, None))

    assert caught.value.codec == codec.name


@pytest.mark.parametrize("shape", [[0, 1 << 62], [0], [1 << 62, 0], [2, 0, 3]])
def test_a_chunk_without_elements_takes_no_memory(body, shape):
    """However long the axes are that a document claims to have."""
    rows = [[], []] if shape[0] == 2 else []
    data = json.dumps([*rows, "|O", shape]).encode()
    spec = ChunkSpec((0,), OBJECT, None)

    if shape[0] == 1 << 62:
        with pytest.raises(CorruptChunkError, match="is not nested as the shape"):
            JSON2().decode(data, spec)
    else:
        assert JSON2().decode(data, spec).tolist() == []


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(rows=st.lists(VALUE, max_size=3), shape=st.lists(st.integers(0, 3), max_size=3))
def test_both_bodies_take_and_refuse_the_same_lists(rows, shape):
    """Lists within lists are axes as far as the shape goes, and elements below."""
    data = json.dumps([*rows, "|O", shape]).encode()
    spec = ChunkSpec((int(np.prod(shape)),), OBJECT, None)

    found = []
    for disable in (frozenset(), frozenset(["native"])):
        with config.set(disable=disable):
            try:
                found.append(JSON2().decode(data, spec).tolist())
            except CorruptChunkError as error:
                found.append(str(error))

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("codec", "data"),
    [
        (JSON2(), b""),
        (JSON2(), b"[1,"),
        (JSON2(), b"\xff"),
        (JSON2(), b"[" * 200_000),
        (MsgPack2(), b""),
        (MsgPack2(), b"\xdf\xff\xff\xff\xff"),
        (MsgPack2(), b"\x91" * 200_000),
        (MsgPack2(), b"\xc1"),
        (MsgPack2(), msgpack.packb([1, 2, "|O", [2]]) + b"x"),
        (MsgPack2(), b"\xa1\xff"),
        (MsgPack2(), b"\x81\x01\x02"),
        (MsgPack2(), b"\xdd\xff\xff\xff\xff" + b"\xdd\0\0\xff\xff" * 500),
        (MsgPack2(), b"\xc6\xff\xff\xff\xff"),
        (MsgPack2(), b"\xdb\xff\xff\xff\xff"),
        (MsgPack2(), b"\xcf\0\0"),
    ],
)
def test_bytes_that_are_no_document_are_corrupt(body, codec, data):
    """Too deep a nesting included."""
    with pytest.raises(CorruptChunkError, match="is not"):
        codec.decode(data, ChunkSpec((2,), OBJECT, None))


def test_elements_deeper_than_numbers_are_corrupt_in_a_chunk_of_numbers():
    """A list is no number."""
    with pytest.raises((CorruptChunkError, ValueError)):
        JSON2().decode(b'[[1],[2],"<i4",[2]]', ChunkSpec((2,), np.dtype("i4"), None))


@pytest.mark.parametrize("codec", [JSON2(), MsgPack2()], ids=["json2", "msgpack2"])
def test_an_object_without_a_form_is_refused(codec):
    """The error says that it is about encoding."""
    with pytest.raises(CodecError) as caught:
        codec.encode(boxed([{1, 2}]))

    assert (caught.value.codec, caught.value.direction) == (codec.name, "encode")


@pytest.mark.parametrize(
    "configuration",
    [
        {"encoding": "no-such"}, {"encoding": "base64"}, {"encoding": 5}, {"indent": True},
        {"indent": 1.5}, {"separators": ","}, {"separators": [","]}, {"separators": [1, 2]},
        {"strict": 1}, {"sort_keys": None}, {"cls": "os.system"},
    ],
)  # fmt: skip
def test_a_parameter_is_checked(configuration):
    """The error names it and its value."""
    (parameter,) = configuration

    with pytest.raises(MetadataError, match=rf"numcodecs\.json2\.{parameter}"):
        JSON2.from_config(configuration)


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch):
    """It is asked for where Python is to do the work, and for the format's extensions."""
    monkeypatch.setitem(sys.modules, "msgpack", None)
    spec = ChunkSpec((1,), OBJECT, None)

    encoded = MsgPack2().encode(boxed([{"a": b"1"}]))
    assert MsgPack2().decode(encoded, spec).tolist() == [{"a": b"1"}]

    message = r"pip install 'zarrpy\[msgpack\]'"
    with pytest.raises(MissingDependencyError, match=message):
        MsgPack2().decode(b"\x93\xd4\x05\0\xa2|O\x91\x01", spec)
    with (
        config.set(disable=frozenset(["native"])),
        pytest.raises(MissingDependencyError, match=message),
    ):
        MsgPack2().encode(boxed([1]))


def test_extensions_are_those_of_the_package(body):
    """Its timestamps, and types that only their writer knows."""
    values = [msgpack.Timestamp(5, 7), msgpack.ExtType(3, b"abc"), [msgpack.Timestamp(-1)]]

    encoded = MsgPack2().encode(boxed(values))

    assert bytes(encoded) == msgpack.packb([*values, "|O", [3]])
    assert MsgPack2().decode(encoded, ChunkSpec((3,), OBJECT, None)).tolist() == values


def test_a_list_that_contains_itself_is_refused():
    """The error names the codec."""
    endless = []
    endless.append(endless)

    with pytest.raises(CodecError, match="msgpack2: cannot encode: objects are nested"):
        MsgPack2().encode(boxed([endless]))


@pytest.mark.parametrize("value", [1 << 64, -(1 << 63) - 1, {1, 2}, object(), 1j, "\ud800"])
def test_what_has_no_form_is_refused(body, value):
    """Also within other objects."""
    with pytest.raises(CodecError) as caught:
        MsgPack2().encode(boxed([{"a": [value]}]))

    assert (caught.value.codec, caught.value.direction) == ("numcodecs.msgpack2", "encode")


@pytest.mark.parametrize("codec", ["json2", "msgpack2"])
def test_structures_are_refused_before_anything_is_stored(codec):
    """Their lists could not be read again."""
    store = {}
    with pytest.raises(CodecError, match=f"{codec}: has no form for structures"):
        zarrpy.create_array(store, data=np.zeros(3, [("a", "i4"), ("b", "f8")]), filters=codec,
                            zarr_format=2)  # fmt: skip
    assert store == {}
