"""Import a library, NumPy being imported already, and open a first array with it.

Measured by :mod:`measure` itself, each in a process that has done neither before.
"""

from __future__ import annotations

from pathlib import Path

from scenarios.base import BLOSC, Row, v3

MODULES = {
    "zarrpy": "zarrpy",
    "zarr-python": "zarr",
    "zarrs-python": "zarrs",
    "zarrista": "zarrista",
    "tensorstore": "tensorstore",
}
#: What opens the array at `path` with a library that was not imported yet.
OPENERS = {
    "zarrpy": "import zarrpy; zarrpy.open(path, mode='r')",
    "zarr-python": "import zarr; zarr.open(path, mode='r')",
    "zarrs-python": (
        "import zarr, zarrs; zarr.config.set({'codec_pipeline.path': 'zarrs.ZarrsCodecPipeline'});"
        "zarr.open(path, mode='r')"
    ),
    "zarrista": (
        "import zarrista; from zarrista.store import FilesystemStore;"
        "zarrista.Array.open(FilesystemStore(path), '/')"
    ),
    "tensorstore": (
        "import tensorstore; tensorstore.open({'driver': 'zarr3', 'kvstore': {'driver': 'file',"
        "'path': path}}).result()"
    ),
}


def rows(quick: bool) -> list[Row]:
    """Return the rows."""
    document = v3((64, 256, 256), (64, 64, 64), BLOSC)
    libraries = tuple(MODULES)
    return [
        Row("import", "import, over numpy", "import_time", libraries=libraries, reading=False),
        Row(
            "first-open",
            "import and first open",
            "import_time",
            document,
            libraries=libraries,
            apart=True,
        ),
    ]


def code(row: Row, library: str, folder: Path) -> str:
    """Return what is timed, as Python."""
    if row.key == "import":
        return f"import {MODULES[library]}"
    return f"path = {str(row.stored(folder))!r}; {OPENERS[library]}"
