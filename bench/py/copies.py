"""Compare copies between directories with ``cp -r``, by turns.

    python bench/py/copies.py [MIB]

Prints a line of Markdown for each size of chunk: the least seconds of wall and of processor time of
`cp -r`, of `zarrpy.copy`, and of the same through memory (`ZARRPY_DISABLE=copy`). By default 512
MiB of random bytes are copied; the folder of temporary files is where that happens.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import zarrpy

ROUNDS = 5
#: Sides of chunks that are planes of bytes.
SIDES = {"16 MiB": 4096, "1 MiB": 1024, "64 KiB": 256}
#: Bytes that are made at once.
PIECE = 32 << 20


def main() -> None:
    """Print the table."""
    total = int(sys.argv[1] if len(sys.argv) > 1 else 512) << 20
    print("| chunks | `cp -r` | `copy` | through memory |")
    print("|---|---|---|---|")
    for name, side in SIDES.items():
        with tempfile.TemporaryDirectory() as folder:
            best = measured(Path(folder), side, total)
        print("|", " | ".join([name, *(f"{wall:.3f}, {cpu:.3f}" for wall, cpu in best)]), "|")


def measured(folder: Path, side: int, total: int) -> list[tuple[float, float]]:
    """Tell the least times of each way."""
    source, target = folder / "source.zarr", folder / "target.zarr"
    shape = max(total // side**2, 1), side, side
    array = zarrpy.create_array(source, shape=shape, chunks=(1, side, side), dtype="u1",
                                compressors=None)  # fmt: skip
    chance, step = np.random.default_rng(0), max(1, PIECE // side**2)
    for i in range(0, shape[0], step):
        count = min(step, shape[0] - i)
        array[i : i + count] = chance.integers(1, 255, (count, side, side), dtype="u1")

    def plain() -> None:
        subprocess.run(["cp", "-r", source, target], check=True)

    def ours() -> None:
        zarrpy.copy(source, target)

    def through_memory() -> None:
        with zarrpy.config.set(disable=["copy"]):
            zarrpy.copy(source, target)

    ways = plain, ours, through_memory
    times = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, found in zip(ways, times, strict=True):
            shutil.rmtree(target, ignore_errors=True)
            os.sync()
            found.append(seconds(way))
    return [tuple(map(min, zip(*found, strict=True))) for found in times]


def seconds(work) -> tuple[float, float]:
    """Tell wall and processor time, that of programs that were started too."""
    began, before = time.perf_counter(), used()
    work()
    return time.perf_counter() - began, used() - before


def used() -> float:
    """Tell the processor time so far."""
    spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


if __name__ == "__main__":
    main()
