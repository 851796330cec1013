"""The arrays that go both ways between zarrpy and its peers.

A case is a metadata document, in the form of its format version, and the values to store.  Its
name is ``format/codec/data type``, the data type with its byte order, or ``format/topic/detail``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from interop import filter_cases, rare_cases, type_cases
from interop.documents import (
    CHUNKS,
    SHAPE,
    Case,
    Document,
    blosc_v2,
    blosc_v3,
    bytes_codec,
    named,
    sharding,
    v2,
    v3,
    values_of,
    whole_numbers,
    with_first_chunk,
)

#: Every data type, as NumPy names it.
DATA_TYPES = (
    "bool",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("float16", "float32", "float64", "complex64", "complex128"),
)

BLOSC = ("lz4", "lz4hc", "blosclz", "zstd", "snappy", "zlib")

# ---- v3


def v3_compressors(dtype: str) -> dict[str, list[Document]]:
    """Return every bytes-to-bytes chain, by name."""
    size = np.dtype(dtype).itemsize
    chains = {
        "none": [],
        "gzip": [named("gzip", level=5)],
        "zstd": [named("zstd", level=3, checksum=False)],
        "zstd-checksum": [named("zstd", level=1, checksum=True)],
        "crc32c": [named("crc32c")],
        "zstd-crc32c": [named("zstd", level=0, checksum=False), named("crc32c")],
        "numcodecs.zlib": [named("numcodecs.zlib", level=6)],
        "numcodecs.lz4": [named("numcodecs.lz4", acceleration=1)],
        "numcodecs.bz2": [named("numcodecs.bz2", level=9)],
        "numcodecs.lzma": [named("numcodecs.lzma", format=1, check=-1, preset=None, filters=None)],
        "numcodecs.shuffle": [
            named("numcodecs.shuffle", elementsize=size),
            named("gzip", level=1),
        ],
        "snappy": [named("snappy")],
    }
    for compressor in BLOSC:
        chains[f"blosc-{compressor}"] = [blosc_v3(compressor, "shuffle", size)]
    chains["blosc-bitshuffle"] = [blosc_v3("lz4", "bitshuffle", size)]
    chains["blosc-noshuffle"] = [blosc_v3("zstd", "noshuffle", size)]
    chains["blosc-crc32c"] = [blosc_v3("zstd", "shuffle", size, 1), named("crc32c")]
    return chains


def v3_cases() -> list[Case]:
    """Return every data type in both byte orders through every chain."""
    cases = []
    for dtype in DATA_TYPES:
        for order in ("little", "big") if np.dtype(dtype).itemsize > 1 else ("little",):
            name = dtype if order == "little" else f"{dtype}-big"
            first = bytes_codec(dtype, order)
            for codec, chain in v3_compressors(dtype).items():
                document = v3(dtype, [first, *chain])
                cases.append(Case(f"v3/{codec}/{name}", document, values_of(dtype)))
            turned = [named("transpose", order=[1, 0]), first, named("gzip", level=1)]
            cases.append(Case(f"v3/transpose/{name}", v3(dtype, turned), values_of(dtype)))
            if dtype != "bool":
                kind = np.dtype(dtype).str
                delta = [named("numcodecs.delta", dtype=kind, astype=kind), first]
                document = v3(dtype, delta)
                cases.append(Case(f"v3/numcodecs.delta/{name}", document, whole_numbers(dtype)))
    return cases


def v3_topics() -> list[Case]:
    """Return fill values, shapes, key encodings: what is not about codecs."""
    plain = [bytes_codec("int32")]
    cases = [
        Case("v3/keys/default-slash", v3("int32", plain), values_of("int32")),
        Case("v3/keys/default-dot", v3("int32", plain, keys=("default", ".")), values_of("int32")),
        Case("v3/keys/v2-slash", v3("int32", plain, keys=("v2", "/")), values_of("int32")),
        Case("v3/keys/v2-dot", v3("int32", plain, keys=("v2", ".")), values_of("int32")),
        Case(
            "v3/names/dimensions",
            v3("int32", plain, dimension_names=["y", None]),
            values_of("int32"),
        ),
    ]
    for name, shape, chunks in SHAPES:
        document = v3("int32", plain, shape=shape, chunks=chunks)
        cases.append(Case(f"v3/shape/{name}", document, values_of("int32", shape)))
    for name, grid in GRIDS.items():
        document = v3("int32", plain, chunk_grid=grid)
        cases.append(Case(f"v3/grid/{name}", document, values_of("int32")))
    suffixed = named("zarrs.default_suffix", separator="/", suffix=".bin")
    document = v3("int32", plain, chunk_key_encoding=suffixed)
    cases.append(Case("v3/keys/suffix", document, values_of("int32")))
    for dtype, name, fill in FILLS:
        document = v3(dtype, [bytes_codec(dtype)], fill=fill)
        values = with_first_chunk(values_of(dtype), fill_of(dtype, fill))
        cases.append(Case(f"v3/fill/{dtype}-{name}", document, values, absent="c/0/0"))
    order = {"3d": [2, 0, 1], "reversed": [2, 1, 0]}
    for name, axes in order.items():
        codecs = [named("transpose", order=axes), *plain, named("zstd", level=0, checksum=False)]
        document = v3("int32", codecs, shape=(5, 6, 7), chunks=(3, 4, 5))
        cases.append(Case(f"v3/transpose/{name}", document, values_of("int32", (5, 6, 7))))
    return cases


def sharding_cases() -> list[Case]:
    """Return shards: both places of the index, in shards, turned, in other codecs."""
    plain = [bytes_codec("int32")]
    blosc = [*plain, blosc_v3("zstd", "shuffle", 4)]
    inner = (8, 4)
    turn = named("transpose", order=[1, 2, 0])
    turned = (turn, named("bytes", endian="little"), named("crc32c"))
    chains = {
        "end": [sharding(inner, plain)],
        "start": [sharding(inner, blosc, "start")],
        "no-checksum": [sharding(inner, blosc, index=(named("bytes", endian="little"),))],
        "turned-inside": [sharding(inner, [named("transpose", order=[1, 0]), *blosc])],
        "turned-outside": [named("transpose", order=[1, 0]), sharding((4, 8), blosc)],
        "nested": [sharding((8, 8), [sharding((4, 2), blosc, "start")])],
        "compressed": [sharding(inner, plain), named("gzip", level=1)],
        "one-chunk": [sharding(CHUNKS, blosc)],
        "turned-index": [sharding(inner, plain, index=turned)],
    }
    values = values_of("int32")
    values[:16, :12] = 0  # chunks that are not stored
    return [
        Case(f"v3/sharding/{name}", v3("int32", codecs), values) for name, codecs in chains.items()
    ]


#: Name, shape, chunk shape.
SHAPES = (
    ("0d", (), ()),
    ("1d", (101,), (10,)),
    ("empty-1d", (0,), (10,)),
    ("empty-2d", (3, 0), (2, 2)),
    ("one-element", (1,), (1,)),
    ("chunk-larger", (3, 4), (8, 8)),
    ("4d", (3, 4, 5, 6), (2, 3, 2, 4)),
    ("many-chunks", (40, 9), (1, 9)),
)

#: Name, chunk grid whose chunks differ in shape.
GRIDS = {
    "rectilinear": named("rectilinear", kind="inline", chunk_shapes=[[10, 20, 13], 16]),
    "repeated": named("rectilinear", kind="inline", chunk_shapes=[[[10, 4], 3], [[7, 3], 9]]),
    "overflow": named("rectilinear", kind="inline", chunk_shapes=[[24, 12, 30], [16, 20]]),
    "rectangular": named("rectangular", chunk_shape=[[10, 20, 13], 16]),
    "bounded": named("zarrs.regular_bounded", chunk_shape=[24, 16]),
}

#: Data type, name, fill value as a document has it.
FILLS = (
    ("bool", "true", True),
    ("int8", "minimum", -128),
    ("uint64", "maximum", 2**64 - 1),
    ("int64", "minimum", -(2**63)),
    *((dtype, "nan", "NaN") for dtype in ("float16", "float32", "float64")),
    *((dtype, "infinity", "Infinity") for dtype in ("float16", "float32", "float64")),
    *((dtype, "minus-infinity", "-Infinity") for dtype in ("float16", "float32", "float64")),
    *((dtype, "minus-zero", -0.0) for dtype in ("float32", "float64")),
    *((dtype, "fraction", -1.5) for dtype in ("float16", "float32", "float64")),
    ("float32", "tenth", 0.10000000149011612),
    ("float64", "tenth", 0.1),
    *((dtype, "nan-infinity", ["NaN", "-Infinity"]) for dtype in ("complex64", "complex128")),
    *((dtype, "fraction", [1.5, -0.25]) for dtype in ("complex64", "complex128")),
)


def fill_of(dtype: str, fill: Any) -> Any:
    """Return the scalar that a fill value of a document stands for."""
    if isinstance(fill, list):
        part = np.dtype(f"f{np.dtype(dtype).itemsize // 2}")
        return np.array([float(item) for item in fill], part).view(dtype)[0]
    return np.dtype(dtype).type(float(fill) if isinstance(fill, str) else fill)


# ---- v2


def v2_compressors() -> dict[str, Document | None]:
    """Return every compressor, by name."""
    chains: dict[str, Document | None] = {
        "none": None,
        "zlib": {"id": "zlib", "level": 6},
        "gzip": {"id": "gzip", "level": 5},
        "zstd": {"id": "zstd", "level": 3},
        "lz4": {"id": "lz4", "acceleration": 1},
        "bz2": {"id": "bz2", "level": 9},
        "lzma": {"id": "lzma", "format": 1, "check": -1, "preset": None, "filters": None},
        "snappy": {"id": "snappy"},
    }
    for compressor in BLOSC:
        chains[f"blosc-{compressor}"] = blosc_v2(compressor, "shuffle")
    chains["blosc-bitshuffle"] = blosc_v2("lz4", "bitshuffle")
    chains["blosc-noshuffle"] = blosc_v2("zstd", "noshuffle")
    return chains


def v2_cases() -> list[Case]:
    """Return every data type in both byte orders through every compressor and filter."""
    cases = []
    zstd = {"id": "zstd", "level": 1}
    for dtype in DATA_TYPES:
        size = np.dtype(dtype).itemsize
        for big in (False, True) if size > 1 else (False,):
            name = f"{dtype}-big" if big else dtype
            kind = v2(dtype, big=big)["dtype"]
            for codec, compressor in v2_compressors().items():
                document = v2(dtype, compressor=compressor, big=big)
                cases.append(Case(f"v2/{codec}/{name}", document, values_of(dtype)))
            shuffled = v2(
                dtype,
                compressor=zstd,
                filters=[{"id": "shuffle", "elementsize": size}],
                big=big,
            )
            cases.append(Case(f"v2/shuffle/{name}", shuffled, values_of(dtype)))
            checked = v2(dtype, compressor=zstd, filters=[{"id": "crc32c"}], big=big)
            cases.append(Case(f"v2/crc32c/{name}", checked, values_of(dtype)))
            turned = v2(dtype, compressor=zstd, order="F", big=big)
            cases.append(Case(f"v2/order-f/{name}", turned, values_of(dtype)))
            if dtype != "bool":
                delta = {"id": "delta", "dtype": kind, "astype": kind}
                document = v2(dtype, compressor=zstd, filters=[delta], big=big)
                cases.append(Case(f"v2/delta/{name}", document, whole_numbers(dtype)))
    return cases


def v2_topics() -> list[Case]:
    """Return fill values, shapes, separators: what is not about codecs."""
    cases = [
        Case("v2/keys/dot", v2("int32"), values_of("int32")),
        Case("v2/keys/slash", v2("int32", separator="/"), values_of("int32")),
    ]
    for name, shape, chunks in SHAPES:
        document = v2("int32", shape=shape, chunks=chunks)
        cases.append(Case(f"v2/shape/{name}", document, values_of("int32", shape)))
    for dtype, name, fill in FILLS:
        document = v2(dtype, fill=fill)
        values = with_first_chunk(values_of(dtype), fill_of(dtype, fill))
        cases.append(Case(f"v2/fill/{dtype}-{name}", document, values, absent="0.0"))
    undefined = {**v2("int32"), "fill_value": None}
    cases.append(Case("v2/fill/int32-null", undefined, values_of("int32")))
    shape = (5, 6, 7)
    turned = v2(
        "int32", shape=shape, chunks=(3, 4, 5), order="F", compressor=v2_compressors()["zstd"]
    )
    cases.append(Case("v2/order-f/3d", turned, values_of("int32", shape)))
    return cases


# ---- elements of many lengths

TEXTS = ("", "a", "naïve", "Łódź", "\U0001f40d" * 9, "a\0b", "x" * 40)
CODEC_OF = {"string": "vlen-utf8", "bytes": "vlen-bytes"}


def texts_of(dtype: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return texts or bytes in NumPy's types of one length, as files hold them."""
    count = int(np.prod(shape))
    texts = [TEXTS[i % len(TEXTS)] + str(i) * (i % 3) for i in range(count)]
    if dtype == "string":
        return np.array(texts).reshape(shape)
    return np.array([text.encode() for text in texts]).reshape(shape)


def vlen_cases() -> list[Case]:
    """Return texts and bytes of many lengths, in both formats, orders and with fill values."""
    cases = []
    for dtype, codec in CODEC_OF.items():
        values = texts_of(dtype)
        fill = "né" if dtype == "string" else "bsOp"
        filled = with_first_chunk(values, fill if dtype == "string" else b"n\xc3\xa9")
        zstd = named("zstd", level=3, checksum=False)
        turned = [named("transpose", order=[1, 0]), named(codec), named("gzip", level=1)]
        cases += [
            Case(f"v3/{codec}/{dtype}", v3(dtype, [named(codec), zstd]), values),
            Case(f"v3/{codec}/{dtype}-plain", v3(dtype, [named(codec)]), values),
            Case(f"v3/{codec}/{dtype}-turned", v3(dtype, turned), values),
            Case(f"v3/{codec}/{dtype}-fill", v3(dtype, [named(codec)], fill=fill), filled, "c/0/0"),
        ]
        shape = (101,)
        document = v3(dtype, [named(codec)], shape=shape, chunks=(10,))
        cases.append(Case(f"v3/{codec}/{dtype}-1d", document, texts_of(dtype, shape)))
        old = {**v2("uint8", filters=[{"id": codec}]), "dtype": "|O", "fill_value": ""}
        cases += [
            Case(f"v2/{codec}/{dtype}", {**old, "compressor": {"id": "zstd", "level": 1}}, values),
            Case(f"v2/{codec}/{dtype}-plain", old, values),
            Case(f"v2/{codec}/{dtype}-order-f", {**old, "order": "F"}, values),
        ]
        if dtype == "string":
            document = {**old, "fill_value": fill}
            cases.append(Case(f"v2/{codec}/{dtype}-fill", document, filled, "0.0"))
    return cases


def all_cases() -> list[Case]:
    """Return every case; no name occurs twice."""
    cases = [*v3_cases(), *v3_topics(), *sharding_cases(), *v2_cases(), *v2_topics()]
    cases += [*vlen_cases(), *filter_cases.cases(), *type_cases.cases()]
    cases += rare_cases.cases({dtype: texts_of(dtype) for dtype in CODEC_OF})
    assert len({case.name for case in cases}) == len(cases)
    return cases
