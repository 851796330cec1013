"""Append to an array in local files, in pieces that end within a chunk."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.base import BLOSC, Row, v3, values_file

PIECES = 8


def rows(quick: bool) -> list[Row]:
    """Return the row: pieces of 24 rows, chunks of 64."""
    shape = (24 * PIECES, 256, 256) if quick else (24 * PIECES, 512, 512)
    return [
        Row(
            "appends",
            f"{PIECES} appends of 24 rows, chunks of 64 rows (1 MB), blosc",
            "appends",
            v3(shape, (64, 64, 64), BLOSC),
            libraries=("zarrpy", "zarr-python", "zarr-python fused", "zarrs-python", "tensorstore"),
            reading=False,
            target=1.2,
        )
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Load the values and make a directory for the results."""
    values = np.load(values_file(row, folder))
    document = {**row.document, "shape": [0, *values.shape[1:]]}
    return library, document, values, Path(tempfile.mkdtemp(prefix="appends-", dir=folder))


def run(state: Any) -> Path:
    """Create an array without rows and append all of them."""
    library, document, values, folder = state
    target = Path(tempfile.mkdtemp(dir=folder), "array")
    array = library.create(str(target), document)
    for piece in np.split(values, PIECES):
        array = library.append(array, piece)
    return target


def settle(state: Any, result: Path) -> None:
    """Read the array back, then delete it."""
    library, _, values, _ = state
    assert np.array_equal(library.read(library.open(str(result))), values)
    shutil.rmtree(result.parent)


def finish(state: Any) -> None:
    """Delete the directory."""
    shutil.rmtree(state[3], ignore_errors=True)
