"""Filters and compressors of Zarr v2, by the names and parameters that numcodecs gives them.

Compressed bytes are made by Python's own modules, or written down by hand in the simplest
form that the format of the compressor has.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import struct
import zlib
from typing import Any

import numpy as np

from conformance.corpus import array_v2, crc32c, objects, opens, refused

DATA = np.arange(10, 22, dtype="<i4")
RAW = DATA.tobytes()
RULE = "Filters are undone in the reverse of their order, after the compressor."
CORRUPT = "CorruptChunkError"


def chain(
    name: str, stored: bytes, *filters: dict, compressor: dict | None = None,
    expected: np.ndarray = DATA, dtype: str = "<i4", fill: Any = 0, **members: Any,
):  # fmt: skip
    """Make a case of one chunk."""
    document = array_v2(shape=list(expected.shape), chunks=list(expected.shape), dtype=dtype,
                        fill_value=fill, filters=list(filters) or None, compressor=compressor,
                        **members)  # fmt: skip
    return opens(name, RULE, document, expected, {".".join("0" * expected.ndim): stored})


def corrupt(name: str, stored: bytes, compressor: dict, *words: str):
    return refused(f"corrupt {name}", "What is not what the format says is corrupt.",
                   array_v2(shape=[12], chunks=[12], dtype="<i4", compressor=compressor), CORRUPT,
                   *words, chunks={"0": stored})  # fmt: skip


def lz4_block(data: bytes) -> bytes:
    """Write a block of literals only: their number, then the bytes as they are."""
    assert 15 <= len(data) < 270
    return bytes([0xF0, len(data) - 15]) + data


def zstd_frame(*blocks: tuple[int, int, bytes], size: int | None = None) -> bytes:
    """Write a frame of raw (0) and repeated (1) blocks; the size of the content may be left out."""
    head = b"\x28\xb5\x2f\xfd" + (b"\x00\x00" if size is None else bytes([0x20, size]))
    for i, (kind, nbytes, data) in enumerate(blocks):
        last = i == len(blocks) - 1
        head += (nbytes << 3 | kind << 1 | last).to_bytes(3, "little") + data
    return head


def blosc_copy(data: bytes, typesize: int, flags: int = 0x02) -> bytes:
    """Write a container whose payload is the data as they are."""
    sizes = struct.pack("<III", len(data), len(data), len(data) + 16)
    return bytes([2, 1, flags, typesize]) + sizes + data


HALF = len(RAW) // 2
SKIPPED = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
ZSTD, LZ4, BLOSC = {"id": "zstd", "level": 1}, {"id": "lz4", "acceleration": 1}, {
    "id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0,
}  # fmt: skip
COMPRESSORS = [
    chain("zlib", zlib.compress(RAW, 9), compressor={"id": "zlib", "level": 9}),
    chain("zlib level 0", zlib.compress(RAW, 0), compressor={"id": "zlib", "level": 0}),
    chain("gzip", gzip.compress(RAW, 5, mtime=0), compressor={"id": "gzip", "level": 5}),
    chain("gzip of two members", gzip.compress(RAW[:HALF], mtime=0) + gzip.compress(
        RAW[HALF:], mtime=0), compressor={"id": "gzip", "level": 5}),
    chain("bz2", bz2.compress(RAW, 1), compressor={"id": "bz2", "level": 1}),
    chain("lzma", lzma.compress(RAW), compressor={"id": "lzma", "format": 1, "check": -1,
                                                  "preset": None, "filters": None}),
    chain("lzma alone", lzma.compress(RAW, lzma.FORMAT_ALONE), compressor={
        "id": "lzma", "format": 2, "check": -1, "preset": None, "filters": None}),
    chain("lzma raw", lzma.compress(RAW, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}]),
          compressor={"id": "lzma", "format": 3, "check": -1, "preset": None,
                      "filters": [{"id": lzma.FILTER_LZMA2}]}),
    chain("lz4", len(RAW).to_bytes(4, "little") + lz4_block(RAW), compressor=LZ4),
    chain("snappy", bytes([len(RAW), (len(RAW) - 1) << 2]) + RAW, compressor={"id": "snappy"}),
    chain("zstd", zstd_frame((0, len(RAW), RAW), size=len(RAW)), compressor=ZSTD),
    chain("zstd without a size", zstd_frame((0, len(RAW), RAW)), compressor=ZSTD),
    chain("zstd of two blocks", zstd_frame((0, HALF, RAW[:HALF]), (0, HALF, RAW[HALF:]),
                                           size=len(RAW)), compressor=ZSTD),
    chain("zstd of two frames", zstd_frame((0, HALF, RAW[:HALF]), size=HALF)
          + zstd_frame((0, HALF, RAW[HALF:]), size=HALF), compressor=ZSTD),
    chain("zstd with a frame to skip", SKIPPED + zstd_frame((0, len(RAW), RAW), size=len(RAW)),
          compressor=ZSTD),
    chain("zstd of one byte repeated", zstd_frame((1, len(RAW), b"\x07"), size=len(RAW)),
          compressor=ZSTD, expected=np.full(12, 0x07070707, "i4")),
    chain("zstd with a checksum member", zstd_frame((0, len(RAW), RAW), size=len(RAW)),
          compressor={"id": "zstd", "level": 1, "checksum": False}),
    chain("blosc as it is", blosc_copy(RAW, 4), compressor=BLOSC),
    chain("blosc as it is, shuffle named", blosc_copy(RAW, 4, 0x03), compressor=BLOSC),
    chain("blosc with automatic shuffle", blosc_copy(RAW, 4), compressor={**BLOSC, "shuffle": -1}),
    corrupt("zlib", b"\x78\x9c\x00", {"id": "zlib", "level": 1}, "zlib"),
    corrupt("gzip", gzip.compress(RAW, mtime=0)[:-1], {"id": "gzip", "level": 1}, "gzip"),
    corrupt("gzip checksum", gzip.compress(RAW, mtime=0)[:-8] + bytes(8),
            {"id": "gzip", "level": 1}, "gzip"),
    corrupt("lz4", len(RAW).to_bytes(4, "little") + lz4_block(RAW)[:-1], LZ4, "lz4"),
    corrupt("lz4 of another size", (len(RAW) + 4).to_bytes(4, "little") + lz4_block(RAW), LZ4,
            "lz4"),
    corrupt("snappy", bytes([len(RAW), (len(RAW) - 1) << 2]) + RAW[:-1], {"id": "snappy"},
            "snappy"),
    corrupt("zstd", zstd_frame((0, len(RAW), RAW), size=len(RAW))[:-1], ZSTD, "zstd"),
    corrupt("zstd of another size", zstd_frame((0, HALF, RAW[:HALF]), size=HALF), ZSTD, "zstd"),
    corrupt("blosc", blosc_copy(RAW, 4)[:-1], BLOSC, "blosc"),
    corrupt("blosc with a reserved flag", blosc_copy(RAW, 4, 0x0A), BLOSC, "blosc"),
    corrupt("blosc of a later version", b"\x05" + blosc_copy(RAW, 4)[1:], BLOSC, "blosc"),
    corrupt("length without a codec", RAW[:-1], None, "47"),
]  # fmt: skip

PLANES = np.frombuffer(RAW, "u1").reshape(-1, 4).T.tobytes()
STEPS = np.array([10, *[1] * 11])
FLOATS = np.array([0.5, 1.25, -2.0, 8.0], "f8")
FLAGS = np.array([1, 0, 1, 1, 0, 0, 0, 1, 1, 1], bool)
WORDS = b"".join(len(each).to_bytes(4, "little") + each for each in (b"a", b"", "é\0".encode()))
COUNT = (3).to_bytes(4, "little")
TEXT = objects("a", "", "é\0")
BLOBS = objects(b"a", b"", "é\0".encode())


def adler(data: bytes) -> bytes:
    return zlib.adler32(data).to_bytes(4, "little")


def crc(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")


def fletcher(data: bytes) -> bytes:
    """Compute the checksum of HDF5: sums of big-endian 16-bit words, modulo 65535."""
    one = two = 0
    for word in struct.unpack(f">{len(data) // 2}H", data):
        one = (one + word) % 65535
        two = (two + one) % 65535
    return (two << 16 | one).to_bytes(4, "little")


FILTERS = [
    chain("shuffle", PLANES, {"id": "shuffle", "elementsize": 4}),
    chain("shuffle as compressor", PLANES, compressor={"id": "shuffle", "elementsize": 4}),
    chain("shuffle of NCZarr, size 0", PLANES, {"id": "shuffle", "elementsize": 0}),
    chain("shuffle of NCZarr, size as text", PLANES, {"id": "shuffle", "elementsize": "4"}),
    chain("shuffle of NCZarr, size 0 as text", PLANES, {"id": "shuffle", "elementsize": "0"}),
    chain("delta", STEPS.astype("<i4").tobytes(), {"id": "delta", "dtype": "<i4"}),
    chain("delta in fewer bytes", STEPS.astype("|i1").tobytes(),
          {"id": "delta", "dtype": "<i4", "astype": "|i1"}),
    chain("delta in another byte order", STEPS.astype(">i2").tobytes(),
          {"id": "delta", "dtype": "<i4", "astype": ">i2"}),
    chain("delta of big endian", STEPS.astype(">i4").tobytes(), {"id": "delta", "dtype": ">i4"},
          dtype=">i4", expected=DATA.astype("i4")),
    chain("delta in order F", np.diff(np.arange(12, dtype="<i4").reshape(3, 4).T.reshape(-1),
          prepend=np.int32(0)).astype("<i4").tobytes(), {"id": "delta", "dtype": "<i4"}, order="F",
          expected=np.arange(12, dtype="i4").reshape(3, 4)),
    chain("delta and shuffle and zlib", zlib.compress(
          np.frombuffer(STEPS.astype("<i4").tobytes(), "u1").reshape(-1, 4).T.tobytes()),
          {"id": "delta", "dtype": "<i4"}, {"id": "shuffle", "elementsize": 4},
          compressor={"id": "zlib", "level": 1}),
    chain("crc32", crc(RAW) + RAW, {"id": "crc32"}),
    chain("crc32 at the end", RAW + crc(RAW), {"id": "crc32", "location": "end"}),
    chain("adler32", adler(RAW) + RAW, {"id": "adler32"}),
    chain("crc32c", RAW + crc32c(RAW), {"id": "crc32c"}),
    chain("crc32c at the start", crc32c(RAW) + RAW, {"id": "crc32c", "location": "start"}),
    chain("fletcher32", RAW + fletcher(RAW), {"id": "fletcher32"}),
    chain("base64", base64.b64encode(RAW), {"id": "base64"}),
    chain("fixedscaleoffset", np.array([5, 12, -20, 80], "|i1").tobytes(),
          {"id": "fixedscaleoffset", "scale": 10, "offset": 0, "dtype": "<f8", "astype": "|i1"},
          dtype="<f8", expected=np.array([0.5, 1.2, -2.0, 8.0])),
    chain("fixedscaleoffset with an offset", np.array([0, 5, 10, 255], "|u1").tobytes(),
          {"id": "fixedscaleoffset", "scale": 0.5, "offset": 1000, "dtype": "<f8",
           "astype": "|u1"}, dtype="<f8", expected=np.array([1000.0, 1010, 1020, 1510])),
    chain("quantize", FLOATS.astype("<f4").tobytes(),
          {"id": "quantize", "digits": 1, "dtype": "<f8", "astype": "<f4"}, dtype="<f8",
          expected=FLOATS),
    chain("bitround", np.array([1.5, -2, 0.25], "<f4").tobytes(), {"id": "bitround", "keepbits": 2},
          dtype="<f4", expected=np.array([1.5, -2, 0.25], "f4")),
    chain("astype", np.array([1, -2, 3], "<i2").tobytes(),
          {"id": "astype", "encode_dtype": "<i2", "decode_dtype": "<i4"},
          expected=np.array([1, -2, 3], "i4")),
    chain("packbits", b"\x06" + np.packbits(FLAGS).tobytes(), {"id": "packbits"}, dtype="|b1",
          expected=FLAGS, fill=False),
    chain("packbits without padding", b"\x00" + np.packbits(FLAGS[:8]).tobytes(),
          {"id": "packbits"}, dtype="|b1", expected=FLAGS[:8], fill=False),
    chain("categorize", b"\x02\x00\x01",
          {"id": "categorize", "labels": ["a", "bc"], "dtype": "<U2", "astype": "|u1"},
          dtype="<U2", expected=np.array(["bc", "", "a"], "U2"), fill=""),
    chain("vlen-utf8", COUNT + WORDS, {"id": "vlen-utf8"}, dtype="|O", expected=TEXT, fill=""),
    chain("vlen-utf8 and zlib", zlib.compress(COUNT + WORDS), {"id": "vlen-utf8"}, dtype="|O",
          expected=TEXT, fill="", compressor={"id": "zlib", "level": 1}),
    chain("vlen-bytes", COUNT + WORDS, {"id": "vlen-bytes"}, dtype="|O", expected=BLOBS, fill=""),
    refused("crc32 that is wrong", "A checksum that does not fit is an error.",
            array_v2(shape=[12], chunks=[12], dtype="<i4", filters=[{"id": "crc32"}]),
            "ChecksumError", "crc32", chunks={"0": bytes(4) + RAW}),
    refused("crc32c that is wrong", "A checksum that does not fit is an error.",
            array_v2(shape=[12], chunks=[12], dtype="<i4", filters=[{"id": "crc32c"}]),
            "ChecksumError", "crc32c", chunks={"0": RAW + bytes(4)}),
    refused("fletcher32 that is wrong", "A checksum that does not fit is an error.",
            array_v2(shape=[12], chunks=[12], dtype="<i4", filters=[{"id": "fletcher32"}]),
            "ZarrError", "fletcher32", chunks={"0": RAW + b"\1\2\3\4"}),
    refused("shuffle of 5 bytes", "A chunk is a whole number of elements.",
            array_v2(shape=[12], chunks=[12], dtype="<i4",
                     filters=[{"id": "shuffle", "elementsize": 5}]), "ZarrError", "shuffle",
            chunks={"0": RAW}),
    refused("delta without a data type", "delta names the data type.",
            array_v2(filters=[{"id": "delta"}]), "ZarrError", "delta", "dtype"),
    refused("delta of another size", "delta is made for elements of its data type.",
            array_v2(filters=[{"id": "delta", "dtype": "<i4"}]), "ZarrError", "delta"),
    refused("unknown parameter", "A codec refuses what it has no parameter for.",
            array_v2(compressor={"id": "zlib", "level": 1, "novelty": 2}), "ZarrError", "novelty"),
]  # fmt: skip

CASES = [*COMPRESSORS, *FILTERS]
