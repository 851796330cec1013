"""Compare whole reads into memory that is taken again with reads into new memory.

    python bench/py/spare.py

Prints, for arrays of 256 MiB in files, the processor time and the time of a whole read with and
without `spare` in `ZARRPY_DISABLE`, in milliseconds. The least of nine times, by turns.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import field

import zarrpy

ROUNDS = 9
SHAPE = (256, 512, 512)
LAYOUTS = {
    "cubes of 1 MiB": ((64, 64, 64), None),
    "cubes of 1 MiB, Blosc": ((64, 64, 64), "blosc:lz4:5"),
    "cubes of 1 MiB, Zstandard": ((64, 64, 64), "zstd:3"),
    "planes of 1 MiB": ((1, 512, 512), None),
    "planes of 1 MiB, Blosc": ((1, 512, 512), "blosc:lz4:5"),
    "chunks of 64 KiB, Blosc": ((16, 32, 32), "blosc:lz4:5"),
}


def main() -> None:
    """Print a line for each layout."""
    values = field.values(SHAPE, np.dtype("f4"))
    with tempfile.TemporaryDirectory() as folder:
        for name, (chunks, codec) in LAYOUTS.items():
            place = Path(folder, name)
            array = zarrpy.create_array(place, data=values, chunks=chunks, compressors=codec)
            kept, new = least(array)
            print(f"{name:27} processor {new[0]:5.0f} -> {kept[0]:5.0f}   "
                  f"time {new[1]:5.0f} -> {kept[1]:5.0f}", flush=True)  # fmt: skip


def least(array: zarrpy.Array) -> Iterator[tuple[float, float]]:
    """Give the least times with memory that is kept, and with new memory."""
    found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for kept, times in found.items():
            with zarrpy.config.set(disable=() if kept else ("spare",)):
                times.append(timed(array))
    return (tuple(map(min, zip(*found[kept], strict=True))) for kept in (True, False))


def timed(array: zarrpy.Array) -> tuple[float, float]:
    """Read once; give the time of the processor and of the clock, in milliseconds."""
    begin, used = time.perf_counter(), time.process_time()
    array[...]
    return (time.process_time() - used) * 1e3, (time.perf_counter() - begin) * 1e3


if __name__ == "__main__":
    main()
