"""Read small windows all over an array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios import whole_read
from scenarios.base import BLOSC, Row, v3, values_file

WINDOWS = 200
SHAPE = (4, 24, 24)


def rows(quick: bool) -> list[Row]:
    """Return the row: the time of all windows."""
    shape = (64, 512, 512) if quick else whole_read.SHAPE
    size = "x".join(map(str, SHAPE))
    return [
        Row(
            "windows",
            f"{WINDOWS} windows of {size}, 1 MB blosc chunks",
            "windows",
            v3(shape, (64, 64, 64), BLOSC),
            metric="cpu",
            target=2.0,
        )
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array; choose the windows."""
    values = np.load(values_file(row, folder), mmap_mode="r")
    draw = np.random.default_rng(5)
    starts = [
        [int(draw.integers(n - w)) for n, w in zip(values.shape, SHAPE, strict=True)]
        for _ in range(WINDOWS)
    ]
    places = [
        tuple(slice(first, first + w) for first, w in zip(start, SHAPE, strict=True))
        for start in starts
    ]
    return library, library.open(str(row.stored(folder))), places, values


def run(state: Any) -> Any:
    """Read them one by one."""
    library, array, places, _ = state
    return [library.read(array, place) for place in places]


def settle(state: Any, result: Any) -> None:
    """Compare with what was written."""
    _, _, places, values = state
    for place, window in zip(places, result, strict=True):
        assert np.array_equal(window, values[place])
