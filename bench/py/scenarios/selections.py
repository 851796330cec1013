"""Read parts of an array: points all over it, and every so many rows and columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios import shards
from scenarios.base import BLOSC, LIBRARIES, Document, Row, v3, values_file

POINTS = 100_000
STRIDED = (slice(None, None, 3), slice(None, None, 5))
#: zarrista names neither points nor steps.
ABLE = tuple(name for name in LIBRARIES if name != "zarrista")


def rows(quick: bool) -> list[Row]:
    """Return the rows."""
    shape = (2048, 2048) if quick else (8192, 8192)
    chunks = v3(shape, (512, 512), BLOSC)
    inside = shards.sharded(v3(shape, (2048, 2048)), (128, 128))
    size = "x".join(map(str, shape))
    points, strided = f"read {POINTS} points of {size}", "every 3rd row, 5th column"

    def row(key: str, title: str, document: Document) -> Row:
        return Row(f"select-{key}", title, "selections", document, libraries=ABLE, target=1.5)

    return [
        row("points", f"{points}, 1 MB chunks, blosc", chunks),
        row("points-shards", "same, 16 MB shards of 64 KB", inside),
        row("strided", f"read {strided} of {size}, 1 MB chunks, blosc", chunks),
        row("strided-shards", "same, 16 MB shards of 64 KB", inside),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array and draw the points."""
    array = library.open(str(row.stored(folder)))
    expected = np.load(values_file(row, folder), mmap_mode="r")
    draw = np.random.default_rng(1)
    points = tuple(draw.integers(0, n, POINTS) for n in expected.shape)
    return library, array, points if "points" in row.key else None, expected


def run(state: Any) -> np.ndarray:
    """Read the part."""
    library, array, points, _ = state
    found: np.ndarray
    found = library.read(array, STRIDED) if points is None else library.points(array, points)
    return found


def settle(state: Any, result: np.ndarray) -> None:
    """Compare what was read with what was written."""
    _, _, points, expected = state
    assert np.array_equal(result, expected[STRIDED if points is None else points])
