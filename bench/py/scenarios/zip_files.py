"""Read and write an array in a zip file."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import whole_read
from scenarios.base import BLOSC, Row, v3, values_file

LIBRARIES = ("zarrpy", "zarr-python", "zarr-python fused")


def rows(quick: bool) -> list[Row]:
    """Return the rows: chunks of 4 KB and of 1 MB, read and written."""
    large = (64, 128, 512) if quick else (128, 512, 512)
    small = (64, 128, 128) if quick else (64, 256, 256)
    cube, cell = (64, 64, 64), (16, 8, 8)
    count = int(np.prod(small)) // int(np.prod(cell))
    size = f"{int(np.prod(large)) * 4 >> 20} MiB"

    def row(key: str, title: str, *document: Any, **options: Any) -> Row:
        parts = {"libraries": LIBRARIES, **options}
        return Row(f"zip-{key}", title, "zip_files", v3(*document), **parts)

    per_chunk = {"unit": "us", "operations": count}
    return [
        row("read-small", f"zip: read {count} chunks of 4 KB, blosc, a chunk", small, cell, BLOSC,
            target=4.0, **per_chunk),
        row("read-large", f"zip: read {size}, 1 MB chunks, blosc", large, cube, BLOSC, target=1.5),
        row("write-small", f"zip: write {count} chunks of 4 KB, blosc, a chunk", small, cell, BLOSC,
            metric="cpu", reading=False, target=4.0, **per_chunk),
        row("write-large", f"zip: write {size}, 1 MB chunks, blosc", large, cube, BLOSC,
            metric="cpu", reading=False, target=1.1),
    ]  # fmt: skip


def prepare(library: Any, row: Row, folder: Path) -> Any:
    """Pack the array into a file, once for all libraries, or make a directory for the results."""
    if not row.reading:
        values = np.load(values_file(row, folder))
        return library, row, values, Path(tempfile.mkdtemp(prefix="zip-", dir=folder))
    packed = row.stored(folder).with_suffix(".zip")
    if not packed.exists():
        pack(row.stored(folder), packed)
    return library, row, values_file(row, folder), packed


def pack(array: Path, packed: Path) -> None:
    """Put the files of an array into a zip file as they are."""
    unfinished = packed.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w") as archive:
        for path in sorted(array.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(array).as_posix())
    os.replace(unfinished, packed)


def run(state: Any) -> Any:
    """Open the file and read the array whole; or make a file and write the array."""
    library, row, values, place = state
    if row.reading:
        with library.zip_file(place, "r") as store:
            return library.read(library.open(store))
    target = Path(tempfile.mkdtemp(dir=place), "array.zip")
    with library.zip_file(target, "w") as store:
        library.write(library.create(store, row.document), values)
    return target


def settle(state: Any, result: Any) -> None:
    """Compare what was read; or read the last chunk back, and delete the file."""
    library, row, values, _ = state
    if row.reading:
        whole_read.settle((library, None, values), result)
        return
    corner = tuple(slice(n - 1, n) for n in values.shape)
    with library.zip_file(result, "r") as store:
        assert np.array_equal(library.read(library.open(store), corner), values[corner])
    shutil.rmtree(result.parent)


def finish(state: Any) -> None:
    """Delete the directory."""
    if not state[1].reading:
        shutil.rmtree(state[3], ignore_errors=True)
