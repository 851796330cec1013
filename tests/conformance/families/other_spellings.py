"""Documents of other implementations that spell things in ways of their own."""

from __future__ import annotations

import bz2
import gzip
import struct
from typing import Any

import numpy as np

from conformance.corpus import (
    BYTES,
    LITTLE,
    array,
    array_v2,
    codec,
    objects,
    opens,
    refused,
    regular,
)

UNKNOWN = "UnsupportedExtensionError"
ROW = np.arange(6, dtype="<i4")
SQUEEZED = ROW.reshape(1, 6)
VLEN = b"\x02\0\0\0\x01\0\0\0a\0\0\0\0"


def old(name: str, *parameters: str):
    """Make a case of a filter that ExZarr calls by a bare name, and does in a way of its own."""
    return refused(f"of ExZarr: {name}", "What is not registered is refused; the right name is "
                   "said.", array(data_type="int32", fill_value=0, codecs=[
                       codec(name, **dict.fromkeys(parameters, 1)), LITTLE]),
                   UNKNOWN, f"numcodecs.{name}")  # fmt: skip


EXZARR = [
    opens("dates of ExZarr in v2", "A date without a unit is read as NumPy reads it.",
          array_v2(shape=[2], chunks=[2], dtype="<M8", fill_value=0),
          np.array([1, 2], np.int64).view("M8"), {"0": np.array([1, 2], "<i8")}),
    refused("dates of ExZarr in v3", "An unregistered name is refused; the right one is said.",
            array(data_type="datetime64", fill_value=0), UNKNOWN, "datetime64",
            "numpy.datetime64"),
    refused("durations of ExZarr in v3", "An unregistered name is refused; the right one is said.",
            array(data_type="timedelta64", fill_value=0), UNKNOWN, "timedelta64",
            "numpy.timedelta64"),
    old("shuffle", "elementsize"),
    old("delta"),
    old("quantize", "digits"),
    old("fixedscaleoffset", "scale", "offset"),
    old("astype"),
    refused("of ExZarr: zlib", "An unregistered name is refused; the right one is said.",
            array(codecs=[BYTES, codec("zlib", level=1)]), UNKNOWN, "numcodecs.zlib"),
    refused("of ExZarr: lz4", "An unregistered name is refused; the right one is said.",
            array(codecs=[BYTES, codec("lz4")]), UNKNOWN, "numcodecs.lz4"),
    refused("of ExZarr: bz2", "An unregistered name is refused; the right one is said.",
            array(codecs=[BYTES, codec("bz2")]), UNKNOWN, "numcodecs.bz2"),
    opens("gzip of ExZarr", "bytes without endian serves single bytes.",
          array(codecs=[BYTES, codec("gzip", level=5)]),
          chunks={"c/0": gzip.compress(b"\1\2", mtime=0), "c/1": gzip.compress(b"\3\4", mtime=0)}),
]  # fmt: skip


def of_exzarr(name: str, rule: str, expected: np.ndarray, stored: bytes, *codecs: Any,
              data_type: str = "int32", **members: Any):  # fmt: skip
    """Make a case of one chunk in a document as ExZarr writes it."""
    fill = members.pop("fill_value", 0)
    document = array(
        shape=list(expected.shape),
        chunk_grid=regular(*expected.shape),
        data_type=data_type,
        fill_value=fill,
        codecs=list(codecs),
        chunk_key_encoding={"name": "default"},
        attributes={},
        **members,
    )
    return opens(f"ExZarr: {name}", rule, document, expected,
                 {"/".join(["c", *"0" * expected.ndim]): stored})  # fmt: skip


EMPTY = codec("bytes")
PLANES = ROW.view("u1").reshape(6, 4).T.tobytes()
SIZED = struct.pack("<Q", ROW.nbytes)
BLOCK = bytes([0xF0, ROW.nbytes - 15]) + ROW.tobytes()
MICROSECONDS = np.array([0, 1, -5], "<i8")
REALS = np.array([20.0, 20.5, 19.5, -3256.75], "<f8")
STEPS = np.array([0, 2, -2, -13107], "<i2")

OWN = [
    of_exzarr("no byte order", "It is little, which it does not say.", ROW, ROW.tobytes(), EMPTY),
    of_exzarr("gzip", "It is little, which it does not say.", ROW,
              gzip.compress(ROW.tobytes(), mtime=0), EMPTY, codec("gzip", level=5)),
    of_exzarr("bits of a float rounded", "bitround keeps ten bits unless it says otherwise.",
              REALS[:3], REALS[:3].tobytes(), codec("bitround"), BYTES, data_type="float64"),
    of_exzarr("shuffle", "The bytes of elements are sorted before they are written.", ROW, PLANES,
              codec("shuffle", elementsize=4), EMPTY),
    of_exzarr("shuffle without a size", "It is the size of an element.", ROW, PLANES,
              codec("shuffle"), EMPTY),
    of_exzarr("delta", "Elements are stored as they are under this name.", ROW, ROW.tobytes(),
              codec("delta", dtype="int32"), EMPTY),
    of_exzarr("quantize", "Numbers are counts of a step from an offset.", REALS, STEPS.tobytes(),
              codec("quantize", dtype="int16", scale=0.25, offset=20.0), EMPTY,
              data_type="float64"),
    of_exzarr("lz4", "A block has its size in eight bytes before it.", ROW, SIZED + BLOCK, EMPTY,
              codec("lz4")),
    of_exzarr("bz2", "A stream has its size in eight bytes before it.", ROW,
              SIZED + bz2.compress(ROW.tobytes()), EMPTY, codec("bz2")),
    of_exzarr("dates", "Dates count microseconds.", MICROSECONDS.view("M8[us]"),
              MICROSECONDS.tobytes(), EMPTY, data_type="datetime64"),
    of_exzarr("durations", "Durations count microseconds.", MICROSECONDS.view("m8[us]"),
              MICROSECONDS.tobytes(), EMPTY, data_type="timedelta64"),
    of_exzarr("flags", "0 fills an array of flags.", np.array([True, False]), b"\1\0", EMPTY,
              data_type="bool"),
    of_exzarr("complex numbers", "0 fills an array of complex numbers.",
              np.array([1 + 2j, 0], "c16"), np.array([1 + 2j, 0], "<c16").tobytes(), EMPTY,
              data_type="complex128"),
    opens("ExZarr: irregular", "Lists have the length of each chunk.",
          array(shape=[5], chunk_key_encoding={"name": "default"}, codecs=[EMPTY],
                chunk_grid=codec("irregular", chunk_sizes=[[2, 3]])),
          np.array([1, 2, 3, 4, 5], "u1"), {"c/0": b"\1\2", "c/1": b"\3\4\5"}),
    refused("ExZarr: lz4 of another size", "The size before the block is that of the chunk.",
            array(shape=[2], chunk_key_encoding={"name": "default"},
                  codecs=[EMPTY, codec("lz4")]),
            "CorruptChunkError", "lz4", "c/0",
            chunks={"c/0": struct.pack("<Q", 3) + b"\x30abc"}),
    refused("delta in the words of numcodecs", "Not every codec of that name is ExZarr's.",
            array(data_type="int32", fill_value=0, chunk_key_encoding={"name": "default"},
                  codecs=[codec("delta", dtype="<i4"), EMPTY]), UNKNOWN, "numcodecs.delta"),
    refused("quantize in the words of numcodecs", "Not every codec of that name is ExZarr's.",
            array(data_type="float64", fill_value=0, chunk_key_encoding={"name": "default"},
                  codecs=[codec("quantize", digits=2, dtype="<f8"), EMPTY]), UNKNOWN,
            "numcodecs.quantize"),
]  # fmt: skip

TEXTS = objects("a", "", "\u00e9\U0001f40d")
JOINED = "".join(TEXTS).encode()
ENDS = np.array([0, 1, 1, 7])
FLAG = codec("packbits")
EXPERIMENTAL = codec("zarrs.optional", name="int32", configuration={})


def vlen(index: np.ndarray, location: str = "start", **more: Any):
    """Make a case of texts with their places apart from them."""
    told, own = len(index.tobytes()).to_bytes(8, "little"), index.tobytes()
    stored = told + own + JOINED if location == "start" else JOINED + own + told
    name = more.pop("name", "zarrs.vlen")
    serializer = codec(
        name,
        data_codecs=[BYTES],
        index_codecs=[LITTLE],
        index_data_type=f"uint{8 * index.itemsize}",
        **more,
    )
    document = array(
        shape=[3], chunk_grid=regular(3), data_type="string", fill_value="", codecs=[serializer]
    )
    return opens(f"{name}, {index.dtype} at the {location}{', said' if more else ''}",
                 "The places of the elements are apart from them.", document, TEXTS,
                 {"c/0": stored})  # fmt: skip


def optional(name: str, values: list[Any], stored: bytes, inner: str, fill: Any, *codecs: Any):
    """Make a case of elements that may be missing."""
    document = array(
        shape=[len(values)],
        chunk_grid=regular(len(values)),
        fill_value=fill,
        data_type=codec("zarrs.optional", name=inner, configuration={}),
        codecs=[codec("zarrs.optional", mask_codecs=[FLAG], data_codecs=list(codecs))],
    )
    return opens(f"zarrs.optional, {name}", "The flags come first, then the values there are.",
                 document, objects(*values), {"c/0": stored})  # fmt: skip


def parted(mask: bytes, data: bytes) -> bytes:
    """Put the sizes of both parts before them."""
    return struct.pack("<QQ", len(mask), len(data)) + mask + data


ZARRS = [
    vlen(ENDS.astype("<u4")),
    vlen(ENDS.astype("<u8")),
    vlen(ENDS.astype("<u4"), index_location="start"),
    vlen(ENDS.astype("<u8"), "end", index_location="end"),
    vlen(ENDS.astype("<u4"), name="https://codec.zarrs.dev/array_to_bytes/vlen"),
    *(
        opens(name, "It is vlen-bytes and vlen-utf8 under one name.",
              array(shape=[2], data_type="bytes", fill_value="", codecs=[{"name": name}]),
              objects(b"a", b""), {"c/0": VLEN})
        for name in ("zarrs.vlen_v2", "vlen_v2", "https://codec.zarrs.dev/array_to_bytes/vlen_v2")
    ),
    opens("zarrs.vlen_v2 of texts", "It is vlen-bytes and vlen-utf8 under one name.",
          array(shape=[2], data_type="string", fill_value="", codecs=[{"name": "zarrs.vlen_v2"}]),
          objects("a", ""), {"c/0": VLEN}),
    optional("numbers", [7, None, -1], parted(b"\5", np.array([7, -1], "<i4").tobytes()), "int32",
             None, LITTLE),
    optional("nothing at all", [None, None], parted(b"\0", b""), "int32", [0], LITTLE),
    optional("texts", ["a", None, ""], parted(b"\5", VLEN), "string", ["none"],
             {"name": "vlen-utf8"}),
    opens("zarrs.optional in itself", "What may be missing may hold what may be missing.",
          array(shape=[3], chunk_grid=regular(3), fill_value=[None],
                data_type=codec("optional", name="optional",
                                configuration={"name": "uint8", "configuration": {}}),
                codecs=[codec("optional", mask_codecs=[FLAG], data_codecs=[
                    codec("optional", mask_codecs=[FLAG], data_codecs=[BYTES])])]),
          objects(None, (None,), (np.uint8(3),)), {"c/0": parted(b"\6", parted(b"\2", b"\3"))}),
    opens("zarrs.optional that is not stored", "A list of one value is a fill value.",
          array(shape=[2], data_type=EXPERIMENTAL, fill_value=[5], codecs=[
              codec("zarrs.optional", mask_codecs=[FLAG], data_codecs=[LITTLE])]),
          objects(5, 5), {}),
    refused("zarrs.optional filled by a number", "A fill value is null or a list of one value.",
            array(data_type=EXPERIMENTAL, fill_value=5, codecs=[
                codec("zarrs.optional", mask_codecs=[FLAG], data_codecs=[LITTLE])]),
            "MetadataError", "fill_value", "a list of one value"),
    refused("zarrs.optional of numbers", "It is for the data type of its name.",
            array(codecs=[codec("zarrs.optional", mask_codecs=[FLAG], data_codecs=[BYTES])]),
            "CodecError", "zarrs.optional"),
    refused("zarrs.optional cut off", "The sizes before the parts are those of the chunk.",
            array(shape=[1], data_type=EXPERIMENTAL, fill_value=None, codecs=[
                codec("zarrs.optional", mask_codecs=[FLAG], data_codecs=[LITTLE])]),
            "CorruptChunkError", "zarrs.optional", "c/0", chunks={"c/0": bytes(15)}),
    refused("zarrs.vlen cut off", "The index is as long as it says.",
            array(shape=[2], data_type="string", fill_value="", codecs=[
                codec("zarrs.vlen", data_codecs=[BYTES], index_codecs=[LITTLE],
                      index_data_type="uint32")]),
            "CorruptChunkError", "zarrs.vlen", "c/0", chunks={"c/0": b"\x0c" + bytes(9)}),
    refused("zarrs.vlen that goes back", "Each element begins where the one before it ends.",
            array(shape=[2], data_type="string", fill_value="", codecs=[
                codec("zarrs.vlen", data_codecs=[BYTES], index_codecs=[LITTLE],
                      index_data_type="uint32")]),
            "CorruptChunkError", "zarrs.vlen", "c/0",
            chunks={"c/0": b"\x0c" + bytes(7) + np.array([0, 2, 1], "<u4").tobytes() + b"a"}),
    refused("zarrs.vlen of small offsets", "The index is of uint32 or uint64.",
            array(data_type="string", fill_value="", codecs=[
                codec("zarrs.vlen", data_codecs=[BYTES], index_codecs=[BYTES],
                      index_data_type="uint8")]), "MetadataError", "index_data_type", "uint8"),
    opens("zarrs.squeeze", "Dimensions of length one are left out of what is stored.",
          array(shape=[1, 6], data_type="int32", fill_value=0, chunk_grid=regular(1, 6),
                codecs=[codec("zarrs.squeeze"), codec("transpose", order=[0]),
                        LITTLE]), SQUEEZED, {"c/0/0": ROW}),
    opens("complex_float32", "It is complex64 under another name.",
          array(shape=[2], data_type="complex_float32", fill_value=[0, 0],
                codecs=[codec("bytes", endian="big")]), np.array([1 + 2j, -1j], "c8"),
          {"c/0": np.array([1 + 2j, -1j], ">c8")}),
    opens("binary", "It is bytes under another name.",
          array(shape=[2], data_type="binary", fill_value=[], codecs=[{"name": "vlen-bytes"}]),
          objects(b"a", b""), {"c/0": VLEN}),
]  # fmt: skip

NCZARR = [
    opens("array of NCZarr", "Members of its own are left alone.",
          {**array_v2(), "_nczarr_array": {"dimrefs": ["/x"], "storage": "chunked"}},
          attributes={"_ARRAY_DIMENSIONS": ["x"], "_nczarr_attr": {"types": {"a": "<i4"}}},
          dimension_names=("x",)),
]  # fmt: skip

CASES = [*EXZARR, *OWN, *ZARRS, *NCZARR]
