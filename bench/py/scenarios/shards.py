"""Read shards from local files."""

from __future__ import annotations

import numpy as np

from scenarios import whole_read
from scenarios.base import BLOSC, Document, Row, v3

SHARD = (128, 128, 128)
INNER = (16, 32, 32)


def rows(quick: bool) -> list[Row]:
    """Return the row."""
    document = stored(quick)
    size = f"{int(np.prod(document['shape'])) * 4 >> 20} MiB"
    title = f"read {size}, 128^3 shards of 64 KB blosc chunks"
    return [Row("shards-read", title, "shards", document, target=1.5)]


def stored(quick: bool) -> Document:
    """Return the document of the array in shards."""
    shape = (128, 256, 256) if quick else (256, 512, 512)
    return sharded(v3(shape, SHARD), INNER)


def sharded(document: Document, inner: tuple[int, ...]) -> Document:
    """Return the document with its chunks made shards of smaller ones."""
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    codec = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": list(inner),
            "codecs": [little, BLOSC],
            "index_codecs": [little, {"name": "crc32c"}],
            "index_location": "end",
        },
    }
    return {**document, "codecs": [codec]}


prepare = whole_read.prepare
run = whole_read.run
settle = whole_read.settle
