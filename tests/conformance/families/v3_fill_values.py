"""Fill values of every data type, to the bit: an array whose only chunk is absent."""

from __future__ import annotations

import base64
import struct
import sys
from typing import Any

import numpy as np

from conformance.corpus import BYTES, LITTLE, Bits, array, codec, objects, opens, refused, regular

META = "MetadataError"
RULE = "Elements of an absent chunk have the bits that the fill value says."
WRONG = "A fill value that the data type does not have is refused."


def case(data_type: Any, value: Any, expected: Any, name: str | None = None, **members: Any):
    """Make a case of three absent elements."""
    document = array(shape=[3], chunk_grid=regular(3), data_type=data_type, fill_value=value,
                     **{"codecs": [LITTLE], **members})  # fmt: skip
    return opens(name or f"{spelled(data_type)} {value!r}", RULE, document, expected, {})


def bad(data_type: Any, value: Any, *words: str, **members: Any):
    document = array(data_type=data_type, fill_value=value, **{"codecs": [LITTLE], **members})
    return refused(
        f"{spelled(data_type)} {value!r} refused", WRONG, document, META, "fill_value", *words
    )


def spelled(data_type: Any) -> str:
    return data_type if isinstance(data_type, str) else data_type["name"]


def number(data_type: str, value: Any, bits: int, dtype: str):
    """Expect a number of NumPy's by its bits, most significant first."""
    data = bits.to_bytes(np.dtype(dtype).itemsize, sys.byteorder)
    return case(data_type, value, np.frombuffer(data * 3, dtype))


FLOATS: dict[str, list[tuple[Any, int]]] = {
    "float16": [
        (0, 0), (0.0, 0), (-0.0, 0x8000), (1, 0x3C00), (-1.5, 0xBE00), (65504, 0x7BFF),
        (65519.99, 0x7BFF), (1e-7, 0x0002), (1.00048828125, 0x3C00), (1.00146484375, 0x3C02),
        ("NaN", 0x7E00), ("Infinity", 0x7C00), ("-Infinity", 0xFC00),
        ("0x7e01", 0x7E01), ("0xfe00", 0xFE00), ("0x7c01", 0x7C01), ("0x3c00", 0x3C00),
        ("0x8000", 0x8000),
    ],
    "float32": [
        (0, 0), (-0.0, 0x80000000), (1.5, 0x3FC00000), (0.1, 0x3DCCCCCD), (1e-45, 1),
        (3.4028234663852886e38, 0x7F7FFFFF), (16777217, 0x4B800000), (-1e-60, 0x80000000),
        ("NaN", 0x7FC00000), ("Infinity", 0x7F800000), ("-Infinity", 0xFF800000),
        ("0x7fc00001", 0x7FC00001), ("0xffc00000", 0xFFC00000), ("0x7f800001", 0x7F800001),
        ("0x7FC00ABC", 0x7FC00ABC), ("0x80000000", 0x80000000),
    ],
    "float64": [
        (0, 0), (-0.0, 1 << 63), (0.1, 0x3FB999999999999A), (5e-324, 1),
        (9007199254740993, 0x4340000000000000), (1e308, 0x7FE1CCF385EBC8A0),
        ("NaN", 0x7FF8000000000000), ("Infinity", 0x7FF0000000000000),
        ("-Infinity", 0xFFF0000000000000), ("0x7ff8000000000001", 0x7FF8000000000001),
        ("0xfff8000000000000", 0xFFF8000000000000), ("0x7ff0000000000001", 0x7FF0000000000001),
    ],
}  # fmt: skip
NUMBERS = [number(name, value, bits, name) for name, rows in FLOATS.items() for value, bits in rows]
NUMBERS += [
    bad(name, value)
    for name in FLOATS
    for value in ("nan", "inf", "+Infinity", True, [], "0x", "0x7g", "0x00", "1.5")
]
NUMBERS += [
    bad("float16", 65520), bad("float32", 1e39), bad("float16", "0x7fc00000"),
    bad("float32", "0x7e00"), bad("float64", "0x7fc00000"),
]  # fmt: skip

INTEGERS = [
    number(f"{sign}int{bits}", value, value % (1 << bits), f"{sign}int{bits}")
    for bits in (8, 16, 32, 64)
    for sign, values in (
        ("u", (0, 1, (1 << bits) - 1)),
        ("", (0, -1, -(1 << bits - 1), (1 << bits - 1) - 1)),
    )
    for value in values
]
INTEGERS += [
    number("uint64", 9007199254740993, 9007199254740993, "uint64"),
    number("bool", True, 1, "bool"),
    number("bool", False, 0, "bool"),
]
INTEGERS += [
    bad(f"{sign}int{bits}", value)
    for bits in (8, 64)
    for sign, values in (
        ("u", (-1, 1 << bits)),
        ("", (-(1 << bits - 1) - 1, 1 << bits - 1, 1.0, 1e2, "1", True, [1], "0x01")),
    )
    for value in values
]
INTEGERS += [bad("bool", value) for value in (0, 1, "true", [True])]


def pair(dtype: str, *bits: int) -> np.ndarray:
    part = np.dtype(f"u{np.dtype(dtype).itemsize // 2}")
    return np.array(bits * 3, part).view(dtype)


C64, C128 = "complex64", "complex128"
NAN32, NAN64 = 0x7FC00000, 0x7FF8000000000000
COMPLEX = [
    case(C64, [0, 0], pair(C64, 0, 0)),
    case(C64, [1.5, -0.0], pair(C64, 0x3FC00000, 0x80000000)),
    case(C64, ["NaN", "Infinity"], pair(C64, NAN32, 0x7F800000)),
    case(C64, ["-Infinity", "0x7fc00001"], pair(C64, 0xFF800000, 0x7FC00001)),
    case(C64, ["Infinity", "NaN"], pair(C64, 0x7F800000, NAN32)),
    case(C128, [-0.0, "NaN"], pair(C128, 1 << 63, NAN64)),
    case(C128, ["0xfff8000000000007", 0.1], pair(C128, 0xFFF8000000000007, 0x3FB999999999999A)),
    case("complex_float32", ["NaN", 1.5], pair(C64, NAN32, 0x3FC00000)),
    case("complex_float64", [-0.0, 0], pair(C128, 1 << 63, 0)),
    *(bad(C64, value) for value in (1.0, [1], [1, 2, 3], "NaN", [True, 0], ["nan", 0])),
]  # fmt: skip


def small(name: str, value: Any, bits: int, width: int = 1):
    """Expect a small number by its bits, as NumPy may not have it."""
    dtype = f"u{width}"
    return case(name, value, Bits(np.full(3, bits, dtype)))


SMALL = [
    small("bfloat16", 1.5, 0x3FC0, 2), small("bfloat16", "NaN", 0x7FC0, 2),
    small("bfloat16", "-Infinity", 0xFF80, 2), small("bfloat16", "0x7fc1", 0x7FC1, 2),
    small("bfloat16", -0.0, 0x8000, 2), small("bfloat16", 1.00390625, 0x3F80, 2),
    small("float8_e3m4", "NaN", 0x78), small("float8_e3m4", 1, 0x30),
    small("float8_e3m4", "Infinity", 0x70),
    small("float8_e4m3", "NaN", 0x7C), small("float8_e4m3", 1, 0x38),
    small("float8_e4m3", "-Infinity", 0xF8),
    small("float8_e5m2", 1, 0x3C), small("float8_e5m2", "Infinity", 0x7C),
    small("float8_e5m2", "0x7f", 0x7F),
    small("float8_e4m3b11fnuz", "NaN", 0x80), small("float8_e4m3fnuz", "NaN", 0x80),
    small("float8_e5m2fnuz", "NaN", 0x80), small("float8_e4m3fnuz", 1, 0x40),
    small("float8_e5m2fnuz", 1, 0x40), small("float8_e4m3b11fnuz", 1, 0x58),
    small("float8_e4m3fn", 448, 0x7E),
    small("float8_e8m0fnu", "NaN", 0xFF), small("float8_e8m0fnu", 1, 0x7F),
    small("float8_e8m0fnu", 2, 0x80),
    small("float6_e2m3fn", 1, 0x08), small("float6_e3m2fn", 1, 0x0C),
    small("float4_e2m1fn", 1, 0x02), small("float4_e2m1fn", -6, 0x0F),
    small("int2", -2, 0xFE), small("int4", -8, 0xF8), small("int4", 7, 7),
    small("uint2", 3, 3), small("uint4", 15, 15),
    *(
        bad(name, value)
        for name, value in (
            ("int2", 2), ("int2", -3), ("int4", 8), ("uint2", 4), ("uint4", -1), ("int4", 1.0),
            ("float8_e4m3fnuz", "Infinity"), ("float8_e8m0fnu", "Infinity"),
            ("float6_e2m3fn", "NaN"), ("float4_e2m1fn", "Infinity"), ("float8_e5m2", "0x7fff"),
            ("bfloat16", "nan"),
        )
    ),
    case("complex_float16", [1.5, "NaN"], Bits(np.array([0x3E00, 0x7E00] * 3, "u2")
                                               .view("u4"))),
    case("complex_bfloat16", [-0.0, "Infinity"], Bits(np.array([0x8000, 0x7F80] * 3, "u2")
                                                      .view("u4"))),
    case("complex_float8_e5m2", [1, "-Infinity"], Bits(np.array([0x3C, 0xFC] * 3, "u1")
                                                       .view("u2"))),
    case("complex_float6_e2m3fn", [1, -0.0], Bits(np.array([0x08, 0x20] * 3, "u1").view("u2"))),
    case("complex_float6_e3m2fn", [1, -0.0], Bits(np.array([0x0C, 0x20] * 3, "u1").view("u2"))),
    case("complex_float4_e2m1fn", [1, -0.0], Bits(np.array([0x02, 0x08] * 3, "u1").view("u2"))),
]  # fmt: skip

NAT = -(2**63)


def when(kind: str, unit: str, factor: int = 1) -> dict:
    return codec(f"numpy.{kind}64", unit=unit, scale_factor=factor)


def moment(data_type: dict, value: Any, dtype: str, count: int, name: str):
    return case(data_type, value, np.full(3, count, np.int64).view(dtype), name)


TIMES = [
    moment(when("datetime", "ns"), "NaT", "M8[ns]", NAT, "datetime64 NaT"),
    moment(when("datetime", "s"), 0, "M8[s]", 0, "datetime64 0"),
    moment(when("datetime", "us", 10), -5, "M8[10us]", -5, "datetime64 of ten microseconds"),
    moment(when("datetime", "\N{MICRO SIGN}s"), 1, "M8[us]", 1, "datetime64 in micro sign s"),
    moment(when("datetime", "\N{GREEK SMALL LETTER MU}s"), 1, "M8[us]", 1, "datetime64 in mu s"),
    moment(when("datetime", "ms"), NAT, "M8[ms]", NAT, "datetime64 least integer"),
    moment(when("timedelta", "D"), 7, "m8[D]", 7, "timedelta64 7 days"),
    moment(when("timedelta", "generic"), "NaT", "m8", NAT, "timedelta64 generic NaT"),
    moment(when("datetime", "Y"), 50, "M8[Y]", 50, "datetime64 years"),
    bad(when("datetime", "s"), "2020-01-01"), bad(when("datetime", "s"), 1.0),
    bad(when("datetime", "s"), 2**63), bad(when("timedelta", "s"), "nat"),
    refused("datetime64 without a unit", "unit and scale_factor are required.",
            array(data_type="numpy.datetime64", fill_value=0), META, "unit"),
    refused("datetime64 without a factor", "unit and scale_factor are required.",
            array(data_type=codec("numpy.datetime64", unit="s"), fill_value=0), META,
            "scale_factor"),
    refused("datetime64 in fortnights", "The unit is one of NumPy's.",
            array(data_type=when("datetime", "fortnight"), fill_value=0), META, "fortnight"),
    refused("datetime64 of factor 0", "The factor is at least 1.",
            array(data_type=when("datetime", "s", 0), fill_value=0), META, "scale_factor"),
]  # fmt: skip

AF = base64.b64encode(b"\x01\xff").decode()
TEXT4 = codec("fixed_length_utf32", length_bytes=16)
S4 = codec("null_terminated_bytes", length_bytes=4)
V2 = codec("raw_bytes", length_bytes=2)
BYTES_AND_TEXT = [
    case("r16", [1, 255], np.full(3, b"\x01\xff", "V2")),
    case("r16", AF, np.full(3, b"\x01\xff", "V2")),
    case("r24", [0, 0, 7], np.full(3, b"\0\0\x07", "V3")),
    case(V2, AF, np.full(3, b"\x01\xff", "V2")),
    case(TEXT4, "", np.full(3, "", "U4")),
    case(TEXT4, "aé\U0001f40d", np.full(3, "aé\U0001f40d", "U4")),
    case(TEXT4, "abcd", np.full(3, "abcd", "U4")),
    case(S4, base64.b64encode(b"ab").decode(), np.full(3, b"ab", "S4")),
    case(S4, "", np.full(3, b"", "S4")),
    *(bad("r16", value) for value in ([1], [1, 2, 3], [256, 0], [-1, 0], [1.0, 2], "AQ==", "%", 0)),
    bad(TEXT4, "abcde"), bad(TEXT4, 0), bad(S4, "!"), bad(S4, [97]),
    bad(S4, base64.b64encode(b"abcde").decode()),
    *(
        refused(f"data type {name}", "Raw types have a whole number of bytes.",
                array(data_type=name, fill_value=[0]), "ZarrError", name)
        for name in ("r0", "r7", "r08", "r", "r-8")
    ),
    refused("text of 6 bytes", "A character has 4 bytes.",
            array(data_type=codec("fixed_length_utf32", length_bytes=6), fill_value=""), META,
            "length_bytes", "6"),
]  # fmt: skip


def fields(*pairs: tuple[str, Any]) -> dict:
    return codec("struct", fields=[{"name": name, "data_type": kind} for name, kind in pairs])


POINT = fields(("x", "int16"), ("y", "float32"))
POINT_NUMPY = np.dtype([("x", "i2"), ("y", "f4")])
DEEP = fields(("a", "uint8"), ("b", POINT))
DEEP_NUMPY = np.dtype([("a", "u1"), ("b", POINT_NUMPY)])
LEGACY = codec("structured", fields=[["x", "int16"], ["y", "float32"]])
LEGACY_OBJECTS = {**POINT, "name": "structured"}
PACKED = base64.b64encode(struct.pack("<hf", -2, 1.5)).decode()
POINTS = np.full(3, np.array((-2, 1.5), POINT_NUMPY))
ODD = np.full(3, b"\x07\0\x01\0\xc0\x7f", "V6").view(POINT_NUMPY)
STRUCTS = [
    case(POINT, {"x": -2, "y": 1.5}, POINTS, "struct"),
    case(POINT, {"y": 1.5, "x": -2}, POINTS, "struct in another order"),
    case(POINT, {"x": 7, "y": "0x7fc00001"}, ODD, "struct with a payload"),
    case(DEEP, {"a": 1, "b": {"x": -2, "y": 1.5}},
         np.full(3, np.array((1, (-2, 1.5)), DEEP_NUMPY)), "struct in a struct"),
    case(LEGACY, PACKED, POINTS, "structured in base64 without endian", codecs=[BYTES]),
    case(LEGACY, {"x": -2, "y": 1.5}, POINTS, "structured pairs with an object"),
    case(LEGACY_OBJECTS, PACKED, POINTS, "structured objects in base64"),
    bad(POINT, {"x": -2}, "y"), bad(POINT, {"x": 1, "y": 0, "z": 0}, "z"), bad(POINT, 0),
    bad(POINT, {"x": 1.5, "y": 0}, "x"), bad(POINT, [1, 2]),
    refused("struct with a field twice", "Each field has a name of its own.",
            array(data_type=fields(("x", "int8"), ("x", "int8")), fill_value={"x": 0}), META, "x"),
    refused("struct without fields", "A structure has a field.",
            array(data_type=codec("struct", fields=[]), fill_value={}), META, "fields"),
    refused("struct of an unknown type", "A data type that is not known has to be refused.",
            array(data_type=fields(("x", "novelty")), fill_value={"x": 0}),
            "UnsupportedExtensionError", "novelty"),
    refused("struct of text without end", "Fields have a fixed length.",
            array(data_type=fields(("x", "string")), fill_value={"x": ""}), "ZarrError", "string"),
    refused("struct without endian", "Fields of several bytes need an endian.",
            array(data_type=POINT, fill_value={"x": 0, "y": 0}, codecs=[BYTES]), "ZarrError",
            "endian"),
]  # fmt: skip

UTF8, VLEN = [{"name": "vlen-utf8"}], [{"name": "vlen-bytes"}]


def variable(data_type: Any, value: Any, expected: Any, codecs: list):
    return case(data_type, value, objects(expected, expected, expected), codecs=codecs)


VARIABLE = [
    variable("string", "", "", UTF8),
    variable("string", "é\0\U0001f40d", "é\0\U0001f40d", UTF8),
    variable("bytes", [1, 255], b"\x01\xff", VLEN),
    variable("bytes", AF, b"\x01\xff", VLEN),
    variable("bytes", "", b"", VLEN),
    variable("variable_length_bytes", AF, b"\x01\xff", VLEN),
    variable("binary", [], b"", VLEN),
    *(bad("string", value, codecs=UTF8) for value in (0, ["a"])),
    *(bad("bytes", value, codecs=VLEN) for value in ([256], "%", 0)),
]

# GDAL and zarrita write null where none was chosen, as v2 has it; it is read as there.
UNDEFINED = [
    *(
        case(name, None, np.zeros(3, name), f"{name} null is undefined")
        for name in ("bool", "int8", "uint64", "float32", "complex64")
    ),
    variable("string", None, "", UTF8),
    variable("bytes", None, b"", VLEN),
]

CASES = [
    *UNDEFINED,
    *NUMBERS,
    *INTEGERS,
    *COMPLEX,
    *SMALL,
    *TIMES,
    *BYTES_AND_TEXT,
    *STRUCTS,
    *VARIABLE,
]
