"""Read shards from local files: whole, and columns of single pixels through all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios import whole_read
from scenarios.base import BLOSC, Document, Row, v3

COLUMNS = 20
SHARD = (128, 128, 128)
INNER = (16, 32, 32)


def rows(quick: bool) -> list[Row]:
    """Return the rows; the time of columns is given for one."""
    shape = (128, 256, 256) if quick else (256, 512, 512)
    size = f"{int(np.prod(shape)) * 4 >> 20} MiB"
    document = sharded(v3(shape, SHARD), INNER)
    return [
        Row("shards-read", f"read {size}, 128^3 shards of 64 KB blosc chunks", "shards", document),
        Row(
            "shards-columns",
            f"one of {COLUMNS} pixel columns through the same",
            "shards",
            document,
            operations=COLUMNS,
        ),
    ]


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


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array; choose the columns."""
    state = whole_read.prepare(library, row, folder)
    if row.key == "shards-read":
        return *state, None
    rng = np.random.default_rng(11)
    shape = row.document["shape"]
    places = [tuple(int(rng.integers(n)) for n in shape[1:]) for _ in range(COLUMNS)]
    return *state, places


def run(state: Any) -> Any:
    """Read the array, or the columns one by one."""
    library, array, _, places = state
    if places is None:
        return library.read(array)
    return [library.read(array, (slice(None), *place)) for place in places]


def settle(state: Any, result: Any) -> None:
    """Compare with what was written."""
    library, array, values, places = state
    if places is None:
        whole_read.settle((library, array, values), result)
        return
    expected = np.load(values, mmap_mode="r")
    for place, column in zip(places, result, strict=True):
        assert np.array_equal(np.ravel(column), expected[(slice(None), *place)])
