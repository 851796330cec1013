"""Real arrays with a library's own defaults: written, read back, and the bytes counted."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from data import ARRAYS

from scenarios.base import Row

#: Libraries that have defaults of their own for chunks and codecs.
LIBRARIES = ("zarrpy", "zarr-python", "tensorstore")


@dataclass(frozen=True)
class RealRow(Row):
    """A row whose values are one of the real arrays."""

    values: str = ""

    @property
    def nbytes(self) -> int:
        """Size of the array in memory."""
        return int(np.load(self.values, mmap_mode="r").nbytes)


def rows(quick: bool) -> list[Row]:
    """Return two rows an array; its values must be in the cache already."""
    return [
        RealRow(
            f"{array.name}-{verb}",
            f"{verb} {array.name}",
            "out_of_the_box",
            libraries=LIBRARIES,
            reading=False,
            values=str(array.path),
        )
        for array in ARRAYS
        for verb in ("write", "read")
    ]


@dataclass
class State:
    """What runs need; ``paths`` are the arrays written so far."""

    library: Any
    values: np.ndarray
    reading: bool
    folder: Path
    path: Path


def prepare(library: Any, row: RealRow, folder: Path) -> State:
    """Load the values; for reading, write the array."""
    values = np.load(row.values)
    own = Path(tempfile.mkdtemp(prefix="defaults-", dir=folder))
    state = State(library, values, row.key.endswith("-read"), own, own / "array")
    write(state)
    return state


def write(state: State) -> None:
    """Create the array with nothing but shape and data type, and write it."""
    array = state.library.create_default(str(state.path), state.values.shape, state.values.dtype)
    state.library.write(array, state.values)


def run(state: State) -> Any:
    """Open and read the array, or write it anew where none is."""
    if state.reading:
        return state.library.read(state.library.open(str(state.path)))
    state.path = Path(tempfile.mkdtemp(dir=state.folder), "array")
    return write(state)


def settle(state: State, result: Any) -> None:
    """Compare what was read with what was written; keep the last written array only."""
    if state.reading:
        assert result.tobytes() == state.values.tobytes()
        return
    for folder in state.folder.iterdir():
        if folder not in (state.path, state.path.parent):
            shutil.rmtree(folder)


def finish(state: State) -> dict[str, Any]:
    """Count the stored bytes, note the layout, and delete the array."""
    files = [path for path in state.path.rglob("*") if path.is_file()]
    document = json.loads((state.path / "zarr.json").read_text())
    notes = {
        "stored": sum(path.stat().st_size for path in files),
        "nfiles": len(files),
        "chunks": document["chunk_grid"]["configuration"]["chunk_shape"],
        "codecs": [codec["name"] for codec in document["codecs"]],
    }
    shutil.rmtree(state.folder)
    return notes
