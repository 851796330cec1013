"""Codecs of Zarr v3: core, registered, and those that numcodecs lends its names to."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from typing import Any

import numpy as np

from conformance.corpus import BIG, BYTES, LITTLE, array, codec, crc32c, opens, refused, regular
from conformance.families.v2_codecs import (
    FLAGS,
    PLANES,
    adler,
    blosc_copy,
    crc,
    fletcher,
    lz4_block,
    zstd_frame,
)

DATA = np.arange(10, 22, dtype="<i4")
RAW = DATA.tobytes()
ERROR = "ZarrError"


def chain(
    name: str, rule: str, stored: bytes, *codecs: Any, expected: np.ndarray = DATA,
    data_type: Any = "int32", fill: Any = 0,
):  # fmt: skip
    """Make a case of one chunk."""
    document = array(shape=list(expected.shape), chunk_grid=regular(*expected.shape),
                     data_type=data_type, fill_value=fill, codecs=list(codecs))  # fmt: skip
    return opens(name, rule, document, expected, {"/".join(["c", *"0" * expected.ndim]): stored})


def wrong(name: str, rule: str, *codecs: Any, words: tuple[str, ...], data_type: Any = "int32",
          fill: Any = 0, stored: bytes | None = None, error: str = ERROR):  # fmt: skip
    document = array(shape=[12], chunk_grid=regular(12), data_type=data_type, fill_value=fill,
                     codecs=list(codecs))  # fmt: skip
    return refused(name, rule, document, error, *words,
                   chunks={} if stored is None else {"c/0": stored})  # fmt: skip


BLOSC = codec("blosc", cname="lz4", clevel=5, shuffle="shuffle", typesize=4, blocksize=0)
FRAME = zstd_frame((0, len(RAW), RAW), size=len(RAW))
CORE = [
    chain("gzip", "A chunk is a gzip stream.", gzip.compress(RAW, 1, mtime=0), LITTLE,
          codec("gzip", level=1)),
    chain("zstd", "A chunk is one or more frames.", FRAME, LITTLE,
          codec("zstd", level=0, checksum=False)),
    chain("zstd without checksum", "checksum may be left out.", FRAME, LITTLE,
          codec("zstd", level=-5)),
    chain("zstd of two frames", "A chunk is one or more frames.",
          zstd_frame((0, 24, RAW[:24]), size=24) + zstd_frame((0, 24, RAW[24:])), LITTLE,
          codec("zstd", level=3, checksum=False)),
    chain("blosc", "A chunk is a Blosc 1 container.", blosc_copy(RAW, 4), LITTLE, BLOSC),
    chain("blosc without a typesize", "noshuffle needs no typesize.", blosc_copy(RAW, 1), LITTLE,
          codec("blosc", cname="zstd", clevel=1, shuffle="noshuffle", blocksize=0)),
    chain("crc32c", "Four bytes with the checksum follow.", RAW + crc32c(RAW), LITTLE,
          codec("crc32c")),
    chain("crc32c twice", "Codecs are undone in the reverse of their order.",
          RAW + crc32c(RAW) + crc32c(RAW + crc32c(RAW)), LITTLE, "crc32c", "crc32c"),
    chain("gzip and crc32c", "Codecs are undone in the reverse of their order.",
          gzip.compress(RAW, mtime=0) + crc32c(gzip.compress(RAW, mtime=0)), LITTLE,
          codec("gzip", level=9), "crc32c"),
    chain("endian", "An early draft called the bytes codec endian.", DATA.astype(">i4").tobytes(),
          codec("endian", endian="big")),
    wrong("checksum of crc32c", "A checksum that does not fit is an error.", LITTLE, "crc32c",
          words=("crc32c", "c/0"), stored=RAW + bytes(4), error="ChecksumError"),
    wrong("chunk shorter than its checksum", "A chunk has four bytes at least.", LITTLE, "crc32c",
          words=("crc32c", "c/0"), stored=b"abc", error="CorruptChunkError"),
    wrong("chunk of another length", "A chunk has the length of its elements.", LITTLE,
          words=("c/0",), stored=RAW + b"\0", error="CorruptChunkError"),
    wrong("unknown cname", "cname is one of six.", LITTLE,
          codec("blosc", cname="novelty", clevel=5, shuffle="shuffle", typesize=4, blocksize=0),
          words=("cname", "novelty")),
    wrong("clevel 10", "clevel is 0 to 9.", LITTLE,
          codec("blosc", cname="lz4", clevel=10, shuffle="shuffle", typesize=4, blocksize=0),
          words=("clevel", "10")),
    wrong("blosc with a numbered shuffle", "In v3 shuffle is one of three words.", LITTLE,
          codec("blosc", cname="lz4", clevel=5, shuffle=1, typesize=4, blocksize=0),
          words=("shuffle", "1", "'shuffle'")),
    wrong("crc32c with a parameter", "crc32c has no parameters.", LITTLE,
          codec("crc32c", novelty=1), words=("novelty",)),
    wrong("zstd with a wrong checksum member", "checksum is true or false.", LITTLE,
          codec("zstd", level=1, checksum="yes"), words=("checksum", "yes")),
]  # fmt: skip

ROUNDED = np.array([1.5, -2.0, 0.25, np.inf], "f4")
BITS = "Rounding loses nothing that reading could bring back."
BITROUND = [
    chain("bitround", BITS, ROUNDED.tobytes(), codec("bitround", keepbits=3), LITTLE,
          expected=ROUNDED, data_type="float32"),
    chain("bitround of integers", BITS, RAW, codec("bitround", keepbits=20), LITTLE),
    chain("numcodecs.bitround", BITS, ROUNDED.tobytes(), codec("numcodecs.bitround", keepbits=3),
          LITTLE, expected=ROUNDED, data_type="float32"),
    wrong("bitround to nothing", "keepbits is at least 1.", codec("bitround", keepbits=0), LITTLE,
          words=("keepbits", "0")),
    wrong("bitround without keepbits", "keepbits is required.", codec("bitround"), LITTLE,
          words=("keepbits",)),
    wrong("bitround of flags", "Only numbers can be rounded.", codec("bitround", keepbits=1), BYTES,
          words=("bitround", "bool"), data_type="bool", fill=False),
]  # fmt: skip

LOW_FIRST = np.packbits(FLAGS, bitorder="little").tobytes()
NIBBLES = np.array([1, 2, 3], "u1")
PACK = "Elements are packed without gaps, lowest bit first."
PACKBITS = [
    chain("packbits", PACK, LOW_FIRST, codec("packbits"), expected=FLAGS, data_type="bool",
          fill=False),
    chain("packbits by a short name", PACK, LOW_FIRST, "packbits", expected=FLAGS,
          data_type="bool", fill=False),
    chain("packbits with padding first", "A byte may say how many bits are padding.",
          b"\x06" + LOW_FIRST, codec("packbits", padding_encoding="first_byte"), expected=FLAGS,
          data_type="bool", fill=False),
    chain("packbits with padding last", "A byte may say how many bits are padding.",
          LOW_FIRST + b"\x06", codec("packbits", padding_encoding="last_byte"), expected=FLAGS,
          data_type="bool", fill=False),
    chain("packbits with padding first, of the schema", "The schema spells it otherwise.",
          b"\x06" + LOW_FIRST, codec("packbits", padding_encoding="start_byte"), expected=FLAGS,
          data_type="bool", fill=False),
    chain("packbits of some bits", "first_bit to last_bit are kept.", b"\x21\x03",
          codec("packbits", first_bit=0, last_bit=3), expected=NIBBLES, data_type="uint8"),
    chain("packbits of higher bits", "The bits that are left out are zero.", b"\x21\x03",
          codec("packbits", first_bit=2, last_bit=5), expected=NIBBLES << 2, data_type="uint8"),
    wrong("packbits of bits that are not there", "The bits are of the elements.",
          codec("packbits", first_bit=0, last_bit=8), words=("last_bit", "8"), data_type="uint8"),
    wrong("packbits with another padding", "padding_encoding is one of three.",
          codec("packbits", padding_encoding="novelty"), words=("padding_encoding", "novelty"),
          data_type="bool", fill=False),
    chain("numcodecs.packbits", "That of numcodecs has the highest bit first.",
          b"\x06" + np.packbits(FLAGS).tobytes(), codec("numcodecs.packbits"), BYTES,
          expected=FLAGS, data_type="bool", fill=False),
]  # fmt: skip

CUBE = DATA.reshape(2, 3, 2)
TURNED = CUBE.reshape(6, 2).T.copy().tobytes()
RESHAPE = [
    chain("reshape", "Elements keep their C order in the new shape.", TURNED,
          codec("reshape", shape=[6, 2]), codec("transpose", order=[1, 0]), LITTLE, expected=CUBE),
    chain("reshape by dimensions", "A list of dimensions stands for their product.", TURNED,
          codec("reshape", shape=[[0, 1], [2]]), codec("transpose", order=[1, 0]), LITTLE,
          expected=CUBE),
    chain("reshape with a free length", "-1 is what is left.", TURNED,
          codec("reshape", shape=[-1, 2]), codec("transpose", order=[1, 0]), LITTLE,
          expected=CUBE),
    chain("reshape to one dimension", "Elements keep their C order in the new shape.", RAW,
          codec("reshape", shape=[-1]), LITTLE, expected=CUBE),
    wrong("reshape to another size", "No element is added or lost.", codec("reshape", shape=[5]),
          LITTLE, words=("reshape", "shape")),
    wrong("reshape with two free lengths", "Only one length may be left open.",
          codec("reshape", shape=[-1, -1]), LITTLE, words=("reshape", "-1")),
]  # fmt: skip

SMALL = np.array([1, 2, -3], "i4")
CAST = [
    chain("cast_value", "Values are stored in another data type.",
          SMALL.astype("i1").tobytes(), codec("cast_value", data_type="int8"), LITTLE,
          expected=SMALL),
    chain("cast_value to floats", "Values are stored in another data type.",
          SMALL.astype("<f4").tobytes(), codec("cast_value", data_type="float32"), LITTLE,
          expected=SMALL),
    chain("cast_value with a map", "Values of the map are taken from it.",
          np.array([1, 255], "u1").tobytes(),
          codec("cast_value", data_type="uint8", scalar_map={
              "encode": [["NaN", 255]], "decode": [[255, "NaN"]]}), BYTES,
          expected=np.array([1, np.nan], "f4"), data_type="float32", fill=1),
    wrong("cast_value to an unknown type", "A data type that is not known is refused.",
          codec("cast_value", data_type="novelty"), LITTLE, words=("novelty",)),
    wrong("cast_value with another rounding", "rounding is one of five.",
          codec("cast_value", data_type="int8", rounding="novelty"), LITTLE,
          words=("rounding", "novelty")),
    wrong("cast_value that wraps floats", "Only integers wrap.",
          codec("cast_value", data_type="float32", out_of_range="wrap"), LITTLE,
          words=("out_of_range",)),
    wrong("cast_value with a parameter", "Unknown parameters are refused.",
          codec("cast_value", data_type="int8", novelty=1), LITTLE, words=("novelty",)),
    wrong("cast_value of a fill value that does not fit", "The fill value survives the cast.",
          codec("cast_value", data_type="int8"), LITTLE, words=("fill_value", "300"), fill=300),
]  # fmt: skip

SCALED = np.array([10.5, 12.5, 9.5], "f8")
SCALE = [
    chain("scale_offset", "What is stored is (value - offset) * scale.",
          ((SCALED - 10) * 2).tobytes(), codec("scale_offset", offset=10, scale=2), LITTLE,
          expected=SCALED, data_type="float64"),
    chain("scale_offset of integers", "The arithmetic is that of the data type.",
          ((DATA - 10) * 3).astype("<i4").tobytes(), codec("scale_offset", offset=10, scale=3),
          LITTLE, expected=DATA, fill=10),
    chain("scale_offset by default", "Without parameters nothing changes.", RAW,
          codec("scale_offset"), LITTLE),
    chain("scale_offset and cast_value", "Codecs are undone in the reverse of their order.",
          ((SCALED - 10) * 2).astype("i1").tobytes(), codec("scale_offset", offset=10, scale=2),
          codec("cast_value", data_type="int8"), BYTES, expected=SCALED, data_type="float64",
          fill=10),
    wrong("scale_offset with a parameter", "Unknown parameters are refused.",
          codec("scale_offset", scale=2, novelty=1), LITTLE, words=("novelty",)),
    wrong("scale_offset of text", "Only numbers are scaled.",
          codec("scale_offset", scale=2), LITTLE, words=("scale_offset",),
          data_type=codec("fixed_length_utf32", length_bytes=4), fill=""),
]  # fmt: skip

ZIP1 = codec("gzip", level=1)
CONDITIONAL = [
    chain("conditional, applied", "A header has a bit for each codec that was applied.",
          b"\x01" + gzip.compress(RAW, mtime=0), LITTLE,
          codec("conditional", codecs=[ZIP1], header_bits=8)),
    chain("conditional, left out", "A header has a bit for each codec that was applied.",
          b"\x00" + RAW, LITTLE, codec("conditional", codecs=[ZIP1], header_bits=8)),
    chain("conditional, the second of two", "Bit i is of codec i.",
          b"\x02\x00" + RAW + crc32c(RAW), LITTLE,
          codec("conditional", codecs=[ZIP1, codec("crc32c")], header_bits=16)),
    wrong("conditional of 7 bits", "A header is of whole bytes.", LITTLE,
          codec("conditional", codecs=[ZIP1], header_bits=7), words=("header_bits", "7")),
]  # fmt: skip

N5_HEAD = struct.pack(">HHIII", 0, 3, 2, 3, 2)
N5 = [
    chain("n5_default", "A block has a header, then elements with the first index fastest.",
          N5_HEAD + CUBE.T.astype(">i4").copy().tobytes(),
          codec("n5_default", codecs=[codec("transpose", order=[2, 1, 0]), BIG]), expected=CUBE),
    chain("n5_default compressed", "What follows the header may be compressed.",
          N5_HEAD + gzip.compress(CUBE.T.astype(">i4").copy().tobytes(), mtime=0),
          codec("n5_default", codecs=[codec("transpose", order=[2, 1, 0]), BIG, ZIP1]),
          expected=CUBE),
]  # fmt: skip

NUM = "What numcodecs does is the same in both formats."
STEPS = np.array([10, *[1] * 11], "<i4").tobytes()
NUMCODECS = [
    chain("numcodecs.adler32", NUM, adler(RAW) + RAW, LITTLE, codec("numcodecs.adler32")),
    chain("numcodecs.crc32", NUM, crc(RAW) + RAW, LITTLE, codec("numcodecs.crc32")),
    chain("numcodecs.crc32c", NUM, RAW + crc32c(RAW), LITTLE, codec("numcodecs.crc32c")),
    chain("numcodecs.fletcher32", NUM, RAW + fletcher(RAW), LITTLE, codec("numcodecs.fletcher32")),
    chain("numcodecs.bz2", NUM, bz2.compress(RAW), LITTLE, codec("numcodecs.bz2", level=1)),
    chain("numcodecs.lzma", NUM, lzma.compress(RAW), LITTLE, codec("numcodecs.lzma", format=1)),
    chain("numcodecs.zlib", NUM, zlib.compress(RAW), LITTLE, codec("numcodecs.zlib", level=1)),
    chain("numcodecs.gzip", NUM, gzip.compress(RAW, mtime=0), LITTLE,
          codec("numcodecs.gzip", level=1)),
    chain("numcodecs.zstd", NUM, FRAME, LITTLE, codec("numcodecs.zstd", level=1)),
    chain("numcodecs.lz4", NUM, len(RAW).to_bytes(4, "little") + lz4_block(RAW), LITTLE,
          codec("numcodecs.lz4", acceleration=1)),
    chain("numcodecs.blosc", NUM, blosc_copy(RAW, 4), LITTLE,
          codec("numcodecs.blosc", cname="lz4", clevel=5, shuffle=1, blocksize=0)),
    chain("numcodecs.shuffle", NUM, PLANES, LITTLE, codec("numcodecs.shuffle", elementsize=4)),
    chain("numcodecs.delta", NUM, STEPS, codec("numcodecs.delta", dtype="<i4"), LITTLE),
    chain("numcodecs.fixedscaleoffset", NUM, np.array([5, -20], "i1").tobytes(),
          codec("numcodecs.fixedscaleoffset", scale=10, offset=0, dtype="<f8", astype="|i1"),
          BYTES, expected=np.array([0.5, -2.0]), data_type="float64"),
    chain("numcodecs.quantize", NUM, np.array([0.5, -2.0]).tobytes(),
          codec("numcodecs.quantize", digits=1, dtype="<f8"), LITTLE,
          expected=np.array([0.5, -2.0]), data_type="float64"),
    chain("numcodecs.astype", NUM, np.array([1, -2], "<i2").tobytes(),
          codec("numcodecs.astype", encode_dtype="<i2", decode_dtype="<i4"), LITTLE,
          expected=np.array([1, -2], "i4")),
    chain("snappy", "A chunk is a block of Snappy.", bytes([len(RAW), (len(RAW) - 1) << 2]) + RAW,
          LITTLE, "snappy"),
    wrong("numcodecs.pickle", "Unpickling runs what the data say; it is refused.",
          codec("numcodecs.pickle"), LITTLE, words=("pickle",)),
]  # fmt: skip

CASES = [
    *CORE, *BITROUND, *PACKBITS, *RESHAPE, *CAST, *SCALE, *CONDITIONAL, *N5, *NUMCODECS,
]  # fmt: skip
