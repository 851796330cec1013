"""Have another implementation write metadata documents, and keep them as they are.

Run by the interpreter of an environment that has zarr (2 or 3) or tensorstore::

    .venvs/zarr3/bin/python tests/golden/make_documents.py

It writes ``documents/NAME-VERSION.json`` beside itself: for each case the texts of the
documents by file name, byte for byte as the other implementation left them.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

DOCUMENTS = ("zarr.json", ".zarray", ".zgroup", ".zattrs")
TYPES = (
    "bool",
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
FILLS: dict[str, list[Any]] = {
    "bool": [True],
    "int64": [-(2**63)],
    "uint64": [2**64 - 1],
    "float16": [math.nan, 65504.0],
    "float32": [math.nan, math.inf, -0.0, 0.1],
    "float64": [-math.inf, 1e300, 5e-324],
    "complex64": [complex(1, -2)],
    "complex128": [complex(math.inf, -0.0), complex(math.nan, math.nan)],
}
# Data types whose case names no fill value that Python could spell, and such values.
OTHER_TYPES: dict[str, list[Any]] = {
    "M8[ns]": [np.datetime64("2020-01-02T03:04:05.678", "ns"), np.datetime64("NaT", "ns")],
    "M8[10us]": [],
    "m8[s]": [np.timedelta64(-7, "s")],
    "U5": ["aé"],
    "S5": [b"ab"],
    "V3": [np.void(b"\x01\x00\xff")],
}
STRUCT = [("a", "<i4"), ("b", "<f8"), ("c", "S3")]
SWAPPED = [("a", ">i4"), ("b", ">f8"), ("c", "S3")]
MIXED = [("a", ">i4"), ("b", "<f8"), ("c", "S3")]
NESTED = [("a", "<i2"), ("in", [("x", "<f4"), ("y", "<U2")])]
SUBARRAY = [("a", "<i2"), ("b", "<f4", (2, 3))]
ATTRIBUTES = {"units": "K", "é": ["ü", None, True, 1.5, {"a": []}], "_ARRAY_DIMENSIONS": ["y", "x"]}

Make = Callable[[Path], object]


def main() -> None:
    name, cases = next(
        (name, cases)
        for name, cases in (("zarr", zarr_cases), ("tensorstore", tensorstore_cases))
        if installed(name)
    )
    kept = {case: written_by(make) for case, make in cases()}
    folder = Path(__file__).parent / "documents"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{metadata.version(name)}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(kept)} cases")


def installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def written_by(make: Make) -> dict[str, str]:
    """Let a case write into an empty folder, and collect the documents at its root."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        path = Path(folder) / "node"
        make(path)
        return {n: (path / n).read_text("utf-8") for n in DOCUMENTS if (path / n).exists()}


def zarr_cases() -> Iterator[tuple[str, Make]]:
    import zarr

    if zarr.__version__.startswith("2."):
        yield from zarr2_cases(zarr)
    else:
        yield from zarr3_cases(zarr, 3)
        yield from zarr3_cases(zarr, 2)


def zarr3_cases(zarr: Any, zarr_format: int) -> Iterator[tuple[str, Make]]:
    def array(**options: Any) -> Make:
        given = {"shape": (30, 20), "chunks": (10, 7), "dtype": "float32"} | options
        return lambda path: zarr.create_array(path, zarr_format=zarr_format, **given)

    for dtype in TYPES:
        yield f"v{zarr_format} {dtype}", array(dtype=dtype)
        yield f"v{zarr_format} {dtype} big endian", array(dtype=np.dtype(dtype).newbyteorder(">"))
        for value in FILLS.get(dtype, []):
            yield f"v{zarr_format} {dtype} fill {value}", array(dtype=dtype, fill_value=value)
    yield from type_cases(f"v{zarr_format}", array, [STRUCT, SWAPPED, NESTED])
    yield f"v{zarr_format} attributes", array(attributes=ATTRIBUTES)
    yield f"v{zarr_format} no dimension", array(shape=(), chunks=())
    yield f"v{zarr_format} empty", array(shape=(0, 3), chunks=(1, 3))
    yield f"v{zarr_format} uncompressed", array(compressors=None)
    yield f"v{zarr_format} order F", array(order="F")
    for separator in "./":
        yield (
            f"v{zarr_format} separator {separator}",
            array(chunk_key_encoding={"name": "v2", "separator": separator}),
        )
    yield (
        f"v{zarr_format} group",
        lambda path: zarr.create_group(path, zarr_format=zarr_format, attributes=ATTRIBUTES),
    )
    yield (
        f"v{zarr_format} empty group",
        lambda path: zarr.create_group(path, zarr_format=zarr_format),
    )
    if zarr_format == 3:
        yield "v3 dimension names", array(dimension_names=["y", None])
        yield (
            "v3 default keys with dots",
            array(chunk_key_encoding={"name": "default", "separator": "."}),
        )
        yield "v3 sharding", array(shards=(20, 14))
        yield "v3 consolidated", lambda path: consolidated(zarr, path)
        for compressor in (
            zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle"),
            zarr.codecs.GzipCodec(level=5),
            zarr.codecs.ZstdCodec(level=-3, checksum=True),
            zarr.codecs.Crc32cCodec(),
        ):
            yield f"v3 {type(compressor).__name__}", array(compressors=compressor)
        yield "v3 transpose", array(filters=zarr.codecs.TransposeCodec(order=(1, 0)))
    else:
        yield from numcodecs_cases(
            lambda compressor, filters: array(compressors=compressor, filters=filters)
        )


def type_cases(
    prefix: str, array: Callable[..., Make], structs: list[list[Any]]
) -> Iterator[tuple[str, Make]]:
    """Let dates, text, bytes and structures be written, with fill values and without."""
    for dtype, values in OTHER_TYPES.items():
        if dtype[0] != "V":  # zarr 2 has no default for it
            yield f"{prefix} {dtype}", array(dtype=dtype)
        if dtype[0] in "MmU":
            yield f"{prefix} {dtype} big endian", array(dtype=np.dtype(dtype).newbyteorder(">"))
        for value in values:
            filled = array(dtype=dtype, fill_value=value)
            yield f"{prefix} {dtype} with {value.item() if dtype[0] == 'V' else value}", filled
    for fields in structs:
        dtype = np.dtype(fields)
        yield f"{prefix} struct {dtype.descr}", array(dtype=dtype)
    for fields in (STRUCT, SWAPPED):
        value = np.array((7, -0.5, b"xy"), fields)[()]
        yield (
            f"{prefix} struct {np.dtype(fields).descr} with {value.item()}",
            array(dtype=np.dtype(fields), fill_value=value),
        )


def consolidated(zarr: Any, path: Path) -> None:
    group = zarr.create_group(path, zarr_format=3)
    group.create_array("a/b", shape=(3,), dtype="int8", attributes=ATTRIBUTES)
    zarr.consolidate_metadata(path)


def zarr2_cases(zarr: Any) -> Iterator[tuple[str, Make]]:
    def array(**options: Any) -> Make:
        given = {"shape": (30, 20), "chunks": (10, 7), "dtype": "float32"} | options
        attributes = given.pop("attributes", {})

        def make(path: Path) -> None:
            made = zarr.open_array(str(path), mode="w", **given)
            if attributes:
                made.attrs.update(attributes)

        return make

    for dtype in TYPES:
        yield f"v2 {dtype}", array(dtype=dtype)
        yield f"v2 {dtype} big endian", array(dtype=np.dtype(dtype).newbyteorder(">"))
        yield f"v2 {dtype} undefined fill", array(dtype=dtype, fill_value=None)
        for value in FILLS.get(dtype, []):
            yield f"v2 {dtype} fill {value}", array(dtype=dtype, fill_value=value)
    yield from type_cases("v2", array, [STRUCT, SWAPPED, MIXED, NESTED, SUBARRAY])
    yield "v2 attributes", array(attributes=ATTRIBUTES)
    yield "v2 bare NaN in attributes", array(attributes={"_FillValue": math.nan})
    yield "v2 no dimension", array(shape=(), chunks=())
    yield "v2 empty", array(shape=(0, 3), chunks=(1, 3))
    yield "v2 uncompressed", array(compressor=None)
    yield "v2 order F", array(order="F")
    yield "v2 separator /", array(dimension_separator="/")
    yield "v2 group", lambda path: zarr.open_group(str(path), mode="w").attrs.update(ATTRIBUTES)
    yield "v2 empty group", lambda path: zarr.open_group(str(path), mode="w")
    yield from numcodecs_cases(
        lambda compressor, filters: array(compressor=compressor, filters=filters)
    )


def numcodecs_cases(array: Callable[[Any, Any], Make]) -> Iterator[tuple[str, Make]]:
    import numcodecs

    for compressor in (
        numcodecs.Blosc("zstd", clevel=3, shuffle=2),
        numcodecs.GZip(1),
        numcodecs.Zlib(9),
        numcodecs.LZ4(),
        numcodecs.Zstd(-1),
        numcodecs.BZ2(),
        numcodecs.LZMA(),
    ):
        yield f"v2 {compressor.codec_id}", array(compressor, None)
    for case, filters in {
        "delta": [numcodecs.Delta("<f4")],
        "delta to big endian": [numcodecs.Delta("<f4", astype=">f8")],
        "shuffle": [numcodecs.Shuffle(4)],
        "two filters": [
            numcodecs.Quantize(3, "<f4"),
            numcodecs.FixedScaleOffset(0, 9, "<f4", "u1"),
        ],
        "checksum": [numcodecs.CRC32()],
    }.items():
        yield f"v2 filters: {case}", array(numcodecs.Zlib(1), filters)
        yield f"v2 filters: {case}, uncompressed", array(None, filters)


def tensorstore_cases() -> Iterator[tuple[str, Make]]:
    import tensorstore as ts

    def array(driver: str, field: str = "", **options: Any) -> Make:
        def make(path: Path) -> None:
            spec = {
                "driver": driver,
                "kvstore": {"driver": "file", "path": f"{path}/"},
                "metadata": {"shape": [30, 20], **options},
                **({"field": field} if field else {}),
            }
            ts.open(spec, create=True).result()

        return make

    for dtype in TYPES:
        yield f"v3 {dtype}", array("zarr3", data_type=dtype)
        v2_name = np.dtype(dtype).newbyteorder(">").str
        yield f"v2 {dtype}", array("zarr", dtype=v2_name, chunks=[10, 7], compressor=None)
    for value in ("NaN", "Infinity", -0.0, "0x7fc00001"):
        yield f"v3 float32 fill {value}", array("zarr3", data_type="float32", fill_value=value)
    for dtype in ("bfloat16", "float8_e4m3b11fnuz", "float8_e5m2", "int4"):
        fills = [1] if dtype == "int4" else [0.5, "NaN"]
        for value in fills:
            yield f"v3 {dtype} fill {value}", array("zarr3", data_type=dtype, fill_value=value)
            yield (
                f"v2 {dtype} fill {value}",
                array("zarr", dtype=dtype, chunks=[10, 7], compressor=None, fill_value=value),
            )
    yield "v2 V3", array("zarr", dtype="|V3", chunks=[10, 7], compressor=None)
    yield "v2 S3", array("zarr", dtype="|S3", chunks=[10, 7], compressor=None)
    yield (
        "v2 struct",
        array(
            "zarr", "a", dtype=[["a", "<i4"], ["b", ">f4", [2]]], chunks=[10, 7], compressor=None
        ),
    )
    yield (
        "v3 names and attributes",
        array("zarr3", data_type="int8", dimension_names=["y", "x"], attributes=ATTRIBUTES),
    )
    for case, codecs in {
        "none named": [],
        "transpose": [{"name": "transpose", "configuration": {"order": [1, 0]}}],
        "crc32c": [{"name": "bytes"}, {"name": "crc32c"}],
        "gzip": [{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 5}}],
        "zstd": [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 3}}],
        "blosc": [{"name": "bytes"}, {"name": "blosc", "configuration": {"cname": "lz4"}}],
    }.items():
        yield f"v3 codecs: {case}", array("zarr3", data_type="uint16", codecs=codecs)
    for compressor in ({"id": "zlib", "level": 1}, {"id": "blosc"}, {"id": "zstd"}, {"id": "bz2"}):
        yield f"v2 {compressor['id']}", array(
            "zarr", dtype="<f4", chunks=[10, 7], compressor=compressor, order="F",
            dimension_separator="/", fill_value="NaN",
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
