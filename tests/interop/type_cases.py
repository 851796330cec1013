"""Data types beyond numbers: text and bytes of one length, times, structures, small numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from interop.documents import SHAPE, Case, Document, named, sharding, v2, v3

ZSTD = named("zstd", level=0, checksum=False)
COUNT = int(np.prod(SHAPE))
RAMP = np.arange(COUNT).reshape(SHAPE)
TIMES = {"s": 1, "ns": 1, "D": 1, "us": 10}
RECORD = np.dtype([("x", "<f4"), ("n", "<i2")])
NESTED = np.dtype([("id", "|u1"), ("at", [("x", "<f8"), ("name", "<U3")]), ("raw", "|V2")])
SUBARRAY = np.dtype([("id", "<u4"), ("box", "<i2", (2, 2))])

#: Small numbers: name -> bytes of an element, and bits that are used.
SMALL = {
    "bfloat16": (2, 16),
    "float8_e5m2": (1, 8),
    "float8_e4m3fn": (1, 8),
    "float8_e4m3fnuz": (1, 8),
    "float8_e5m2fnuz": (1, 8),
    "float8_e4m3b11fnuz": (1, 8),
    "float8_e3m4": (1, 8),
    "float8_e8m0fnu": (1, 8),
    "float4_e2m1fn": (1, 4),
    "float6_e2m3fn": (1, 6),
    "float6_e3m2fn": (1, 6),
    "int2": (1, 2),
    "uint2": (1, 2),
    "int4": (1, 4),
    "uint4": (1, 4),
}
#: Those that TensorStore has for v2.
SMALL_V2 = ("bfloat16", "float8_e5m2", "float8_e4m3fn", "int4")


def texts() -> np.ndarray:
    """Return texts of up to five characters, some beyond the first plane."""
    words = ["", "a", "naïve", "Łódź", "\U0001f40d"]
    return np.array(words, "U5")[RAMP % 5]


def raw(size: int) -> np.ndarray:
    """Return bytes without a type."""
    flat = np.arange(COUNT * size) * 7 % 251
    return flat.astype("u1").view(f"V{size}").reshape(SHAPE)


def times(kind: str, unit: str, scale: int) -> np.ndarray:
    """Return moments or spans, with the one that is none among them."""
    prefix = "" if scale == 1 else str(scale)
    values = (RAMP * 977 - 5000).astype("i8")
    values.flat[3] = np.iinfo("i8").min
    return values.view(f"{kind}8[{prefix}{unit}]")


def records(dtype: np.dtype[Any]) -> np.ndarray:
    """Return structures whose fields all vary."""
    values = np.zeros(SHAPE, dtype)
    for name in dtype.names or ():
        field = dtype[name]
        if field.names:
            values[name] = records(field)
        elif field.subdtype:
            axes = tuple(range(-len(field.shape), 0))
            values[name] = np.expand_dims(RAMP, axes) + np.arange(4).reshape(field.shape)
        elif field.kind == "U":
            values[name] = np.array(["", "é", "xyz"])[RAMP % 3]
        elif field.kind == "V":
            values[name] = raw(field.itemsize)
        else:
            values[name] = RAMP % 200
    return values


def small(name: str) -> np.ndarray:
    """Return every pattern of bits of a small number, as bytes without a type.

    Integers carry their sign into the bits above, as ml_dtypes does.
    """
    size, bits = SMALL[name]
    flat = (np.arange(COUNT) * (97 if size == 2 else 1) % (1 << bits)).astype(f"u{size}")
    if name in ("int2", "int4"):
        flat = np.where(flat >> (bits - 1), flat | (0xFF << bits & 0xFF), flat).astype("u1")
    return flat.view(f"V{size}").reshape(SHAPE)


def cases() -> Iterator[Case]:
    """Return every type in the formats that have it."""
    yield from of_v2()
    yield from of_v3()
    yield from strings_in_shards()


def old(name: str, dtype: Any, fill: Any, values: np.ndarray) -> Iterator[Case]:
    """Return a type in v2, plain and compressed."""
    compressors = {"none": None, "zstd": {"id": "zstd", "level": 1}}
    for codec, compressor in compressors.items():
        document = {**v2("uint8", compressor=compressor), "dtype": dtype, "fill_value": fill}
        yield Case(f"v2/{codec}/{name}", document, values)


def of_v2() -> Iterator[Case]:
    """Return the types of v2."""
    for name, values in (("text", texts()), ("ascii", np.char.encode(texts(), "utf8"))):
        yield from old(name, values.dtype.str, "", values)
    yield from old("text-big", ">U5", "", texts())
    yield from old("raw", "|V3", "AAAA", raw(3))
    for kind, word in (("M", "datetime"), ("m", "timedelta")):
        for unit, scale in TIMES.items():
            values = times(kind, unit, scale)
            yield from old(f"{word}-{unit}", values.dtype.str, 0, values)
        values = times(kind, "s", 1)
        yield from old(f"{word}-s-big", f">{kind}8[s]", 0, values)
    for name, dtype in (("struct", RECORD), ("struct-nested", NESTED), ("struct-array", SUBARRAY)):
        yield from old(name, json_of(dtype), None, records(dtype))
    big = RECORD.newbyteorder(">")
    yield from old("struct-big", json_of(big), None, records(RECORD))
    for name in SMALL_V2:
        yield from old(name, name, 0 if name[0] == "i" else 0.0, small(name))


def json_of(dtype: np.dtype[Any]) -> Any:
    """Return a structure as v2 documents have it."""
    if dtype.names is None:
        return dtype.str
    fields = []
    for name in dtype.names:
        field = dtype[name]
        base = field.subdtype[0] if field.subdtype else field
        fields.append([name, json_of(base), *([list(field.shape)] if field.shape else [])])
    return fields


def new(
    name: str, data_type: Any, fill: Any, values: np.ndarray, order: Document | None = None
) -> Iterator[Case]:
    """Return a type in v3, plain and compressed."""
    first = named("bytes") if order is None else order
    for codec, chain in {"none": [first], "zstd": [first, ZSTD]}.items():
        document = {**v3("uint8", chain, fill=fill), "data_type": data_type}
        yield Case(f"v3/{codec}/{name}", document, values)


def of_v3() -> Iterator[Case]:
    """Return the types of v3."""
    little, big = (named("bytes", endian=order) for order in ("little", "big"))
    text = named("fixed_length_utf32", length_bytes=20)
    yield from new("text", text, "", texts(), little)
    yield from new("text-big", text, "", texts(), big)
    ascii_ = np.char.encode(texts(), "utf8")
    length = ascii_.dtype.itemsize
    yield from new("ascii", named("null_terminated_bytes", length_bytes=length), "", ascii_)
    yield from new("raw", named("raw_bytes", length_bytes=3), "AAAA", raw(3))
    yield from new("r24", "r24", [0, 0, 0], raw(3))
    for kind, word in (("M", "datetime"), ("m", "timedelta")):
        for unit, scale in TIMES.items():
            data_type = named(f"numpy.{word}64", unit=unit, scale_factor=scale)
            values = times(kind, unit, scale)
            yield from new(f"{word}-{unit}", data_type, 0, values, little)
        data_type = named(f"numpy.{word}64", unit="s", scale_factor=1)
        yield from new(f"{word}-s-big", data_type, 0, times(kind, "s", 1), big)
    fields = [{"name": "x", "data_type": "float32"}, {"name": "n", "data_type": "int16"}]
    struct = named("struct", fields=fields)
    yield from new("struct", struct, {"x": 0.0, "n": 0}, records(RECORD), little)
    for name, (size, _) in SMALL.items():
        fill = 0 if "int" in name else "0x00" if name == "float8_e8m0fnu" else 0.0
        order = little if size > 1 else named("bytes")
        yield from new(name, name, fill, small(name), order)
    packed = [named("packbits", padding_encoding="none")]
    for name in ("int4", "uint2", "float4_e2m1fn"):
        document = {**v3("uint8", packed, fill=0 if "int" in name else 0.0), "data_type": name}
        yield Case(f"v3/packbits/{name}", document, small(name))


def strings_in_shards() -> Iterator[Case]:
    """Return shards of texts, of structures and of three axes."""
    values = texts()
    inner = [named("vlen-utf8"), ZSTD]
    document = v3("string", [sharding((8, 4), inner)])
    yield Case("v3/sharding/strings", document, values)
    flat = np.arange(210, dtype="i4").reshape(5, 6, 7)
    little = named("bytes", endian="little")
    document = v3("int32", [sharding((2, 2, 2), [little, ZSTD])], shape=(5, 6, 7), chunks=(4, 4, 4))
    yield Case("v3/sharding/3d", document, flat)
    chain = [
        sharding(
            (8, 4), [named("bytes", endian="big")], "start", (named("bytes", endian="little"),)
        )
    ]
    yield Case("v3/sharding/start-no-checksum", v3("int32", chain), RAMP.astype("i4"))
    line = np.arange(101, dtype="f8")
    document = v3("float64", [sharding((5,), [little])], shape=(101,), chunks=(20,))
    yield Case("v3/sharding/1d", document, line)
