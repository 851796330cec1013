"""Create an array in local files and write it whole."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.base import BLOSC, GZIP, ZSTD, Row, v3, values_file


def rows(quick: bool) -> list[Row]:
    """Return the rows: chunks of 1 MB by codec."""
    large, small = ((64, 128, 512),) * 2 if quick else ((128, 512, 512), (64, 128, 512))
    kinds: list[tuple[str, list[Any], tuple[int, ...]]] = [
        ("uncompressed", [], large),
        ("blosc lz4 shuffle", [BLOSC], large),
        ("zstd 3", [ZSTD], large),
        ("gzip 5", [GZIP], small),  # takes ten times as long
    ]
    return [
        Row(
            f"write-{title.split()[0]}",
            f"write {int(np.prod(shape)) * 4 >> 20} MiB, 1 MB chunks, {title}",
            "whole_write",
            v3(shape, (64, 64, 64), *codecs),
            metric="cpu",
            reading=False,
        )
        for title, codecs, shape in kinds
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
