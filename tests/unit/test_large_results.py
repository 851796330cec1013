"""Tests of results larger than the cache, which are written past it."""

import numpy as np
import pytest

import zarrpy
from zarrpy._native.batch import STREAM_NBYTES

#: Rows are no whole cache lines, chunks reach beyond the array, and the axes are all different.
SHAPE = (90, 310, 331)
CHUNKS = (32, 100, 77)
VALUES = np.arange(np.prod(SHAPE), dtype="u4").reshape(SHAPE)
LAYOUTS = {
    "plain": {"compressors": None},
    "big-endian": {"compressors": None, "dtype": ">u4"},
    "blosc": {"compressors": "blosc:lz4:1"},
    "zstd": {"compressors": "zstd:1"},
    "shards": {"compressors": "blosc:lz4:1", "shards": (64, 200, 154)},
    "Fortran": {"compressors": None, "zarr_format": 2, "order": "F"},
    "planes": {"compressors": None, "chunks": (1, 310, 331)},
    "planes, Blosc": {"compressors": "blosc:lz4:5", "chunks": (1, 310, 331)},
    "pairs, Blosc": {
        "compressors": "blosc:lz4:5",
        "chunks": (3, 310, 331),
        "dtype": "u2",
        "shape": (180, 310, 331),
    },
    "complex, Blosc": {
        "compressors": "blosc:zstd:1",
        "chunks": (5, 310, 331),
        "dtype": "c16",
        "shape": (25, 310, 331),
    },
    "rows of bytes": {"compressors": None, "dtype": "u1", "shape": (200, 500, 400)},
}


@pytest.fixture(scope="module", params=LAYOUTS)
def stored(request, tmp_path_factory):
    """Return an array in files and what it holds."""
    keywords = {"chunks": CHUNKS, **LAYOUTS[request.param]}
    dtype, shape = np.dtype(keywords.pop("dtype", "u4")), keywords.pop("shape", SHAPE)
    values = np.resize(VALUES, shape).astype(dtype)
    assert values.nbytes >= STREAM_NBYTES
    path = tmp_path_factory.mktemp("large") / "array"
    return zarrpy.create_array(path, data=values, **keywords), values


@pytest.mark.parametrize("disable", [(), ("stream",), ("spare",), ("native",)])
def test_a_large_result_is_the_same_however_it_is_written(stored, disable):
    """The fast path, its switch and the Python body agree."""
    array, values = stored
    with zarrpy.config.set(disable=disable):
        np.testing.assert_array_equal(array[...], values)


@pytest.mark.parametrize("shift", [0, 1, 12, 16, 63])
def test_memory_of_the_caller_may_begin_anywhere(stored, shift):
    """And what lies before it and behind it stays as it is."""
    array, values = stored
    memory = np.full(values.nbytes + 256, 0xA5, "u1")
    first = -memory.ctypes.data % 64 + shift
    out = np.ndarray(values.shape, values.dtype.newbyteorder("="), memory, first)
    array.read(out=out)

    np.testing.assert_array_equal(out, values)
    assert np.all(memory[:first] == 0xA5)
    assert np.all(memory[first + values.nbytes :] == 0xA5)


def test_strided_memory_of_the_caller_is_filled(stored):
    """Every second row, backwards, with the axes in another order."""
    array, values = stored
    memory = np.zeros((values.shape[2], values.shape[0] * 2, values.shape[1]), values.dtype.str[1:])
    out = memory[:, ::-2].transpose(1, 2, 0)
    array.read(out=out)

    np.testing.assert_array_equal(out, values)
    assert not memory[:, ::2].any()


def test_large_results_begin_with_a_cache_line():
    """So that rows of whole lines are written as such; what is small does as NumPy does."""
    array = zarrpy.create_array({}, shape=(STREAM_NBYTES,), dtype="u1", chunks=1 << 20)
    assert array[...].ctypes.data % 64 == 0
    assert array[...].flags.c_contiguous
    assert array[...].flags.writeable
    assert array[:100].flags.owndata
