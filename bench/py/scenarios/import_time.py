"""Import a library, NumPy being imported already; measured by :mod:`measure` itself."""

from __future__ import annotations

from scenarios.base import Row

MODULES = {
    "zarrpy": "zarrpy",
    "zarr-python": "zarr",
    "zarrs-python": "zarrs",
    "zarrista": "zarrista",
    "tensorstore": "tensorstore",
}


def rows(quick: bool) -> list[Row]:
    """Return the row."""
    return [
        Row(
            "import",
            "import, over numpy",
            "import_time",
            libraries=tuple(MODULES),
            reading=False,
        )
    ]
