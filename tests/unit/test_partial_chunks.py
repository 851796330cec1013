"""Tests of reading a part of a chunk: only what is needed is decoded, and it is right."""

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs import Blosc

SHAPE = (40, 50, 60)


def made(**blosc):
    """Return values and a store with them in one chunk of several blocks."""
    values = np.random.default_rng(5).integers(0, 50, SHAPE).astype("f4")
    store = {}
    codec = Blosc(**blosc)
    zarrpy.create_array(store, data=values, chunks=SHAPE, compressors=codec)
    return values, store


@pytest.mark.parametrize("shuffle", ["shuffle", "bitshuffle", "noshuffle"])
@pytest.mark.parametrize("cname", ["lz4", "zstd", "zlib"])
@pytest.mark.parametrize("blocksize", [0, 4096, 100_000])
def test_a_window_is_the_same_whether_or_not_its_chunk_is_decoded_whole(shuffle, cname, blocksize):
    """The fast path, its switch and the Python body agree, for windows at any place."""
    values, store = made(cname=cname, clevel=1, shuffle=shuffle, blocksize=blocksize)
    array = zarrpy.open_array(store)
    places = np.random.default_rng(6).integers(0, SHAPE, (20, 3))

    for disable in ((), ("partial",), ("native",)):
        with zarrpy.config.set(disable=disable):
            for i, j, k in places:
                for window in (
                    np.s_[i : i + 3, j : j + 9, k : k + 20],
                    np.s_[i, j:, k],
                    np.s_[i:, j : j + 3],
                    np.s_[::-1, j, k : k + 1],
                    np.s_[i : i + 3, j : j + 9 : 2, k::-1],
                ):
                    np.testing.assert_array_equal(array[window], values[window])


def test_blocks_outside_the_window_are_not_decoded():
    """Damage in the last block is no matter to a window in the first; a whole read notices."""
    values, store = made(cname="zstd", clevel=1, blocksize=16384)
    store["c/0/0/0"] = store["c/0/0/0"][:-200] + b"\xff" * 200
    array = zarrpy.open_array(store)

    np.testing.assert_array_equal(array[0, :5], values[0, :5])
    with pytest.raises(zarrpy.CorruptChunkError, match=r"\(0, 0, 0\)"):
        array[...]
    with zarrpy.config.set(disable=("partial",)), pytest.raises(zarrpy.CorruptChunkError):
        array[0, :5]


@pytest.mark.parametrize("shape", [(), (7,), (9, 1, 5, 3)])
@pytest.mark.parametrize("typesize", [4, 6, 255])
def test_elements_may_lie_across_blocks(shape, typesize):
    """Where the codec was told another element size, blocks end within elements."""
    values = np.random.default_rng(7).integers(0, 9, (*shape, 300)).astype("f8")
    chunks = tuple(max(1, n - 2) for n in values.shape)
    codec = Blosc(cname="lz4", typesize=typesize, blocksize=1000)
    array = zarrpy.create_array({}, data=values, chunks=chunks, compressors=codec)

    for window in (np.s_[...], np.s_[..., 3:90], np.s_[..., 200:]):
        np.testing.assert_array_equal(array[window], values[window])
