"""Read columns of single pixels through all chunks of the first axis, from local files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios import shards, whole_read
from scenarios.base import BLOSC, Document, Row, v3, values_file

COLUMNS = 20


def rows(quick: bool) -> list[Row]:
    """Return the rows, their time given for one column."""
    in_shards = shards.stored(quick)
    in_chunks = v3(in_shards["shape"], (64, 64, 64), BLOSC)
    name = f"one of {COLUMNS} pixel columns"

    def row(key: str, title: str, document: Document, target: float) -> Row:
        return Row(key, title, "columns", document, operations=COLUMNS, target=target)

    return [
        row("columns", f"{name}, 1 MB blosc chunks", in_chunks, 1.5),
        row("columns-cached", "the same, in a cache of 1 GiB where there is one", in_chunks, 8.0),
        row("shards-columns", f"{name}, shards of 64 KB blosc chunks", in_shards, 1.5),
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Open the array; choose the columns."""
    state = whole_read.prepare(library, row, folder)
    if row.key == "columns-cached":
        state = library, library.open_cached(str(row.stored(folder))), values_file(row, folder)
    rng = np.random.default_rng(11)
    shape = row.document["shape"]
    places = [tuple(int(rng.integers(n)) for n in shape[1:]) for _ in range(COLUMNS)]
    return *state, places


def run(state: Any) -> Any:
    """Read the columns one by one."""
    library, array, _, places = state
    return [library.read(array, (slice(None), *place)) for place in places]


def settle(state: Any, result: Any) -> None:
    """Compare with what was written."""
    _, _, values, places = state
    expected = np.load(values, mmap_mode="r")
    for place, column in zip(places, result, strict=True):
        assert np.array_equal(np.ravel(column), expected[(slice(None), *place)])
