"""Codecs as people write them."""

import json

import numcodecs
import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.blosc import Blosc
from zarrpy.codecs.crc32c import CRC32C
from zarrpy.codecs.gzip import Gzip
from zarrpy.codecs.notation import parse_codec
from zarrpy.codecs.shuffle import Shuffle
from zarrpy.codecs.zlib import Zlib
from zarrpy.codecs.zstd import Zstd
from zarrpy.errors import MetadataError, UnsupportedExtensionError


def test_text_takes_the_data_type_of_the_array_where_a_codec_needs_one():
    """The word "delta" is a whole filter: what it works on is known."""
    array = zarrpy.create_array({}, shape=8, dtype="int16", filters="delta")

    assert array.filters[0].dtype == "<i2"


def test_a_v3_document_says_the_element_size_of_blosc_chunks():
    """Readers that believe the document get the real size, not 1."""
    store = {}
    zarrpy.create_array(store, shape=8, dtype="int16", compressors="blosc:lz4:5:shuffle")

    codec = json.loads(store["zarr.json"])["codecs"][-1]

    assert codec["configuration"]["typesize"] == 2


def test_a_v2_document_leaves_the_element_size_out():
    """Older numcodecs, and tensorstore, refuse the key."""
    store = {}
    zarrpy.create_array(
        store, shape=8, dtype="int16", compressors="blosc:lz4:5:shuffle", zarr_format=2
    )

    assert "typesize" not in json.loads(store[".zarray"])["compressor"]


SPEC = ChunkSpec((4, 6), np.dtype("i4"), None)


@pytest.mark.parametrize(
    ("given", "codec"),
    [
        ("zstd", Zstd()),
        ("zstd:9", Zstd(level=9)),
        ("zstd:-5:true", Zstd(level=-5, checksum=True)),
        ("zstd::true", Zstd(checksum=True)),
        ("gzip:3", Gzip(3)),
        ("numcodecs.zlib:3", Zlib(3)),
        ("zlib:3", Zlib(3)),
        ("blosc:lz4:9:bitshuffle", Blosc("lz4", 9, "bitshuffle")),
        (Zstd(level=3), Zstd(level=3)),
        ({"name": "zstd", "configuration": {"level": 2, "checksum": False}}, Zstd(level=2)),
        ({"name": "crc32c"}, CRC32C()),
        ({"id": "zlib", "level": 4}, Zlib(4)),
        ({"id": "shuffle", "elementsize": 8}, Shuffle(8)),
        (numcodecs.Zstd(level=7), Zstd(level=7)),
        (numcodecs.Shuffle(2), Shuffle(2)),
    ],
)
def test_a_codec_may_be_written_in_many_ways(given, codec):
    """Objects, names with parameters, documents of both formats, codecs of numcodecs."""
    assert parse_codec(given, SPEC) == codec


def test_a_codec_of_zarr_python_is_taken():
    """By the document that it tells."""

    class Foreign:
        def to_dict(self):
            return {"name": "gzip", "configuration": {"level": 2}}

    assert parse_codec(Foreign()) == Gzip(2)


@pytest.mark.parametrize("given", [3, None, object(), {}, {"level": 3}, ["zstd"], b"zstd"])
def test_what_is_no_codec_says_what_is_one(given):
    """With what was given."""
    with pytest.raises(MetadataError, match="name such as"):
        parse_codec(given)


@pytest.mark.parametrize("given", ["nope", "nope:3", {"name": "nope"}, {"id": "nope"}])
def test_an_unknown_codec_names_those_that_are_known(given):
    """The error tells kind and name."""
    with pytest.raises(UnsupportedExtensionError, match=r"nope.*zstd") as caught:
        parse_codec(given)

    assert (caught.value.kind, caught.value.name) == ("codec", "nope")


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ("zstd:1:true:4", "3 parameters"),
        ("zstd:high", "level"),
        ("zstd:99", "level"),
        ("blosc:nope", "cname"),
        ({"name": "zstd", "configuration": {"lvl": 1}}, "lvl"),
        ({"id": "zlib", "level": "x"}, "level"),
        ("snappy:1", "parameters"),
    ],
)
def test_a_parameter_that_is_none_is_named(given, match):
    """With the codec's own parameters."""
    with pytest.raises(MetadataError, match=match):
        parse_codec(given)


def test_a_parameter_beside_the_name_is_refused_and_not_left_out():
    """In the words of Zarr v3 it stands in the configuration."""
    with pytest.raises(MetadataError, match="configuration") as caught:
        parse_codec({"name": "zstd", "level": 3})
    assert (caught.value.field, caught.value.value) == ("zstd.level", 3)


def test_a_misspelt_codec_names_the_one_that_was_meant():
    """Besides all that there are."""
    with pytest.raises(UnsupportedExtensionError, match=r"did you mean 'zstd'\? known: adler32, "):
        zarrpy.create_array({}, shape=4, dtype="f4", compressors="zsdt")
