"""Tests of `zarrpy.codecs.conditional` and `n5_default`."""

import struct
import zlib

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.conditional import Conditional
from zarrpy.codecs.n5_default import N5Default
from zarrpy.errors import CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

REVERSED = {"name": "transpose", "configuration": {"order": [1, 0]}}


class TestConditional(BytesToBytesContract):
    codecs = (
        Conditional(["zstd"]),
        Conditional(["shuffle:8", "zlib"], 16),
        Conditional(["crc32c", "zstd", "gzip"]),
    )


def test_the_header_tells_which_codecs_were_run():
    """Bit i of the header stands for codec i, from the lowest bit of the first byte."""
    noise = np.random.default_rng(0).bytes(500)
    codec = Conditional(["zstd", "zlib"], header_bits=16)

    assert codec.encode(noise) == b"\0\0" + noise
    encoded = codec.encode(bytes(500))
    assert encoded[:2] == b"\x01\0"
    by_hand = b"\x02\0" + zlib.compress(noise)
    assert codec.decode(by_hand, 500) == noise


def test_a_shuffle_is_run_where_the_compressor_gains_by_it():
    """Alone it makes nothing smaller."""
    slow = np.arange(2000, dtype="i8").tobytes()

    assert Conditional(["shuffle:8", "zstd"]).encode(slow)[0] == 3
    assert Conditional(["zstd", "shuffle:8"]).encode(slow)[0] & 2 == 0


def test_a_bit_of_no_codec_is_damage():
    """The chunk was written by other codecs."""
    with pytest.raises(CorruptChunkError, match="codecs beyond the 1 there are"):
        Conditional(["zstd"]).decode(b"\x02abc", 3)
    with pytest.raises(CorruptChunkError, match="too short for a header of 1"):
        Conditional(["zstd"]).decode(b"", 0)


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"codecs": []},
        {"codecs": ["bytes"]},
        {"codecs": ["zstd"], "header_bits": 12},
        {"codecs": ["zstd"] * 9, "header_bits": 8},
    ],
)
def test_a_bad_configuration_of_conditional_is_refused(configuration):
    """Bytes-to-bytes codecs, with a bit each."""
    with pytest.raises(MetadataError, match=r"conditional\."):
        Conditional.from_config(configuration)


def test_an_array_stores_each_chunk_as_it_is_smallest():
    """The chain is written with its inner codecs, and read again."""
    values = np.zeros((2, 500), "u1")
    values[1] = np.frombuffer(np.random.default_rng(0).bytes(500), "u1")

    array = zarrpy.create_array(
        {}, data=values, chunks=(1, 500), compressors=[Conditional(["zstd"])], fill_value=1
    )

    read = zarrpy.open(array.store)
    assert (read[...] == values).all()
    sizes = [len(array.store.get(f"c/{i}/0")) for i in range(2)]
    assert sizes[0] < 50
    assert sizes[1] == 501


def n5(compressor=()):
    """Make the codec for chunks of two axes."""
    return N5Default([REVERSED, "bytes:big", *compressor])


def block(values, *, mode=0):
    """Write a block as N5's specification says."""
    head = struct.pack(f">HH{values.ndim}I", mode, values.ndim, *values.shape)
    return head + values.astype(values.dtype.newbyteorder(">")).tobytes(order="F")


def test_a_chunk_is_a_block_of_n5():
    """Header, then values in big-endian order, the first axis fastest."""
    values = np.arange(6, dtype="i2").reshape(2, 3)

    encoded = n5().encode(values)

    assert bytes(encoded) == block(values)
    assert n5().decode(encoded, ChunkSpec((2, 3), values.dtype, None)).tolist() == values.tolist()


def test_blocks_at_the_edge_may_be_cut_off_or_padded():
    """What is missing is the fill value; what is too much is left away."""
    values = np.arange(6, dtype="u4").reshape(2, 3)
    spec = ChunkSpec((3, 2), values.dtype, np.uint32(9))

    decoded = n5().decode(block(values), spec)

    assert decoded.tolist() == [[0, 1], [3, 4], [9, 9]]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"\0\0", "too short"),
        (block(np.zeros((2, 2), "i2"), mode=1), "varlength"),
        (block(np.zeros(4, "i2")) + bytes(20), "has 1 axes, not 2"),
        (struct.pack(">HHII", 0, 2, 2**31, 2**31), "over the limit"),
        (block(np.zeros((2, 2), "i2"))[:-1], "7 bytes cannot be"),
    ],
)
def test_what_is_no_block_of_this_array_is_refused(data, match):
    """And no memory is taken for what a header claims."""
    with pytest.raises(CorruptChunkError, match=match):
        n5().decode(data, ChunkSpec((2, 2), np.dtype("i2"), None))


def test_an_array_of_n5_blocks_is_read_and_written():
    """With a compressor of N5, in the keys of N5."""
    values = np.arange(35, dtype="f4").reshape(5, 7)

    array = zarrpy.create_array(
        {},
        data=values,
        chunks=(2, 3),
        serializer=n5(["gzip:5"]),
        compressors=None,
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )

    assert (zarrpy.open(array.store)[...] == values).all()
    assert array.store.get("2/2")[:12] == struct.pack(">HHII", 0, 2, 2, 3)


@pytest.mark.parametrize(
    "codecs",
    [
        [],
        ["bytes:big", "zstd"],
        [{"name": "transpose", "configuration": {"order": [0, 1]}}, "bytes:big"],
        [REVERSED, "bytes:little"],
        [REVERSED, "bytes:big", REVERSED],
    ],
)
def test_a_bad_chain_of_n5_is_refused(codecs):
    """Reversed axes, big-endian bytes, at most one compressor."""
    with pytest.raises(
        MetadataError, match=r"n5_default\.codecs must be a list of|must be a trans"
    ):
        N5Default(codecs)
