"""Every data type of a fixed size, as fill values and in arrays: no bit is lost."""

import warnings
from contextlib import suppress
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy.metadata import dtypes, element, json, v2, v3
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.small_floats import FORMATS

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
NUMBERS = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
]  # fmt: skip
SMALL = [*FORMATS, "int2", "int4", "uint2", "uint4", "complex_float16", "complex_bfloat16"]
SMALL += [f"complex_{name}" for name in FORMATS if name != "bfloat16"]

# Without ml_dtypes the same is tested with integers of the same bits.
pytestmark = pytest.mark.filterwarnings("ignore:.*of the same bits")


def named(name, **configuration):
    return {"name": name, "configuration": configuration}


times = st.builds(
    lambda kind, unit, factor: named(f"numpy.{kind}64", unit=unit, scale_factor=factor),
    st.sampled_from(["datetime", "timedelta"]),
    st.sampled_from(UNITS),
    st.sampled_from([1, 2, 10, 2**31 - 1]),
)
texts = st.builds(
    lambda name, n: named(name, length_bytes=4 * n),
    st.sampled_from(["fixed_length_utf32", "null_terminated_bytes", "raw_bytes"]),
    st.integers(1, 5),
)
raw = st.integers(1, 9).map(lambda n: f"r{8 * n}")
simple = st.sampled_from(NUMBERS) | times | texts | raw
field_names = st.text("abcxyz_é ", min_size=1, max_size=3)


def structs(inner):
    """Structures of at most three fields, of which no two have one name."""
    fields = st.dictionaries(field_names, inner, min_size=1, max_size=3)
    return fields.map(
        lambda types: named(
            "struct", fields=[{"name": name, "data_type": each} for name, each in types.items()]
        )
    )


structures = st.recursive(structs(simple), lambda inner: structs(simple | inner), max_leaves=3)
documents = simple | structures | st.sampled_from(SMALL)
# What v2 has words for, too.
documents_of_both = simple | structures


def valid(dtype, data):
    """Make the bytes of an element such as the type may hold."""
    if dtype.names is not None:
        return b"".join(
            valid(dtype[name], data[dtype.fields[name][1] :][: dtype[name].itemsize])
            for name in dtype.names
        )
    if dtype.kind == "b":
        return bytes([data[0] & 1])
    if dtype.kind == "U":
        points = np.frombuffer(data, np.uint32) % 0xD800  # below the surrogates
        return points.tobytes()
    return data


def elements(data_type, count):
    """Make arrays of elements of any bits."""
    size = data_type.itemsize

    def array(data):
        parts = (data[i * size : (i + 1) * size] for i in range(count))
        joined = b"".join(valid(data_type.numpy, part) for part in parts)
        made = np.frombuffer(bytearray(joined), np.uint8).view(data_type.numpy)
        if data_type.settle is not None:
            data_type.settle(made)
        return made

    return st.binary(min_size=size * count, max_size=size * count).map(array)


def test_small_numbers_are_tested_as_numbers_where_they_can_be():
    """Whether ml_dtypes is there decides what the tests of this file see."""
    installed = find_spec("ml_dtypes") is not None
    with warnings.catch_warnings(action="ignore"):
        found = dtypes.from_v3("bfloat16").numpy

    assert (found.name == "bfloat16") == installed


@given(documents)
def test_a_data_type_is_written_as_it_was_read(document):
    """And NumPy's form of it leads to the same elements."""
    data_type = dtypes.from_v3(document)

    assert dtypes.to_v3(data_type) == document
    assert dtypes.from_v3(dtypes.to_v3(data_type)) == data_type
    assert dtypes.from_numpy(data_type) == (
        data_type,
        element.NATIVE if data_type.ordered else "|",
    )


@given(documents_of_both, st.sampled_from("<>"))
def test_a_data_type_has_one_form_in_v2(document, order):
    """Read again it has the same elements and the same byte order."""
    data_type = dtypes.from_v3(document)

    form = dtypes.to_v2(data_type, order)
    found, found_order = dtypes.from_v2(form)

    assert found.numpy == data_type.numpy
    assert found_order == (order if data_type.ordered else "|")
    assert dtypes.to_v2(found, found_order) == form


@given(st.data(), documents)
def test_every_bit_pattern_of_a_data_type_survives_as_a_fill_value(data, document):
    """Through JSON and back."""
    data_type = dtypes.from_v3(document)
    value = data.draw(elements(data_type, 1))[0]

    written = json.loads(json.dumps({"v": fill.dump(value, data_type)}), path="x")["v"]

    assert fill.identical(fill.parse(written, data_type), value)
    assert fill.identical(fill.coerce(value, data_type), value)


@given(st.data(), documents_of_both, st.sampled_from("<>"))
def test_every_bit_pattern_survives_as_a_fill_value_of_v2(data, document, order):
    """Packed values are in the byte order of the array."""
    data_type = dtypes.from_v3(document)
    value = data.draw(elements(data_type, 1))[0]

    written = json.loads(json.dumps({"v": fill.dump_v2(value, data_type, order)}), path="x")["v"]

    assert fill.identical(fill.parse_v2(written, data_type, order), value)


@given(st.data(), documents, st.sampled_from(["little", "big"]), st.booleans())
def test_an_array_of_any_data_type_gives_back_what_was_written(data, document, endian, native):
    """In C and in Python, in both byte orders, with chunks that were never written."""
    data_type = dtypes.from_v3(document)
    values = data.draw(elements(data_type, 6)).reshape(3, 2)
    fill_value = data.draw(elements(data_type, 1))[0]
    store = {}

    with zarrpy.config.set(disable=frozenset() if native else frozenset({"native"})):
        array = zarrpy.create_array(
            store, shape=(5, 4), chunks=(2, 3), dtype=data_type, fill_value=fill_value,
            serializer={"name": "bytes", "configuration": {"endian": endian}}, compressors=None,
        )  # fmt: skip
        array[1:4, 2:] = values
        found = zarrpy.open(store, mode="r")[...]

    expected = np.full((5, 4), fill_value, data_type.numpy)
    expected[1:4, 2:] = values
    assert found.dtype == data_type.numpy
    assert found.tobytes() == expected.tobytes()
    stored = np.full((2, 3), fill_value, data_type.numpy)
    stored[1, 2] = values[0, 0]
    order = {"little": "<", "big": ">"}[endian]
    if data_type.numpy.kind == "W":  # NumPy reverses complex numbers of ml_dtypes as a whole
        stored = stored.view([("real", "u2"), ("imag", "u2")])
    in_order = stored.astype(stored.dtype.newbyteorder(order))
    found_bytes = array.store.get("c/0/0")
    if found_bytes is None:
        assert stored.tobytes() == stored.reshape(-1)[:1].tobytes() * stored.size
    else:
        assert bytes(found_bytes) == in_order.tobytes()


@given(st.data(), documents_of_both, st.sampled_from("<>"), st.sampled_from("CF"))
def test_a_v2_array_of_any_data_type_gives_back_what_was_written(data, document, order, layout):
    """Its documents say the same when they are read again."""
    data_type = dtypes.from_v3(document)
    values = data.draw(elements(data_type, 6)).reshape(3, 2)
    fill_value = data.draw(elements(data_type, 1))[0]
    store = {}

    create = partial(
        zarrpy.create_array, store, shape=(5, 4), chunks=(2, 3),
        dtype=data_type.numpy.newbyteorder(order), fill_value=fill_value, zarr_format=2,
        order=layout,
    )  # fmt: skip
    numbers = data_type.numpy.type is not np.void and data_type.numpy.kind not in "SUTO"
    if numbers and "0x" in repr(fill.dump(fill_value, data_type)):
        with pytest.raises(zarrpy.MetadataError, match="a NaN with other bits"):
            create()
        assert store == {}
        return
    array = create()
    array[1:4, 2:] = values
    again = zarrpy.open(store, mode="r")

    expected = np.full((5, 4), fill_value, data_type.numpy)
    expected[1:4, 2:] = values
    assert again.metadata == array.metadata
    assert again[...].tobytes() == expected.tobytes()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.sampled_from(["<i4", ">f8", "|S3", "<U2", "int8", "float32", "NaN", "AAAA", "0x00"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "data_type", "fields", "unit", "a"]), inner),
    max_leaves=8,
)  # fmt: skip
names = st.sampled_from(
    ["struct", "structured", "numpy.datetime64", "fixed_length_utf32", "raw_bytes", "r16", "int4"]
)
v2_fields = st.lists(st.lists(json_values, min_size=2, max_size=3), max_size=3)


def only_our_errors(function, *arguments):
    """Call a function that may refuse what it is given, and do nothing worse."""
    with suppress(zarrpy.MetadataError):
        return function(*arguments)
    return None


@given(names, st.dictionaries(st.sampled_from(["fields", "unit", "length_bytes"]), json_values))
def test_any_configuration_is_read_or_refused(name, configuration):
    """By errors of ours, whatever a document holds."""
    only_our_errors(dtypes.from_v3, named(name, **configuration))


@given(v2_fields | st.from_regex(r"[<>|][a-zA-Z]{1,2}[0-9]{0,3}(\[[0-9]{0,3}[a-z]{1,2}\])?"))
def test_any_v2_data_type_is_read_or_refused(document):
    """Structures and strings alike."""
    found = only_our_errors(dtypes.from_v2, document)

    if found is not None:
        assert dtypes.from_v2(dtypes.to_v2(*found))[0] == found[0]


@given(documents, json_values, st.sampled_from("<>|"))
def test_any_fill_value_is_read_or_refused(document, value, order):
    """Of every data type, in documents of both formats and as programs give it."""
    data_type = dtypes.from_v3(document)
    order = order if data_type.ordered else "|"

    found = (
        only_our_errors(fill.parse, value, data_type),
        only_our_errors(fill.parse_v2, value, data_type, order),
        only_our_errors(fill.coerce, value, data_type),
    )

    for each in found:
        assert each is None or fill.identical(
            fill.parse(fill.dump(each, data_type), data_type), each
        )


@given(st.data(), documents_of_both, st.sampled_from("<>"), st.integers(0, 9))
def test_a_resize_changes_nothing_but_the_shape(data, document, order, length):
    """Data type and fill value keep the words in which they were read."""
    data_type = dtypes.from_v3(document)
    value = data.draw(elements(data_type, 1))[0]
    zarray = {
        "zarr_format": 2, "shape": [3], "chunks": [2], "dtype": dtypes.to_v2(data_type, order),
        "compressor": None, "fill_value": fill.dump_v2(value, data_type, order), "order": "C",
        "filters": None,
    }  # fmt: skip
    zarr_json = {
        "zarr_format": 3, "node_type": "array", "shape": [3], "data_type": document,
        "chunk_grid": named("regular", chunk_shape=[2]), "chunk_key_encoding": named("default"),
        "fill_value": fill.dump(value, data_type), "codecs": [named("bytes", endian="big")],
    }  # fmt: skip

    for module, name, one in ((v2, ".zarray", (zarray, None)), (v3, "zarr.json", (zarr_json,))):
        model = module.parse(*one, "a").with_shape((length,))
        assert json.dumps(module.dump(model)[name]) == json.dumps({**one[0], "shape": [length]})
