"""Arrays that other implementations write for the corpus: documents, and what is stored.

Nothing here but NumPy, so that every environment of a peer can import it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Document = dict[str, Any]

SHAPE = (13, 11)
CHUNKS = (8, 8)
LITTLE: Document = {"name": "bytes", "configuration": {"endian": "little"}}
BIG: Document = {"name": "bytes", "configuration": {"endian": "big"}}
CRC: Document = {"name": "crc32c"}


@dataclass(frozen=True)
class Order:
    """An array to be written.

    Parameters
    ----------
    name : str
        ``format/topic``.
    document : dict
        Its ``zarr.json`` or ``.zarray``.
    values : ndarray
        What is written.
    """

    name: str
    document: Document
    values: np.ndarray


def codec(name: str, /, **configuration: Any) -> Document:
    return {"name": name, "configuration": configuration}


def v3(values: np.ndarray, codecs: list, data_type: Any = None, **members: Any) -> Document:
    """Write a v3 document for values."""
    chunks = [min(n, m) for n, m in zip(values.shape, CHUNKS, strict=False)]
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(values.shape),
        "data_type": data_type or values.dtype.name,
        "chunk_grid": codec("regular", chunk_shape=chunks),
        "chunk_key_encoding": codec("default", separator="/"),
        "fill_value": False if values.dtype.kind == "b" else 0,
        "codecs": codecs,
        "attributes": {},
        **members,
    }


def v2(values: np.ndarray, **members: Any) -> Document:
    """Write a v2 document for values."""
    return {
        "zarr_format": 2,
        "shape": list(values.shape),
        "chunks": [min(n, m) for n, m in zip(values.shape, CHUNKS, strict=False)],
        "dtype": values.dtype.str,
        "compressor": None,
        "fill_value": False if values.dtype.kind == "b" else 0,
        "order": "C",
        "filters": None,
        **members,
    }


def smooth(dtype: str = "f4") -> np.ndarray:
    """Give values that compress, with every special one of floats among them."""
    ramp = np.arange(np.prod(SHAPE))
    values = (np.sin(ramp / 40) * 100).round(1 if dtype[0] == "f" else 0).astype(dtype)
    if dtype[0] == "f":
        values[3:7] = [np.nan, np.inf, -0.0, np.finfo(dtype).tiny]
    return values.reshape(SHAPE)


FLOATS, LONGS, SHORTS = smooth("f4"), smooth("i8"), smooth("i2")
PLAIN = np.round(np.sin(np.arange(143) / 40) * 100, 1).reshape(SHAPE)
FLAGS = np.arange(143).reshape(SHAPE) % 3 == 0
WORDS = np.array(["", "a", "é\U0001f40d", "x" * 70, "b\0c"], object)


def sharding(inner: list[int], codecs: list | None = None, **more: Any) -> Document:
    return codec("sharding_indexed", **{
        "chunk_shape": inner, "codecs": codecs or [LITTLE], "index_codecs": [LITTLE, CRC],
        "index_location": "end", **more,
    })  # fmt: skip


def blosc(cname: str, shuffle: str, typesize: int = 4) -> Document:
    return codec("blosc", cname=cname, clevel=5, shuffle=shuffle, typesize=typesize, blocksize=0)


def in_v3() -> Iterator[tuple[str, np.ndarray, list]]:
    """Give chains of codecs of v3."""
    yield "gzip", FLOATS, [LITTLE, codec("gzip", level=6)]
    yield "zstd", FLOATS, [LITTLE, codec("zstd", level=3, checksum=False)]
    yield "zstd with checksum", FLOATS, [LITTLE, codec("zstd", level=-3, checksum=True)]
    yield "crc32c", FLOATS, [BIG, CRC]
    for cname in ("lz4", "lz4hc", "blosclz", "zstd", "zlib"):
        yield f"blosc {cname}", FLOATS, [LITTLE, blosc(cname, "shuffle")]
    yield "blosc bitshuffle", FLOATS, [LITTLE, blosc("zstd", "bitshuffle")]
    yield "blosc noshuffle", FLOATS, [LITTLE, blosc("lz4", "noshuffle")]
    yield "transpose", LONGS, [codec("transpose", order=[1, 0]), LITTLE, codec("gzip", level=1)]
    for name, configuration in {
        "bz2": {"level": 1}, "lz4": {"acceleration": 1}, "lzma": {"preset": 1},
        "zlib": {"level": 6}, "adler32": {}, "crc32": {}, "fletcher32": {},
        "jenkins_lookup3": {"initval": 0}, "shuffle": {"elementsize": 4},
    }.items():  # fmt: skip
        yield f"numcodecs.{name}", FLOATS, [LITTLE, codec(f"numcodecs.{name}", **configuration)]
    yield "numcodecs.delta", LONGS, [codec("numcodecs.delta", dtype="<i8"), LITTLE]
    yield "numcodecs.bitround", FLOATS, [codec("numcodecs.bitround", keepbits=5), LITTLE]
    yield "numcodecs.quantize", PLAIN, [codec("numcodecs.quantize", digits=1, dtype="<f8"), LITTLE]
    yield (
        "numcodecs.fixedscaleoffset",
        PLAIN,
        [
            codec("numcodecs.fixedscaleoffset", scale=10, offset=3, dtype="<f8", astype="<i2"),
            LITTLE,
        ],
    )
    yield "numcodecs.packbits", FLAGS, [codec("numcodecs.packbits"), {"name": "bytes"}]
    yield "bitround", FLOATS, [codec("bitround", keepbits=7), LITTLE]
    yield "packbits", FLAGS, [codec("packbits", padding_encoding="none")]
    yield "packbits, padding first", FLAGS, [codec("packbits", padding_encoding="first_byte")]
    yield "scale_offset", PLAIN, [codec("scale_offset", offset=5, scale=10), LITTLE]
    yield "reshape", SHORTS, [codec("reshape", shape=[-1]), LITTLE]
    yield "squeeze", SHORTS, [codec("zarrs.squeeze"), LITTLE]


def in_shards() -> Iterator[tuple[str, np.ndarray, list]]:
    """Give chains of codecs that make shards."""
    gzip = codec("gzip", level=6)
    yield "index at the end", SHORTS, [sharding([4, 4])]
    yield "index at the start", SHORTS, [sharding([4, 2], index_location="start")]
    yield "compressed", FLOATS, [sharding([4, 4], [LITTLE, codec("zstd", level=3)])]
    yield "blosc", FLOATS, [sharding([4, 8], [LITTLE, blosc("lz4", "shuffle")])]
    yield "transposed inside", LONGS, [sharding([8, 4], [codec("transpose", order=[1, 0]), LITTLE])]
    yield "transposed", SHORTS, [codec("transpose", order=[1, 0]), sharding([4, 8])]
    yield "compressed outside", LONGS, [sharding([8, 4]), gzip]
    yield "nested", SHORTS, [sharding([8, 4], [sharding([4, 4], [LITTLE, gzip])])]
    yield "big-endian index", SHORTS, [sharding([4, 4], index_codecs=[BIG, CRC])]
    yield "index without checksum", SHORTS, [sharding([8, 4], index_codecs=[LITTLE])]
    sparse = np.zeros(SHAPE, "i4")
    sparse[3, 3], sparse[11, 2] = 5, 6
    yield "sparse", sparse, [sharding([4, 4])]
    yield "crc32c inside", SHORTS, [sharding([8, 4], [LITTLE, CRC])]


def grids() -> Iterator[tuple[str, np.ndarray, Document]]:
    """Give chunk grids that are not regular."""
    shapes = {
        "lists": [[6, 7], [2, 3, 6]],
        "pairs": [[[4, 3], 1], [[4, 2], 3]],
        "one length": [[6, 7], 4],
        "overflow": [[6, 30], [11, 2]],
    }
    for name, each in shapes.items():
        yield name, SHORTS, codec("rectilinear", kind="inline", chunk_shapes=each)


def filters() -> Iterator[tuple[str, np.ndarray, list | None, Document | None]]:
    """Give filters and compressors of v2."""
    yield "zlib", FLOATS, None, {"id": "zlib", "level": 6}
    yield "gzip", FLOATS, None, {"id": "gzip", "level": 6}
    yield "bz2", FLOATS, None, {"id": "bz2", "level": 1}
    yield (
        "lzma",
        FLOATS,
        None,
        {"id": "lzma", "format": 1, "check": -1, "preset": 1, "filters": None},
    )
    yield "lz4", FLOATS, None, {"id": "lz4", "acceleration": 1}
    yield "zstd", FLOATS, None, {"id": "zstd", "level": 3}
    for cname in ("lz4", "lz4hc", "blosclz", "zstd", "zlib"):
        for shuffle in (0, 1, 2, -1):
            yield (
                f"blosc {cname} {shuffle}",
                FLOATS,
                None,
                {"id": "blosc", "cname": cname, "clevel": 5, "shuffle": shuffle, "blocksize": 0},
            )
    delta = {"id": "delta", "dtype": "<i8", "astype": "<i8"}
    yield "delta", LONGS, [delta], None
    yield "delta and zlib", LONGS, [delta], {"id": "zlib", "level": 1}
    yield "delta narrow", SHORTS, [{"id": "delta", "dtype": "<i2", "astype": "|i1"}], None
    yield "shuffle", FLOATS, [{"id": "shuffle", "elementsize": 4}], {"id": "zlib", "level": 1}
    for name in ("adler32", "crc32", "fletcher32"):
        yield name, FLOATS, [{"id": name}], None
    yield "crc32 at the end", FLOATS, [{"id": "crc32", "location": "end"}], None
    yield "jenkins_lookup3", FLOATS, [{"id": "jenkins_lookup3", "initval": 5, "prefix": None}], None
    yield "base64", FLOATS, [{"id": "base64"}], None
    yield "bitround", FLOATS, [{"id": "bitround", "keepbits": 5}], None
    yield (
        "quantize",
        PLAIN,
        [{"id": "quantize", "digits": 1, "dtype": "<f8", "astype": "<f4"}],
        None,
    )
    yield (
        "fixedscaleoffset",
        PLAIN,
        [{"id": "fixedscaleoffset", "scale": 10, "offset": 3, "dtype": "<f8", "astype": "<i2"}],
        None,
    )
    yield "astype", LONGS, [{"id": "astype", "encode_dtype": "<i2", "decode_dtype": "<i8"}], None
    yield "packbits", FLAGS, [{"id": "packbits"}], None
    labels = {"id": "categorize", "labels": ["a", "bc"], "dtype": "<U2", "astype": "|u1"}
    yield "categorize", np.array(["a", "bc", "", "a", "zz"], "U2"), [labels], None


def variable() -> Iterator[Order]:
    """Give elements of variable length."""
    text = {"data_type": "string", "fill_value": "-", "codecs": [{"name": "vlen-utf8"}]}
    blobs = np.array([each.encode() for each in WORDS], object)
    raw = {"data_type": "variable_length_bytes", "fill_value": "",
           "codecs": [{"name": "vlen-bytes"}]}  # fmt: skip
    grid = {"chunk_grid": codec("regular", chunk_shape=[2])}
    yield Order("v3 text/strings", {**v3(WORDS, [], "string"), **text, **grid}, WORDS)
    zipped = {**text, "codecs": [*text["codecs"], codec("zstd", level=1, checksum=False)]}
    yield Order("v3 text/compressed", {**v3(WORDS, [], "string"), **zipped, **grid}, WORDS)
    yield Order("v3 text/bytes", {**v3(WORDS, [], "bytes"), **raw, **grid}, blobs)
    for order in "CF":
        plane = np.append(WORDS, "z").reshape(2, 3)
        document = v2(plane, dtype="|O", fill_value="", chunks=[2, 2], order=order,
                      filters=[{"id": "vlen-utf8"}])  # fmt: skip
        yield Order(f"v2 text/strings {order}", document, plane)
    members = {"fill_value": "", "chunks": [2], "filters": [{"id": "vlen-bytes"}]}
    zipped_bytes = v2(WORDS, dtype="|O", compressor={"id": "zlib", "level": 1}, **members)
    yield Order("v2 text/bytes", zipped_bytes, blobs)


def orders() -> Iterator[Order]:
    """Give every array that is to be written."""
    for name, values, codecs in in_v3():
        yield Order(f"v3 codec/{name}", v3(values, codecs), values)
    for name, values, codecs in in_shards():
        yield Order(f"v3 shard/{name}", v3(values, codecs), values)
    for name, values, grid in grids():
        yield Order(f"v3 grid/{name}", v3(values, [LITTLE], chunk_grid=grid), values)
    for name, values, chosen, compressor in filters():
        members = {"fill_value": ""} if values.dtype.kind == "U" else {}
        document = v2(values, filters=chosen, compressor=compressor, **members)
        yield Order(f"v2 codec/{name}", document, values)
    yield Order("v2 codec/order F", v2(LONGS, order="F", compressor={"id": "zlib", "level": 1}),
                LONGS)  # fmt: skip
    yield from variable()
