"""Tests of writing a part of a chunk: blocks that did not change are taken as they were."""

import numcodecs.blosc
import numpy as np
import pytest

import zarrpy
from zarrpy.codecs import Blosc

SHAPE = (20, 30, 40)
VALUES = np.random.default_rng(5).integers(0, 50, SHAPE).astype("f4")
PARTS = (
    np.s_[3],
    np.s_[-1:, 4:9],
    np.s_[::7, 5, ::3],
    np.s_[2:4, ::-1, 1],
    np.s_[19, 29, 39],
    np.s_[0, 0, 0],
    np.s_[5:5],
    np.s_[17:2:-3, ::-1],
    np.s_[-2::-9, [[28, 1]], [[3], [3]]],
    np.s_[[2, 9, 2], :, [1, 0, 3]],
)


def stored(place, compressors, disable):
    """Write part after part; return what the only chunk is after each."""
    shape = (SHAPE[0] + 2, *SHAPE[1:])  # so that the chunk reaches beyond the array
    array = zarrpy.create_array(
        place, shape=SHAPE, dtype="f4", chunks=shape, compressors=compressors, fill_value=7
    )
    expected = VALUES.copy()
    array[...] = expected
    found = []
    with zarrpy.config.set(disable=disable):
        for i, part in enumerate(PARTS):
            array[part] = expected[part] = -1.5 * i
            found.append(bytes(array.store.get("c/0/0/0")))
            np.testing.assert_array_equal(zarrpy.open(place)[...], expected)
    return found


@pytest.mark.parametrize("crc32c", [(), ("crc32c",)], ids=["plain", "crc32c"])
@pytest.mark.parametrize("where", ["memory", "files"])
@pytest.mark.parametrize("blocksize", [0, 4096, 10_001])
@pytest.mark.parametrize("cname", ["lz4", "lz4hc", "zstd", "zlib", "snappy", "blosclz"])
def test_a_chunk_is_the_same_as_encoded_anew(tmp_path, cname, blocksize, where, crc32c):
    """The fast path, its switch and the Python body give the same bytes for any part."""
    compressors = (Blosc(cname, 1, "shuffle", 4, blocksize), *crc32c)
    each = [
        stored({} if where == "memory" else tmp_path / str(i), compressors, disable)
        for i, disable in enumerate(((), ("partial",), ("native",)))
    ]
    assert each[0] == each[1] == each[2]


@pytest.mark.parametrize(
    "other",
    [
        numcodecs.Blosc("lz4", 9, numcodecs.Blosc.SHUFFLE, 4096),
        numcodecs.Blosc("zstd", 1, numcodecs.Blosc.SHUFFLE),
        numcodecs.Blosc("lz4", 5, numcodecs.Blosc.BITSHUFFLE),
        numcodecs.Blosc("lz4", 0),
    ],
    ids=repr,
)
def test_chunks_that_others_wrote_otherwise_are_encoded_anew(other):
    """With other blocks, another compressor, another filter, or stored as they are."""
    store = {}
    array = zarrpy.create_array(
        store, data=VALUES, chunks=SHAPE, compressors=Blosc("lz4", 5, "shuffle", 4)
    )
    store["c/0/0/0"] = bytes(other.encode(VALUES))
    array[3, 4] = 2
    expected = VALUES.copy()
    expected[3, 4] = 2

    np.testing.assert_array_equal(array[...], expected)
    assert store["c/0/0/0"] == Blosc("lz4", 5, "shuffle", 4).encode(expected.tobytes())


def test_blocks_of_others_are_kept_where_they_are_of_the_same_form():
    """As many bytes, whatever level they were written with; only the changed ones are ours."""
    array = zarrpy.create_array(
        store := {}, data=VALUES, chunks=SHAPE, compressors=Blosc("lz4", 1, "shuffle", 4, 4096)
    )
    theirs = numcodecs.Blosc("lz4hc", 9, numcodecs.Blosc.SHUFFLE, 4096).encode(VALUES)
    store["c/0/0/0"] = bytes(theirs)
    array[0, 0, 0] = 99
    expected = VALUES.copy()
    expected[0, 0, 0] = 99

    assert store["c/0/0/0"][-5000:] == bytes(theirs)[-5000:]
    np.testing.assert_array_equal(array[...], expected)


def test_damage_beside_the_part_is_told_and_nothing_is_written():
    """What was kept of it would pass for whole."""
    array = zarrpy.create_array(
        store := {}, data=VALUES, chunks=SHAPE, compressors=Blosc("lz4", 5, "shuffle", 4, 4096)
    )
    damaged = bytearray(store["c/0/0/0"])
    damaged[-200:] = bytes(200)
    store["c/0/0/0"] = bytes(damaged)
    with pytest.raises(zarrpy.CorruptChunkError):
        array[0, 0, 0] = 1
    assert store["c/0/0/0"] == damaged
