"""Shards: several chunks in one value, found by an index at its end or its start."""

from __future__ import annotations

import gzip
from itertools import product
from typing import Any

import numpy as np

from conformance.corpus import BYTES, LITTLE, array, codec, crc32c, opens, refused, regular

CRC = {"name": "crc32c"}
GZIP = codec("gzip", level=1)
INDEX = [LITTLE, CRC]
NOWHERE = 2**64 - 1
DATA = np.arange(1, 17, dtype="<u2").reshape(4, 4)
CORRUPT = "CorruptChunkError"


def sharding(chunk_shape: list[int], codecs: list | None = None, **configuration: Any) -> dict:
    """Write the codec; the location of the index has a default."""
    return codec("sharding_indexed", chunk_shape=chunk_shape, codecs=codecs or [LITTLE],
                 **{"index_codecs": INDEX, **configuration})  # fmt: skip


def tiles(data: np.ndarray, chunk_shape: tuple[int, ...]) -> list[bytes]:
    """Cut an array into inner chunks, in C order."""
    grid = [range(0, n, m) for n, m in zip(data.shape, chunk_shape, strict=True)]
    return [
        data[tuple(slice(i, i + m) for i, m in zip(at, chunk_shape, strict=True))].tobytes()
        for at in product(*grid)
    ]


def shard(
    chunks: list[bytes | None],
    *,
    at_start: bool = False,
    order: list[int] | None = None,
    gap: int = 0,
    endian: str = "<",
    checksum: bool = True,
    index: np.ndarray | None = None,
) -> bytes:
    """Put inner chunks into a shard; None is one that is absent."""
    growth = 4 if checksum else 0
    position = 16 * len(chunks) + growth if at_start else 0
    entries = np.full((len(chunks), 2), NOWHERE, np.uint64)
    body = b""
    for i in range(len(chunks)) if order is None else order:
        chunk = chunks[i]
        if chunk is None:
            continue
        body += b"\xee" * gap
        entries[i] = position + len(body), len(chunk)
        body += chunk
    raw = (entries if index is None else index).astype(f"{endian}u8").tobytes()
    raw += crc32c(raw) if checksum else b""
    return raw + body if at_start else body + raw


def sharded(*codecs: Any, shape: tuple[int, ...] = (4, 4), **members: Any) -> dict:
    grid = regular(*shape)
    return array(**{"shape": list(shape), "chunk_grid": grid, "data_type": "uint16",
                    "codecs": list(codecs), **members})  # fmt: skip


PLAIN = sharded(sharding([2, 2]))
FOUR = tiles(DATA, (2, 2))
RULE = "An index of offset and length for each inner chunk tells where it is in the shard."
GAPPED = DATA.copy()
GAPPED[:2, 2:] = 9
ZIPPED = [gzip.compress(each, 1, mtime=0) for each in FOUR]

PLACES = [
    opens("index at the end", RULE, PLAIN, DATA, {"c/0/0": shard(FOUR)}),
    opens("index said to be at the end", RULE, sharded(sharding([2, 2], index_location="end")),
          DATA, {"c/0/0": shard(FOUR)}),
    opens("index at the start", "Offsets count from the start of the shard, index included.",
          sharded(sharding([2, 2], index_location="start")), DATA,
          {"c/0/0": shard(FOUR, at_start=True)}),
    opens("chunks in another order", "Chunks lie anywhere in the shard.", PLAIN, DATA,
          {"c/0/0": shard(FOUR, order=[2, 0, 3, 1])}),
    opens("gaps", "Bytes that no entry of the index names are nobody's.", PLAIN, DATA,
          {"c/0/0": shard(FOUR, gap=5)}),
    opens("gaps behind an index at the start", "Bytes that no entry names are nobody's.",
          sharded(sharding([2, 2], index_location="start")), DATA,
          {"c/0/0": shard(FOUR, gap=3, at_start=True, order=[3, 2, 1, 0])}),
    opens("absent inner chunk", "An entry of ones only is an absent chunk, of the fill value.",
          PLAIN, GAPPED, {"c/0/0": shard([FOUR[0], None, *FOUR[2:]])}),
    opens("no inner chunk", "A shard may have an index and nothing else.", PLAIN,
          np.full((4, 4), 9, "u2"), {"c/0/0": shard([None] * 4)}),
    opens("absent shard", "An absent shard is of the fill value.", PLAIN,
          np.full((4, 4), 9, "u2"), {}),
    opens("absent inner chunk behind an index at the start", "An entry of ones only is absent.",
          sharded(sharding([2, 2], index_location="start")), GAPPED,
          {"c/0/0": shard([FOUR[0], None, *FOUR[2:]], at_start=True)}),
    opens("one place for two chunks", "Entries may name the same bytes.", PLAIN,
          np.tile(DATA[:2, :2], (2, 2)),
          {"c/0/0": shard([FOUR[0], None, None, None],
                          index=np.array([[0, 8]] * 4, np.uint64))}),
]  # fmt: skip

ROW = np.arange(1, 13, dtype="<u2")
EDGE = np.full(12, 77, "<u2")
EDGE[:5] = ROW[:5]
SHAPES = [
    opens("one inner chunk", "A shard may have one inner chunk.", sharded(sharding([4, 4])), DATA,
          {"c/0/0": shard([DATA.tobytes()])}),
    opens("several shards", "Each chunk of the grid is a shard.",
          sharded(sharding([2]), shape=(12,), chunk_grid=regular(6)), ROW,
          {"c/0": shard(tiles(ROW[:6], (2,))), "c/1": shard(tiles(ROW[6:], (2,)))}),
    opens("shard beyond the array", "The index always has an entry for each inner chunk.",
          sharded(sharding([2]), shape=(5,), chunk_grid=regular(12)), ROW[:5],
          {"c/0": shard([*tiles(EDGE, (2,))[:3], None, None, None])}),
    opens("no dimensions", "A shard of no dimensions has one inner chunk.",
          sharded(sharding([]), shape=()), np.array(7, "u2"), {"c": shard([b"\x07\x00"])}),
    opens("three dimensions", "Inner chunks are counted in C order.",
          sharded(sharding([1, 2, 1]), shape=(2, 2, 3)), ROW.reshape(2, 2, 3),
          {"c/0/0/0": shard(tiles(ROW.reshape(2, 2, 3), (1, 2, 1)))}),
]  # fmt: skip

TRANSPOSE = codec("transpose", order=[1, 0])
BIG_INDEX = [codec("bytes", endian="big"), CRC]
HALVES = tiles(DATA, (4, 2))
NESTED = [shard(tiles(np.frombuffer(half, "<u2").reshape(4, 2), (2, 2))) for half in HALVES]
CODECS = [
    opens("compressed chunks", "Inner codecs encode each inner chunk.",
          sharded(sharding([2, 2], [LITTLE, GZIP])), DATA, {"c/0/0": shard(ZIPPED)}),
    opens("big endian", "Elements are in the order that the inner bytes names.",
          sharded(sharding([2, 2], [codec("bytes", endian="big")])), DATA,
          {"c/0/0": shard(tiles(DATA.astype(">u2"), (2, 2)))}),
    opens("transposed chunks", "Inner codecs see an inner chunk.",
          sharded(sharding([2, 2], [TRANSPOSE, LITTLE])), DATA,
          {"c/0/0": shard([np.frombuffer(each, "<u2").reshape(2, 2).T.tobytes()
                           for each in FOUR])}),
    opens("transposed shard", "Codecs before see the whole shard.",
          sharded(TRANSPOSE, sharding([1, 4])), DATA,
          {"c/0/0": shard(tiles(np.ascontiguousarray(DATA.T), (1, 4)))}),
    opens("compressed shard", "Codecs behind see the shard with its index.",
          sharded(sharding([2, 2]), GZIP), DATA,
          {"c/0/0": gzip.compress(shard(FOUR), 1, mtime=0)}),
    opens("shard with a checksum", "Codecs behind see the shard with its index.",
          sharded(sharding([2, 2]), CRC), DATA,
          {"c/0/0": shard(FOUR) + crc32c(shard(FOUR))}),
    opens("shards in a shard", "An inner chunk may be a shard itself.",
          sharded(sharding([4, 2], [sharding([2, 2])])), DATA, {"c/0/0": shard(NESTED)}),
    opens("shards in a shard, indexes at both ends", "Each shard says where its index is.",
          sharded(sharding([4, 2], [sharding([2, 2], index_location="start")])), DATA,
          {"c/0/0": shard([shard(tiles(np.frombuffer(half, "<u2").reshape(4, 2), (2, 2)),
                                 at_start=True) for half in HALVES])}),
    opens("index without a checksum", "The index is encoded by its own codecs.",
          sharded(sharding([2, 2], index_codecs=[LITTLE])), DATA,
          {"c/0/0": shard(FOUR, checksum=False)}),
    opens("index in big endian", "The index is encoded by its own codecs.",
          sharded(sharding([2, 2], index_codecs=BIG_INDEX)), DATA,
          {"c/0/0": shard(FOUR, endian=">")}),
    opens("short names inside", "A name alone stands for an object without configuration.",
          sharded(sharding([2, 2], [LITTLE, "crc32c"], index_codecs=[LITTLE, "crc32c"])), DATA,
          {"c/0/0": shard([each + crc32c(each) for each in FOUR])}),
    opens("codec to leave aside inside", "must_understand false lets a reader go on.",
          sharded(sharding([2, 2], [LITTLE, {"name": "novelty", "must_understand": False}])),
          DATA, {"c/0/0": shard(FOUR)}),
]  # fmt: skip

INDEXED = np.array([[0, 8], [8, 8], [16, 8], [24, 8]], np.uint64)


def wrong_index(*entry: int) -> bytes:
    index = INDEXED.copy()
    index[1] = entry
    return shard(FOUR, index=index)


def broken(name: str, value: bytes, *words: str):
    return refused(name, "A shard that is not what its index says is corrupt.", PLAIN, CORRUPT,
                   *words, chunks={"c/0/0": value})  # fmt: skip


BROKEN = [
    broken("shard shorter than its index", b"\0" * 67, "c/0/0"),
    broken("empty shard", b"", "c/0/0"),
    broken("checksum of the index", shard(FOUR)[:-1] + b"\0", "c/0/0"),
    broken("chunk beyond the shard", wrong_index(1000, 8), "c/0/0"),
    broken("chunk that ends beyond the shard", wrong_index(8, 2**40), "c/0/0"),
    broken("offset and length beyond 64 bits", wrong_index(2**64 - 8, 16), "c/0/0"),
    broken("length without an offset", wrong_index(2**64 - 1, 8), "c/0/0"),
    broken("inner chunk of another length", wrong_index(8, 7), "c/0/0"),
]

WRONG = [
    refused("inner chunks that do not divide", "Inner chunks divide the shard evenly.",
            sharded(sharding([3, 2])), "ZarrError", "chunk_shape"),
    refused("inner chunks larger than the shard", "Inner chunks divide the shard evenly.",
            sharded(sharding([8, 4])), "ZarrError", "chunk_shape"),
    refused("inner chunks of other dimensions", "They have the dimensions of the shard.",
            sharded(sharding([2])), "ZarrError", "chunk_shape"),
    refused("inner chunks of no length", "Chunks are at least one element long.",
            sharded(sharding([0, 2])), "ZarrError", "chunk_shape"),
    refused("index in the middle", "The index is at the end or the start.",
            sharded(sharding([2, 2], index_location="middle")), "ZarrError", "index_location",
            "middle"),
    refused("unknown parameter", "The codec refuses what it has no parameter for.",
            sharded(sharding([2, 2], novelty=1)), "ZarrError", "novelty"),
    *(
        refused(f"without {name}", f"{name} is required.",
                sharded(codec("sharding_indexed", **{key: value for key, value in
                        sharding([2, 2])["configuration"].items() if key != name})),
                "ZarrError", name)
        for name in ("chunk_shape", "codecs", "index_codecs")
    ),
    refused("compressed index", "The size of the index must be known before it is read.",
            sharded(sharding([2, 2], index_codecs=[LITTLE, GZIP])), "ZarrError", "index_codecs"),
    refused("index without endian", "The numbers of the index need an endian.",
            sharded(sharding([2, 2], index_codecs=[BYTES])), "ZarrError", "endian"),
    refused("inner codecs without bytes", "One codec has to make bytes of an inner chunk.",
            sharded(sharding([2, 2], [GZIP])), "ZarrError", "array-to-bytes"),
    refused("unknown inner codec", "A codec that is not known has to be refused.",
            sharded(sharding([2, 2], [LITTLE, {"name": "novelty"}])),
            "UnsupportedExtensionError", "novelty"),
]  # fmt: skip

CASES = [*PLACES, *SHAPES, *CODECS, *BROKEN, *WRONG]
