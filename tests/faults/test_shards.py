"""Damaged shards: errors that name shard or chunk, and never other data."""

import struct

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ChecksumError, CorruptChunkError

VALUES = np.arange(64, dtype="i4").reshape(8, 8)


@pytest.fixture(params=["end", "start"])
def array(store, request):
    """Four shards of four chunks; the shard at c/0/1 is going to be damaged."""
    return zarrpy.create_array(
        store,
        name="g/a",
        data=VALUES,
        chunks=2,
        shards={"shape": 4, "index_location": request.param},
        compressors="crc32c",
    )


def change(array, edit):
    """Edit the bytes of the shard at c/0/1."""
    value = bytearray(array.store.get("g/a/c/0/1"))
    array.store.set("g/a/c/0/1", bytes(edit(value) or value))


def at_start(array):
    """Whether the index is in front."""
    return array.codecs.array_to_bytes.index_location == "start"


def set_entry(array, position, offset, nbytes):
    """Write an entry of the index, with a right checksum: damage that none finds."""
    from zarrpy.codecs.crc32c import CRC32C

    def edit(value):
        begin = 0 if at_start(array) else len(value) - 68
        index = value[begin : begin + 64]
        index[16 * position : 16 * position + 16] = struct.pack("<QQ", offset, nbytes)
        value[begin : begin + 68] = bytes(CRC32C().encode(bytes(index)))

    change(array, edit)


def test_a_damaged_chunk_is_named_among_all_chunks(array, body):
    """With the key of its shard and the byte at which it begins; the others can be read."""
    first = 68 if at_start(array) else 0

    def edit(value):
        value[first + 2 * 20 + 3] ^= 1

    change(array, edit)

    for key in np.s_[:], np.s_[2, 4], np.s_[:4, 4:]:
        with pytest.raises(ChecksumError) as caught:
            array[key]
        error = caught.value
        assert (error.chunk, error.key, error.codec) == ((1, 2), "c/0/1", "crc32c")
        assert error.array == array.store.place_of("g/a")
    assert np.array_equal(array[:2], VALUES[:2])
    assert np.array_equal(array[2:4, 6:], VALUES[2:4, 6:])


def test_a_damaged_index_is_an_error_of_its_shard(array, body, contents):
    """Nothing of the shard is read, nor is it overwritten in part."""

    def edit(value):
        value[10 if at_start(array) else len(value) - 30] ^= 1

    change(array, edit)
    before = contents(array.store)

    for act in (lambda: array[0, 4], lambda: array.write(np.s_[0, 4], 1)):
        with pytest.raises(ChecksumError, match="index of the shard") as caught:
            act()
        error = caught.value
        assert (error.chunk, error.key, error.codec) == ((0, 1), "c/0/1", "sharding_indexed")
    assert contents(array.store) == before
    assert np.array_equal(array[4:], VALUES[4:])
    array[:4, 4:] = VALUES[:4, 4:]
    assert np.array_equal(array[...], VALUES)


@pytest.mark.parametrize(
    ("offset", "nbytes"),
    [(2**64 - 10, 20), (0, 2**64 - 2), (2**63, 20), (10_000, 20), (140, 20), (2**64 - 1, 20)],
)
def test_an_index_that_points_outside_names_the_chunk(array, body, offset, nbytes):
    """Whether by damage or by intent, sums do not overflow."""
    set_entry(array, 1, offset, nbytes)

    for act in (lambda: array[0, 6], lambda: array.write(np.s_[2, 4], 1)):
        with pytest.raises(CorruptChunkError) as caught:
            act()
        assert (caught.value.chunk, caught.value.key) == ((0, 3), "c/0/1")
    assert np.array_equal(array[:2, :6], VALUES[:2, :6])


def test_an_index_may_not_point_at_itself(array, body):
    """No chunk lies there."""
    nbytes = len(array.store.get("g/a/c/0/1"))
    set_entry(array, 0, 0 if at_start(array) else nbytes - 20, 20)

    with pytest.raises(CorruptChunkError):
        array[0, 4]


def test_chunks_may_share_bytes(array, body):
    """An index in which ranges overlap is unusual, and right; each is kept when others change."""
    first = 68 if at_start(array) else 0
    for position in range(4):
        set_entry(array, position, first, 20)
    chunk = VALUES[:2, 4:6]

    assert np.array_equal(array[:4, 4:], np.tile(chunk, (2, 2)))
    array[0, 4] = -1

    assert array[0, 4:].tolist() == [-1, 5, 4, 5]
    assert np.array_equal(array[2:4, 4:], np.tile(chunk, (1, 2)))


@pytest.mark.parametrize("left", [0, 1, 67, 68, 100])
def test_a_shard_that_was_cut_is_corrupt(array, body, left):
    """However much is left of it."""

    def edit(value):
        del value[left:]

    change(array, edit)

    for act in (lambda: array[3, 7], lambda: array[...], lambda: array.write(np.s_[0, 4], 1)):
        with pytest.raises(CorruptChunkError) as caught:
            act()
        assert caught.value.key == "c/0/1"


def test_bytes_between_chunks_are_of_no_concern(array, body):
    """Writers may leave gaps, and chunks in any order."""
    if at_start(array):
        value = array.store.get("g/a/c/0/1")
        array.store.set("g/a/c/0/1", bytes(value) + b"junk")
    else:

        def edit(value):
            chunks, index = value[:80], value[80:]
            return chunks[40:] + b"junk" + chunks[:40] + index

        change(array, edit)
        for position, offset in enumerate([44, 64, 0, 20]):
            set_entry(array, position, offset, 20)

    assert np.array_equal(array[...], VALUES)
    array[3, 7] = 5
    assert array[3, 7] == 5
    assert np.array_equal(array[:3], VALUES[:3])
