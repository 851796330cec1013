"""Tests of `zarrpy.metadata.v3`."""

import copy
import warnings
from dataclasses import replace

import numpy as np
import pytest

from zarrpy.config import config
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import ArrayMetadata, GroupMetadata, NamedConfig, dtypes, json, v3
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.grid import ChunkGrid

ARRAY = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [100, 50],
    "data_type": "float32",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10, 20]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": "NaN",
    "codecs": [
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "zstd", "configuration": {"level": 3, "checksum": True}},
    ],
}
GROUP = {"zarr_format": 3, "node_type": "group"}
OPTIONAL = {
    "attributes": {"units": "K", "nested": {"a": [1, 2.5, None]}},
    "dimension_names": ["y", None],
    "storage_transformers": [],
}


def without(document, *names):
    return {name: value for name, value in document.items() if name not in names}


def refused(document, path="t/zarr.json"):
    """Give the error that parsing the document raises."""
    with pytest.raises(MetadataError) as caught:
        v3.parse(document, path)
    return caught.value


def test_an_array_is_read_into_the_model():
    """Each member has its place."""
    model = v3.parse(copy.deepcopy(ARRAY | OPTIONAL), "t")

    assert isinstance(model, ArrayMetadata)
    assert (model.shape, model.ndim, model.grid_shape) == ((100, 50), 2, (10, 3))
    assert model.data_type.name == "float32"
    assert model.chunk_grid == ChunkGrid((10, 20))
    assert model.chunk_keys == ChunkKeyEncoding("default", "/")
    assert model.codecs == (
        NamedConfig("bytes", {"endian": "little"}),
        NamedConfig("zstd", {"level": 3, "checksum": True}),
    )
    assert model.fill_value.dtype == np.float32
    assert np.isnan(model.fill_value)
    assert model.dimension_names == ("y", None)
    assert model.attributes == OPTIONAL["attributes"]
    assert (model.zarr_format, model.fill_defined) == (3, True)


def test_a_group_is_read_into_the_model():
    """Attributes are all that a group has."""
    model = v3.parse({**GROUP, "attributes": {"a": 1}}, "t")

    assert model == GroupMetadata({"a": 1}, 3)


def test_what_is_optional_may_be_absent():
    """No names, no attributes, no transformers."""
    model = v3.parse(ARRAY, "t")

    assert (model.dimension_names, model.attributes) == (None, {})
    assert v3.parse(GROUP, "t").attributes == {}


def test_a_null_fill_value_is_undefined():
    """GDAL and zarrita write it where none was chosen: zero is taken, and the document stays."""
    document = ARRAY | {"fill_value": None}

    model = v3.parse(document, "a")

    assert not model.fill_defined
    assert model.fill_value == 0
    assert v3.dump(model) == {"zarr.json": document}


@pytest.mark.parametrize("name", [name for name in ARRAY if name != "node_type"])
def test_a_missing_member_is_named(name):
    """Each required member is required."""
    error = refused(without(ARRAY, name))

    assert str(error) == (f"t/zarr.json: the required member {name!r} is missing -> add {name!r}")


LARGE = 2**63
MALFORMED = [
    ("zarr_format", 2, "zarr_format must be 3, not 2"),
    ("zarr_format", 3.0, "zarr_format must be 3, not 3.0"),
    ("zarr_format", "3", 'zarr_format must be 3, not "3"'),
    ("node_type", "table", 'node_type must be "array" or "group", not "table"'),
    ("node_type", ["array"], 'node_type must be "array" or "group"'),
    ("shape", None, "shape must be a list of integers, not null"),
    ("shape", [1, -1], "shape[1] must be an integer of at least 0 and below 2^63, not -1"),
    ("shape", [True, 1], "shape[0] must be an integer of at least 0 and below 2^63, not true"),
    ("shape", [1.0, 1], "shape[0] must be an integer of at least 0 and below 2^63, not 1.0"),
    ("shape", [LARGE, 1], "shape[0] must be an integer of at least 0 and below 2^63"),
    ("shape", [1, "1"], "shape[1] must be an integer"),
    ("shape", [1], "chunk_grid has 2 dimensions, but the array has 1"),
    ("shape", [1] * 65, "shape has 65 dimensions, 64 are allowed -> NumPy has no more"),
    ("data_type", 4, 'data_type must be a name, or an object with the member "name", not 4'),
    ("data_type", "", 'data_type must be a name, or an object with the member "name"'),
    ("data_type", {"name": ""}, "data_type.name must be a string"),
    ("chunk_grid", {"name": "regular"}, "chunk_grid.configuration needs the member 'chunk_shape'"),
    ("fill_value", "0x7fc0", "fill_value must be a number"),
    ("codecs", [], "codecs must name at least one codec -> the least is"),
    ("codecs", {"name": "bytes"}, "codecs must be a list"),
    ("codecs", ["bytes", 5], 'codecs[1] must be a name, or an object with the member "name"'),
    ("codecs", [{"id": "zstd"}], 'codecs[0] needs the member "name" ({"id": "zstd"})'),
    ("codecs", [{"name": "bytes", "configuration": None}], "codecs[0].configuration must be an"),
    ("codecs", [{"name": "bytes", "must_understand": 0}], "codecs[0].must_understand must be"),
    ("codecs", [{"name": "bytes", "endian": "little"}], "codecs[0] has the unknown member"),
    ("codecs", ["bytes"] * 65, "codecs has 65 entries, 64 are allowed"),
    ("attributes", [], "attributes must be an object, not []"),
    ("attributes", None, "attributes must be an object, not null"),
    ("dimension_names", "yx", 'dimension_names must be a list, not "yx"'),
    ("dimension_names", ["y"], "dimension_names has 1 entries, but the array has 2 dimensions"),
    ("dimension_names", ["y", 1], "dimension_names[1] must be a string or null, not 1"),
    ("storage_transformers", None, "storage_transformers must be a list, not null"),
    ("storage_transformers", [1], "storage_transformers[0] must be a name"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "text"), MALFORMED)
def test_a_malformed_member_is_refused_with_document_member_and_value(name, value, text):
    """The error says where, what was found, and what would be right."""
    error = refused(copy.deepcopy({**ARRAY, name: value}))

    assert str(error).startswith(f"t/zarr.json: {text}")
    assert error.path == "t/zarr.json"


@pytest.mark.parametrize("document", [None, [], "zarr", 3])
def test_a_document_that_is_no_object_is_refused(document):
    """As it may stand in consolidated metadata."""
    assert "the document must be an object" in str(refused(document))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("", "zarr.json"), ("/", "zarr.json"), ("zarr.json", "zarr.json"), ("a", "a/zarr.json"),
        ("a/b/", "a/b/zarr.json"), ("a/b/zarr.json", "a/b/zarr.json"),
    ],
)  # fmt: skip
def test_the_path_of_a_node_or_of_its_document_is_understood(path, shown):
    """Errors name the document, whichever of both the caller had."""
    assert refused({}, path).path == shown


@pytest.mark.parametrize("document", [ARRAY, GROUP])
@pytest.mark.parametrize(
    "value",
    [1, None, "x", [], {}, {"name": "x"}, {"must_understand": True}, {"must_understand": 0}],
)
def test_an_unknown_member_is_refused(document, value):
    """Only an object that itself says so may be left aside."""
    error = refused({**document, "extra": value})

    assert isinstance(error, UnsupportedExtensionError)
    assert (error.kind, error.name) == ("member", "extra")
    assert "must_understand: false" in str(error)


@pytest.mark.parametrize("document", [ARRAY, GROUP])
def test_an_unknown_member_that_need_not_be_understood_is_kept(document):
    """It is not read, and it is written again."""
    document = {**document, "extra": {"must_understand": False, "anything": [1]}}

    assert v3.dump(v3.parse(document, "t")) == {"zarr.json": document}


def test_a_misspelt_member_is_answered_with_the_nearest():
    """A typing error costs one look."""
    error = refused({**without(ARRAY, "fill_value"), "fillvalue": 0})

    assert str(error).endswith("member 'fillvalue' is not known -> did you mean 'fill_value'?")


def test_consolidated_metadata_belongs_to_groups():
    """Null or an object there, an unknown member on an array."""
    for value in (None, {"kind": "inline", "must_understand": False, "metadata": {}}):
        document = {**GROUP, "consolidated_metadata": value}
        assert v3.dump(v3.parse(document, "t")) == {"zarr.json": document}

    assert "must be an object" in str(refused({**GROUP, "consolidated_metadata": 3}))
    assert "is not known" in str(refused({**ARRAY, "consolidated_metadata": None}))


@pytest.mark.parametrize("name", ["data_type", "chunk_grid", "chunk_key_encoding"])
def test_an_extension_that_every_reader_needs_cannot_be_left_aside(name):
    """must_understand: false is not allowed for these three."""
    value = ARRAY[name]
    value = {"name": value} if isinstance(value, str) else value

    error = refused({**ARRAY, name: {**value, "must_understand": False}})

    assert "must_understand: false is not allowed" in str(error)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("data_type", "int128", "data type"),
        ("chunk_grid", {"name": "hexagonal"}, "chunk grid"),
        ("chunk_key_encoding", "spiral", "chunk key encoding"),
        ("storage_transformers", [{"name": "mirror"}], "storage transformer"),
    ],
)
def test_an_unknown_extension_is_unsupported_with_kind_name_and_document(name, value, kind):
    """The document may be valid; it is we who do not know."""
    error = refused({**ARRAY, name: value})

    assert isinstance(error, UnsupportedExtensionError)
    assert (error.kind, error.path) == (kind, "t/zarr.json")


def test_a_storage_transformer_that_need_not_be_understood_is_left_aside():
    """And written again."""
    document = {**ARRAY, "storage_transformers": [{"name": "log", "must_understand": False}]}

    assert v3.dump(v3.parse(document, "t")) == {"zarr.json": document}


def test_codecs_are_carried_whether_known_or_not():
    """Who binds them judges them; short-hands and must_understand are read."""
    codecs = ["bytes", {"name": "jpegxl", "configuration": {"q": 1}, "must_understand": False}]

    model = v3.parse({**ARRAY, "codecs": codecs}, "t")

    assert model.codecs == (NamedConfig("bytes"), NamedConfig("jpegxl", {"q": 1}, False))


def test_limits_are_settings():
    """Who needs more dimensions or codecs, or fewer, says so."""
    with config.set({"limits.ndim": 1}):
        assert "raise config.limits.ndim" in str(refused(ARRAY))
    with config.set({"limits.codecs": 1}):
        assert "codecs has 2 entries, 1 are allowed -> raise config" in str(refused(ARRAY))


SPELLINGS = [
    ARRAY,
    ARRAY | OPTIONAL,
    dict(reversed((ARRAY | OPTIONAL).items())),
    ARRAY | {"attributes": {}},
    ARRAY | {"dimension_names": None},
    ARRAY | {"data_type": {"name": "float32"}, "chunk_key_encoding": "default"},
    ARRAY | {"chunk_key_encoding": {"name": "v2"}, "codecs": ["bytes"]},
    ARRAY | {"codecs": [{"name": "bytes", "configuration": {}, "must_understand": True}]},
    ARRAY | {"fill_value": "0x7fc00000"},
    ARRAY | {"fill_value": 0},
    ARRAY | {"data_type": "complex_float32", "fill_value": [0, "NaN"]},
    ARRAY | {"shape": [0, 0]},
    ARRAY
    | {
        "shape": [],
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": []}},
        "dimension_names": [],
    },
    GROUP,
    GROUP | {"attributes": {"a": {"b": ["é", 1e300, -0.0, 2**80]}}},
]


@pytest.mark.parametrize("document", SPELLINGS)
def test_a_document_read_and_written_loses_nothing(document):
    """Not a member, not a spelling, not the order."""
    written = v3.dump(v3.parse(copy.deepcopy(document), "t"))["zarr.json"]

    assert json.dumps(written) == json.dumps(document)


def test_what_was_written_shares_nothing_with_the_model():
    """Changing the one leaves the other."""
    model = v3.parse(copy.deepcopy(ARRAY | OPTIONAL), "t")

    v3.dump(model)["zarr.json"]["attributes"]["nested"]["a"].append(3)

    assert v3.dump(model)["zarr.json"] == ARRAY | OPTIONAL


CHANGES = [
    ({"shape": (7, 8)}, {"shape": [7, 8]}),
    (
        {"data_type": dtypes.from_v3("int8"), "fill_value": np.int8(3)},
        {"data_type": "int8", "fill_value": 3},
    ),
    (
        {"chunk_grid": ChunkGrid((5, 5))},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [5, 5]}}},
    ),
    (
        {"chunk_keys": ChunkKeyEncoding("v2", "/")},
        {"chunk_key_encoding": {"name": "v2", "configuration": {"separator": "/"}}},
    ),
    (
        {"codecs": (NamedConfig("bytes"), NamedConfig("x", {"a": 1}, False))},
        {
            "codecs": [
                {"name": "bytes"},
                {"name": "x", "configuration": {"a": 1}, "must_understand": False},
            ]
        },
    ),
    ({"fill_value": np.float32(-0.0)}, {"fill_value": -0.0}),
    ({"dimension_names": ("a", "b")}, {"dimension_names": ["a", "b"]}),
    ({"attributes": {"new": 1}}, {"attributes": {"new": 1}}),
    ({"attributes": {}}, {"attributes": {}}),
]


@pytest.mark.parametrize(("change", "members"), CHANGES)
def test_only_what_changed_is_written_anew(change, members):
    """All other members keep their spelling, unknown ones included."""
    document = ARRAY | OPTIONAL | {"extra": {"must_understand": False}}

    written = v3.dump(replace(v3.parse(document, "t"), **change))["zarr.json"]

    assert json.dumps(written) == json.dumps(document | members)


def test_dimension_names_can_be_taken_away():
    """The member goes with them."""
    model = v3.parse(ARRAY | OPTIONAL, "t")

    written = v3.dump(replace(model, dimension_names=None))["zarr.json"]

    assert "dimension_names" not in written


def test_a_group_gets_new_attributes():
    """Nothing else of the document changes."""
    document = {**GROUP, "extra": {"must_understand": False}}

    written = v3.dump(v3.parse(document, "t").with_attributes({"a": 1}))

    assert written == {"zarr.json": {**document, "attributes": {"a": 1}}}


def made(**change):
    """Make metadata from scratch, as for a new array."""
    model = ArrayMetadata(
        (100, 50),
        dtypes.from_v3("float32"),
        ChunkGrid((10, 20)),
        ChunkKeyEncoding(),
        (NamedConfig("bytes", {"endian": "little"}), NamedConfig("crc32c")),
        np.float32(0),
    )
    return replace(model, **change)


def test_new_metadata_is_written_as_the_first_version_has_it():
    """No short-hands, no must_understand: every reader of v3 knows these forms."""
    assert v3.dump(made(dimension_names=("y", "x"), attributes={"a": 1})) == {
        "zarr.json": {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [100, 50],
            "data_type": "float32",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10, 20]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0.0,
            "codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "crc32c"},
            ],
            "dimension_names": ["y", "x"],
            "attributes": {"a": 1},
        }
    }
    assert v3.dump(GroupMetadata()) == {"zarr.json": {**GROUP, "attributes": {}}}


def test_new_metadata_is_read_back_equal():
    """What we write we read."""
    model = made(fill_value=np.float32("nan"), attributes={"a": [1]})

    assert v3.parse(v3.dump(model)["zarr.json"], "t") == model


def test_a_codec_named_as_in_v2_is_not_written():
    """Its id and parameters would mean something else, or nothing."""
    codecs = (NamedConfig("bytes"), NamedConfig("zlib", {"level": 1}, dialect=2))

    with pytest.raises(MetadataError, match=r"'zlib' is named as numcodecs does.*numcodecs\.zlib"):
        v3.dump(made(codecs=codecs))


def test_a_bare_nan_in_attributes_is_read_and_written_as_a_word():
    """Once with a warning; never as something that JSON is not."""
    with pytest.warns(UserWarning, match="NaN"):
        document = json.loads(
            json.dumps({**GROUP, "attributes": {"a": 0}}).replace(b"0", b"NaN"), path="t"
        )

    with warnings.catch_warnings(action="error"):
        written = v3.dump(v3.parse(document, "t"))["zarr.json"]

    assert written["attributes"] == {"a": "NaN"}
    assert json.dumps(written)
