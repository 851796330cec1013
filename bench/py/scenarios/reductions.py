"""Reduce an array: zarrpy chunk by chunk, the others by reading it whole and asking NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios.base import BLOSC, Row, v3, values_file

SHAPE = (256, 512, 512)
RANGE = (-100.0, 100.0)


def rows(quick: bool) -> list[Row]:
    """Return the rows: one reduction and one layout each."""
    shape = (64, 512, 512) if quick else SHAPE
    size = f"{int(np.prod(shape)) * 4 >> 20} MiB"
    cube, small, plane = (64, 64, 64), (16, 32, 32), (1, *shape[1:])

    def row(key: str, title: str, chunks: tuple[int, ...], *codecs: Any) -> Row:
        return Row(f"reduce-{key}", title, "reductions", v3(shape, chunks, *codecs))

    return [
        row("sum-none", f"sum of {size}, 64x64x64 chunks (1 MB), uncompressed", cube),
        row("sum-blosc", "same, blosc lz4 shuffle", cube, BLOSC),
        row("std-blosc", "standard deviation along the first axis, same chunks", cube, BLOSC),
        row("histogram-blosc", "histogram of 100 bins, same chunks", cube, BLOSC),
        row("axis-none", "sum along the first axis, planes of 1 MB, uncompressed", plane),
        row("histogram-none", "histogram of 100 bins, same planes", plane),
        row("sum-small", f"sum of {size}, 16x32x32 chunks (64 KB), blosc", small, BLOSC),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array."""
    return library, library.open(str(row.stored(folder))), row.key, values_file(row, folder)


def reduced(values: Any, key: str) -> Any:
    """Ask NumPy."""
    if "sum" in key or "axis" in key:
        return np.sum(values, axis=0 if "axis" in key else None, dtype="f8")
    if "std" in key:
        return np.std(values, axis=0, dtype="f8")
    return np.histogram(values, 100, RANGE)[0]


def run(state: Any) -> Any:
    """Reduce it."""
    library, array, key, _ = state
    if type(array).__module__.partition(".")[0] != "zarrpy":
        return reduced(library.read(array), key)
    if "sum" in key or "axis" in key:
        return array.sum(axis=0 if "axis" in key else None, dtype="f8")
    return array.std(axis=0) if "std" in key else array.histogram(100, RANGE)[0]


def settle(state: Any, result: Any) -> None:
    """Compare with what NumPy says of what was written."""
    _, _, key, file = state
    expected = reduced(np.load(file), key)
    np.testing.assert_allclose(result, expected, rtol=1e-4)
