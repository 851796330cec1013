"""Tests of `zarrpy.codecs.sharding` and `zarrpy.codecs.shard_index`: whole shards."""

import struct

import numpy as np
import pytest

from zarrpy import config
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.chain import CodecChain
from zarrpy.codecs.crc32c import CRC32C, crc32c_slowly
from zarrpy.codecs.delta import Delta
from zarrpy.codecs.sharding import Sharding
from zarrpy.codecs.transpose import Transpose
from zarrpy.errors import ChecksumError, CorruptChunkError, LimitError, MetadataError
from zarrpy.metadata.model import NamedConfig

EMPTY = (2**64 - 1, 2**64 - 1)
INDEX = {"index_codecs": Sharding((1,), ("bytes",)).to_config()["index_codecs"]}


def index_of(shard, count, location="end"):
    """Offset and size of each chunk, by the words of the specification, and the checksum."""
    nbytes = 16 * count + 4
    stored = bytes(shard[:nbytes] if location == "start" else shard[len(shard) - nbytes :])
    assert struct.unpack("<I", stored[-4:])[0] == crc32c_slowly(stored[:-4])
    numbers = struct.unpack(f"<{2 * count}Q", stored[:-4])
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@pytest.mark.parametrize("location", ["end", "start"])
def test_a_shard_is_chunks_and_an_index_of_their_places(location):
    """Offsets count from the begin of the shard, also where the index is there."""
    array = np.arange(12, dtype="u1").reshape(3, 4)

    shard = bytes(Sharding((1, 2), ("bytes",), index_location=location).encode(array))

    first = 100 if location == "start" else 0
    index = index_of(shard, 6, location)
    assert index == [(first + 2 * i, 2) for i in range(6)]
    assert b"".join(shard[at : at + n] for at, n in index) == array.tobytes()
    assert len(shard) == 100 + 12


def test_chunks_of_the_fill_value_are_not_stored():
    """Bit for bit: minus zero is not zero."""
    array = np.array([0, 0, -0.0, 0, 1, 0], "f8")
    chain = CodecChain.of([Sharding((2,), ("bytes",))], ChunkSpec((6,), array.dtype, np.float64(0)))

    shard = bytes(chain.encode(array))

    assert index_of(shard, 3) == [EMPTY, (0, 16), (16, 16)]
    assert chain.decode(shard).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("codec", "shape"),
    [
        (Sharding((2, 3), ("bytes", "zstd")), (4, 6)),
        (Sharding((2, 3), (Transpose((1, 0)), "bytes", "gzip")), (4, 6)),
        (Sharding((4, 3), (Sharding((2, 1), ("bytes", "crc32c")),)), (8, 6)),
        (Sharding((), ("bytes",)), ()),
        (Sharding((2, 3), ("bytes",), (Transpose((2, 1, 0)), "bytes", "crc32c")), (4, 6)),
        (Sharding((2, 3), ("bytes",), (Bytes("big"),)), (4, 6)),
        (Sharding((2,), (Delta("<i4"), "bytes")), (4,)),
    ],
)  # fmt: skip
def test_shards_of_any_chain_are_read_back(codec, shape):
    """Codecs inside, shards in shards, an index of other codecs, and no axes at all."""
    array = np.arange(np.prod(shape, dtype=int), dtype="i4").reshape(shape)
    chain = CodecChain.of([codec], ChunkSpec(shape, array.dtype, np.int32(0)))

    assert np.array_equal(chain.decode(bytes(chain.encode(array))), array)


def test_a_shard_passes_through_codecs_around_it():
    """Transposed before, compressed and checked after."""
    array = np.arange(48, dtype="i4").reshape(2, 4, 6)
    around = [Transpose((2, 0, 1)), Sharding((3, 1, 2), ("bytes",)), CRC32C()]
    chain = CodecChain.of(around, ChunkSpec(array.shape, array.dtype, np.int32(0)))

    assert chain.shard is None
    assert np.array_equal(chain.decode(bytes(chain.encode(array))), array)


def test_a_layout_is_told_along_the_axes_of_the_array():
    """Under transposes too: the index keeps the order of the shard's own axes."""
    codec = Sharding((3, 1, 2), ("bytes",))
    chain = CodecChain.of(
        [Transpose((2, 0, 1)), codec], ChunkSpec((2, 4, 6), np.dtype("i4"), np.int32(0))
    )

    assert chain.shard is not None
    assert (chain.shard.chunk_shape, chain.shard.grid) == ((1, 2, 3), (2, 2, 2))
    assert [chain.shard.position(at) for at in [(0, 0, 1), (1, 0, 0), (0, 1, 0)]] == [4, 2, 1]
    assert chain.shard.inner_index(4) == (0, 0, 1)
    assert chain.shard.chunk_index((5, 0, 1), 4) == (10, 0, 3)


def test_the_document_of_a_codec_makes_the_same_codec():
    """Whatever is nested in it."""
    codec = Sharding(
        (4, 3), (Sharding((2, 1), ("bytes", "zstd:3")), "crc32c"), index_location="start"
    )
    document = codec.to_config()

    assert document["index_location"] == "start"
    assert document["codecs"][0]["configuration"]["codecs"][1]["name"] == "zstd"
    assert Sharding.from_config(document) == codec


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"codecs": ["bytes"]}, "chunk_shape is missing"),
        ({"chunk_shape": [2, 2]}, "codecs is missing"),
        ({"chunk_shape": [2, 2], "codecs": []}, "sharding_indexed.codecs must name at least one"),
        ({"chunk_shape": [2, 2], "codecs": ["zstd"]}, "exactly one array-to-bytes"),
        ({"chunk_shape": [2], "codecs": ["bytes"]}, "must have 2 lengths"),
        ({"chunk_shape": [2, 4], "codecs": ["bytes"]}, "divide the shape of the shard .* axis 1"),
        ({"chunk_shape": [2, 0], "codecs": ["bytes"]}, "integers of at least 1"),
        ({"chunk_shape": [2, 2.0], "codecs": ["bytes"]}, "integers of at least 1"),
        ({"chunk_shape": "all", "codecs": ["bytes"]}, "a list of integers"),
        ({"chunk_shape": [2, 2], "codecs": "bytes"}, "codecs must be a list"),
        ({"chunk_shape": [2, 2], "codecs": ["bytes"], "index_codecs": ["zstd"]}, "array-to-bytes"),
        (
            {
                "chunk_shape": [2, 2],
                "codecs": ["bytes"],
                "index_codecs": [
                    {"name": "bytes", "configuration": {"endian": "little"}},
                    {"name": "gzip", "configuration": {"level": 1}},
                ],
            },
            "keep the size of the index known",
        ),
        ({"chunk_shape": [2, 2], "codecs": ["bytes"], "index_location": "top"}, "index_location"),
        ({"chunk_shape": [2, 2], "codecs": ["bytes"], "shape": [2]}, "is not a parameter"),
        ({"chunk_shape": [2, 2], "codecs": ["no-such"]}, "unknown codec 'no-such'"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(configuration, words):
    """The error names the member and what is right."""
    spec = ChunkSpec((4, 6), np.dtype("u1"), np.uint8(0))

    with pytest.raises(MetadataError, match=words):
        CodecChain.bind([NamedConfig("sharding_indexed", INDEX | configuration)], spec)


def test_an_index_that_does_not_fit_into_memory_is_refused():
    """Before anything is allocated."""
    spec = ChunkSpec((1 << 40,), np.dtype("u1"), np.uint8(0))

    with pytest.raises(LimitError, match="1099511627776 chunks"):
        CodecChain.of([Sharding((1,), ("bytes",))], spec)
    with config.set({"limits.max_chunk_bytes": 64}):
        assert CodecChain.of(
            [Sharding((32,), ("bytes",))], ChunkSpec((128,), np.dtype("u1"), np.uint8(0))
        )


def shard_with(entries, nchunks=2, body=b"abcd"):
    """A shard of two chunks of two bytes with an index of our making."""
    index = struct.pack(f"<{2 * nchunks}Q", *(number for entry in entries for number in entry))
    return body + index + struct.pack("<I", crc32c_slowly(index))


@pytest.mark.parametrize(
    "entry",
    [
        (3, 2),  # into the index
        (2, 3),
        (2**64 - 2, 2),  # beyond every file, and so that the sum wraps around
        (2, 2**64 - 1),
        (2**64 - 1, 2),
        (2**63, 2),
        (0, 2**63),
        (0, 1),  # a chunk of another size
    ],
)
def test_an_index_that_points_elsewhere_is_corrupt(entry):
    """Nothing is read from where no chunk can be."""
    codec = Sharding((2,), ("bytes",))
    spec = ChunkSpec((4,), np.dtype("u1"), np.uint8(0))

    assert codec.decode(shard_with([(2, 2), (0, 2)]), spec).tobytes() == b"cdab"
    assert codec.decode(shard_with([EMPTY, (0, 2)]), spec).tobytes() == b"\0\0ab"
    with pytest.raises(CorruptChunkError):
        codec.decode(shard_with([(0, 2), entry]), spec)


def test_a_damaged_index_is_told_from_damaged_chunks():
    """By its checksum."""
    codec = Sharding((2,), ("bytes",))
    spec = ChunkSpec((4,), np.dtype("u1"), np.uint8(0))
    shard = bytearray(shard_with([(0, 2), (2, 2)]))
    shard[6] ^= 1

    with pytest.raises(ChecksumError, match="index of the shard") as caught:
        codec.decode(shard, spec)
    assert caught.value.codec == "sharding_indexed"
    for short in (b"", b"x" * 35):
        with pytest.raises(CorruptChunkError, match="its index alone needs 36"):
            codec.decode(short, spec)
