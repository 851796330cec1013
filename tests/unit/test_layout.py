"""Tests of `zarrpy.layout`: what an array gets when nobody says."""

import math

import numpy as np
import pytest

import zarrpy
from zarrpy.layout import CHUNK_NBYTES, WHOLE_ROW_NBYTES, default_chunks

SHAPES = [
    (2161, 4320),
    (12, 19, 90, 180),
    (132, 73, 144),
    (2160, 4320, 12),
    (301, 370, 316),
    (10**6, 10**3),
    (365, 50, 1000, 2000),
    (10**12,),
    (1, 10**9),
    (7, 11, 13),
    (2**62, 3),
    (3, 2**62),
    (2**62,) * 20,
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("itemsize", [1, 4, 16])
def test_chunks_have_a_size_that_is_good_to_read(shape, itemsize):
    """At most half as large again as the goal; not small where the array is large."""
    chunks = default_chunks(shape, itemsize)

    nbytes = math.prod(chunks) * itemsize
    assert nbytes <= 1.5 * CHUNK_NBYTES
    if math.prod(shape) * itemsize > 4 * CHUNK_NBYTES:
        assert nbytes >= CHUNK_NBYTES / 4


@pytest.mark.parametrize("shape", SHAPES)
def test_axes_are_cut_evenly(shape):
    """Edge chunks hold little padding."""
    chunks = default_chunks(shape, 4)

    for length, chunk in zip(shape, chunks, strict=True):
        assert 1 <= chunk <= length
        padded = -(-length // chunk) * chunk
        assert padded - length < -(-length // chunk)


def test_a_small_array_is_one_chunk():
    """There is nothing to gain."""
    assert default_chunks((100, 100), 8) == (100, 100)
    assert default_chunks((), 8) == ()


def test_an_axis_without_elements_has_chunks_of_one():
    """Chunks have at least one element on each axis."""
    assert default_chunks((0, 5), 8) == (1, 5)


def test_a_short_last_axis_stays_whole():
    """Cutting it would make short rows in memory."""
    assert default_chunks((2160, 4320, 12), 1)[-1] == 12
    longest = WHOLE_ROW_NBYTES // 4
    assert default_chunks((10**7, longest), 4)[-1] == longest


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("dtype", ["u1", "bool", "<f4", ">f8", "c16"])
def test_by_default_a_changed_byte_is_noticed(body, zarr_format, dtype):
    """Every default chain has a checksum: no stored byte can change unseen."""
    values = np.arange(100).astype(dtype)
    store = {}
    array = zarrpy.create_array(store, data=values, zarr_format=zarr_format)
    key = next(key for key in store if not key.endswith(("json", "zarray", "zattrs")))
    whole = store[key]

    for i in range(len(whole)):
        store[key] = whole[:i] + bytes([whole[i] ^ 0x41]) + whole[i + 1 :]
        with pytest.raises(zarrpy.CorruptChunkError):
            array[...]


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("itemsize", [1, 2, 8])
def test_the_default_chain_runs_in_the_engine(zarr_format, itemsize):
    """Nothing in it needs Python."""
    array = zarrpy.create_array({}, shape=9, dtype=f"u{itemsize}", zarr_format=zarr_format)

    assert array.codecs.native
    assert array.codecs.native_chain is not None


def test_pixels_are_compressed_by_their_parts():
    """Neighbours of one colour resemble each other more than the colours of a pixel."""
    photograph = zarrpy.create_array({}, shape=(4000, 3000, 3), dtype="u1")
    upright = zarrpy.create_array({}, shape=(3, 3000, 4000), dtype="u1")

    assert photograph.compressors[0].typesize == 3
    assert upright.compressors[0].name == "zstd"


@pytest.mark.parametrize(
    ("shape", "chunks", "shards", "found"),
    [
        ((0, 20), (5, 5), -1, (5, 20)),
        ((10,), (4,), -1, (12,)),
        ((8, 0), (4, 3), (-1, 6), (8, 6)),
        ((10, 10), 4, (8, -1), (8, 12)),
        ((10,), (-1,), (-1,), (10,)),
        ((10,), "auto", -1, (10,)),
    ],
)
def test_shards_that_span_an_axis_hold_whole_chunks(shape, chunks, shards, found):
    array = zarrpy.create_array({}, shape=shape, chunks=chunks, shards=shards, dtype="i1")

    assert array.shards == found
    array[...] = 1
    assert np.array_equal(array[...], np.ones(shape, "i1"))
