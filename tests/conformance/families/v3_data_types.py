"""Elements of every data type as they lie in a chunk, in both byte orders."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.corpus import BIG, BYTES, LITTLE, Bits, array, codec, objects, opens, refused

NAT = -(2**63)


def in_both_orders(data_type: Any, values: np.ndarray, fill: Any, name: str = ""):
    """Give a case for each byte order: five elements in three chunks."""
    for order, serializer in (("<", LITTLE), (">", BIG)):
        ending = {"<": "little", ">": "big"}[order]
        yield stored(f"{name or data_type} {ending} endian", data_type, serializer, values,
                     values.astype(values.dtype.newbyteorder(order)), fill)  # fmt: skip


def stored(name: str, data_type: Any, serializer: Any, values: Any, raw: np.ndarray, fill: Any):
    padded = raw.tobytes() + raw[:1].tobytes()  # what lies beyond the array is nobody's
    step = 2 * raw.dtype.itemsize
    chunks = {f"c/{i}": padded[i * step : (i + 1) * step] for i in range(3)}
    document = array(data_type=data_type, fill_value=fill, codecs=[serializer])
    return opens(name, "Elements are stored one after the other, in the order that bytes names.",
                 document, values, chunks)  # fmt: skip


def single(name: str, values: np.ndarray, fill: Any, expected: Any = None):
    expected = values if expected is None else expected
    return stored(f"{name} of single bytes", name, BYTES, expected, values, fill)


def floats(width: int, *bits: int) -> np.ndarray:
    return np.array(bits, f"u{width}").view(f"f{width}")


CASES = [
    single("bool", np.array([0, 1, 1, 0, 1], bool), False),
    single("int8", np.array([0, -1, 127, -128, 5], np.int8), 0),
    single("uint8", np.array([0, 1, 127, 128, 255], np.uint8), 0),
]
for _bits in (16, 32, 64):
    _int, _uint = np.iinfo(f"i{_bits // 8}"), np.iinfo(f"u{_bits // 8}")
    CASES += in_both_orders(f"int{_bits}", np.array([0, -1, _int.min, _int.max, 258], _int.dtype),
                            0)  # fmt: skip
    CASES += in_both_orders(f"uint{_bits}", np.array([0, 1, _uint.max, 258, 7], _uint.dtype), 0)

HALF = floats(2, 0x3C00, 0x8000, 0x7E01, 0x7C00, 0x0001)
SINGLE = floats(4, 0x3F800000, 0x80000000, 0x7F800001, 0xFFC00000, 1)
DOUBLE = floats(8, 0x3FF0000000000000, 1 << 63, 0x7FF8000000000001, 0x7FF0000000000000, 1)
CASES += [
    *in_both_orders("float16", HALF, 0),
    *in_both_orders("float32", SINGLE, 0),
    *in_both_orders("float64", DOUBLE, 0),
    *in_both_orders("complex64", np.repeat(SINGLE, 2).view("c8"), [0, 0]),
    *in_both_orders("complex128", np.repeat(DOUBLE, 2).view("c16"), [0, 0]),
]

MOMENTS = np.array([0, -1, NAT, 2**62, 1], np.int64)
CASES += [
    *in_both_orders(
        codec("numpy.datetime64", unit="us", scale_factor=10), MOMENTS.view("M8[10us]"), "NaT",
        "datetime64",
    ),
    *in_both_orders(
        codec("numpy.timedelta64", unit="s", scale_factor=1), MOMENTS.view("m8[s]"), 0,
        "timedelta64",
    ),
    *in_both_orders(
        codec("fixed_length_utf32", length_bytes=12),
        np.array(["", "aé", "xyz", "\U0001f40d", "b"], "U3"), "", "text",
    ),
]  # fmt: skip
RAW = np.array([b"\0\0\0", b"\1\2\3", b"\xff\xfe\xfd", b"a\0b", b"xyz"])
CASES += [
    stored("raw bits", "r24", BYTES, RAW.astype("V3"), RAW.astype("V3"), [0, 0, 0]),
    stored("raw bytes", codec("raw_bytes", length_bytes=3), BYTES, RAW.astype("V3"),
           RAW.astype("V3"), "AAAA"),
    stored("null-terminated bytes", codec("null_terminated_bytes", length_bytes=3), BYTES,
           RAW.astype("S3"), RAW.astype("S3"), ""),
]  # fmt: skip

POINT = codec("struct", fields=[
    {"name": "x", "data_type": "int16"},
    {"name": "y", "data_type": "float64"},
    {"name": "z", "data_type": codec("struct", fields=[{"name": "r", "data_type": "r16"}])},
])  # fmt: skip
POINTS = np.array(
    [(i, i / 4, (bytes([i, 255]),)) for i in range(5)],
    [("x", "i2"), ("y", "f8"), ("z", [("r", "V2")])],
)
CASES += in_both_orders(POINT, POINTS, {"x": 0, "y": 0, "z": {"r": [0, 0]}}, "struct")

#: Bytes as they may be stored, and as they are in memory where not all bits count.
SMALL = {
    "float8_e3m4": ([0x00, 0x30, 0x78, 0xF0, 0x01], None),
    "float8_e4m3": ([0x00, 0x38, 0x7C, 0xF8, 0x01], None),
    "float8_e4m3fn": ([0x00, 0x38, 0x7F, 0x7E, 0x01], None),
    "float8_e4m3b11fnuz": ([0x00, 0x58, 0x80, 0x7F, 0x01], None),
    "float8_e4m3fnuz": ([0x00, 0x40, 0x80, 0x7F, 0x01], None),
    "float8_e5m2": ([0x00, 0x3C, 0x7F, 0xFC, 0x01], None),
    "float8_e5m2fnuz": ([0x00, 0x40, 0x80, 0x7F, 0x01], None),
    "float8_e8m0fnu": ([0x00, 0x7F, 0xFF, 0xFE, 0x01], None),
    "float6_e2m3fn": ([0x00, 0x3F, 0xC1, 0x20, 0x08], [0x00, 0x3F, 0x01, 0x20, 0x08]),
    "float6_e3m2fn": ([0x00, 0x3F, 0x81, 0x20, 0x0C], [0x00, 0x3F, 0x01, 0x20, 0x0C]),
    "float4_e2m1fn": ([0x00, 0x0F, 0xF1, 0x08, 0x02], [0x00, 0x0F, 0x01, 0x08, 0x02]),
    "int2": ([0x00, 0x03, 0xFE, 0x02, 0x01], [0x00, 0xFF, 0xFE, 0xFE, 0x01]),
    "int4": ([0x00, 0x0F, 0xF8, 0x08, 0x07], [0x00, 0xFF, 0xF8, 0xF8, 0x07]),
    "uint2": ([0x00, 0x03, 0xFE, 0x02, 0x01], [0x00, 0x03, 0x02, 0x02, 0x01]),
    "uint4": ([0x00, 0x0F, 0xF8, 0x08, 0x07], [0x00, 0x0F, 0x08, 0x08, 0x07]),
}
for _name, (_stored, _memory) in SMALL.items():
    _fill = "NaN" if _name == "float8_e8m0fnu" else 0
    CASES.append(
        single(_name, np.array(_stored, "u1"), _fill, Bits(np.array(_memory or _stored, "u1")))
    )
BRAIN = np.array([0x3F80, 0x8000, 0x7FC1, 0xFF80, 0x0001], "u2")
PAIRS = np.array([0x3C00, 0x8000, 0x7E01, 0x7C00, 1, 2, 3, 4, 5, 6], "u2")
for _order, _serializer in (("<", LITTLE), (">", BIG)):
    _ending = {"<": "little", ">": "big"}[_order]
    CASES += [
        stored(f"bfloat16 {_ending} endian", "bfloat16", _serializer, Bits(BRAIN),
               BRAIN.astype(f"{_order}u2"), 0),
        stored(f"complex_float16 {_ending} endian", "complex_float16", _serializer,
               Bits(PAIRS.view("u4")), PAIRS.astype(f"{_order}u2").view("V4"), [0, 0]),
        stored(f"complex_bfloat16 {_ending} endian", "complex_bfloat16", _serializer,
               Bits(PAIRS.view("u4")), PAIRS.astype(f"{_order}u2").view("V4"), [0, 0]),
    ]  # fmt: skip

UTF8, VLEN = {"name": "vlen-utf8"}, {"name": "vlen-bytes"}


def packed(*elements: bytes) -> bytes:
    """Write elements of variable length: their number, then each with its length before it."""
    parts = [len(elements).to_bytes(4, "little")]
    parts += [len(each).to_bytes(4, "little") + each for each in elements]
    return b"".join(parts)


def variable(data_type: str, serializer: Any, fill: Any, *more: Any) -> dict:
    return array(data_type=data_type, fill_value=fill, codecs=[serializer, *more])


RULE = "A chunk is a count, then each element's length in bytes before its bytes."
WORDS = ["", "aé", "\U0001f40d\0x", "b" * 300]
UTF8_CHUNKS = {
    "c/0": packed(b"", "aé".encode()),
    "c/1": packed("\U0001f40d\0x".encode(), b"b" * 300),
}
BLOBS = [b"", b"\0\xff", b"x", b"y" * 300]
BLOB_CHUNKS = {"c/0": packed(*BLOBS[:2]), "c/1": packed(*BLOBS[2:])}
CORRUPT = "CorruptChunkError"
CASES += [
    opens("strings", RULE, variable("string", UTF8, "-"), objects(*WORDS, "-"), UTF8_CHUNKS),
    opens("strings by a short name", RULE, variable("string", "vlen-utf8", "-"),
          objects(*WORDS, "-"), UTF8_CHUNKS),
    opens("strings with an empty configuration", RULE, variable("string", codec("vlen-utf8"), "-"),
          objects(*WORDS, "-"), UTF8_CHUNKS),
    *(
        opens(f"{name} elements", RULE, variable(name, VLEN, [7]), objects(*BLOBS, b"\x07"),
              BLOB_CHUNKS)
        for name in ("bytes", "variable_length_bytes", "binary")
    ),
    opens("a string of no dimensions", "One element is a chunk like any other.",
          array(shape=[], chunk_grid=codec("regular", chunk_shape=[]), data_type="string",
                fill_value="", codecs=[UTF8]), objects("é", shape=()), {"c": packed("é".encode())}),
    opens("transposed strings", "Elements are in C order of what transpose makes of the chunk.",
          array(shape=[2, 3], chunk_grid=codec("regular", chunk_shape=[2, 3]), data_type="string",
                fill_value="", codecs=[codec("transpose", order=[1, 0]), UTF8]),
          objects("a", "b", "c", "d", "e", "f", shape=(2, 3)),
          {"c/0/0": packed(b"a", b"d", b"b", b"e", b"c", b"f")}),
    *(
        refused(f"strings {name}", "A chunk that is not what it says is corrupt.",
                variable("string", UTF8, ""), CORRUPT, "vlen-utf8",
                chunks={"c/0": chunk})
        for name, chunk in (
            ("without a count", b"\x02\0"),
            ("with a length too many", packed(b"a", b"b")[:-1]),
            ("of another count", packed(b"a", b"b", b"c")),
            ("longer than the chunk", packed(b"a") + b"\xff\xff\xff\x7f"),
            ("with bytes left over", packed(b"a", b"b") + b"c"),
            ("not in UTF-8", packed(b"a", b"\xff")),
        )
    ),
    refused("strings through bytes", "Text of variable length needs a codec that can store it.",
            variable("string", BYTES, ""), "ZarrError", "string"),
    refused("numbers through vlen-utf8", "The codec is for text.",
            array(codecs=[UTF8]), "ZarrError", "vlen-utf8"),
]  # fmt: skip
