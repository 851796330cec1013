"""Arrays of every data type and codec, for the readers of the writer profiles."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from conformance.matrix import KINDS, ROWS, VARIABLE, Kind, Row, document_of, values_of

import zarrpy
from zarrpy.codecs import Blosc, Sharding, Zstd
from zarrpy.metadata.profiles import PROFILES
from zarrpy.stores import LocalStore

NUMBERS = np.arange(60, dtype="i4").reshape(6, 10)
_TURN = {"name": "transpose", "configuration": {"order": [1, 0]}}
_DELTA = {"id": "delta", "dtype": "<i4"}

#: Keywords that no list of names can judge.
OPTIONS: dict[str, dict[str, Any]] = {
    "the size of elements": {"compressors": Blosc("lz4", typesize=4)},
    "another size of elements": {"compressors": Blosc("lz4", typesize=1)},
    "the shuffle of the size": {"compressors": Blosc("lz4", shuffle="auto")},
    "blocks of a size": {"compressors": Blosc("lz4", blocksize=256)},
    "blosc stores": {"compressors": Blosc("lz4", 0)},
    "a checksum of zstd": {"compressors": Zstd(3, checksum=True)},
    "negative level": {"compressors": Zstd(-5)},
    "gzip stores": {"compressors": "gzip:0"},
    "open level": {"compressors": {"id": "zlib", "level": -1}},
    "two compressors": {"compressors": ["gzip:1", "zstd:1"]},
    "filter and compressor": {"filters": _DELTA, "compressors": "zlib:1"},
    "order F": {"order": "F"},
    "two turns": {"filters": [_TURN, _TURN]},
    "names": {"dimension_names": ("y", "x")},
    "names twice": {"dimension_names": ("y", "y")},
    "no names": {"dimension_names": (None, None)},
    "dots": {"chunks": (2, 3), "chunk_key_encoding": {"name": "v2", "separator": "."}},
    "slashes": {"chunks": (2, 3), "chunk_key_encoding": {"name": "v2", "separator": "/"}},
    "index first": {"chunks": (2, 5), "shards": {"shape": (6, 10), "index_location": "start"}},
    "order F in shards": {"chunks": (2, 5), "shards": (6, 10), "order": "F"},
    "turned shards": {"filters": [_TURN], "serializer": Sharding((2, 3), ["bytes"])},
    "turned uneven shards": {"filters": [_TURN], "serializer": Sharding((5, 2), ["bytes"])},
    "compressed shards": {"serializer": Sharding((3, 10), ["bytes"]), "compressors": "zstd"},
}  # fmt: skip

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


def options(root: Path) -> Iterator[Cell]:
    """Write an array of numbers by each of the options, in the formats that have it."""
    for zarr_format in (3, 2):
        for name, keywords in OPTIONS.items():
            path = root / f"v{zarr_format}" / name
            given = {"chunks": NUMBERS.shape, "compressors": None, **keywords}
            try:
                array = zarrpy.create_array(path, data=NUMBERS, zarr_format=zarr_format, **given)
            except zarrpy.ZarrError:
                continue
            elements = path.with_suffix(".bin")
            elements.write_bytes(NUMBERS.tobytes())
            yield Cell(f"v{zarr_format}/option/{name}", path, elements, array.metadata)
