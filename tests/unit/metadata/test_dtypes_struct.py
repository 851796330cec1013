"""Tests of `zarrpy.metadata.dtypes_struct`."""

import base64
import pickle

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import dtypes, json, v2, v3
from zarrpy.metadata import fill_value as fill


def struct(*fields, name="struct"):
    members = [{"name": each, "data_type": data_type} for each, data_type in fields]
    return {"name": name, "configuration": {"fields": members}}


POINT = struct(("x", "float32"), ("id", "uint16"))
TEXT = {"name": "fixed_length_utf32", "configuration": {"length_bytes": 8}}
NESTED = struct(("a", "int8"), ("in", struct(("t", TEXT), ("r", "r16"))))
PACKED = np.dtype([("x", "f4"), ("id", "u2")])


def zarr_json(data_type, fill_value, codecs):
    return {
        "zarr_format": 3, "node_type": "array", "shape": [2], "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
        "chunk_key_encoding": {"name": "default"}, "fill_value": fill_value, "codecs": codecs,
    }  # fmt: skip


def zarray(dtype, fill_value):
    return {
        "zarr_format": 2, "shape": [2], "chunks": [2], "dtype": dtype, "compressor": None,
        "fill_value": fill_value, "order": "C", "filters": None,
    }  # fmt: skip


def test_fields_stand_one_after_the_other():
    """Without gaps, nested as well."""
    assert dtypes.from_v3(POINT).numpy == PACKED
    assert dtypes.from_v3(NESTED).numpy == np.dtype(
        [("a", "i1"), ("in", [("t", "U2"), ("r", "V2")])]
    )
    assert dtypes.to_v3(dtypes.from_v3(NESTED)) == NESTED


def test_an_aligned_structure_of_numpy_loses_its_gaps():
    """Zarr has none; the values are the same."""
    aligned = np.dtype([("a", "i1"), ("b", "f8")], align=True)

    assert dtypes.from_numpy(aligned)[0].numpy == np.dtype([("a", "i1"), ("b", "f8")])


@pytest.mark.parametrize(
    "fields", [[["x", "float32"], ["id", "uint16"]], POINT["configuration"]["fields"]]
)
def test_the_older_name_is_read_and_the_new_one_written(fields):
    """With pairs or with objects, base64 or an object, and no byte order, which was little."""
    document = zarr_json(
        {"name": "structured", "configuration": {"fields": fields}},
        base64.b64encode(np.array((1.5, 7), [("x", "<f4"), ("id", "<u2")]).tobytes()).decode(),
        [{"name": "bytes"}],
    )

    model = v3.parse(document, "a")

    assert model.fill_value.item() == (1.5, 7)
    assert model.codecs[0].configuration == {"endian": "little"}
    assert dtypes.to_v3(model.data_type) == POINT
    assert v3.dump(model) == {"zarr.json": document}


def test_a_structure_needs_a_byte_order():
    """Under its present name, once a field has more than one byte."""
    document = zarr_json(POINT, {"x": 0, "id": 0}, [{"name": "bytes"}])

    with pytest.raises(MetadataError, match="endian is missing"):
        zarrpy.open({"zarr.json": json.dumps(document)})


def test_a_structure_of_single_bytes_needs_none():
    """There is nothing to order."""
    document = zarr_json(struct(("a", "int8"), ("b", "r16")), {"a": 1, "b": [2, 3]}, ["bytes"])

    assert zarrpy.open({"zarr.json": json.dumps(document)})[0].item() == (1, b"\2\3")


@pytest.mark.parametrize(
    ("configuration", "text"),
    [
        ({}, "the required member 'fields' is missing"),
        ({"fields": {}}, "fields must be a list"),
        ({"fields": []}, "fields must be at least one field"),
        ({"fields": ["a"]}, "fields[0] must be an object with the members"),
        ({"fields": [{"name": "a"}]}, "the required member 'data_type' is missing"),
        ({"fields": [{"name": "", "data_type": "int8"}]}, "fields[0].name must be a string"),
        ({"fields": [{"name": 1, "data_type": "int8"}]}, "fields[0].name must be a string"),
        ({"fields": [["a", "int8"], ["a", "int8"]]}, "fields has two fields 'a'"),
        ({"fields": [["a", "int8"]], "x": 1}, "has the unknown member 'x'"),
        ({"fields": [["a", 5]]}, "fields[0].data_type must be a name"),
        (
            {"fields": [["a", {"name": "raw_bytes", "configuration": {"length_bytes": 2**31 - 1}}],
                        ["b", "int64"]]},
            "has 2147483655 bytes, of less than 2^31",
        ),
    ],
)  # fmt: skip
def test_a_malformed_structure_is_refused(configuration, text):
    """The error names the field."""
    with pytest.raises(MetadataError) as caught:
        dtypes.from_v3({"name": "struct", "configuration": configuration})

    assert text in str(caught.value)


def test_an_unknown_type_of_a_field_is_unsupported():
    """And so is the structure; the error names the field."""
    with pytest.raises(UnsupportedExtensionError) as caught:
        dtypes.from_v3(struct(("a", "int8"), ("b", "int128")))

    assert caught.value.name == "int128"
    assert caught.value.field == "data_type.configuration.fields[1].data_type"


def test_a_fill_value_is_an_object_of_those_of_the_fields():
    """To the bit, NaN payloads in fields included."""
    data_type = dtypes.from_v3(struct(("x", "float32"), ("in", struct(("t", TEXT), ("r", "r16")))))
    document = {"x": "0x7fa00001", "in": {"t": "é", "r": [1, 2]}}

    value = fill.parse(document, data_type)

    assert value["x"].tobytes() == np.uint32(0x7FA00001).tobytes()
    assert fill.dump(value, data_type) == document


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"x": 0}, "must be an object with a value for id, too"),
        ({"x": 0, "id": 0, "y": 0}, "fill_value has the unknown member 'y'"),
        ({"x": 0, "id": -1}, "fill_value.id must be an integer in [0, 65535]"),
        ({"x": "a", "id": 0}, "fill_value.x must be a number"),
        ([0, 0], "fill_value must be an object with the members x, id"),
        ("AAAA", "fill_value must be 6 bytes in base64, not 3"),
        ("AAA", "fill_value must be 6 bytes in base64"),
        (None, "fill_value must be an object"),
    ],
)
def test_a_malformed_fill_value_is_refused_with_its_field(document, text):
    """Every field has a value and no other has."""
    with pytest.raises(MetadataError) as caught:
        fill.parse(document, dtypes.from_v3(POINT))

    assert text in str(caught.value)


def test_the_place_in_a_nested_fill_value_is_named():
    """Down to the field."""
    with pytest.raises(MetadataError, match=r"^fill_value\.in\.r must be a list of 2 integers"):
        fill.parse({"a": 0, "in": {"t": "", "r": [1]}}, dtypes.from_v3(NESTED))


@pytest.mark.parametrize(
    "given",
    [
        (1.5, 7), [1.5, 7], {"id": 7, "x": 1.5}, np.array((1.5, 7), PACKED)[()],
        np.array((1.5, 7), [("x", ">f8"), ("id", ">i8")])[()], np.array((1.5, 7), PACKED),
        np.array((1.5, 7), PACKED).tobytes(),
    ],
)  # fmt: skip
def test_a_program_may_give_all_fields_at_once(given):
    """As a tuple, a mapping, a scalar of NumPy in any byte order, or bytes."""
    assert fill.coerce(given, dtypes.from_v3(POINT)).item() == (1.5, 7)


@pytest.mark.parametrize("given", [(1,), (1, 2, 3), {"x": 1}, 1.5, "x", (1, -1), b"abc", object()])
def test_what_is_no_value_for_each_field_is_refused(given):
    """Nothing is filled in or left out."""
    with pytest.raises(MetadataError, match=r"^fill_value"):
        fill.coerce(given, dtypes.from_v3(POINT))


def test_zero_stands_for_zero_in_all_fields():
    """As NumPy has it, and so has the default."""
    data_type = dtypes.from_v3(POINT)

    assert fill.coerce(0, data_type).item() == fill.coerce(None, data_type).item() == (0.0, 0)


@pytest.mark.parametrize("order", "<>")
def test_a_v2_fill_value_is_packed_in_the_order_of_the_array(order):
    """In base64."""
    fields = [("x", f"{order}f4"), ("id", f"{order}u2")]
    packed = base64.b64encode(np.array((1.5, 7), fields).tobytes()).decode()
    document = zarray([list(field) for field in fields], packed)

    model = v2.parse(document, None, "a")

    assert model.data_type.numpy == PACKED
    assert model.fill_value.item() == (1.5, 7)
    assert v2.dump(model) == {".zarray": document}


def test_v2_fields_in_two_byte_orders_stay_as_they_are():
    """In memory too, so that one copy serves all; v3 would have them in one."""
    form = [["a", ">i4"], ["in", [["b", "<f8"], ["c", "|S1"]]]]
    stored = np.array(
        [(1, (0.5, b"x")), (2, (1.5, b"y"))], [("a", ">i4"), ("in", [("b", "<f8"), ("c", "S1")])]
    )
    document = zarray(form, base64.b64encode(stored[0].tobytes()).decode())
    store = {".zarray": json.dumps(document), "0": stored.tobytes()}

    array = zarrpy.open(store)
    values = array[...]
    array[1] = (3, (2.5, b"z"))

    assert values.dtype == stored.dtype
    assert values.tolist() == stored.tolist()
    assert array.fill_value.item() == stored[0].item()
    assert np.frombuffer(store["0"], stored.dtype)[1].item() == (3, (2.5, b"z"))
    assert dtypes.to_v2(array.metadata.data_type, "|") == form
    assert v2.dump(array.metadata) == {".zarray": document}


def test_v2_fields_may_hold_arrays():
    """Which v3 has no words for."""
    form = [["a", "<i2"], ["b", "<f4", [2, 3]]]
    data_type, order = dtypes.from_v2(form)

    assert (data_type.numpy, order) == (np.dtype([("a", "i2"), ("b", "f4", (2, 3))]), "<")
    assert dtypes.to_v2(data_type, "<") == form
    assert dtypes.from_numpy(data_type.numpy) == (data_type, "<")
    with pytest.raises(MetadataError, match="has no form in Zarr v3 -> use Zarr v2"):
        dtypes.to_v3(data_type)


def test_an_array_of_elements_that_hold_arrays_is_read_and_written():
    """One value of the fill value stands for all of a field."""
    dtype = np.dtype([("a", "i2"), ("b", "f4", (2, 3))])
    values = np.zeros(5, dtype)
    values["b"] = np.arange(30).reshape(5, 2, 3)
    store = {}

    array = zarrpy.create_array(
        store, shape=7, chunks=2, dtype=dtype, zarr_format=2, fill_value=(1, 0.5)
    )
    array[:5] = values
    found = zarrpy.open(store)[...]

    assert found[:5].tobytes() == values.tobytes()
    assert found[6]["a"] == 1
    assert (found[6]["b"] == 0.5).all()


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ([], "dtype must be at least one field"),
        (["a"], "dtype[0] must be a list of a name"),
        ([["a"]], "dtype[0] must be a list of a name"),
        ([[1, "<i4"]], "dtype[0][0] must be a string"),
        ([["a", "i4"]], "dtype[0][1] must be a string with a byte order"),
        ([["a", "<i4", [0]]], "dtype[0][2][0] must be an integer of at least 1"),
        ([["a", "<i4"], ["a", "<i4"]], "dtype has two fields 'a'"),
        ([["a", [["b", "|i4"]]]], 'dtype[0][1][0][1] must be "<i4" or ">i4"'),
    ],
)
def test_a_malformed_v2_structure_is_refused(form, text):
    """The error names the field by its place."""
    with pytest.raises(MetadataError) as caught:
        dtypes.from_v2(form)

    assert text in str(caught.value)


def test_v2_fields_without_names_and_with_titles_are_named_as_numpy_names_them():
    """Gaps of an aligned structure have no name; a title stands before the name."""
    data_type, _ = dtypes.from_v2([["a", "|i1"], ["", "|V3"], [["Title", "b"], "<i4"]])

    assert data_type.numpy.names == ("a", "f1", "b")


def test_a_structure_survives_pickling():
    """With all that reads and writes its fill values."""
    data_type = dtypes.from_v3(NESTED)

    back = pickle.loads(pickle.dumps(data_type))

    assert back == data_type
    assert back.fill_to_json(fill.zero(back), back.numpy) == {
        "a": 0, "in": {"t": "", "r": [0, 0]},
    }  # fmt: skip


def test_objects_in_fields_are_refused():
    """They would be pointers."""
    with pytest.raises(UnsupportedExtensionError):
        dtypes.from_numpy([("a", "O")])


@pytest.mark.parametrize(
    ("fields", "native"),
    [
        ([("a", ">i4"), ("b", ">f4")], True),
        ([("a", "<i4"), ("b", "<f8"), ("c", "S3")], True),
        ([("a", ">i4"), ("b", ">f8")], False),
    ],
)
def test_the_engine_swaps_units_of_one_size(fields, native):
    """Other structures in the other byte order are swapped field by field in Python."""
    values = np.array([(1, 2, b"x")[: len(fields)]] * 5, np.dtype(fields))
    store = {}

    array = zarrpy.create_array(store, data=values, chunks=2, compressors="gzip")

    assert array.codecs.native == native
    assert array.dtype == values.dtype.newbyteorder("=")
    assert (zarrpy.open(store)[...] == values).all()
