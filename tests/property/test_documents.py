"""Metadata documents of every kind: nothing is lost, and nothing but our errors comes out."""

import copy
from dataclasses import replace
from functools import partial

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.errors import MetadataError
from zarrpy.metadata import ArrayMetadata, NamedConfig, attributes, dtypes, json, names, v2, v3
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.runs import Runs

INTEGERS = {
    f"{sign}int{bits}": (
        0 if sign else -(2 ** (bits - 1)),
        2**bits - 1 if sign else 2 ** (bits - 1) - 1,
    )
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
FLOATS = {"float16": 16, "float32": 32, "float64": 64}
COMPLEX = {"complex64": 32, "complex128": 64, "complex_float32": 32, "complex_float64": 64}
V2_NAMES = {
    "bool": "b1", "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8",
    "uint8": "u1", "uint16": "u2", "uint32": "u4", "uint64": "u8",
    "float16": "f2", "float32": "f4", "float64": "f8", "complex64": "c8", "complex128": "c16",
}  # fmt: skip

# Text of all of Unicode, halves of surrogate pairs included: JSON can escape them.
texts = st.text(max_size=8)

finite = st.floats(allow_nan=False, allow_infinity=False)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
json_objects = st.dictionaries(texts, json_values, max_size=4)
plain_names = st.from_regex(r"[a-z][a-z0-9_.-]{0,12}", fullmatch=True)
lengths = st.integers(0, 2**63 - 1)
spacings = st.integers(1, 2**63 - 1)


def floats(bits: int, hexadecimal: bool = True):
    """Spell floats of so many bits: numbers, words, and bits in hexadecimal."""
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=bits) | st.integers(
        -2048, 2048
    )
    digits = st.integers(0, 2**bits - 1).map(lambda n: f"0x{n:0{bits // 4}x}")
    special = st.sampled_from(["NaN", "Infinity", "-Infinity"])
    return numbers | special | digits if hexadecimal else numbers | special


def fill_values(name: str, hexadecimal: bool = True):
    """Spell fill values of a data type; without `hexadecimal` only those that v2 has."""
    if name == "bool":
        return st.booleans()
    if name in INTEGERS:
        return st.integers(*INTEGERS[name])
    if name in FLOATS:
        return floats(FLOATS[name], hexadecimal)
    return st.lists(floats(COMPLEX[name], hexadecimal), min_size=2, max_size=2)


def either(name, configuration):
    """Spell an extension: an object, or the bare name if it has no parameters."""
    short = st.just(name) if not configuration else st.nothing()
    members = {"name": st.just(name)}
    optional = {"must_understand": st.just(True)}
    (members if configuration else optional)["configuration"] = st.just(configuration)
    return short | st.fixed_dictionaries(members, optional=optional)


@st.composite
def codecs(draw):
    """Make a codec as v3 names it, known to us or not."""
    if draw(st.booleans()):
        return draw(plain_names)
    return draw(
        st.fixed_dictionaries(
            {"name": plain_names},
            optional={"configuration": json_objects, "must_understand": st.booleans()},
        )
    )


ignorable = st.dictionaries(
    texts.map(lambda text: f"x-{text}"),
    json_objects.map(lambda value: {**value, "must_understand": False}),
    max_size=2,
)


def shuffled(draw, document):
    """Put the members into any order."""
    return {name: document[name] for name in draw(st.permutations(list(document)))}


@st.composite
def v3_arrays(draw):
    """Make a valid ``zarr.json`` of an array."""
    shape = draw(st.lists(lengths, max_size=5))
    data_type = draw(st.sampled_from(["bool", *INTEGERS, *FLOATS, *COMPLEX]))
    chunks = draw(st.lists(spacings, min_size=len(shape), max_size=len(shape)))
    separator = draw(st.sampled_from([{}, {"separator": "/"}, {"separator": "."}]))
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": draw(either(data_type, {})),
        "chunk_grid": draw(either("regular", {"chunk_shape": chunks})),
        "chunk_key_encoding": draw(either(draw(st.sampled_from(["default", "v2"])), separator)),
        "fill_value": draw(fill_values(data_type)),
        "codecs": draw(st.lists(codecs(), min_size=1, max_size=4)),
    }
    optional = {
        "attributes": json_objects,
        "storage_transformers": st.just([]),
        "dimension_names": st.none()
        | st.lists(st.none() | texts, min_size=len(shape), max_size=len(shape)),
    }
    document |= draw(st.fixed_dictionaries({}, optional=optional)) | draw(ignorable)
    return shuffled(draw, document)


@st.composite
def v3_groups(draw):
    """Make a valid ``zarr.json`` of a group."""
    optional = {"attributes": json_objects, "consolidated_metadata": st.none() | json_objects}
    document = {"zarr_format": 3, "node_type": "group"}
    document |= draw(st.fixed_dictionaries({}, optional=optional)) | draw(ignorable)
    return shuffled(draw, document)


numcodecs = st.builds(
    lambda configuration, name: {**configuration, "id": name},
    st.dictionaries(plain_names, json_values, max_size=3),
    plain_names
    | st.sampled_from(
        ["zlib", "zstd", "blosc", "lz4", "shuffle", "crc32", "vlen-bytes", "zfpy", "packbits"]
    ),
)
typed_filters = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["delta", "fixedscaleoffset", "quantize"]),
        "dtype": st.sampled_from(["<i2", ">i4", "|u1", "<f8"]),
    },
    optional={"astype": st.sampled_from([None, "<i2", ">i4", "|u1"])},
)


@st.composite
def v2_arrays(draw):
    """Make a valid ``.zarray``."""
    shape = draw(st.lists(lengths, max_size=5))
    name = draw(st.sampled_from(list(V2_NAMES)))
    order = "|" if V2_NAMES[name][1:] == "1" else draw(st.sampled_from("<>"))
    document = {
        "zarr_format": 2,
        "shape": shape,
        "chunks": draw(st.lists(spacings, min_size=len(shape), max_size=len(shape))),
        "dtype": order + V2_NAMES[name],
        "compressor": draw(st.none() | numcodecs),
        "fill_value": draw(st.none() | fill_values(name, hexadecimal=False)),
        "order": draw(st.sampled_from("CF")),
        "filters": draw(st.none() | st.lists(numcodecs | typed_filters, max_size=3)),
    }
    optional = {"dimension_separator": st.sampled_from("./"), "unknown": json_values}
    document |= draw(st.fixed_dictionaries({}, optional=optional))
    return shuffled(draw, document)


@st.composite
def v2_attributes(draw):
    """Make a ``.zattrs``, perhaps with dimension names."""
    attributes = draw(json_objects)
    if draw(st.booleans()):
        attributes["_ARRAY_DIMENSIONS"] = draw(st.lists(texts, max_size=5) | json_values)
    return attributes


@st.composite
def damaged(draw, documents):
    """Take a member somewhere out of a document, or replace it by any JSON."""
    document = draw(documents)
    holder = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return document
        key = draw(st.sampled_from(keys))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            break
        holder = inner
    if draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = draw(json_values | st.just(float("nan")) | st.just(2**63))
    return document


def attempt(function, *arguments):
    """Call a function, and give its result, or our error; any other error passes."""
    try:
        return function(*arguments)
    except MetadataError as error:
        return error


def same(a, b):
    """Whether two documents are equal, to the type of each number and the order of members."""
    return repr(a) == repr(b)


@given(v3_arrays() | v3_groups())
def test_a_v3_document_read_and_written_loses_nothing(document):
    """dump(parse(d)) == d, through bytes and back."""
    data = json.dumps(document)

    written = v3.dump(v3.parse(json.loads(data, path="t"), "t"))

    assert written.keys() == {"zarr.json"}
    assert json.dumps(written["zarr.json"]) == data
    assert same(written["zarr.json"], document)


@given(v2_arrays(), st.none() | v2_attributes())
def test_a_v2_document_read_and_written_loses_nothing(zarray, zattrs):
    """dump(parse(d)) == d, for the array and its attributes."""
    expected = {".zarray": zarray} if zattrs is None else {".zarray": zarray, ".zattrs": zattrs}

    written = v2.dump(v2.parse(copy.deepcopy(zarray), copy.deepcopy(zattrs), "t"))

    assert same(written, expected)


@given(v3_arrays())
def test_v3_metadata_without_its_document_says_the_same(document):
    """The members of the model are enough to write a document of the same meaning."""
    model = v3.parse(document, "t")

    written = v3.dump(replace(model, document={}))["zarr.json"]

    assert v3.parse(written, "t") == model


@given(v2_arrays(), st.none() | v2_attributes())
def test_v2_metadata_without_its_document_says_the_same(zarray, zattrs):
    """Or it is refused, where the chain that was read stands in no order that v2 would make."""
    model = v2.parse(zarray, zattrs, "t")

    written = attempt(v2.dump, replace(model, document={}))

    if isinstance(written, MetadataError):
        assert "no words for the codecs" in str(written)
    else:
        assert v2.parse(written[".zarray"], written.get(".zattrs"), "t") == model


@given(v3_arrays(), json_objects)
def test_new_attributes_change_nothing_else(document, new):
    """All other members stay, to the letter."""
    written = v3.dump(v3.parse(copy.deepcopy(document), "t").with_attributes(new))["zarr.json"]

    without = {name: value for name, value in document.items() if name != "attributes"}
    assert same({n: v for n, v in written.items() if n != "attributes"}, without)
    assert same(written.get("attributes", {}), new)


@given(damaged(v3_arrays() | v3_groups()))
def test_a_damaged_v3_document_is_read_or_refused(document):
    """One of our errors, with the path; never a KeyError, never a crash."""
    result = attempt(v3.parse, document, "a/b")

    if isinstance(result, MetadataError):
        assert str(result).startswith("a/b/zarr.json: ")
    else:
        v3.dump(result)


@given(damaged(v2_arrays()), json_values)
def test_a_damaged_v2_document_is_read_or_refused(zarray, zattrs):
    """The same for v2, with any JSON for attributes."""
    result = attempt(v2.parse, zarray, zattrs, "a/b")

    if isinstance(result, MetadataError):
        assert str(result).startswith(("a/b/.zarray: ", "a/b/.zattrs: "))
    else:
        v2.dump(result)


@given(st.binary(max_size=40) | json_values.map(repr).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    """The JSON reader raises nothing else either."""
    result = attempt(partial(json.loads, path="x"), data)

    if isinstance(result, MetadataError):
        assert str(result).startswith("x: ")
    else:
        assert isinstance(result, dict)


@given(st.data(), st.sampled_from(["bool", *INTEGERS, *FLOATS, *COMPLEX]))
def test_every_bit_pattern_survives_as_a_fill_value(data, name):
    """NaN payloads, signed zeros, the largest integers: through JSON and back."""
    data_type = dtypes.from_v3(name)
    raw = data.draw(st.binary(min_size=data_type.itemsize, max_size=data_type.itemsize))
    value = np.frombuffer(bytes([raw[0] & 1]) if name == "bool" else raw, data_type.numpy)[0]

    document = json.loads(json.dumps({"v": fill.dump(value, data_type)}), path="x")["v"]

    assert fill.identical(fill.parse(document, data_type), value)


@given(st.sampled_from(["default", "v2"]), st.sampled_from("/."), st.lists(lengths, max_size=5))
def test_a_chunk_key_leads_back_to_its_chunk(name, separator, index):
    """And its characters are those of a key."""
    encoding = ChunkKeyEncoding(name, separator)

    key = encoding.key(index)

    assert encoding.grid_index(key, len(index)) == tuple(index)
    assert names.check_key(key) == key


@given(st.text(max_size=12), st.sampled_from(["default", "v2"]), st.integers(0, 3))
def test_only_the_key_of_a_chunk_is_read_as_one(text, name, ndim):
    """What is accepted is spelled exactly as we would spell it."""
    encoding = ChunkKeyEncoding(name)

    index = attempt(encoding.grid_index, text, ndim)

    assert isinstance(index, MetadataError) or encoding.key(index) == text


@given(st.data())
def test_the_grid_shape_is_that_of_counting(data):
    """As many chunks as begin before the end of the array."""
    length = data.draw(st.integers(0, 50))
    edges = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=50))
    edges += [1] * max(0, length - sum(edges))
    axis = data.draw(st.just(edges[0]) | st.just(Runs.of(edges)))
    starts = range(0, 500, axis) if isinstance(axis, int) else np.cumsum([0, *edges])[:-1]

    (count,) = ChunkGrid((axis,)).grid_shape((length,))

    assert count == sum(1 for start in starts if start < length)


@given(json_objects)
def test_attributes_that_are_json_stay_as_they_are(value):
    """Normalising changes only what is not JSON already."""
    assert same(attributes.normalise(value), value)


@given(st.text(max_size=10))
def test_a_path_is_normal_after_normalising(text):
    """Once is enough, and nothing in it leads out."""
    path = attempt(names.normalise_path, text)

    if isinstance(path, MetadataError):
        return
    assert names.normalise_path(path) == path
    assert not path or names.check_key(path) == path


@given(v3_arrays())
def test_a_model_names_its_codecs_as_the_document_does(document):
    """Order, names and parameters; a short-hand is a name without parameters."""
    model = v3.parse(document, "t")

    assert isinstance(model, ArrayMetadata)
    long = [{"name": c} if isinstance(c, str) else c for c in document["codecs"]]
    expected = [
        NamedConfig(c["name"], c.get("configuration", {}), c.get("must_understand", True))
        for c in long
    ]
    assert list(model.codecs) == expected
