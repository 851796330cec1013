"""Tests of `zarrpy.metadata.v2`."""

import copy
from dataclasses import replace

import numpy as np
import pytest

import zarrpy
from zarrpy.config import config
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import ArrayMetadata, GroupMetadata, NamedConfig, dtypes, json, v2
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.grid import ChunkGrid

ARRAY = {
    "zarr_format": 2,
    "shape": [100, 50],
    "chunks": [10, 20],
    "dtype": "<f4",
    "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0},
    "fill_value": "NaN",
    "order": "C",
    "filters": None,
}
BLOSC = NamedConfig("blosc", {"cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}, True, 2)
LITTLE = NamedConfig("bytes", {"endian": "little"})
BIG = NamedConfig("bytes", {"endian": "big"})
SINGLE = NamedConfig("bytes")
REVERSED = NamedConfig("transpose", {"order": [1, 0]})


def codec(name, **configuration):
    return NamedConfig(name, configuration, dialect=2)


def numcodec(name, **configuration):
    return {"id": name, **configuration}


def refused(document, path="t"):
    """Give the error that parsing the document raises."""
    with pytest.raises(MetadataError) as caught:
        v2.parse(document, None, path)
    return caught.value


def test_an_array_is_read_into_the_model():
    """The same model as for v3, with the codecs that v3 would name."""
    model = v2.parse(copy.deepcopy(ARRAY), {"units": "K"}, "t")

    assert isinstance(model, ArrayMetadata)
    assert (model.shape, model.grid_shape) == ((100, 50), (10, 3))
    assert model.data_type.name == "float32"
    assert model.chunk_grid == ChunkGrid((10, 20))
    assert model.chunk_keys == ChunkKeyEncoding("v2", ".")
    assert model.codecs == (LITTLE, BLOSC)
    assert np.isnan(model.fill_value)
    assert (model.fill_defined, model.dimension_names) == (True, None)
    assert (model.attributes, model.zarr_format) == ({"units": "K"}, 2)


def test_a_group_is_read_into_the_model():
    """With and without attributes."""
    assert v2.parse_group({"zarr_format": 2}, None, "g") == GroupMetadata({}, 2)
    assert v2.parse_group({"zarr_format": 2}, {"a": 1}, "g") == GroupMetadata({"a": 1}, 2)


CHAINS = [
    ("uncompressed", {"compressor": None}, (LITTLE,)),
    ("big endian", {"dtype": ">f4", "compressor": None}, (BIG,)),
    ("single bytes", {"dtype": "|b1", "fill_value": False, "compressor": None}, (SINGLE,)),
    ("Fortran order", {"order": "F"}, (REVERSED, LITTLE, BLOSC)),
    (
        "an array filter",
        {"filters": [numcodec("bitround", keepbits=3)]},
        (codec("bitround", keepbits=3), LITTLE, BLOSC),
    ),
    (
        "a bytes filter",
        {"filters": [numcodec("shuffle", elementsize=4)]},
        (LITTLE, codec("shuffle", elementsize=4), BLOSC),
    ),
    (
        "both kinds of filter, in Fortran order",
        {
            "order": "F",
            "dtype": ">i4",
            "fill_value": 0,
            "filters": [numcodec("delta", dtype=">i4"), numcodec("crc32"), numcodec("zlib")],
        },
        (REVERSED, codec("delta", dtype=">i4"), BIG, codec("crc32"), codec("zlib"), BLOSC),
    ),
    (
        "a filter that changes the byte order",
        {"filters": [numcodec("fixedscaleoffset", dtype="<f4", astype=">i2")]},
        (codec("fixedscaleoffset", dtype="<f4", astype=">i2"), BIG, BLOSC),
    ),
    (
        "a filter that leaves single bytes",
        {"filters": [numcodec("quantize", dtype="<f4"), numcodec("astype", astype="|u1")]},
        (codec("quantize", dtype="<f4"), codec("astype", astype="|u1"), SINGLE, BLOSC),
    ),
    (
        "a filter that packs bits",
        {"dtype": "|b1", "fill_value": False, "filters": [numcodec("packbits")]},
        (codec("packbits"), SINGLE, BLOSC),
    ),
    (
        "a filter that makes bytes of an array",
        {"filters": [numcodec("vlen-bytes")]},
        (codec("vlen-bytes"), BLOSC),
    ),
    (
        "a filter after one that makes bytes of an array",
        {"filters": [numcodec("vlen-bytes"), numcodec("crc32")]},
        (codec("vlen-bytes"), codec("crc32"), BLOSC),
    ),
    (
        "a compressor that makes bytes of an array",
        {"compressor": numcodec("zfpy", mode=4)},
        (codec("zfpy", mode=4),),
    ),
    (
        "an unknown filter",
        {"filters": [numcodec("mystery", a=1)]},
        (codec("mystery", a=1), LITTLE, BLOSC),
    ),
    ("an empty list of filters", {"filters": []}, (LITTLE, BLOSC)),
]


@pytest.mark.parametrize(("members", "codecs"), [c[1:] for c in CHAINS], ids=[c[0] for c in CHAINS])
def test_filters_and_compressor_become_the_codecs_that_v3_would_name(members, codecs):
    """transpose, array filters, bytes, bytes filters, compressor: in this order."""
    assert v2.parse(ARRAY | members, None, "t").codecs == codecs


@pytest.mark.parametrize(
    ("shape", "chunks"), [([], []), ([5], [2])], ids=["no dimension", "one dimension"]
)
def test_the_order_of_one_dimension_says_nothing(shape, chunks):
    """No transpose is inserted that would do nothing; the document keeps its F."""
    document = ARRAY | {"shape": shape, "chunks": chunks, "order": "F"}

    model = v2.parse(document, None, "t")

    assert model.codecs == (LITTLE, BLOSC)
    assert v2.dump(model) == {".zarray": document}


@pytest.mark.parametrize(("written", "meant"), [(0, 4), ("0", 4), ("2", 2), (2, 2)])
def test_a_shuffle_of_netcdf_has_the_size_of_the_elements(written, meant):
    """netCDF-C writes 0, or text, and shuffles by the size of the elements; the document stays."""
    document = ARRAY | {"filters": [numcodec("shuffle", elementsize=written)]}

    model = v2.parse(document, None, "t")

    assert model.data_type.itemsize == 4
    assert codec("shuffle", elementsize=meant) in model.codecs
    assert v2.dump(model) == {".zarray": document}


XZ = [{"id": 3, "dist": 2}, {"id": 33, "preset": 6}]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (numcodec("zstd", level=3, checksum="NO"), codec("zstd", level=3, checksum=False)),
        (numcodec("zstd", level=3, checksum="YES"), codec("zstd", level=3, checksum=True)),
        (numcodec("blosc", shuffle="NONE"), codec("blosc", shuffle=0)),
        (numcodec("blosc", shuffle="BYTE"), codec("blosc", shuffle=1)),
        (numcodec("blosc", shuffle="BIT"), codec("blosc", shuffle=2)),
        (numcodec("lzma", preset=6, delta=2), codec("lzma", filters=XZ)),
    ],
    ids=["no checksum", "a checksum", "no shuffle", "shuffle", "bit shuffle", "delta"],
)
def test_parameters_in_the_words_of_gdal_are_understood(written, meant):
    """GDAL copies its creation options into the document, which stays as it is."""
    document = ARRAY | {"compressor": written}

    model = v2.parse(document, None, "t")

    assert model.codecs[-1] == meant
    assert v2.dump(model) == {".zarray": document}


def test_filters_may_be_absent():
    """The meaning is beyond doubt, and writers have left them out."""
    document = {name: value for name, value in ARRAY.items() if name != "filters"}

    model = v2.parse(document, None, "t")

    assert model.codecs == (LITTLE, BLOSC)
    assert v2.dump(model) == {".zarray": document}


@pytest.mark.parametrize(("given", "separator"), [({}, "."), ({"dimension_separator": "/"}, "/")])
def test_the_separator_of_chunk_keys_may_be_named(given, separator):
    """A dot unless the document says otherwise."""
    assert v2.parse(ARRAY | given, None, "t").chunk_keys == ChunkKeyEncoding("v2", separator)


def test_a_null_fill_value_is_undefined():
    """We take what an array without one gets, and remember that the document says nothing."""
    model = v2.parse(ARRAY | {"fill_value": None}, None, "t")

    assert not model.fill_defined
    assert model.fill_value == np.float32(0)
    assert v2.dump(model)[".zarray"]["fill_value"] is None


@pytest.mark.parametrize(
    ("dtype", "document", "value"),
    [("<i4", 0.0, 0), ("|b1", 0, False), ("<f8", "-Infinity", -np.inf), ("<c8", [1, 2], 1 + 2j)],
)
def test_fill_values_are_read_as_v2_writers_leave_them(dtype, document, value):
    """A number of the wrong JSON kind is no reason to refuse data."""
    model = v2.parse(ARRAY | {"dtype": dtype, "fill_value": document}, None, "t")

    assert model.fill_value == value
    assert v2.dump(model)[".zarray"]["fill_value"] == document


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("zarr_format", 3, "zarr_format must be 2, not 3"),
        ("zarr_format", 2.0, "zarr_format must be 2, not 2.0"),
        ("shape", [1, None], "shape[1] must be an integer of at least 0"),
        ("shape", [1], "chunks has 2 entries, but the array has 1 dimensions"),
        ("shape", [1] * 65, "shape has 65 dimensions, 64 are allowed"),
        ("chunks", [0, 1], "chunks[0] must be an integer of at least 1"),
        ("chunks", True, "chunks must be a list of integers, not true"),
        ("chunks", [10], "chunks has 1 entries, but the array has 2 dimensions"),
        ("dtype", "f4", "dtype must be a string with a byte order"),
        ("dtype", "|f4", 'dtype must be "<f4" or ">f4"'),
        ("dtype", 4, 'dtype must be a string such as "<f4", not 4'),
        ("fill_value", "nothing", "fill_value must be a number"),
        ("order", "K", 'order must be "C" or "F", not "K"'),
        ("order", None, 'order must be "C" or "F", not null'),
        ("compressor", "zlib", 'compressor must be an object with the member "id", not "zlib"'),
        ("compressor", {"level": 1}, 'compressor must be an object with the member "id"'),
        ("compressor", {"id": 1}, 'compressor must be an object with the member "id"'),
        ("filters", {}, "filters must be a list, not {}"),
        ("filters", [None], 'filters[0] must be an object with the member "id", not null'),
        ("filters", [{"id": "crc32"}] * 65, "filters has 65 entries, 64 are allowed"),
        ("dimension_separator", "-", 'dimension_separator must be "." or "/", not "-"'),
        ("dimension_separator", None, 'dimension_separator must be "." or "/", not null'),
    ],
)
def test_a_malformed_member_is_refused_with_document_member_and_value(name, value, text):
    """The error says where, what was found, and what would be right."""
    error = refused(ARRAY | {name: value})

    assert str(error).startswith(f"t/.zarray: {text}")
    assert error.path == "t/.zarray"


@pytest.mark.parametrize("name", [name for name in ARRAY if name != "filters"])
def test_a_missing_member_is_named(name):
    """Each required member is required."""
    error = refused({key: value for key, value in ARRAY.items() if key != name})

    assert f"t/.zarray: the required member {name!r} is missing" in str(error)


@pytest.mark.parametrize("value", [None, [], "x"])
def test_a_document_that_is_no_object_is_refused(value):
    """As it may stand in consolidated metadata."""
    assert str(refused(value)).startswith("t/.zarray: the document must be an object")
    with pytest.raises(MetadataError, match=r"g/\.zgroup: the document must be an object"):
        v2.parse_group(value, None, "g")


def test_attributes_that_are_no_object_are_refused():
    """The error names the document that holds them."""
    with pytest.raises(MetadataError, match=r"^\.zattrs: the document must be an object"):
        v2.parse(ARRAY, [], "")
    with pytest.raises(MetadataError, match=r"^g/\.zattrs: the document must be an object"):
        v2.parse_group({"zarr_format": 2}, "x", "g")


def test_a_group_of_another_format_is_refused():
    """Only 2 is 2."""
    with pytest.raises(MetadataError, match=r"g/\.zgroup: zarr_format must be 2, not 3"):
        v2.parse_group({"zarr_format": 3}, None, "g")
    with pytest.raises(MetadataError, match="member 'zarr_format' is missing"):
        v2.parse_group({}, None, "g")


@pytest.mark.parametrize("dtype", ["<f3", [["a", "|O"]]])
def test_an_unknown_data_type_is_unsupported(dtype):
    """With the document's path, and the kind."""
    error = refused(ARRAY | {"dtype": dtype})

    assert isinstance(error, UnsupportedExtensionError)
    assert (error.kind, error.path) == ("data type", "t/.zarray")


def test_limits_are_settings():
    """Who needs more filters says so."""
    with config.set({"limits.codecs": 1}):
        assert "raise config.limits.codecs" in str(refused(ARRAY | {"filters": [{}, {}]}))


NAMES = "_ARRAY_DIMENSIONS"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (["y", "x"], ("y", "x")),
        (["y", None], ("y", None)),
        (["y"], None),
        ("yx", None),
        (["y", 3], None),
        (None, None),
    ],
)
def test_dimension_names_are_read_from_their_attribute(value, names):
    """It is a convention, so what does not follow it is an attribute and no error."""
    attributes = {NAMES: value, "a": 1}

    model = v2.parse(ARRAY, copy.deepcopy(attributes), "t")

    assert model.dimension_names == names
    assert v2.dump(model)[".zattrs"] == model.attributes == attributes


def test_dimension_names_of_new_metadata_are_written_as_their_attribute():
    """So that xarray finds them."""
    model = replace(v2.parse(ARRAY, None, "t"), document={}, dimension_names=("y", "x"))

    documents = v2.dump(model)

    assert documents[".zattrs"] == {NAMES: ["y", "x"]}
    assert v2.parse(documents[".zarray"], documents[".zattrs"], "t").dimension_names == ("y", "x")


def test_dimension_names_follow_their_attribute():
    """Setting the attribute renames, removing it takes the names away."""
    model = v2.parse(ARRAY, {NAMES: ["y", "x"]}, "t")

    assert model.with_attributes({NAMES: ["b", "a"]}).dimension_names == ("b", "a")
    assert model.with_attributes({}).dimension_names is None
    assert v2.dump(model.with_attributes({}))[".zattrs"] == {}


SPELLINGS = [
    (ARRAY, None),
    (ARRAY, {}),
    (ARRAY, {"a": {"b": [1, 2.5, None]}, NAMES: ["y", "x"]}),
    (dict(reversed(ARRAY.items())), None),
    (ARRAY | {"unknown": [1], "dimension_separator": "."}, None),
    (ARRAY | {"compressor": {"level": 1, "id": "zlib"}, "filters": []}, None),
    (ARRAY | {"dtype": "<i1", "fill_value": 1.0}, None),
    (ARRAY | {"compressor": None, "filters": [numcodec("zlib", level=1)]}, None),
    *[(ARRAY | members, None) for _, members, _ in CHAINS],
]


@pytest.mark.parametrize(("zarray", "zattrs"), SPELLINGS)
def test_a_document_read_and_written_loses_nothing(zarray, zattrs):
    """Not a member, not a spelling, not the order, and no document comes or goes."""
    written = v2.dump(v2.parse(copy.deepcopy(zarray), copy.deepcopy(zattrs), "t"))

    expected = {".zarray": zarray} if zattrs is None else {".zarray": zarray, ".zattrs": zattrs}
    assert json.dumps(written) == json.dumps(expected)


@pytest.mark.parametrize("zattrs", [None, {}, {"a": 1}])
def test_a_group_read_and_written_loses_nothing(zattrs):
    """Unknown members included, which v2 asks to be ignored."""
    zgroup = {"zarr_format": 2, "unknown": 1}

    written = v2.dump(v2.parse_group(zgroup, zattrs, "g"))

    expected = {".zgroup": zgroup} if zattrs is None else {".zgroup": zgroup, ".zattrs": zattrs}
    assert written == expected


@pytest.mark.parametrize("members", [c[1] for c in CHAINS], ids=[c[0] for c in CHAINS])
def test_new_metadata_is_said_in_the_words_of_v2(members):
    """The way from v2 to the canon can be gone back without the document."""
    model = v2.parse(ARRAY | members, None, "t")

    documents = v2.dump(replace(model, document={}))

    assert documents.keys() == {".zarray"}
    assert v2.parse(documents[".zarray"], None, "t") == model
    assert documents[".zarray"] == ARRAY | members | {
        "dimension_separator": ".",
        "filters": members.get("filters") or None,
    }


def made(*codecs, **change):
    """Make metadata from scratch, as for a new array."""
    model = ArrayMetadata(
        (100, 50), dtypes.from_v3("int16"), ChunkGrid((10, 20)), ChunkKeyEncoding("v2", "/"),
        codecs or (LITTLE,), np.int16(7), None, {}, 2,
    )  # fmt: skip
    return replace(model, **change)


def test_new_metadata_has_all_members():
    """Also those that could be left out, as older readers ask for them."""
    assert v2.dump(made(LITTLE, codec("zlib", level=1), attributes={"a": 1})) == {
        ".zarray": {
            "zarr_format": 2,
            "shape": [100, 50],
            "chunks": [10, 20],
            "dtype": "<i2",
            "compressor": {"id": "zlib", "level": 1},
            "fill_value": 7,
            "order": "C",
            "filters": None,
            "dimension_separator": "/",
        },
        ".zattrs": {"a": 1},
    }
    assert v2.dump(GroupMetadata(zarr_format=2)) == {".zgroup": {"zarr_format": 2}}


@pytest.mark.parametrize(
    ("shape", "order"), [((100, 50), [1, 0]), ((100,), [0]), ((), [])], ids=["2", "1", "0"]
)
def test_a_transpose_that_reverses_is_order_f(shape, order):
    """Of any number of dimensions."""
    grid = ChunkGrid((1,) * len(shape))
    model = made(NamedConfig("transpose", {"order": order}), BIG, shape=shape, chunk_grid=grid)

    zarray = v2.dump(model)[".zarray"]

    assert (zarray["order"], zarray["dtype"]) == ("F", ">i2")


def test_the_byte_order_of_single_bytes_does_not_matter():
    """`bytes` of a new array may name one."""
    model = made(LITTLE, data_type=dtypes.from_v3("uint8"), fill_value=np.uint8(1))

    assert v2.dump(model)[".zarray"]["dtype"] == "|u1"


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (made(LITTLE, NamedConfig("zstd")), "the codec 'zstd' of Zarr v3"),
        (
            made(NamedConfig("transpose", {"order": [0, 1]}), LITTLE),
            "the codec 'transpose' of Zarr v3",
        ),
        (made(codec("crc32"), LITTLE), "the codecs crc32, bytes in this order"),
        (made(codec("delta", dtype="<i2")), "the codecs delta in this order"),
        (made(LITTLE, BIG), "the codecs bytes, bytes in this order"),
        (made(LITTLE, codec("delta", dtype="<i2")), "the codecs bytes, delta in this order"),
        (made(codec("delta", dtype="<i2"), BIG), "the codecs delta, bytes in this order"),
        (made(chunk_keys=ChunkKeyEncoding()), "the chunk key encoding 'default'"),
        (made(chunk_grid=ChunkGrid(((60, 40), 50))), "chunks of different shapes"),
    ],
)
def test_what_v2_has_no_words_for_is_refused(model, what):
    """Rather than written as something else."""
    with pytest.raises(MetadataError) as caught:
        v2.dump(model)

    assert str(caught.value) == f"Zarr v2 has no words for {what} -> use Zarr v3"


@pytest.mark.parametrize("name", ["float32", "complex64"])
def test_a_nan_with_other_bits_cannot_be_said_in_v2(name):
    """v2 has one word for all NaN; ours would come back as another."""
    data_type = dtypes.from_v3(name)
    value = np.frombuffer(bytes.fromhex("010ac07f") * 2, data_type.numpy.newbyteorder("<"))[0]
    model = made(data_type=data_type, fill_value=value.astype(data_type.numpy))

    with pytest.raises(MetadataError, match="a NaN with other bits than the usual one"):
        v2.dump(model)


CHANGES = [
    ({"shape": (7, 8)}, {"shape": [7, 8]}),
    ({"chunk_grid": ChunkGrid((5, 5))}, {"chunks": [5, 5]}),
    ({"chunk_keys": ChunkKeyEncoding("v2", "/")}, {"dimension_separator": "/"}),
    ({"fill_value": np.float32(-0.0)}, {"fill_value": -0.0}),
    ({"fill_defined": False}, {"fill_value": None}),
    (
        {"codecs": (REVERSED, BIG, codec("crc32"), codec("zlib", level=1))},
        {
            "dtype": ">f4",
            "compressor": {"id": "zlib", "level": 1},
            "order": "F",
            "filters": [{"id": "crc32"}],
        },
    ),
]


@pytest.mark.parametrize(("change", "members"), CHANGES)
def test_only_what_changed_is_written_anew(change, members):
    """All other members keep their spelling, unknown ones included."""
    document = ARRAY | {"unknown": 1}

    written = v2.dump(replace(v2.parse(document, None, "t"), **change))

    assert json.dumps(written[".zarray"]) == json.dumps(document | members)


def test_new_attributes_make_a_document():
    """Where there was none; and an emptied one stays."""
    model = v2.parse(ARRAY, None, "t")

    assert v2.dump(model.with_attributes({"a": 1}))[".zattrs"] == {"a": 1}
    assert v2.dump(v2.parse(ARRAY, {"a": 1}, "t").with_attributes({}))[".zattrs"] == {}
    assert v2.dump(v2.parse_group({"zarr_format": 2}, None, "g").with_attributes({"a": 1})) == {
        ".zgroup": {"zarr_format": 2},
        ".zattrs": {"a": 1},
    }


def test_names_that_are_said_twice_have_to_agree(store):
    """Zarr v2 has one place for them, and none of the two is dropped in silence."""
    for names in (["p", "q"], "xy", None):
        with pytest.raises(MetadataError, match=r"_ARRAY_DIMENSIONS must be the dimension names"):
            zarrpy.create_array(
                store,
                data=[[1]],
                zarr_format=2,
                dimension_names=["x", "y"],
                attributes={NAMES: names},
            )
    assert list(store.list()) == []


@pytest.mark.parametrize(
    "how", [{"dimension_names": ["x", "y"]}, {"attributes": {NAMES: ["x", "y"]}}]
)
def test_a_new_array_says_of_itself_what_it_says_when_it_is_opened(store, how):
    """The names are among the attributes from the beginning."""
    array = zarrpy.create_array(store, data=[[1]], zarr_format=2, **how)

    again = zarrpy.open(store)
    assert array.dimension_names == again.dimension_names == ("x", "y")
    assert dict(array.attrs) == dict(again.attrs) == {NAMES: ["x", "y"]}
    assert array.metadata == again.metadata
