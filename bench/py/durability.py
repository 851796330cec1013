"""What a write waits for, by durability: one chunk at a time, and 64 of them as a group.

python bench/py/durability.py [FOLDER]   (a folder on the disk that is meant; by default, here)
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np

import zarrpy

NCHUNKS = 64
NROUNDS = 5
SIZES = {"64 KB": 64 << 10, "1 MB": 1 << 20}


@contextmanager
def one_by_one(array: zarrpy.Array, durability: str) -> Iterator[None]:
    """Let each chunk be as durable as it is said when its write returns."""
    with zarrpy.config.set(durability=durability):
        yield


WAYS: dict[str, Callable[[zarrpy.Array], AbstractContextManager[object]]] = {
    "atomic": lambda array: one_by_one(array, "atomic"),
    "durable": lambda array: one_by_one(array, "durable"),
    "group_commit": zarrpy.group_commit,
}


def seconds(folder: Path, nbytes: int, way: str, *, seed: int) -> float:
    """Seconds for each of some new chunks, with the end of the block."""
    shape = (NCHUNKS, nbytes)
    array = zarrpy.create_array(
        folder / f"{way}-{nbytes}-{seed}.zarr" / "a" / "b",
        shape=shape,
        chunks=(1, nbytes),
        dtype="u1",
        compressors=None,
    )
    value = np.random.default_rng(seed).integers(1, 255, nbytes, "u1")
    begin = time.perf_counter()
    with WAYS[way](array):
        for i in range(NCHUNKS):
            array[i] = value
    return (time.perf_counter() - begin) / NCHUNKS


def main() -> None:
    """Print the median, the least and the most milliseconds a chunk."""
    above = sys.argv[1] if len(sys.argv) > 1 else "."
    with tempfile.TemporaryDirectory(dir=above) as folder:
        for size, nbytes in SIZES.items():
            found: dict[str, list[float]] = {way: [] for way in WAYS}
            for seed in range(NROUNDS):
                for way in WAYS:
                    found[way].append(seconds(Path(folder), nbytes, way, seed=seed) * 1e3)
            for way, each in found.items():
                middle, least, most = statistics.median(each), min(each), max(each)
                print(f"{size:6} {way:13} {middle:6.2f} ms a chunk ({least:.2f} to {most:.2f})")


if __name__ == "__main__":
    main()
