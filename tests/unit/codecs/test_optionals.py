"""Elements that may be missing, as zarrs stores them."""

import json

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs import Optionals
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.metadata.dtypes import from_numpy, from_v3, to_v3


def optional(name, **configuration):
    return {
        "name": "zarrs.optional",
        "configuration": {"name": name, "configuration": configuration},
    }


def boxed(*values):
    array = np.empty(len(values), object)
    for i, each in enumerate(values):
        array[i] = each
    return array


def test_an_array_is_made_without_a_word_about_codecs(tmp_path):
    """Values come back as NumPy scalars of their data type, what is missing as None."""
    array = zarrpy.create_array(tmp_path, data=[1, None, 3], dtype=optional("int16"), chunks=2)

    found = zarrpy.open(tmp_path)[...]

    assert found.tolist() == [1, None, 3]
    assert [type(each) for each in found] == [np.int16, type(None), np.int16]
    assert array.fill_value is None
    document = json.loads((tmp_path / "zarr.json").read_text())
    assert document["data_type"] == optional("int16")
    assert document["fill_value"] is None
    assert document["codecs"][0]["name"] == "zarrs.optional"


@pytest.mark.parametrize(
    ("name", "configuration", "values"),
    [
        ("bool", {}, [True, None, False]),
        ("float32", {}, [1.5, None, np.float32("nan")]),
        ("complex64", {}, [1 + 2j, None]),
        ("string", {}, ["a", None, "", "é"]),
        ("bytes", {}, [b"a\0", None, b""]),
        ("r16", {}, [np.void(b"ab"), None]),
        ("numpy.datetime64", {"unit": "s", "scale_factor": 1}, [np.datetime64(5, "s"), None]),
        (
            "struct",
            {"fields": [{"name": "x", "data_type": "int8"}, {"name": "y", "data_type": "float64"}]},
            [(1, 2.5), None],
        ),
    ],
)
def test_values_of_any_data_type_may_be_missing(name, configuration, values, body):
    """Each element is as it was."""
    store = {}

    zarrpy.create_array(
        store,
        shape=len(values),
        dtype=optional(name, **configuration),
        chunks=2,
        compressors=None,
    )[...] = boxed(*values)

    found = zarrpy.open(store)[...]
    assert [each is None for each in found] == [each is None for each in values]
    for one, other in zip(found, values, strict=True):
        if other is not None:
            dtype = from_v3({"name": name, "configuration": configuration}).numpy
            if dtype.kind in "TO":
                assert one == other
            else:
                assert np.array(one, dtype).tobytes() == np.array(other, dtype).tobytes()


def test_a_masked_array_is_written_with_what_it_masks_missing():
    """What is behind the mask is not stored."""
    values = np.ma.masked_array([[1, 2], [3, 4]], [[False, True], [False, False]])

    array = zarrpy.create_array({}, shape=(2, 2), dtype=optional("int32"))
    array[...] = values

    assert array[...].tolist() == [[1, None], [3, 4]]


def test_parts_are_written_and_read():
    """As of any array."""
    array = zarrpy.create_array({}, shape=(4, 5), dtype=optional("int32"), chunks=(2, 2))

    array[1, 1:4] = [1, None, 3]
    array[3] = 7
    array[0, 0] = None

    assert array[1].tolist() == [None, 1, None, 3, None]
    assert array[3, ::-2].tolist() == [7, 7, 7]


@pytest.mark.parametrize(("fill_value", "document"), [(None, None), (5, [5]), (np.int32(-1), [-1])])
def test_a_fill_value_is_null_or_a_list_of_one_value(fill_value, document):
    """And comes back."""
    store = {}

    zarrpy.create_array(store, shape=3, dtype=optional("int32"), fill_value=fill_value)

    assert json.loads(store["zarr.json"])["fill_value"] == document
    assert zarrpy.open(store)[...].tolist() == [fill_value] * 3


@pytest.mark.parametrize("value", ["a", 300, 1.5 + 2j, (1, 2)])
def test_what_is_no_value_is_refused(value):
    """Before anything is stored."""
    store = {}
    array = zarrpy.create_array(store, shape=3, dtype=optional("int8"))

    with pytest.raises((TypeError, ValueError, OverflowError)):
        array[0] = value

    assert list(store) == ["zarr.json"]


def test_what_may_hold_nothing_is_a_tuple_of_one():
    """So that nothing within is another thing than nothing."""
    inner = optional("uint8")
    outer = {"name": "zarrs.optional", "configuration": inner}
    array = zarrpy.create_array({}, shape=3, dtype=outer)

    array[...] = boxed(None, (None,), (3,))

    assert array[...].tolist() == [None, (None,), (3,)]
    with pytest.raises(TypeError, match="a tuple of one"):
        array[0] = 3


def test_the_data_type_is_found_again_by_its_numpy_form():
    """And written as it was read."""
    made = from_v3(optional("numpy.timedelta64", unit="ms", scale_factor=1))

    assert from_numpy(made.numpy)[0] == made
    assert to_v3(made) == optional("numpy.timedelta64", unit="ms", scale_factor=1)
    assert made != from_v3(optional("int32"))


@pytest.mark.parametrize("chunk", [b"", bytes(15), bytes(17), b"\1" + bytes(15)])
def test_a_chunk_that_is_not_what_its_header_says_is_corrupt(chunk):
    """The key and the codec are named."""
    store = {}
    zarrpy.create_array(store, data=[1, None], dtype=optional("int8"), compressors=None)
    store["c/0"] = chunk

    with pytest.raises(CorruptChunkError, match=r"zarrs\.optional.*c/0|c/0.*zarrs\.optional"):
        zarrpy.open(store)[...]


def test_the_codec_is_for_the_data_type_of_its_name():
    """Others are refused when the array is made."""
    with pytest.raises(CodecError, match=r"is for the data type zarrs\.optional"):
        zarrpy.create_array(
            {}, shape=2, dtype="int8", serializer=Optionals(("packbits",), ("bytes",))
        )
    with pytest.raises(CodecError, match="not bound"):
        Optionals(("packbits",), ("bytes",)).encode(np.array([1], object))
    with pytest.raises(MetadataError, match="data_codecs"):
        Optionals.from_config({"mask_codecs": ["packbits"]})


def test_v2_has_no_such_data_type():
    """The error says where there is one."""
    with pytest.raises((MetadataError, CodecError), match=r"Zarr v2|Zarr v3"):
        zarrpy.create_array({}, data=[1, None], dtype=optional("int8"), zarr_format=2)
