"""A million texts of many lengths, written whole and read whole, in local files."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.base import ZSTD, Row

#: tensorstore and zarrs have no data type for texts.
LIBRARIES = ("zarrpy", "zarr-python", "zarr-python fused")
WORDS = ("Reykjavík", "São Tomé", "a", "", "station-0042/temperature", "naïve", "the rest is long ")


@dataclass(frozen=True)
class TextRow(Row):
    """A row whose values are texts."""

    count: int = 0

    @property
    def nbytes(self) -> int:
        """Size of the texts as UTF-8, with a length of 4 bytes each."""
        return sum(len(WORDS[i % len(WORDS)].encode()) + len(str(i)) + 4 for i in range(self.count))


def texts(count: int) -> np.ndarray:
    """Return different texts, of 1 to 30 characters."""
    return np.array([WORDS[i % len(WORDS)] + str(i) for i in range(count)], np.dtypes.StringDType())


def document(count: int) -> dict[str, Any]:
    """Return the document of an array in 16 chunks."""
    chunks = [count // 16]
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [count],
        "data_type": "string",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": "",
        "codecs": [{"name": "vlen-utf8"}, ZSTD],
        "attributes": {},
    }


def rows(quick: bool) -> list[Row]:
    """Return a row of writing and one of reading."""
    count = 160_000 if quick else 1_000_000
    size = f"{count:,} texts, 16 chunks, zstd 3"
    return [
        TextRow(
            f"strings-{verb}",
            f"{verb} {size}",
            "strings",
            metric="cpu",
            libraries=LIBRARIES,
            reading=False,
            count=count,
        )
        for verb in ("write", "read")
    ]


@dataclass
class State:
    """What runs need; an array to read is written by the library itself."""

    library: Any
    values: np.ndarray
    folder: Path
    opened: Any


def prepare(library: Any, row: TextRow, folder: Path) -> State:
    """Make the texts, and the array where it is to be read."""
    state = State(
        library, texts(row.count), Path(tempfile.mkdtemp(prefix="strings-", dir=folder)), None
    )
    if row.key == "strings-read":
        state.opened = library.open(str(written(state)))
    return state


def written(state: State) -> Path:
    """Write the texts to a new array."""
    target = Path(tempfile.mkdtemp(dir=state.folder), "array")
    array = state.library.create(str(target), document(len(state.values)))
    state.library.write(array, state.values)
    return target


def run(state: State) -> Any:
    """Read the array whole, or write another one."""
    return written(state) if state.opened is None else state.library.read(state.opened)


def settle(state: State, result: Any) -> None:
    """Compare what was read with what was written; delete what a run has written."""
    if state.opened is None:
        result, target = state.library.read(state.library.open(str(result))), result
        shutil.rmtree(target.parent)
    assert result.dtype == state.values.dtype
    assert bool((result == state.values).all())


def finish(state: State) -> None:
    """Delete the directory."""
    shutil.rmtree(state.folder, ignore_errors=True)
