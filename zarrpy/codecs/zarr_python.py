"""Codecs by the names that zarr-python gives them, and the enumerations of their parameters."""

from __future__ import annotations

from enum import StrEnum

from zarrpy.codecs.blosc import Blosc as BloscCodec
from zarrpy.codecs.bytes import Bytes as BytesCodec
from zarrpy.codecs.cast_value import CastValue
from zarrpy.codecs.crc32c import CRC32C as Crc32cCodec  # noqa: N811
from zarrpy.codecs.gzip import Gzip as GzipCodec
from zarrpy.codecs.scale_offset import ScaleOffset
from zarrpy.codecs.sharding import Sharding as ShardingCodec
from zarrpy.codecs.transpose import Transpose as TransposeCodec
from zarrpy.codecs.vlen import VLenBytes as VLenBytesCodec
from zarrpy.codecs.vlen import VLenUTF8 as VLenUTF8Codec
from zarrpy.codecs.zstd import Zstd as ZstdCodec

__all__ = [
    "BloscCname",
    "BloscCodec",
    "BloscShuffle",
    "BytesCodec",
    "CastValue",
    "Crc32cCodec",
    "Endian",
    "GzipCodec",
    "ScaleOffset",
    "ShardingCodec",
    "ShardingCodecIndexLocation",
    "SubchunkWriteOrder",
    "TransposeCodec",
    "VLenBytesCodec",
    "VLenUTF8Codec",
    "ZstdCodec",
]


class BloscShuffle(StrEnum):
    """How Blosc groups bytes."""

    noshuffle = "noshuffle"
    shuffle = "shuffle"
    bitshuffle = "bitshuffle"


class BloscCname(StrEnum):
    """What Blosc compresses by."""

    lz4 = "lz4"
    lz4hc = "lz4hc"
    blosclz = "blosclz"
    snappy = "snappy"
    zlib = "zlib"
    zstd = "zstd"


class Endian(StrEnum):
    """Order of the bytes of an element."""

    big = "big"
    little = "little"


class ShardingCodecIndexLocation(StrEnum):
    """Where in a shard its index lies."""

    start = "start"
    end = "end"


class SubchunkWriteOrder(StrEnum):
    """In which order chunks are put into a shard: `config.array.subchunk_write_order`."""

    morton = "morton"
    unordered = "unordered"
    lexicographic = "lexicographic"
    colexicographic = "colexicographic"
