"""Chunks that reach beyond the array: what they hold there never harms what is in it."""

from typing import Any

import numcodecs
import numpy as np
import pytest

import zarrpy

HUGE = 9.96921e36  # as netCDF fills, larger than what a sum of floats can carry along
DELTA = {"id": "delta", "dtype": "<f8"}
ZFP = {"name": "zfp", "configuration": {"mode": "fixed_rate", "rate": 24}}


def filtered(**keywords: Any) -> zarrpy.Array:
    """Create a v2 array whose filter sums floats."""
    return zarrpy.create_array({}, shape=(5, 5), chunks=(4, 4), dtype="f8", zarr_format=2,
                               filters=[DELTA], **keywords)  # fmt: skip


@pytest.mark.parametrize("fill_value", [np.nan, np.inf, HUGE, 0.0])
def test_differences_are_not_spoilt_by_fill_values_beyond_the_array(fill_value, body):
    """A sum that met a NaN beyond the end of a row would be a NaN in all rows after it."""
    values = np.arange(25.0).reshape(5, 5)
    array = filtered(fill_value=fill_value)

    array[...] = values

    assert (array[...] == values).all()


def test_a_part_of_an_edge_chunk_is_written_without_harm_to_the_rest(body):
    """What was stored beyond the array is read, and is no better than what is new there."""
    values = np.arange(25.0).reshape(5, 5)
    array = filtered(fill_value=np.nan)
    array[...] = values

    array[1, 4] = values[1, 4] = 7.0

    assert (array[...] == values).all()


@pytest.mark.parametrize("order", ["C", "F"])
def test_another_reader_finds_zeros_beyond_the_array(order, body):
    """Zeros are what leaves the sums exact."""
    array = filtered(fill_value=np.nan, order=order)
    array[...] = np.arange(25.0).reshape(5, 5)

    stored = numcodecs.get_codec({"id": "zstd"}).decode(array.store.get("1.1"))
    chunk = numcodecs.get_codec(DELTA).decode(np.frombuffer(stored, "f8"))

    assert chunk.tolist() == [24.0] + [0.0] * 15


def test_an_edge_chunk_of_fill_values_is_not_stored(body):
    """Whether a chunk is empty does not depend on what lies beyond the array."""
    array = filtered(fill_value=np.nan)
    array[...] = 1.0

    array[4, 4] = np.nan

    assert array.store.get("1.1") is None


@pytest.mark.parametrize("compressors", [None, "gzip"])
def test_chunks_in_shards_are_padded_alike(compressors, body):
    """Also where shards are compressed, and so are written whole."""
    values = np.arange(25.0).reshape(5, 5)
    inner = [{"name": "numcodecs.delta", "configuration": {"dtype": "<f8"}}]
    bytes_codec = {"name": "bytes", "configuration": {"endian": "little"}}
    shard = {"chunk_shape": [2, 4], "codecs": [*inner, bytes_codec],
             "index_codecs": [bytes_codec, {"name": "crc32c"}]}  # fmt: skip
    array = zarrpy.create_array({}, shape=(5, 5), chunks=(4, 4), dtype="f8", fill_value=np.nan,
                                serializer={"name": "sharding_indexed", "configuration": shard},
                                compressors=compressors)  # fmt: skip

    array[...] = values
    array[0, 4] = values[0, 4] = -1.0

    assert (array[...] == values).all()


def test_rounded_blocks_are_not_spoilt_by_fill_values_beyond_the_array(body):
    """The codec zfp gives all numbers of a block the exponent of its largest."""
    values = np.arange(25, dtype="f4").reshape(5, 5)
    array = zarrpy.create_array({}, shape=(5, 5), chunks=(4, 4), dtype="f4", fill_value=HUGE,
                                serializer=ZFP, compressors=None)  # fmt: skip

    array[...] = values

    np.testing.assert_allclose(array[...], values, atol=0.01)
