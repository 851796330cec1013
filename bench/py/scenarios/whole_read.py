"""Read a whole array from local files into a new NumPy array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios.base import BLOSC, GZIP, ZSTD, Row, v3, values_file

SHAPE = (256, 512, 512)
HALF = (128, 512, 512)


def rows(quick: bool) -> list[Row]:
    """Return the rows: chunks of 1 MB and of 64 KB, contiguous or not, by codec."""
    large = (64, 512, 512) if quick else SHAPE
    half = (64, 256, 512) if quick else HALF
    size = f"{int(np.prod(large)) * 4 >> 20} MiB"
    cube, plane, small = (64, 64, 64), (1, 512, 512), (16, 32, 32)

    def row(key: str, title: str, target: float, *document: Any, metric: str = "wall") -> Row:
        name = f"read-{key}"
        return Row(name, title, "whole_read", v3(*document), metric, target=target)

    return [
        row("cube-none", f"read {size}, 64x64x64 chunks (1 MB), uncompressed", 1.4, large, cube),
        row("cube-blosc", "same, blosc lz4 shuffle", 1.5, large, cube, BLOSC),
        row("plane-none", f"read {size}, 1x512x512 chunks, uncompressed", 1.1, large, plane),
        row("plane-blosc", "same, blosc lz4 shuffle", 1.4, large, plane, BLOSC),
        row(
            "small-blosc", f"read {size}, 16x32x32 chunks (64 KB), blosc", 1.7, large, small, BLOSC
        ),
        row("cube-zstd", "read, 1 MB chunks, zstd 3", 1.25, half, cube, ZSTD, metric="cpu"),
        row("cube-gzip", "read, 1 MB chunks, gzip 5", 1.5, half, cube, GZIP, metric="cpu"),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array."""
    return library, library.open(str(row.stored(folder))), values_file(row, folder)


def run(state: Any) -> np.ndarray:
    """Read it whole."""
    library, array, _ = state
    found: np.ndarray = library.read(array)
    return found


def settle(state: Any, result: np.ndarray) -> None:
    """Compare what was read with what was written."""
    expected = np.load(state[2], mmap_mode="r")
    assert result.shape == expected.shape
    assert result.dtype == expected.dtype
    assert all(np.array_equal(one, other) for one, other in zip(result, expected, strict=True))
