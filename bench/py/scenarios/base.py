"""A row of the table: which array, which libraries, which unit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Document = dict[str, Any]

#: Libraries in the order of the table's columns.
LIBRARIES = (
    "zarrpy",
    "zarr-python",
    "zarr-python fused",
    "zarrs-python",
    "zarrista",
    "tensorstore",
)
#: The bare engine in C, where it has the workload.
LIMIT = "limit"


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Parameters
    ----------
    key : str
        Name of the row in the results.
    title : str
        What the table says.
    scenario : str
        Name of the module that runs it.
    document : dict
        Metadata of the array; its values come from :mod:`field`.
    metric : str
        ``wall`` or ``cpu``: which of the two times the table shows.
    unit : str
        ``ms`` or ``us``.
    operations : int
        What one run does so many times; the table shows the time of one.
    libraries : tuple of str
        Which take part.
    reading : bool
        Whether the array is written, by zarr-python, before anything is measured.
    target : float
        How many times as fast as the best peer it should be at least.
    apart : bool
        Whether it is measured only where it is asked for by name, as nobody has set a target.
    """

    key: str
    title: str
    scenario: str
    document: Document = field(default_factory=dict)
    metric: str = "wall"
    unit: str = "ms"
    operations: int = 1
    libraries: tuple[str, ...] = LIBRARIES
    reading: bool = True
    target: float = 1.0
    apart: bool = False

    @property
    def nbytes(self) -> int:
        """Size of the array in memory."""
        import numpy as np

        dtype = np.dtype(self.document.get("data_type") or self.document["dtype"])
        return int(np.prod(self.document["shape"])) * dtype.itemsize

    def stored(self, folder: Path) -> Path:
        """Return where the array of this document is, shared by rows with the same one."""
        text = json.dumps(self.document, sort_keys=True)
        return folder / f"array-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def values_file(row: Row, folder: Path) -> Path:
    """Return the .npy file that holds the values of a row's array."""
    dtype = row.document.get("data_type") or row.document["dtype"]
    shape = "x".join(map(str, row.document["shape"]))
    return folder / f"values-{dtype.strip('<')}-{shape}.npy"


def v3(shape: tuple[int, ...], chunks: tuple[int, ...], *compressors: Document) -> Document:
    """Return the document of a v3 array of float32."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, *compressors],
        "attributes": {},
    }


BLOSC: Document = {
    "name": "blosc",
    "configuration": {
        "cname": "lz4",
        "clevel": 5,
        "shuffle": "shuffle",
        "typesize": 4,
        "blocksize": 0,
    },
}
ZSTD: Document = {"name": "zstd", "configuration": {"level": 3, "checksum": False}}
GZIP: Document = {"name": "gzip", "configuration": {"level": 5}}
