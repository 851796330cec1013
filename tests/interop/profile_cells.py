"""Arrays of every data type and codec, for the readers of the writer profiles."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from conformance.matrix import KINDS, ROWS, VARIABLE, Kind, Row, document_of, values_of

import zarrpy
from zarrpy.metadata.profiles import PROFILES
from zarrpy.stores import LocalStore

#: The reader that a profile is about, as peers are named; of the specification there is none.
READERS = {
    "tensorstore": "tensorstore",
    "zarr-python-3.0": "zarr-python 3.0",
    "zarr-2.18": "zarr 2",
}

# What stands for many others in the quick form.
_KINDS = ("int32", "float32", "timedelta64", "string")
_ROWS = ("bytes, little endian",)


@dataclass(frozen=True)
class Cell:
    """One array that zarrpy has written, and its elements in a file."""

    name: str
    path: Path
    elements: Path
    metadata: zarrpy.metadata.model.ArrayMetadata

    def refusal(self, profile: str) -> str | None:
        """Say why a profile does not let it through; None when it does."""
        try:
            fitted = PROFILES[profile].fit(self.metadata)
        except zarrpy.MetadataError as error:
            return str(error)
        return None if fitted == self.metadata else "it is written in other words"


def quick(kind: Kind, row: Row) -> bool:
    """Whether a pair is tried every time."""
    return kind.name in _KINDS or row.name in _ROWS


def written(root: Path, layout: str, whole: bool) -> Iterator[Cell]:
    """Write the arrays of a layout that zarrpy can write, and yield them."""
    for zarr_format in (3, 2):
        for kind in KINDS.values():
            for row in ROWS.values():
                document = document_of(kind, row, layout, zarr_format)
                if document is None or not (whole or quick(kind, row)):
                    continue
                name = f"v{zarr_format}/{row.name}/{kind.name}"
                cell = _cell(name, root / str(abs(hash(name))), document, kind, row)
                if cell is not None:
                    yield cell


def _cell(name: str, path: Path, document: dict, kind: Kind, row: Row) -> Cell | None:
    store = LocalStore(path)
    store.set("zarr.json" if "node_type" in document else ".zarray", json.dumps(document).encode())
    values = values_of(kind, tuple(document["shape"]), row.small)
    with warnings.catch_warnings(action="ignore"):
        try:
            array = zarrpy.open(store, mode="r+")
            array[...] = values if kind.group in VARIABLE else values.view(array.dtype)
            found = np.asarray(array[...])
        except zarrpy.ZarrError:
            return None  # what zarrpy refuses, no profile need refuse
    if kind.group not in VARIABLE:
        elements = path.with_suffix(".bin")
        elements.write_bytes(found.tobytes())
    else:
        texts = [each.hex() if isinstance(each, bytes) else str(each) for each in found.flat]
        elements = path.with_suffix(".json")
        elements.write_text(json.dumps(texts))
    return Cell(name, path, elements, array.metadata)
