"""Counts the allocations of the engine and its libraries in reads of few and of many chunks.

    allocations.py PLACE

Prints, for each chain of codecs and kind of store, those of a read of 4 chunks and of one of 64, by
a thread that has read them before.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import shim

import zarrpy

#: More than any read asks for: none fails, and all are counted.
NEVER = 1 << 40
CHAINS: dict[str, dict[str, Any]] = {
    "none": {"compressors": None},
    "blosc": {"compressors": "blosc:lz4:5"},
    "blosc zstd": {"compressors": "blosc:zstd:1"},
    "blosc zlib": {"compressors": "blosc:zlib:1"},
    "zstd": {"compressors": "zstd:1"},
    "gzip": {"compressors": "gzip:1"},
    "lz4": {"compressors": "lz4"},
    "snappy": {"compressors": "snappy"},
    "shuffle, zstd, crc32c": {
        "filters": {"name": "numcodecs.shuffle", "configuration": {"elementsize": 4}},
        "compressors": ["zstd:1", "crc32c"],
    },
    "shards": {"compressors": "blosc:lz4:5", "shards": (256, 256)},
    "big-endian": {"compressors": "zstd:1", "dtype": ">u4"},
}


FEW, ALL = np.s_[:128, :128], np.s_[:512, :512]


def count(array: zarrpy.Array, selection: Any) -> int:
    """Return the allocations of a read into memory that is there, after one like it."""
    library = shim.loaded()
    out = np.empty(array[selection].shape, array.dtype.newbyteorder("="))
    array.read(selection, out=out)
    library.shim_allocations(b"zarrpy/_native", NEVER)
    array.read(selection, out=out)
    allocated: int = library.shim_allocated()
    library.shim_allocations(b"zarrpy/_native", 0)
    return allocated


def main() -> None:
    """Count by one thread."""
    values = np.arange(512 * 512, dtype="u4").reshape(512, 512)
    zarrpy.config.workers = 1
    told = {}
    for name, chain in CHAINS.items():
        for where in ("files", "memory"):
            store = f"{sys.argv[1]}/{name}" if where == "files" else {}
            keywords = {"chunks": (64, 64), **chain}
            dtype = keywords.pop("dtype", "u4")
            array = zarrpy.create_array(store, data=values.astype(dtype), **keywords)
            told[f"{name}, {where}"] = [count(array, FEW), count(array, ALL)]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
