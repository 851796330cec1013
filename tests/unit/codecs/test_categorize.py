"""Tests of `zarrpy.codecs.categorize`."""

import json

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from tests.unit.codecs.judged import judge
from zarrpy import config
from zarrpy._native.steps import decode_step, encode_step
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.categorize import Categorize
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.stores import MemoryStore

LABELS = ["female", "male", "Łódź", ""]


@pytest.mark.parametrize("dtype", ["T", "U6", "U2"])
@pytest.mark.parametrize("astype", ["u1", "<i2", ">u4"])
@given(texts=st.lists(st.sampled_from([*LABELS, "other"]), max_size=9))
def test_numbers_and_texts_are_those_of_numcodecs(dtype, astype, texts):
    """Which counts from 1, and has an empty text for what is no label."""
    array = np.array(texts, dtype)
    of_objects = dtype == "T"
    ours = Categorize(LABELS, "|O" if of_objects else dtype, astype)
    theirs = numcodecs.Categorize(LABELS, "|O" if of_objects else dtype, astype)

    encoded = ours.encode(array)
    wanted = theirs.encode(array.astype(object) if of_objects else array)
    decoded = ours.decode(encoded, ChunkSpec(array.shape, array.dtype, None))

    assert encoded.astype(wanted.dtype).tobytes() == wanted.tobytes()
    assert decoded.dtype == array.dtype
    assert decoded.tolist() == theirs.decode(wanted).tolist()


@pytest.mark.parametrize("dtype", ["U1", "U2", "U6"])
@pytest.mark.parametrize("astype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
@given(data=st.data())
def test_the_native_form_gives_the_bits_of_numcodecs(dtype, astype, data):
    """With labels that are too long, that are alike, and that end in zeros."""
    text = st.text("abŁ\U0001f40d\0", max_size=3)
    labels = data.draw(st.lists(text, max_size=6))
    texts = data.draw(st.lists(st.sampled_from(labels) if labels else text, max_size=9))
    texts += data.draw(st.lists(text, max_size=3))
    ours, theirs = Categorize(labels, dtype, astype), numcodecs.Categorize(labels, dtype, astype)

    native = judge(ours, theirs, np.array(texts, dtype))

    assert native


@given(data=st.data())
def test_strings_are_found_in_one_call_as_numcodecs_does(data):
    """Labels that begin others, and zeros at the end, which it passes over; in both bodies."""
    text = st.text("abŁ\U0001f40d\0", max_size=3)
    labels = data.draw(st.lists(text, max_size=6))
    texts = data.draw(st.lists(st.sampled_from(labels) if labels else text, max_size=9))
    texts += data.draw(st.lists(text, max_size=3))
    array = np.array(texts, "T")
    wanted = numcodecs.Categorize(labels, object).encode(array.astype(object))

    for disable in (frozenset(), frozenset(["native"])):
        with config.set(disable=disable):
            assert Categorize(labels, "|O").encode(array).tolist() == wanted.tolist()
            twice = np.repeat(array, 2)
            assert Categorize(labels, "|O").encode(twice[::-2]).tolist() == wanted[::-1].tolist()


def test_a_string_that_is_missing_has_no_number():
    """NumPy's own missing values are refused."""
    array = np.array(["a", None], np.dtypes.StringDType(na_object=None))

    with pytest.raises(ValueError, match="a text is missing"):
        Categorize(["a"], "|O").encode(array)


@pytest.mark.parametrize("count", [1, 2, 200, 1000])
def test_each_of_many_labels_is_found(count):
    """Also the first and the last of them, and nothing between two."""
    labels = [f"label {i * 7919 % 10_007}" for i in range(count)]
    codec = Categorize(labels, "<U11", "<u2")
    array = np.array([*labels, "label", "label 0.5", "", "zzz"], "U11")
    spec = ChunkSpec(array.shape, array.dtype, None)

    encoded = encode_step(codec.step(spec), array.tobytes())

    assert np.frombuffer(encoded, "u2").tolist() == [*range(1, count + 1), 0, 0, 0, 0]
    decoded = decode_step(codec.step(spec), encoded, array.nbytes)
    assert np.frombuffer(decoded, "U11").tolist() == [*labels, "", "", "", ""]


@pytest.mark.parametrize("astype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
@given(data=st.binary(max_size=40))
def test_any_bytes_are_texts_or_corrupt(astype, data):
    """Numbers without a label, below zero and beyond the last, and numbers that are cut."""
    codec = Categorize(LABELS, "<U6", astype)
    size = np.dtype(astype).itemsize
    spec = ChunkSpec((len(data) // size,), np.dtype("U6"), None)

    if len(data) % size:
        with pytest.raises(CorruptChunkError):
            decode_step(codec.step(spec), data, 24 * 40)
    else:
        decoded = decode_step(codec.step(spec), data, spec.nbytes)
        wanted = codec.decode(np.frombuffer(data, astype), spec)
        assert np.frombuffer(decoded, "U6").tolist() == wanted.tolist()


@pytest.mark.parametrize("astype", ["|u1", "<i2", "<u4"])
def test_chunks_are_the_same_natively_and_in_python(contents, astype):
    """In a chain that the engine runs."""
    texts = np.array([*LABELS, "other"] * 20, "U6").reshape(10, 10)
    stored = []
    for disable in (frozenset(), frozenset(["native"])):
        store = MemoryStore()
        given = {"id": "categorize", "labels": LABELS, "dtype": "<U6", "astype": astype}
        with config.set(disable=disable):
            array = zarrpy.create_array(
                store, data=texts, chunks=(4, 3), filters=[given], compressors=None, zarr_format=2
            )
            assert array[...].tolist() == np.where(texts == "other", "", texts).tolist()
            assert array[3:9:2, 1].tolist() == ["male", "male", "male"]
        stored.append(contents(store))

    assert array.codecs.native
    assert stored[0] == stored[1]


@pytest.mark.parametrize(("dtype", "astype"), [(">U6", ">u4"), ("<U6", ">i2"), (">U6", "|u1")])
def test_documents_may_name_either_byte_order(body, dtype, astype):
    """Of the texts in memory, which is not stored, and of the numbers, which is."""
    document = {
        "zarr_format": 2, "shape": [4], "chunks": [4], "dtype": dtype, "fill_value": "",
        "order": "C", "compressor": None,
        "filters": [{"id": "categorize", "labels": LABELS, "dtype": dtype, "astype": astype}],
    }  # fmt: skip
    store = MemoryStore()
    store.set(".zarray", json.dumps(document).encode())
    store.set("0", np.array([1, 0, 4, 3], astype).tobytes())

    array = zarrpy.open(store)
    before = array[...].tolist()
    array[1] = "male"

    assert array.codecs.native
    assert before == ["female", "", "", "Łódź"]
    assert bytes(store.get("0")) == np.array([1, 2, 4, 3], astype).tobytes()


@pytest.mark.parametrize("astype", ["u1", "i1"])
def test_a_number_without_a_label_is_the_empty_text(astype):
    """Too large a number and one below zero as well."""
    stored = np.array([0, 1, 5, -1]).astype(astype)

    decoded = Categorize(LABELS, "|O", astype).decode(stored, ChunkSpec((4,), np.dtype("T"), None))

    assert decoded.tolist() == ["", "female", "", ""]


def test_the_configuration_is_that_of_numcodecs():
    """What either writes into a document, the other reads."""
    config = dict(numcodecs.Categorize(LABELS, object).get_config())
    del config["id"]

    assert Categorize(LABELS, "|O").to_config(2) == config
    assert Categorize.from_config(config, dialect=2) == Categorize(LABELS, object)


@pytest.mark.parametrize(
    ("configuration", "parameter"),
    [
        ({"dtype": "|O"}, "labels"),
        ({"labels": ["a"]}, "dtype"),
        ({"labels": "ab", "dtype": "|O"}, "labels"),
        ({"labels": ["a", 1], "dtype": "|O"}, "labels"),
        ({"labels": ["a"], "dtype": "<i4"}, "dtype"),
        ({"labels": ["a"], "dtype": "|O", "astype": "<f4"}, "astype"),
        ({"labels": ["a"], "dtype": "|O", "astype": "no"}, "astype"),
        ({"labels": [str(i) for i in range(300)], "dtype": "|O"}, "astype"),
    ],
)
def test_a_parameter_is_checked(configuration, parameter):
    """The error names it."""
    with pytest.raises(MetadataError, match=rf"numcodecs\.categorize\.{parameter} must be"):
        Categorize.from_config(configuration)


def test_numbers_have_no_labels():
    """A chain that would is refused when it is bound."""
    with pytest.raises(CodecError, match="is for texts, and not for int32"):
        Categorize.from_config(
            {"labels": ["a"], "dtype": "|O"}, spec=ChunkSpec((2,), np.dtype("i4"), None)
        )
