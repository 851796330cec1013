"""Documents of other implementations that spell things in ways of their own."""

from __future__ import annotations

import gzip

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

ZARRS = [
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
    refused("zarrs.optional", "Data types that are not registered are refused by name.",
            array(data_type=codec("zarrs.optional", name="uint8"), fill_value=None), UNKNOWN,
            "zarrs.optional"),
    refused("zarrs.vlen", "Codecs that are not known are refused by name.",
            array(data_type="string", fill_value="", codecs=[codec("zarrs.vlen")]), "ZarrError",
            "zarrs.vlen"),
]  # fmt: skip

NCZARR = [
    opens("array of NCZarr", "Members of its own are left alone.",
          {**array_v2(), "_nczarr_array": {"dimrefs": ["/x"], "storage": "chunked"}},
          attributes={"_ARRAY_DIMENSIONS": ["x"], "_nczarr_attr": {"types": {"a": "<i4"}}},
          dimension_names=("x",)),
]  # fmt: skip

CASES = [*EXZARR, *ZARRS, *NCZARR]
