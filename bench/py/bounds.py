"""Copy and rechunk an array of many gigabytes, and tell whether memory kept within its bound.

    python bench/py/bounds.py [--gigabytes 10] [--max-memory 1GiB] [--folder /tmp]

The chunks of the source are files with holes, so that it takes no room; the copy takes all of it,
and is removed before the array is rechunked. Each step is a process of its own, whose largest
resident set is told. What it was before the step does not count. Exit code 1 when it was more than
the bound and 16 MiB a process, for threads, libraries and what their allocators keep.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import zarrpy
from zarrpy.config import parse_size

BESIDES = 16 << 20
STEPS = ("copy", "rechunk", "rechunk in one pass", "rechunk by processes")


def make(folder: Path, gigabytes: float, side: int) -> int:
    """Make the source, plane by plane; return how many bytes its elements are."""
    count = max(2, round(gigabytes * 1e9 / (side * side * 4)))
    array = zarrpy.create_array(
        folder / "source.zarr", shape=(count, side, side), dtype="i4", chunks=(1, side, side),
        compressors=None,
    )  # fmt: skip
    head = np.arange(1, 1025, dtype="<i4").tobytes()
    for i in range(count):
        path = folder / f"source.zarr/c/{i}/0/0"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            file.write(head)
            file.truncate(side * side * 4)
    return array.nbytes


def resident(name: str, process: str = "self") -> int:
    """Tell bytes that the system counts of a process, such as the most so far (VmHWM)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise OSError(f"the system does not tell {name}")


def step(name: str, folder: Path, max_memory: int) -> dict[str, float]:
    """Do one step in this process."""
    array, target = zarrpy.open(folder / "source.zarr", mode="r"), folder / "target.zarr"
    zarrpy.rechunk(
        zarrpy.create_array({}, data=array[0, :32, :32]), {}, chunks=8
    )  # what is loaded on first use
    zarrpy.copy(zarrpy.create_array({}, data=[1]), {})
    before, began = resident("VmRSS"), time.perf_counter()
    if name == "copy":
        with zarrpy.config.set(max_memory=max_memory):
            zarrpy.copy(array, target)
    else:
        across = (array.shape[0], 32, 32)
        chunks = (
            (4, array.shape[1] // 2, array.shape[2] // 2) if name.endswith("one pass") else across
        )
        scheduler = "processes" if name.endswith("processes") else None
        keywords = {"chunks": chunks, "compressors": "blosc:lz4:1", "scheduler": scheduler}
        zarrpy.rechunk(array, target, max_memory=max_memory, **keywords)
    seconds = time.perf_counter() - began
    made = zarrpy.open(target)
    row = made[-1].reshape(-1)[:1025]
    assert row.tolist() == [*range(1, 1025), 0]
    peak = resident("VmHWM") - before
    others = workers()
    for process in others:  # each had to load what this one had
        peak += max(resident("VmHWM", process) - before, 0)
    return {"seconds": seconds, "peak": peak, "besides": BESIDES * (1 + len(others))}


def workers() -> list[str]:
    """Name the processes that work for this one."""
    found = []
    for listed in Path("/proc/self/task").glob("*/children"):
        found += listed.read_text().split()
    return found


def main() -> int:
    """Do all steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--max-memory", default="1GiB")
    parser.add_argument("--side", type=int, default=2048, help="elements along a plane")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=STEPS)
    given = parser.parse_args()
    bound = parse_size(given.max_memory)
    if given.step is not None:
        print(json.dumps(step(given.step, given.folder, bound)))
        return 0
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        return all_steps(folder, given.gigabytes, given.side, bound)
    finally:
        shutil.rmtree(folder)


def all_steps(folder: Path, gigabytes: float, side: int, bound: int) -> int:
    """Run each step as a process, and print what it took."""
    nbytes, failed = make(folder, gigabytes, side), 0
    for name in STEPS:
        command = [sys.executable, __file__, "--step", name, "--folder", str(folder)]
        done = subprocess.run(
            [*command, "--max-memory", str(bound)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(done.stderr)
            return done.returncode
        told = json.loads(done.stdout)
        kept = told["peak"] <= bound + told["besides"]
        failed |= not kept
        print(
            f"{name:20} {nbytes / 1e9:6.2f} GB in {told['seconds']:6.1f} s, "
            f"peak {told['peak'] / 2**20:6.0f} MiB of {bound / 2**20:.0f} MiB"
            f"{'' if kept else '  MORE THAN THE BOUND'}",
            flush=True,
        )
        shutil.rmtree(folder / "target.zarr")
    return failed


if __name__ == "__main__":
    sys.exit(main())
