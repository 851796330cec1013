"""Codecs as people write them."""

import json

import zarrpy


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
