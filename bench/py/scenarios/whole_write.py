"""Create an array in local files and write it whole."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import shards
from scenarios.base import BLOSC, GZIP, ZSTD, Document, Row, v3, values_file


def rows(quick: bool) -> list[Row]:
    """Return the rows: chunks of 1 MB by codec, and shards."""
    large, small = ((64, 128, 512),) * 2 if quick else ((128, 512, 512), (64, 128, 512))
    cube = (64, 64, 64)
    in_shards = shards.sharded(v3(large, (128, 128, 128)), shards.INNER)

    def row(key: str, title: str, document: Document, target: float) -> Row:
        size = f"write {int(np.prod(document['shape'])) * 4 >> 20} MiB"
        options = {"metric": "cpu", "reading": False, "target": target}
        return Row(f"write-{key}", f"{size}, {title}", "whole_write", document, **options)

    return [
        row("uncompressed", "1 MB chunks, uncompressed", v3(large, cube), 0.95),
        row("blosc", "1 MB chunks, blosc lz4 shuffle", v3(large, cube, BLOSC), 0.95),
        row("zstd", "1 MB chunks, zstd 3", v3(large, cube, ZSTD), 1.25),
        row("gzip", "1 MB chunks, gzip 5", v3(small, cube, GZIP), 1.25),  # takes ten times as long
        row("shards", "8 MB shards of 64 KB blosc chunks", in_shards, 1.3),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Load the values and make a directory for the results."""
    values = np.load(values_file(row, folder))
    return library, row, values, Path(tempfile.mkdtemp(prefix="write-", dir=folder))


def run(state: Any) -> Path:
    """Create the array in a new directory and write it."""
    library, row, values, folder = state
    target = Path(tempfile.mkdtemp(dir=folder), "array")
    library.write(library.create(str(target), row.document), values)
    return target


def settle(state: Any, result: Path) -> None:
    """Read the last chunks back, then delete the array."""
    library, _, values, _ = state
    corner = tuple(slice(n - 1, n) for n in values.shape)
    assert np.array_equal(library.read(library.open(str(result)), corner), values[corner])
    shutil.rmtree(result.parent)


def finish(state: Any) -> None:
    """Delete the directory."""
    shutil.rmtree(state[3], ignore_errors=True)
