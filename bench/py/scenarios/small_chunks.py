"""Read a whole array of 4 KB chunks, from local files and from memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios import whole_read
from scenarios.base import BLOSC, Row, v3, values_file


def rows(quick: bool) -> list[Row]:
    """Return the rows, their time given for one chunk."""
    shape = (64, 128, 128) if quick else (64, 256, 256)
    chunks = (16, 8, 8)
    count = int(np.prod(shape)) // int(np.prod(chunks))
    return [
        Row(
            "small-local",
            f"read {count} chunks of 4 KB, blosc, a chunk",
            "small_chunks",
            v3(shape, chunks, BLOSC),
            unit="us",
            operations=count,
            target=1.8,
        ),
        Row(
            "small-memory",
            f"read {count} chunks of 4 KB, memory store, uncompressed, a chunk",
            "small_chunks",
            v3(shape, chunks),
            metric="cpu",
            unit="us",
            operations=count,
            reading=False,
            target=2.0,
        ),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array; one in memory is first written by the library itself."""
    if row.reading:
        return whole_read.prepare(library, row, folder)
    location = library.memory()
    library.write(library.create(location, row.document), np.load(values_file(row, folder)))
    return library, library.open(location), values_file(row, folder)


run = whole_read.run
settle = whole_read.settle
