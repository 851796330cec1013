"""Filters and checksums of numcodecs, and codecs of v3 beyond compressors.

What loses bits is given values that it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from interop.documents import SHAPE, Case, Document, named, v2, v3, values_of, whole_numbers

ZSTD = named("zstd", level=0, checksum=False)
LITTLE = named("bytes", endian="little")
FLAGS = values_of("bool")
PLACES = (whole_numbers("float64") / 2 + 1000).astype("float64")

#: Name, data type, values, filter of v2: an array to an array.
FILTERS: tuple[tuple[str, str, np.ndarray, Document], ...] = (
    *(
        ("bitround", dtype, whole_numbers(dtype), {"keepbits": keepbits})
        for dtype, keepbits in (("float16", 8), ("float32", 10), ("float64", 12))
    ),
    *(
        ("quantize", dtype, whole_numbers(dtype), {"digits": 1, "dtype": code, "astype": code})
        for dtype, code in (("float32", "<f4"), ("float64", "<f8"))
    ),
    *(
        (
            "fixedscaleoffset",
            dtype,
            PLACES.astype(dtype),
            {"offset": 1000, "scale": 2, "dtype": code, "astype": stored},
        )
        for dtype, code, stored in (("float32", "<f4", "|u1"), ("float64", "<f8", "<i2"))
    ),
    (
        "astype",
        "float64",
        whole_numbers("float64"),
        {"encode_dtype": "<f4", "decode_dtype": "<f8"},
    ),
    ("astype", "int64", whole_numbers("int64"), {"encode_dtype": "<i2", "decode_dtype": "<i8"}),
    ("packbits", "bool", FLAGS, {}),
)
#: Checksums, and the text form: bytes to bytes.
ON_BYTES: tuple[tuple[str, Document], ...] = (
    ("adler32", {}),
    ("crc32", {}),
    ("fletcher32", {}),
    ("jenkins_lookup3", {"initval": 0, "prefix": None}),
)
BYTE_TYPES = ("uint8", "int32", "float64")


def cases() -> Iterator[Case]:
    """Return filters in both formats, and codecs that only v3 has."""
    yield from v2_filters()
    yield from v3_filters()
    yield from of_v3()


def v2_filters() -> Iterator[Case]:
    """Return filters of v2."""
    zstd = {"id": "zstd", "level": 1}
    for name, dtype, values, parameters in FILTERS:
        chain = [{"id": name, **parameters}]
        document = v2(dtype, filters=chain, compressor=zstd)
        yield Case(f"v2/{name}/{dtype}", document, values)
    for name, parameters in (*ON_BYTES, ("base64", {})):
        for dtype in BYTE_TYPES:
            document = v2(dtype, filters=[{"id": name, **parameters}], compressor=zstd)
            yield Case(f"v2/{name}/{dtype}", document, values_of(dtype))
    for dtype in BYTE_TYPES:  # netCDF-C puts a checksum in the place of the compressor
        document = v2(dtype, compressor={"id": "fletcher32"})
        yield Case(f"v2/fletcher32/{dtype}-alone", document, values_of(dtype))
        size = np.dtype(dtype).itemsize
        shuffled = {"filters": [{"id": "shuffle", "elementsize": size}]}
        document = v2(dtype, compressor={"id": "zlib", "level": 6}, **shuffled)
        yield Case(f"v2/shuffle/{dtype}-zlib", document, values_of(dtype))
    words = np.array(["", "red", "green", "blue"])[np.arange(np.prod(SHAPE)) % 4].reshape(SHAPE)
    labels = ["red", "green", "blue"]
    chain = [{"id": "categorize", "labels": labels, "dtype": "<U5", "astype": "|u1"}]
    document = {**v2("uint8", filters=chain, compressor=zstd), "dtype": "<U5", "fill_value": ""}
    yield Case("v2/categorize/text", document, words)
    both = [
        {"id": "delta", "dtype": "<i4", "astype": "<i2"},
        {"id": "shuffle", "elementsize": 2},
    ]
    document = v2("int32", filters=both, compressor=zstd)
    yield Case("v2/delta/int32-narrow-shuffled", document, whole_numbers("int32"))


def v3_filters() -> Iterator[Case]:
    """Return numcodecs' filters under their names in v3."""
    for name, dtype, values, parameters in FILTERS:
        last = named("bytes") if name == "packbits" else LITTLE
        chain = [named(f"numcodecs.{name}", **parameters), last, ZSTD]
        yield Case(f"v3/numcodecs.{name}/{dtype}", v3(dtype, chain), values)
    for name, parameters in ON_BYTES:
        for dtype in BYTE_TYPES:
            first = named("bytes") if dtype == "uint8" else LITTLE
            chain = [first, named(f"numcodecs.{name}", **parameters), ZSTD]
            yield Case(f"v3/numcodecs.{name}/{dtype}", v3(dtype, chain), values_of(dtype))


def of_v3() -> Iterator[Case]:
    """Return codecs of v3 that are no compressors."""
    for dtype, keepbits in (("float16", 8), ("float32", 10), ("float64", 12)):
        chain = [named("bitround", keepbits=keepbits), LITTLE, ZSTD]
        yield Case(f"v3/bitround/{dtype}", v3(dtype, chain), whole_numbers(dtype))
    for padding in ("none", "first_byte", "last_byte"):
        chain = [named("packbits", padding_encoding=padding), ZSTD]
        yield Case(f"v3/packbits/bool-{padding}", v3("bool", chain), FLAGS)
    chain = [named("packbits", padding_encoding="none", first_bit=0, last_bit=6)]
    yield Case("v3/packbits/uint16-bits", v3("uint16", chain), whole_numbers("uint16"))
    chain = [named("scale_offset", offset=1000, scale=2), LITTLE, ZSTD]
    yield Case("v3/scale_offset/float64", v3("float64", chain), PLACES)
    chain = [named("scale_offset", offset=5, scale=3), LITTLE, ZSTD]
    yield Case("v3/scale_offset/int32", v3("int32", chain), whole_numbers("int32"))
    cast = named("cast_value", data_type="uint8", rounding="nearest-even", out_of_range="clamp")
    chain = [cast, named("bytes"), ZSTD]
    yield Case("v3/cast_value/float64", v3("float64", chain), whole_numbers("float64"))
    yield Case("v3/cast_value/int32", v3("int32", chain), whole_numbers("int32"))
    scaled = [named("scale_offset", offset=1000, scale=2), *chain]
    yield Case("v3/cast_value/float64-scaled", v3("float64", scaled, fill=1000.0), PLACES)
    chain = [named("reshape", shape=[-1]), LITTLE, ZSTD]
    yield Case("v3/reshape/int32", v3("int32", chain), values_of("int32"))
    chain = [named("zarrs.squeeze"), LITTLE, ZSTD]
    shape = (5, 1, 7)
    document = v3("int32", chain, shape=shape, chunks=(3, 1, 4))
    yield Case("v3/squeeze/int32", document, values_of("int32", shape))
    for dtype in ("int32", "float32", "float64"):
        document = v3(dtype, [named("zfp", mode="reversible")])
        yield Case(f"v3/zfp/{dtype}", document, whole_numbers(dtype))
