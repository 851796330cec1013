"""Filters run in the order in which they are given, or are refused when the array is made."""

import numcodecs
import numpy as np
import pytest

import zarrpy
from zarrpy.errors import CodecError, MetadataError

VALUES = np.arange(60, dtype="i4").reshape(6, 10)
SHUFFLE = {"id": "shuffle", "elementsize": 4}
DELTA = {"id": "delta", "dtype": "<i4"}


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("first", [SHUFFLE, {"id": "crc32"}, {"id": "zlib", "level": 1}])
def test_a_filter_of_arrays_behind_one_of_bytes_is_refused(zarr_format, first):
    """It is not put in front silently; nothing is stored."""
    store = {}

    with pytest.raises(MetadataError, match=r"stands behind .* which gives bytes") as caught:
        zarrpy.create_array(store, data=VALUES, filters=[first, DELTA], zarr_format=zarr_format)

    assert "filters run in the order of the list" in caught.value.hint
    assert store == {}


def test_what_makes_bytes_of_objects_comes_behind_no_filter_of_bytes():
    """Nor twice."""
    for filters in (["crc32", "vlen-utf8"], ["vlen-utf8", "delta"]):
        with pytest.raises((MetadataError, CodecError)):
            zarrpy.create_array({}, data=["a", "b"], dtype=str, filters=filters, zarr_format=2)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_filters_run_in_the_order_of_the_list(zarr_format):
    """As numcodecs runs them."""
    store = {}
    filters = [DELTA, SHUFFLE, {"id": "crc32"}]

    zarrpy.create_array(
        store, data=VALUES, filters=filters, compressors=None, zarr_format=zarr_format
    )

    expected = VALUES
    for each in filters:
        expected = numcodecs.get_codec(dict(each)).encode(expected)
    assert bytes(store["0.0" if zarr_format == 2 else "c/0/0"]) == bytes(expected)
    assert (zarrpy.open(store)[...] == VALUES).all()


@pytest.mark.parametrize(
    "keywords",
    [
        {"zarr_format": 2, "filters": [{"id": "shuffle", "elementsize": 7}]},
        {"filters": [{"id": "shuffle", "elementsize": 7}]},
        {"compressors": ["numcodecs.shuffle:7", "zstd"]},
        {"zarr_format": 2, "filters": [{**DELTA, "astype": "<i2"}, {"id": "shuffle"}]},
        {"shards": (6, 10), "compressors": ["numcodecs.shuffle:7"]},
    ],
)
def test_a_shuffle_that_does_not_divide_a_chunk_is_refused_at_once(keywords):
    """And not by the first chunk that is written."""
    store = {}

    with pytest.raises(MetadataError, match=r"a divisor of the .* bytes of a chunk") as caught:
        zarrpy.create_array(store, shape=(6, 10), dtype="i4", chunks=(3, 5), **keywords)

    assert caught.value.field == "numcodecs.shuffle.elementsize"
    assert store == {}


def test_a_shuffle_that_divides_chunks_and_not_elements_is_let_through():
    """It is of little use, and does no harm."""
    store = {}

    zarrpy.create_array(store, data=VALUES, chunks=(3, 5), filters=["numcodecs.shuffle:10"])

    assert (zarrpy.open(store)[...] == VALUES).all()


def test_an_array_of_another_program_with_such_a_shuffle_is_opened():
    """What was never written reads as the fill value."""
    document = (
        b'{"zarr_format": 2, "shape": [4], "chunks": [3], "dtype": "<i4", "compressor": null, '
        b'"fill_value": 7, "order": "C", "filters": [{"id": "shuffle", "elementsize": 5}]}'
    )

    assert zarrpy.open({".zarray": document})[...].tolist() == [7, 7, 7, 7]


@pytest.mark.parametrize(
    "chain",
    [
        [{"id": "astype", "encode_dtype": ">f2", "decode_dtype": "<f8"}],
        [{"id": "quantize", "digits": 2, "dtype": "<f8", "astype": ">f4"}],
        [{"id": "fixedscaleoffset", "offset": 0, "scale": 1, "dtype": "<f8", "astype": ">i2"}],
        [
            {"id": "astype", "encode_dtype": ">i4", "decode_dtype": "<f8"},
            {"id": "delta", "dtype": ">i4", "astype": "<i2"},
        ],
    ],
    ids=lambda chain: "-".join(each["id"] for each in chain),
)
def test_filters_of_v2_may_store_the_other_byte_order(chain):
    """Bytes as numcodecs makes them."""
    store, values = {}, np.arange(60, dtype="<f8").reshape(6, 10)

    zarrpy.create_array(
        store, data=values, chunks=(6, 10), filters=chain, compressors=None, zarr_format=2
    )

    expected = values
    for each in chain:
        expected = numcodecs.get_codec(dict(each)).encode(expected)
    assert bytes(store["0.0"]) == expected.tobytes()
    assert (zarrpy.open(store)[...] == values).all()


def test_a_filter_of_v2_that_names_another_byte_order_than_the_array_is_refused():
    """Readers look at the bytes as the filter says, and would find other numbers."""
    store = {}
    narrow = {"id": "astype", "encode_dtype": "<f4", "decode_dtype": "<f8"}

    with pytest.raises(MetadataError, match=r"byte order '<', and is given those of '>'") as caught:
        zarrpy.create_array(store, data=VALUES, dtype=">f8", filters=[narrow], zarr_format=2)

    assert caught.value.field == "filters.astype.decode_dtype"
    assert caught.value.hint == "name '>f8'"
    assert store == {}
