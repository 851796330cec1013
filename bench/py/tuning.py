"""Compare level 3 of Zstandard tuned to numbers with what the library makes, on real arrays.

    python bench/py/tuning.py

Prints, for the middle of each array as chunks of 1 MiB and of 64 KiB, the bytes stored and the
processor time of writing and of reading, each in the measure of the library's own (`tuned` in
`ZARRPY_DISABLE`). The least of ten times, by turns.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "tests")]

import data  # noqa: E402

import zarrpy  # noqa: E402

ROUNDS = 10
SIZES = (1 << 20, 1 << 16)


def main() -> None:
    """Print a line for each array, type and size of chunk."""
    for array in data.ARRAYS:
        values = np.load(data.fetch(array)).reshape(-1)
        types = ("u1",) if values.dtype == "u1" else ("f4", "i4")
        for dtype in map(np.dtype, types):
            for nbytes in SIZES:
                print(f"{array.name:16} {dtype!s:8} {nbytes >> 10:5} KiB", compared(
                    middle(values, dtype, nbytes)))  # fmt: skip


def middle(values: np.ndarray, dtype: np.dtype, nbytes: int) -> np.ndarray:
    """Take the middle of an array as numbers of a type."""
    count = nbytes // dtype.itemsize
    start = max(0, (len(values) - count) // 2)
    part = values[start : start + count]
    return (np.nan_to_num(part).clip(-30000, 30000) if dtype.kind == "i" else part).astype(dtype)


def compared(values: np.ndarray) -> str:
    """Say how tuned frames compare: size, speed of writing, speed of reading."""
    stores = {True: {}, False: {}}
    written, read = {True: [], False: []}, {True: [], False: []}
    for _ in range(ROUNDS):
        for tuned, store in stores.items():
            off = {"recall"} if tuned else {"recall", "tuned"}
            with zarrpy.config.set(disable=off, workers=1):
                array = zarrpy.create_array(
                    store, shape=values.shape, dtype=values.dtype, chunks=values.shape,
                    compressors="zstd:3", fill_value=1, overwrite=True,
                )  # fmt: skip
                written[tuned].append(seconds(lambda array=array: array.write(..., values)))
                read[tuned].append(seconds(array.read))
    size = [len(stores[tuned]["c/0"]) for tuned in (True, False)]
    write, back = (min(times[False]) / min(times[True]) for times in (written, read))
    return f"size {size[0] / size[1]:.3f}, writing {write:.2f}x, reading {back:.2f}x as fast"


def seconds(function) -> float:
    """Tell the processor time of a call."""
    began = time.process_time()
    function()
    return time.process_time() - began


if __name__ == "__main__":
    main()
