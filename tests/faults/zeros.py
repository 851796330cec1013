"""Read arrays, and tell of each how many bytes were made zero meanwhile, as JSON: ARRAYS.

Run with the shim before it.
"""

import json
import sys
from pathlib import Path

import numpy as np
import shim

import zarrpy

SHAPE = (8, 512, 512)
VALUES = np.arange(np.prod(SHAPE), dtype="f4").reshape(SHAPE) % 1000 + 1
LAYOUTS = {
    "plain": {"compressors": None},
    "rows": {"compressors": None, "chunks": (1, 512, 512)},
    "big-endian": {"compressors": None, "dtype": ">f4"},
    "blosc": {"compressors": "blosc:lz4:5"},
    "zstd": {"compressors": "zstd:1"},
    "shards": {"compressors": "blosc:lz4:5", "shards": (8, 128, 128)},
}


def zeroed_by(action):
    """Call it, and return how many bytes that made zero."""
    library = shim.loaded()
    before = library.shim_zeroed()
    result = action()
    del result
    return library.shim_zeroed() - before


def main():
    """Read from files and from memory, whole and in part, with steps, and by points."""
    folder, found = Path(sys.argv[1]), {"result": VALUES.nbytes}
    rows = np.random.default_rng(1).permutation(SHAPE[1])
    for name, keywords in LAYOUTS.items():
        for place in (folder / name, {}):
            kind = "memory" if place == {} else "files"
            array = zarrpy.create_array(
                place, data=VALUES, **{"chunks": (4, 64, 64), "dtype": "f4", **keywords}
            )
            for read, action in {
                "whole": lambda array=array: array[...],
                "window": lambda array=array: array[:, 3:500, 5:],
                "steps": lambda array=array: array[:, ::2, :],
                "rows in another order": lambda array=array: array.oindex[:, rows],
            }.items():
                action()  # what is made once is there
                found[f"{name} in {kind}, {read}"] = zeroed_by(action)
    found["numpy.zeros"] = zeroed_by(lambda: np.zeros(SHAPE, "f4"))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
