"""Lazy views: what composing one costs, and reading through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios.base import Row, v3, values_file

SHAPE = (512, 512)
TIMES = 200
#: The others read as soon as something is selected.
ABLE = ("zarrpy", "tensorstore")


def rows(quick: bool) -> list[Row]:
    """Return the rows, their time given for one view."""
    document = v3(SHAPE, (64, 64))
    once = {"unit": "us", "operations": TIMES, "libraries": ABLE}
    return [
        Row("view-compose", "three steps of a lazy view, nothing read", "views", document, **once),
        Row("view-read", "read 8x16 of a 16 KB chunk through it", "views", document, **once),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array, and make the view that is to be read."""
    array = library.view(library.open(str(row.stored(folder))))
    expected = np.load(values_file(row, folder), mmap_mode="r")
    return library, array, expected, compose(array) if row.key == "view-read" else None


def compose(array: Any) -> Any:
    """Select three times."""
    return array[8:16][:, 0:32:2].T


def run(state: Any) -> Any:
    """Compose or read, so many times."""
    library, array, _, view = state
    if view is None:
        return [compose(array) for _ in range(TIMES)]
    return [library.read_view(view) for _ in range(TIMES)]


def settle(state: Any, result: Any) -> None:
    """Compare the elements."""
    library, _, expected, view = state
    found = library.read_view(result[-1]) if view is None else result[-1]
    assert np.array_equal(found, compose(expected))
