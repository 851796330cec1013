"""Open an array; read one element."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios.base import BLOSC, Row, v3, values_file

SHAPE = (64, 256, 256)
TIMES = 200


def rows(quick: bool) -> list[Row]:
    """Return the rows, their time given for one call."""
    document = v3(SHAPE, (64, 64, 64), BLOSC)

    def row(key: str, title: str, target: float) -> Row:
        return Row(key, title, "handles", document, operations=TIMES, unit="us", target=target)

    return [
        row("open", "open an array again", 2.0),
        row("item", "one item, 1 MB blosc chunk", 5.0),
        row("item-cached", "the same, in a cache of 1 GiB where there is one", 5.0),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Note the path, or open the array and choose elements."""
    path = str(row.stored(folder))
    if row.key == "open":
        return library, path, None, None
    rng = np.random.default_rng(7)
    places = [tuple(int(rng.integers(n)) for n in SHAPE) for _ in range(TIMES)]
    opened = library.open_cached(path) if row.key == "item-cached" else library.open(path)
    return library, opened, places, np.load(values_file(row, folder), mmap_mode="r")


def run(state: Any) -> Any:
    """Open the array, or read the elements, so many times."""
    library, array, places, _ = state
    if places is None:
        return [library.open(array) for _ in range(TIMES)]
    return [library.read(array, place) for place in places]


def settle(state: Any, result: Any) -> None:
    """Compare the elements."""
    _, _, places, values = state
    if places is None:
        assert tuple(result[-1].shape) == SHAPE
    else:
        assert [float(np.ravel(item)[0]) for item in result] == [
            float(values[place]) for place in places
        ]
