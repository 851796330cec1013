"""The case that the Elixir library ExZarr publishes: 400x400, 16 chunks, zlib, Zarr v2."""

from __future__ import annotations

from typing import Any

from scenarios import small_chunks
from scenarios.base import LIBRARIES, Document, Row

#: zarrista has no zlib in v2.
ABLE = tuple(name for name in LIBRARIES if name != "zarrista")


def rows(quick: bool) -> list[Row]:
    """Return the rows: float64 from local files, int32 from memory."""
    return [
        Row(
            "exzarr-local",
            "ExZarr's case: 400x400 float64, 16 chunks, zlib, v2, local",
            "exzarr",
            v2("<f8"),
            libraries=ABLE,
            target=1.3,
        ),
        Row(
            "exzarr-memory",
            "same, int32, memory store",
            "exzarr",
            v2("<i4"),
            libraries=ABLE,
            reading=False,
            target=1.2,
        ),
    ]


def v2(dtype: str) -> Document:
    """Return the document of the array."""
    return {
        "zarr_format": 2,
        "shape": [400, 400],
        "chunks": [100, 100],
        "dtype": dtype,
        "compressor": {"id": "zlib", "level": 1},
        "filters": None,
        "fill_value": 0,
        "order": "C",
        "dimension_separator": ".",
    }


prepare: Any = small_chunks.prepare
run: Any = small_chunks.run
settle: Any = small_chunks.settle
