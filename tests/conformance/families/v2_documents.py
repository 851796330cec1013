"""Documents of Zarr v2: data types, fill values, order, separators, attributes and groups."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from conformance.corpus import (
    ABSENT,
    FIVE,
    NUMBERS_V2,
    Bits,
    Group,
    Refusal,
    array_v2,
    hierarchy,
    opens,
    refused,
)
from zarrpy.errors import MetadataError

META = "MetadataError"
UNKNOWN = "UnsupportedExtensionError"
NAT = -(2**63)

MEMBERS = [
    opens("plain", "The members of an array give its elements.", array_v2()),
    opens("unknown members", "Members that are not known are left alone.",
          array_v2(novelty=1, _nczarr_array={"dimrefs": ["/x"], "storage": "chunked"})),
    opens("without filters", "Some writers leave filters out, which stands for none.",
          array_v2(filters=ABSENT)),
    opens("no filters", "An empty list is no filters.", array_v2(filters=[])),
    *(
        refused(f"without {name}", f"{name} is required.", array_v2(**{name: ABSENT}), META, name,
                v2=True)
        for name in ("zarr_format", "shape", "chunks", "dtype", "compressor", "fill_value", "order")
    ),
    *(
        refused(f"zarr_format {value!r}", "It is the integer 2.", array_v2(zarr_format=value), META,
                "zarr_format", v2=True)
        for value in ("2", 3, 2.0)
    ),
    *(
        refused(f"chunks {value!r}", "Chunks are at least one element long in each dimension.",
                array_v2(chunks=value), META, "chunks")
        for value in ([0], [2, 2], [], [1.5], 2, None, [True])
    ),
    *(
        refused(f"order {value!r}", "It is C or F.", array_v2(order=value), META, "order")
        for value in ("A", "c", None, 0)
    ),
    refused("separator -", "The separator is a slash or a dot.",
            array_v2(dimension_separator="-"), META, "dimension_separator", "-"),
    refused("compressor of no object", "A compressor is an object with an id.",
            array_v2(compressor="zlib"), META, "compressor"),
    refused("compressor without an id", "A compressor is an object with an id.",
            array_v2(compressor={"level": 1}), META, "compressor", "id"),
    refused("filters of no list", "Filters are a list.", array_v2(filters={"id": "delta"}), META,
            "filters"),
    refused("unknown compressor", "A codec that is not known has to be refused.",
            array_v2(compressor={"id": "novelty"}), UNKNOWN, "novelty"),
    refused("unknown filter", "A codec that is not known has to be refused.",
            array_v2(filters=[{"id": "novelty"}]), UNKNOWN, "novelty"),
    refused("pickle", "Unpickling runs what the data say; it is refused.",
            array_v2(dtype="|O", fill_value=0, filters=[{"id": "pickle", "protocol": 4}]),
            "ZarrError", "pickle"),
    refused("pickle as the second filter", "Every filter is looked at, not only the first.",
            array_v2(dtype="|O", fill_value="", filters=[{"id": "vlen-utf8"}, {"id": "pickle"}]),
            "ZarrError", "pickle"),
    refused("objects without a codec", "Objects need a codec that can store them.",
            array_v2(dtype="|O", fill_value=None), "ZarrError", "object"),
]  # fmt: skip


def typed(dtype: str, values: np.ndarray, fill: Any = None):
    """Make a case of three elements stored as NumPy has them in memory under that name."""
    raw = values.astype(np.dtype(dtype))
    rule = "The data type says kind, size and byte order of the stored elements."
    return opens(f"dtype {dtype}", rule, array_v2(shape=[3], chunks=[3], dtype=dtype,
                 fill_value=fill), values, {"0": raw})  # fmt: skip


TYPES = [typed("|b1", np.array([True, False, True]), False)]
for _kind in "iu":
    TYPES.append(typed(f"|{_kind}1", np.array([0, 1, 127], f"{_kind}1"), 0))
    for _size in (2, 4, 8):
        _most = np.iinfo(f"{_kind}{_size}").max
        for _order in "<>":
            TYPES.append(
                typed(f"{_order}{_kind}{_size}", np.array([0, 258, _most], f"{_kind}{_size}"), 0)
            )
for _order in "<>":
    for _size, _payload in ((2, 0x7E01), (4, 0x7F800001), (8, 0x7FF8000000000001)):
        _values = np.array([_payload, 0, 1 << (8 * _size - 1)], f"u{_size}").view(f"f{_size}")
        _bytes = _values.view(f"u{_size}").astype(f"{_order}u{_size}")
        TYPES.append(
            opens(f"dtype {_order}f{_size}", "The bits of a NaN, and the sign of a zero, stay.",
                  array_v2(shape=[3], chunks=[3], dtype=f"{_order}f{_size}"), _values,
                  {"0": _bytes})
        )  # fmt: skip
    TYPES += [
        typed(f"{_order}c8", np.array([1 + 2j, -0.5j, 3], "c8"), [0, 0]),
        typed(f"{_order}c16", np.array([1 + 2j, -0.5j, 3], "c16"), [0, 0]),
        typed(f"{_order}U2", np.array(["", "é", "\U0001f40dx"], "U2"), ""),
        typed(f"{_order}M8[ns]", np.array([0, NAT, -1]).view("M8[ns]"), "NaT"),
        typed(f"{_order}M8[10us]", np.array([0, NAT, -1]).view("M8[10us]"), 5),
        typed(f"{_order}m8[D]", np.array([0, NAT, -1]).view("m8[D]"), "NaT"),
        typed(f"{_order}M8[M]", np.array([0, NAT, -1]).view("M8[M]"), "NaT"),
    ]
TYPES += [
    typed("|S3", np.array([b"", b"a\0b", b"xyz"], "S3"), ""),
    typed("|V3", np.array([b"\0\0\0", b"a\0b", b"xyz"], "V3"), "AAAA"),
    *(
        refused(f"dtype {value!r}", "A data type is a kind with its byte order and size.",
                array_v2(dtype=value), "MetadataError", str(value or "").lstrip("<|"))
        for value in ("f4", "|f4", "<f3", "<i16", "u1", "<U", "|S0", "|U3", "<M8[x]", "", 1, None,
                      "<q", "float32")
    ),
]  # fmt: skip

PAIR: list = [["x", "<i2"], ["y", "<f4"]]
PAIR_NUMPY = np.dtype([("x", "i2"), ("y", "f4")])
PAIRS = np.array([(1, 0.5), (-2, -0.0), (3, 1e30)], PAIR_NUMPY)


def structured(name: str, dtype: list, values: np.ndarray, stored: np.dtype, fill: Any = None):
    return opens(f"structure {name}", "A structure is a list of fields, stored without gaps.",
                 array_v2(shape=[3], chunks=[3], dtype=dtype, fill_value=fill), values,
                 {"0": values.astype(stored)})  # fmt: skip


BIG_PAIR = np.dtype([("x", ">i2"), ("y", ">f4")])
NESTED = np.dtype([("a", "u1"), ("p", PAIR_NUMPY)])
NESTS = np.array([(i, (i, i / 4)) for i in range(3)], NESTED)
BLOCK = np.dtype([("a", "u1"), ("m", "i2", (2, 3))])
BLOCKS = np.array([(i, np.arange(6).reshape(2, 3) + i) for i in range(3)], BLOCK)
MIXED = np.dtype([("x", ">i2"), ("y", "<f4")])
STRUCTURES = [
    structured("of two numbers", PAIR, PAIRS, PAIR_NUMPY),
    structured("in big endian", [["x", ">i2"], ["y", ">f4"]], PAIRS, BIG_PAIR),
    structured("in two byte orders", [["x", ">i2"], ["y", "<f4"]], PAIRS.astype(MIXED), MIXED),
    structured("in a structure", [["a", "|u1"], ["p", PAIR]], NESTS, NESTED),
    structured("with an array", [["a", "|u1"], ["m", "<i2", [2, 3]]], BLOCKS, BLOCK),
    structured("with a title", [[["title", "x"], "<i2"], ["y", "<f4"]], PAIRS, PAIR_NUMPY),
    structured("with text", [["s", "|S2"], ["u", "<U1"], ["t", "<M8[s]"]],
               np.array([(b"a", "é", 1), (b"", "", 2), (b"xy", "\U0001f40d", -1)],
                        [("s", "S2"), ("u", "U1"), ("t", "M8[s]")]),
               np.dtype([("s", "S2"), ("u", "<U1"), ("t", "<M8[s]")])),
    opens("structure filled", "The fill value of a structure is its bytes in base64.",
          array_v2(shape=[3], chunks=[3], dtype=PAIR,
                   fill_value=base64.b64encode(PAIRS[1].tobytes()).decode()),
          np.repeat(PAIRS[1:2], 3), {}),
    opens("structure filled in big endian", "The bytes are in the order of the data type.",
          array_v2(shape=[3], chunks=[3], dtype=[["x", ">i2"], ["y", ">f4"]],
                   fill_value=base64.b64encode(PAIRS[:1].astype(BIG_PAIR).tobytes()).decode()),
          np.repeat(PAIRS[:1], 3), {}),
    refused("structure with a field twice", "Each field has a name of its own.",
            array_v2(dtype=[["x", "<i2"], ["x", "<i2"]]), META, "dtype", "x"),
    refused("structure with a bad field", "Fields have a data type each.",
            array_v2(dtype=[["x", "<i3"]]), META, "<i3"),
    refused("structure without fields", "A structure has a field.", array_v2(dtype=[]), META,
            "dtype"),
]  # fmt: skip


def filled(name: str, dtype: Any, value: Any, expected: Any):
    rule = "Elements of an absent chunk have the fill value."
    if not isinstance(expected, Bits):
        expected = np.repeat(np.atleast_1d(expected), 3)
    return opens(f"fill {name}", rule, array_v2(shape=[3], chunks=[3], dtype=dtype,
                 fill_value=value), expected, {})  # fmt: skip


def from_bits(bits: int, dtype: str) -> np.ndarray:
    return np.array([bits], f"u{np.dtype(dtype).itemsize}").view(dtype)


FILLS = [
    filled("null", "<i4", None, np.int32(0)),
    filled("null of a float", "<f8", None, np.float64(0)),
    filled("null of a date", "<M8[ns]", None, np.datetime64("NaT", "ns")),
    filled("null of a duration", ">m8[10s]", None, np.timedelta64("NaT", "10s")),
    filled("null of text", "<U3", None, np.array([""], "U3")),
    filled("null of a structure", PAIR, None, np.zeros(1, PAIR_NUMPY)),
    filled("NaN", "<f4", "NaN", from_bits(0x7FC00000, "f4")),
    filled("Infinity", ">f8", "Infinity", np.float64("inf")),
    filled("-Infinity", "<f2", "-Infinity", np.float16("-inf")),
    filled("minus zero", "<f8", -0.0, np.float64(-0.0)),
    filled("integer of a float", "<f8", 3, np.float64(3)),
    filled("float of an integer", "<i4", 3.0, np.int32(3)),
    filled("largest", "<u8", 2**64 - 1, np.uint64(2**64 - 1)),
    filled("true", "|b1", True, np.True_),
    filled("1 for true", "|b1", 1, np.True_),
    filled("complex", "<c8", ["NaN", -0.0],
           np.array([0x7FC00000, 0x80000000], "u4").view("c8")),
    filled("NaT", "<M8[s]", "NaT", np.datetime64("NaT", "s")),
    filled("date", "<M8[D]", 1, np.datetime64("1970-01-02", "D")),
    filled("least integer of a duration", "<m8[s]", NAT, np.timedelta64("NaT", "s")),
    filled("base64", "|S3", base64.b64encode(b"ab\0").decode(), np.array([b"ab"], "S3")),
    filled("empty base64", "|S3", "", np.array([b""], "S3")),
    filled("0 of bytes", "|S3", 0, np.array([b""], "S3")),
    filled("text", "<U3", "aé", np.array(["aé"], "U3")),
    filled("0 of text", "<U3", 0, np.array([""], "U3")),
    filled("raw", "|V3", base64.b64encode(b"a\0b").decode(), np.array([b"a\0b"], "V3")),
    *(
        refused(f"fill {value!r} of {dtype}", "A value that the data type does not have is "
                "refused.", array_v2(dtype=dtype, fill_value=value), META, "fill_value")
        for dtype, value in (
            ("|u1", 256), ("|u1", -1), ("<i4", 1.5), ("<i4", "1"), ("<f4", "nan"), ("|b1", 2),
            ("|S3", "%"), ("<U2", "abc"), ("<c8", [1]), ("<M8[s]", "2020"), ("|V3", "AA=="),
            ("<i4", [0]), ("<f8", {}),
        )
    ),
]  # fmt: skip

CUBE = np.arange(24, dtype="i2").reshape(2, 3, 4)
PLANE = np.arange(6, dtype="u1").reshape(2, 3)
TILES = {"0.0": "00010203", "0.1": "04050607", "1.0": "08090a0b", "1.1": "0c0d0e0f"}
SQUARE = np.array([[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]], np.uint8)
SLASHED = {key.replace(".", "/"): value for key, value in TILES.items()}
LAYOUT = [
    opens("order F", "In order F the first index varies fastest.",
          array_v2(shape=[2, 3], chunks=[2, 3], order="F"), PLANE, {"0.0": PLANE.T.copy()}),
    opens("order F of three dimensions", "All dimensions are reversed.",
          array_v2(shape=[2, 3, 4], chunks=[2, 3, 4], order="F", dtype=">i2"), CUBE,
          {"0.0.0": CUBE.T.astype(">i2").copy()}),
    opens("order F of edge chunks", "Each chunk is in that order, in its full shape.",
          array_v2(shape=[3, 1], chunks=[2, 2], order="F"), np.array([[1], [2], [3]], np.uint8),
          {"0.0": "0102eeee", "1.0": "03eeeeee"}),
    opens("order F of one dimension", "Of one dimension both orders are the same.",
          array_v2(order="F")),
    opens("order F of no dimensions", "Of no dimensions both orders are the same.",
          array_v2(shape=[], chunks=[], order="F"), np.array(7, np.uint8), {"0": "07"}),
    opens("no dimensions", "The only chunk is at 0.", array_v2(shape=[], chunks=[]),
          np.array(7, np.uint8), {"0": "07"}),
    opens("no elements", "A dimension may have the length zero.",
          array_v2(shape=[0, 3], chunks=[1, 2]), np.empty((0, 3), np.uint8), {}),
    opens("keys", "A dot stands between numbers.", array_v2(shape=[4, 4], chunks=[2, 2]), SQUARE,
          TILES),
    opens("keys with dots", "A dot may be asked for.",
          array_v2(shape=[4, 4], chunks=[2, 2], dimension_separator="."), SQUARE, TILES),
    opens("keys with slashes", "A slash may stand between numbers.",
          array_v2(shape=[4, 4], chunks=[2, 2], dimension_separator="/"), SQUARE, SLASHED),
]  # fmt: skip

ATTRIBUTES = [
    opens("attributes", "Attributes have a document of their own.", array_v2(),
          attributes={"a": [1, None]}),
    opens("dimension names", "By convention an attribute names the dimensions.", array_v2(),
          attributes={"_ARRAY_DIMENSIONS": ["x"]}, dimension_names=("x",)),
    opens("dimension names of another number", "An attribute that does not fit names nothing.",
          array_v2(), attributes={"_ARRAY_DIMENSIONS": ["x", "y"]}, dimension_names=None),
    opens("dimension names of another kind", "An attribute that does not fit names nothing.",
          array_v2(), attributes={"_ARRAY_DIMENSIONS": "x"}, dimension_names=None),
]  # fmt: skip

ZGROUP = {"zarr_format": 2}
CHILD = {f"a/{key}": value for key, value in NUMBERS_V2.items()}
GROUPS = [
    hierarchy("group", "A group is a document with the format.", {".zgroup": ZGROUP}, Group()),
    hierarchy("group with attributes", "Attributes have a document of their own.",
              {".zgroup": ZGROUP, ".zattrs": {"x": 1}}, Group({}, {"x": 1})),
    hierarchy("members", "Members are the nodes one level below.",
              {".zgroup": ZGROUP, "a/.zarray": array_v2(), **CHILD, "g/.zgroup": ZGROUP,
               "g/n/.zarray": array_v2()}, Group({"a": "array", "g": "group"})),
    hierarchy("array in a group", "A node is found by its path.",
              {".zgroup": ZGROUP, "a/.zarray": array_v2(), **CHILD}, FIVE, "a"),
    hierarchy("group of NCZarr", "Members that are not known are left alone.",
              {".zgroup": {**ZGROUP, "_nczarr_group": {"dims": {"x": 3}}}}, Group()),
    hierarchy("group of another format", "zarr_format is 2.", {".zgroup": {"zarr_format": 3}},
              Refusal(MetadataError, ("zarr_format",))),
    hierarchy("attributes of no object", "Attributes are an object.",
              {".zgroup": ZGROUP, ".zattrs": b"[]"}, Refusal(MetadataError, (".zattrs",))),
]  # fmt: skip

BRAIN = np.array([0x3F80, 0x8000, 0x7FC1], "u2")
SMALL = [
    opens("dtype bfloat16", "One writer names small numbers without a byte order.",
          array_v2(shape=[3], chunks=[3], dtype="bfloat16", fill_value=0), Bits(BRAIN),
          {"0": BRAIN.astype("<u2")}),
    opens("dtype int4", "Only the lower bits count.",
          array_v2(shape=[3], chunks=[3], dtype="int4", fill_value=0),
          Bits(np.array([1, 0xFF, 0xF8], "u1")), {"0": "010f08"}),
    filled("of float8_e5m2", "float8_e5m2", "NaN", Bits(np.full(3, 0x7E, "u1"))),
]  # fmt: skip

CASES = [*MEMBERS, *TYPES, *STRUCTURES, *FILLS, *LAYOUT, *ATTRIBUTES, *GROUPS, *SMALL]
