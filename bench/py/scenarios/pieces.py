"""Fill shards in local files piece by piece."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import whole_write
from scenarios.base import Row, v3
from scenarios.partial_write import ABLE
from scenarios.shards import INNER, SHARD, sharded

#: Rows of a piece; a chunk has 16, and a shard 128.
ROWS = 8


def rows(quick: bool) -> list[Row]:
    """Return the row; whoever writes each piece at once encodes all shards 16 times."""
    del quick  # a small array is enough
    document = sharded(v3((128, 256, 256), SHARD), INNER)
    size = f"{int(np.prod(document['shape'])) * 4 >> 20} MiB"
    return [
        Row(
            "pieces-write",
            f"fill {size}, 128^3 shards of 64 KB blosc chunks, in pieces of {ROWS} rows",
            "pieces",
            document,
            libraries=ABLE,
            reading=False,
            target=1.2,
        )
    ]


def run(state: Any) -> Path:
    """Create the array in a new directory and write all pieces."""
    library, row, values, folder = state
    target = Path(tempfile.mkdtemp(dir=folder), "array")
    array = library.create(str(target), row.document)
    library.fill(array, [values[first : first + ROWS] for first in range(0, len(values), ROWS)])
    return target


prepare = whole_write.prepare
settle = whole_write.settle
finish = whole_write.finish
