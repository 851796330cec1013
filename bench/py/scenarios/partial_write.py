"""Write a region that lies across the borders of chunks, again and again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import shards
from scenarios.base import BLOSC, Row, v3, values_file

REGION = tuple(slice(first, first + n) for first, n in ((40, 64), (100, 128), (200, 128)))
#: zarrista writes whole chunks.
ABLE = ("zarrpy", "zarr-python", "zarr-python fused", "zarrs-python", "tensorstore")


def rows(quick: bool) -> list[Row]:
    """Return the rows: chunks of 1 MB, and shards."""
    del quick  # a part of a small array is no less
    shape = (128, 256, 512)
    size = "x".join(str(part.stop - part.start) for part in REGION)
    kinds = [
        ("chunks", "1 MB blosc chunks", v3(shape, (64, 64, 64), BLOSC)),
        ("shards", "8 MB shards of 64 KB", shards.sharded(v3(shape, shards.SHARD), shards.INNER)),
    ]
    return [
        Row(
            f"partial-{kind}",
            f"write {size} across borders, {title}",
            "partial_write",
            document,
            libraries=ABLE,
            reading=False,
            target=1.2,
        )
        for kind, title, document in kinds
    ]


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Write the array that is going to be changed."""
    place = Path(tempfile.mkdtemp(prefix="partial-", dir=folder))
    values = np.load(values_file(row, folder))
    array = library.create(str(place / "array"), row.document)
    library.write(array, values)
    return library, array, values, place


def run(state: Any) -> Any:
    """Write the region."""
    library, array, values, _ = state
    library.update(array, REGION, values[REGION] + 1)
    return array


def settle(state: Any, result: Any) -> None:
    """Compare the region and what is beside it with what should be there."""
    library, _, values, _ = state
    wide = tuple(slice(part.start - 1, part.stop + 1) for part in REGION)
    expected = np.array(values[wide])
    expected[1:-1, 1:-1, 1:-1] += 1
    assert np.array_equal(library.read(result, wide), expected)


def finish(state: Any) -> None:
    """Delete the copy."""
    shutil.rmtree(state[3], ignore_errors=True)
