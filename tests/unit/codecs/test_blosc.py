"""Tests of `zarrpy.codecs.blosc`."""

from dataclasses import replace

import blosc2
import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numcodecs import blosc as c_blosc

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.blosc import COMPRESSORS, Blosc
from zarrpy.codecs.snappy import Snappy
from zarrpy.errors import CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

WALK = np.cumsum(np.random.default_rng(1).normal(size=100_003)).astype("f4")
SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
# numcodecs is built without it.
JUDGED = [name for name in COMPRESSORS if name != "snappy"]


class TestBlosc(BytesToBytesContract):
    codecs = (
        Blosc("lz4", 5, "shuffle", typesize=4),
        Blosc("zstd", 3, "shuffle", typesize=8),
        Blosc("zstd", 9, "bitshuffle", typesize=8),
        Blosc("blosclz", 5, "shuffle", typesize=2),
        Blosc("lz4hc", 1, "noshuffle", typesize=16),
        Blosc("zlib", 1, "bitshuffle", typesize=3),
        Blosc("snappy", 5, "shuffle", typesize=4),
        Blosc("zstd", 0, "shuffle", typesize=4),
        Blosc("lz4", 5, "shuffle", typesize=4, blocksize=1000),
    )


@pytest.mark.parametrize("cname", JUDGED)
@pytest.mark.parametrize("shuffle", SHUFFLES)
@pytest.mark.parametrize("typesize", [1, 2, 4, 7, 8, 16, 17])
@pytest.mark.parametrize("clevel", [0, 1, 5])
def test_numcodecs_reads_ours_and_we_read_its(cname, shuffle, typesize, clevel):
    """The container is the same both ways, tails of elements included."""
    ours = Blosc(cname, clevel, shuffle, typesize)
    theirs = numcodecs.Blosc(cname, clevel, SHUFFLES[shuffle])
    for nbytes in (typesize, 130 * typesize, 200_000 // typesize * typesize):
        data = WALK.tobytes()[:nbytes]
        elements = np.frombuffer(data, f"V{typesize}")

        assert bytes(theirs.decode(ours.encode(data))) == data
        assert ours.decode(theirs.encode(elements), nbytes) == data
        longer = data + b"xyz"[: typesize - 1]
        assert bytes(theirs.decode(ours.encode(longer))) == longer


@pytest.mark.parametrize("cname", ["lz4", "lz4hc"])
@pytest.mark.parametrize("shuffle", SHUFFLES)
@pytest.mark.parametrize("clevel", range(10))
def test_lz4_gives_the_bytes_of_c_blosc(cname, shuffle, clevel):
    """Block sizes, splits and flags are those that c-blosc chooses."""
    for dtype in ("u1", "f4", "f8", "c16"):
        data = WALK.tobytes()[: 100_000 // 16 * 16]
        c_blosc.use_threads = False

        theirs = numcodecs.Blosc(cname, clevel, SHUFFLES[shuffle]).encode(
            np.frombuffer(data, dtype)
        )

        typesize = np.dtype(dtype).itemsize
        assert Blosc(cname, clevel, shuffle, typesize).encode(data) == bytes(theirs)


@pytest.mark.parametrize("clevel", [1, 3, 5])
def test_split_zstd_is_smaller_and_read_by_others(clevel):
    """Splitting is the writer's choice, which every reader follows."""
    data = WALK.tobytes()
    split, whole = (Blosc("zstd", clevel, "shuffle", 4, split=split) for split in (True, False))

    encoded = split.encode(data)

    assert len(encoded) < len(whole.encode(data))
    assert encoded[2] & 0x10 == 0
    assert whole.encode(data)[2] & 0x10 == 0x10
    assert bytes(numcodecs.Blosc().decode(encoded)) == data
    assert blosc2.decompress(encoded) == data


@pytest.mark.parametrize(
    ("codec", "nbytes"),
    [
        (Blosc("zstd", 3, "shuffle", 4), 4 * 4095),
        (Blosc("zstd", 6, "shuffle", 4), 400_000),
        (Blosc("zstd", 3, "bitshuffle", 4), 400_000),
        (Blosc("zstd", 3, "shuffle", 1), 400_000),
        (Blosc("zstd", 3, "shuffle", 17), 400_000),
    ],
)
def test_zstd_is_not_split_where_that_does_not_pay(codec, nbytes):
    """Short splits, high levels and single bytes are better off whole."""
    encoded = codec.encode(WALK.tobytes()[:nbytes])

    assert encoded[2] & 0x10 == 0x10
    assert encoded == replace(codec, split=False).encode(WALK.tobytes()[:nbytes])


def test_the_writers_choice_to_split_is_not_stored():
    """It changes no meaning, so that metadata does not have it."""
    assert "split" not in Blosc(split=False).to_config(3)
    assert "split" not in Blosc(split=False).to_config(2)


def test_the_tail_of_a_bitshuffled_chunk_is_read():
    """Bytes behind the last whole element are there, as c-blosc stores them."""
    data = WALK.tobytes()[:4003]
    encoded = c_blosc.compress(data, b"lz4", 5, 2, 0)
    as_elements = bytes(encoded[:3]) + b"\x08" + bytes(encoded[4:])

    assert Blosc().decode(bytes(encoded), 4003) == data
    assert len(Blosc().decode(as_elements, 4003)) == 4003


def test_snappy_that_did_not_shrink_is_read():
    """Some writers keep what snappy could not shrink in its form, longer than the bytes."""
    data = np.random.default_rng(0).bytes(1000)
    packed = Snappy().encode(data)
    block = len(packed).to_bytes(4, "little") + packed
    sizes = (1000, 1000, 20 + len(block))
    header = bytes([2, 1, 0x40 | 0x10, 1]) + b"".join(n.to_bytes(4, "little") for n in sizes)
    chunk = header + (20).to_bytes(4, "little") + block

    assert len(packed) > len(data)
    assert Blosc().decode(chunk, 1000) == data


def test_an_empty_chunk_is_read_also_from_numcodecs():
    """Numcodecs writes an empty chunk that it cannot read itself."""
    empty = bytes(c_blosc.compress(b"", b"lz4", 5, 1, 0))

    assert Blosc().decode(empty, 0) == b""


@given(st.binary(min_size=1, max_size=700), st.integers(1, 300), st.sampled_from(JUDGED),
       st.sampled_from(sorted(SHUFFLES)), st.integers(1, 255), st.integers(0, 9))  # fmt: skip
def test_any_bytes_round_trip_and_are_read_by_numcodecs(
    data, times, cname, shuffle, typesize, clevel
):
    """No combination of sizes and parameters is special."""
    data = (data * times)[:20_000]
    codec = Blosc(cname, clevel, shuffle, typesize)

    encoded = codec.encode(data)

    assert codec.decode(encoded, len(data)) == data
    assert bytes(numcodecs.Blosc().decode(encoded)) == data


def test_blosc2_chunks_are_refused_by_name():
    """Blosc2 has another container, which no Zarr specification names."""
    chunk = blosc2.compress2(WALK.tobytes(), typesize=4)

    with pytest.raises(CorruptChunkError, match="Blosc2"):
        Blosc().decode(chunk, WALK.nbytes)


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (0, 1, "unknown version"),
        (2, 0x08, "reserved"),
        (3, 0, "not valid"),
        (8, b"\0\0\0\0", "block size"),
        (8, b"\x01\0\0\0", "places of the blocks"),
        (12, b"\x10\0\0\0", "after the end"),
        (12, b"\xff\xff\xff\x7f", "truncated"),
        (16, b"\xff\xff\xff\xff", "outside"),
        (16, b"\0\0\0\0", "over the header"),
        (4, b"\xff\xff\xff\xff", "not valid"),
    ],
)
def test_a_damaged_header_is_refused(place, value, why):
    """Every number in the header is checked before it is used."""
    chunk = bytearray(Blosc("lz4", 5, "shuffle", 4).encode(WALK.tobytes()[:4000]))
    value = bytes([value]) if isinstance(value, int) else value
    chunk[place : place + len(value)] = value

    with pytest.raises(CorruptChunkError, match=why):
        Blosc().decode(bytes(chunk), 4000)


def test_the_element_size_is_that_of_the_array():
    """Where the configuration does not say, the chunk's data type does."""
    spec = ChunkSpec((10,), np.dtype("f8"), None)

    assert Blosc().step(spec).itemsize == 8
    assert Blosc(typesize=4).step(spec).itemsize == 4
    assert Blosc().fitted(spec).to_config(3)["typesize"] == 8


@pytest.mark.parametrize(
    ("dtype", "word", "number"), [("u1", "bitshuffle", 2), ("f4", "shuffle", 1)]
)
def test_auto_takes_bits_for_bytes_and_bytes_for_the_rest(dtype, word, number):
    """Zarr v2 has shuffle -1, which v3 does not know."""
    spec = ChunkSpec((10,), np.dtype(dtype), None)
    codec = Blosc.from_config({"cname": "lz4", "clevel": 5, "shuffle": -1}, dialect=2)

    assert codec.shuffle == "auto"
    assert codec.to_config(2)["shuffle"] == -1
    assert codec.step(spec).shuffle == number
    assert codec.fitted(spec).to_config(3)["shuffle"] == word


def test_its_two_spellings():
    """Zarr v2 counts the filters and leaves out the element size; v3 names both."""
    codec = Blosc("zstd", 3, "bitshuffle", 4)

    assert codec.to_config(3) == {
        "cname": "zstd", "clevel": 3, "shuffle": "bitshuffle", "typesize": 4, "blocksize": 0
    }  # fmt: skip
    assert Blosc("zstd", 3, "bitshuffle").to_config(2) == {
        "cname": "zstd", "clevel": 3, "shuffle": 2, "blocksize": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("cname", "lzo"),
        ("cname", None),
        ("clevel", 10),
        ("clevel", -1),
        ("clevel", 5.0),
        ("shuffle", "byte"),
        ("shuffle", 3),
        ("shuffle", True),
        ("typesize", 0),
        ("typesize", "4"),
        ("blocksize", -1),
    ],
)
def test_a_bad_parameter_is_refused_with_name_and_value(member, value):
    """The error tells which, what it was, and what would be right."""
    config = {**Blosc(typesize=4).to_config(3), member: value}

    with pytest.raises(MetadataError, match=f"blosc.{member} must be") as caught:
        Blosc.from_config(config)

    assert caught.value.value == value
