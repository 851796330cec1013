"""Tests of `zarrpy.metadata.profiles`: a refusal names the feature and the profile."""

import numpy as np
import pytest

import zarrpy
from zarrpy import config
from zarrpy.config import PROFILES as NAMES
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata.profiles import PROFILES

SUFFIX = {"name": "zarrs.default_suffix", "configuration": {"suffix": ".bin"}}
NAN = {"dtype": "f4", "fill_value": "0x7fc00001"}
INNER = {"chunk_shape": [2], "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes",
         "configuration": {"endian": "little"}}]}  # fmt: skip
NESTED = {"shards": (8,), "chunks": (4,), "serializer": {"name": "sharding_indexed",
          "configuration": INNER}, "compressors": None}  # fmt: skip
OUTER = {**NESTED, "shards": None, "compressors": "gzip"}
SIZED = {"id": "blosc", "cname": "lz4", "typesize": 4}
TURNED = {"shape": (4, 6), "filters": [{"name": "transpose", "configuration": {"order": [1, 0]}}],
          "serializer": zarrpy.codecs.Sharding((3, 2), ["bytes"]), "compressors": None}  # fmt: skip
BITROUND = {"name": "bitround", "configuration": {"keepbits": 3}}


def made(profile, **keywords):
    """Create an array for the reader of a profile."""
    keywords = {"shape": 8, "dtype": "i1", "compat": profile, **keywords}
    return zarrpy.create_array({}, **keywords)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("dtype", ["bool", "u1", "i8", "f2", "f4", "c16"])
def test_the_defaults_are_within_every_profile(profile, dtype):
    """So that only what is asked for beyond them can be refused."""
    array = made(profile, dtype=dtype)
    array[...] = 1

    assert (array[...] == 1).all()


@pytest.mark.parametrize(
    ("profile", "keywords", "kind", "name"),
    [
        ("tensorstore", {"dtype": "U3"}, "data type", "fixed_length_utf32"),
        ("tensorstore", {"dtype": "M8[s]", "zarr_format": 2}, "data type", "numpy.datetime64"),
        ("tensorstore", {"dtype": str}, "data type", "string"),
        ("tensorstore", {"dtype": [("a", "i4")]}, "data type", "struct"),
        ("tensorstore", {"compressors": "lz4"}, "codec", "numcodecs.lz4"),
        ("tensorstore", {"filters": "delta:i1", "zarr_format": 2}, "codec", "delta"),
        ("tensorstore", {"shards": 8, "chunks": 4, "compressors": "lz4"}, "codec",
         "numcodecs.lz4"),
        ("tensorstore", {"chunks": [[3, 5]]}, "chunk grid", "rectilinear"),
        ("tensorstore", {"chunk_key_encoding": SUFFIX}, "chunk key encoding",
         "zarrs.default_suffix"),
        ("zarr-python-3.0", {"dtype": "bfloat16"}, "data type", "bfloat16"),
        ("zarr-python-3.0", {"dtype": "m8[s]"}, "data type", "numpy.timedelta64"),
        ("zarr-python-3.0", {"compressors": "snappy"}, "codec", "snappy"),
        ("zarr-python-3.0", {"chunks": [[3, 5]]}, "chunk grid", "rectilinear"),
        ("zarr-2.18", {"compressors": "crc32c"}, "codec", "crc32c"),
        ("zarr-2.18", {"dtype": "float8_e5m2"}, "data type", "float8_e5m2"),
        ("strict-3.1", {"dtype": "S3"}, "data type", "null_terminated_bytes"),
        ("strict-3.1", {"compressors": "numcodecs.zlib"}, "codec", "numcodecs.zlib"),
        ("strict-3.1", {"chunk_key_encoding": SUFFIX}, "chunk key encoding",
         "zarrs.default_suffix"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_feature_and_the_profile(profile, keywords, kind, name):
    """For programs and for people, and what is right."""
    with pytest.raises(UnsupportedExtensionError) as caught:
        made(profile, **keywords)

    assert (caught.value.kind, caught.value.name) == (kind, name)
    assert repr(profile) in str(caught.value)
    assert "it reads " in str(caught.value)


@pytest.mark.parametrize(
    ("profile", "keywords", "text"),
    [
        ("tensorstore", OUTER, "compressed as a whole"),
        ("tensorstore", {"shape": (8, 8), "dimension_names": ("y", "y")}, "the name 'y'"),
        ("tensorstore", {"compressors": ["gzip", "zstd"], "zarr_format": 2}, "filters in Zarr v2"),
        ("tensorstore", {"compressors": {"id": "zlib", "level": -1}, "zarr_format": 2}, "level -1"),
        ("tensorstore", {"compressors": SIZED, "zarr_format": 2}, "'typesize' of blosc"),
        ("zarr-2.18", {"compressors": SIZED}, "'typesize' of blosc"),
        ("zarr-python-3.0", NESTED, "shards within shards"),
        ("zarr-python-3.0", TURNED, r"behind a transpose .*chunks \[3, 2\] in \[4, 6\]"),
        ("zarr-python-3.0", {"compressors": "blosc:snappy"}, "snappy"),
        ("zarr-python-3.0", NAN, "NaN with other bits"),
        ("zarr-python-3.0", {"filters": BITROUND}, "'bitround' of anything but floats"),
        ("zarr-2.18", {"dtype": "M8[s]", "filters": "delta:i8"}, "'delta' of dates"),
    ],
)
def test_what_no_name_can_say_is_refused_in_words(profile, keywords, text):
    """By the profile's name too."""
    with pytest.raises(MetadataError, match=f"the profile '{profile}' refuses .*{text}"):
        made(profile, **keywords)


@pytest.mark.parametrize(
    ("profile", "default"),
    [("tensorstore", 3), ("zarr-python-3.0", 3), ("zarr-2.18", 2), ("strict-3.1", 3)],
)
def test_a_profile_chooses_a_format_that_its_reader_knows(profile, default):
    """Of arrays and of groups, and refuses another."""
    assert made(profile).metadata.zarr_format == default
    assert zarrpy.create_group({}, compat=profile).metadata.zarr_format == default
    assert zarrpy.open({}, mode="w", compat=profile).metadata.zarr_format == default
    with pytest.raises(MetadataError, match=f"zarr_format must be {default}"):
        made({2: "zarr-2.18", 3: "strict-3.1"}[default], zarr_format=5 - default)


def test_the_settings_may_name_the_profile():
    """For all that is created from then on."""
    with config.set({"array.compat": "zarr-2.18"}):
        group = zarrpy.create_group({})

        assert group.create_array("a", shape=3, dtype="i4").metadata.zarr_format == 2
        with pytest.raises(UnsupportedExtensionError, match=r"zarr-2\.18"):
            group.create_array("b", shape=3, dtype="i4", compressors="snappy")


def test_names_of_profiles_are_known_to_the_settings():
    """Which may not import them."""
    assert tuple(PROFILES) == NAMES
    with pytest.raises(MetadataError, match="compat must be one of 'tensorstore'"):
        made("zarr")


def test_what_a_reader_knows_by_another_name_is_written_under_that():
    """As long as it means the same."""
    rounded = made("zarr-python-3.0", dtype="f4", filters=BITROUND)
    raw = made("strict-3.1", dtype="V3")
    rounded[...], raw[...] = np.float32(1.25), np.void(b"abc")

    assert rounded.metadata.codecs[0].name == "numcodecs.bitround"
    assert raw.metadata.data_type.name == "r24"
    assert zarrpy.open(rounded.store)[0] == 1.25
    assert bytes(zarrpy.open(raw.store)[0]) == b"abc"


def test_nothing_is_stored_for_a_reader_that_could_not_read_it():
    """A refusal comes before all else."""
    store = {}
    with pytest.raises(UnsupportedExtensionError):
        zarrpy.create_array(store, data=["a"], compat="tensorstore")

    assert store == {}


@pytest.mark.parametrize("dtype", ["float8_e5m2", "int4", "bfloat16"])
def test_small_numbers_are_created_in_v2_for_tensorstore(dtype):
    """Which names them there as well, without a byte order."""
    array = made("tensorstore", dtype=dtype, zarr_format=2)
    array[...] = 1

    assert zarrpy.open(array.store).metadata.data_type.name == dtype
    assert (np.asarray(array[...]).astype("f4") == 1).all()
