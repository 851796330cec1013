"""Processes that write parts of the same chunks at the same time."""

from __future__ import annotations

import multiprocessing
from typing import Any

import numpy as np

import zarrpy

SIDE = 8


def write_columns(store: Any, first: int, times: int) -> None:
    """In a process: write columns of a chunk again and again, with growing numbers."""
    array = zarrpy.open_array(store, path="shared")
    for number in range(1, times + 1):
        for column in range(first, SIDE, 4):
            array[:, column] = number
    array[:, first] = 0  # and make some of it the fill value again


def race(store: Any, times: int) -> np.ndarray[Any, Any]:
    """Let four processes write to two chunks; gives what is there at the end."""
    zarrpy.create_array(
        store, name="shared", shape=(2 * SIDE, SIDE), chunks=(SIDE, SIDE), dtype="i4"
    )
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=write_columns, args=(store, i, times)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    found: np.ndarray[Any, Any] = zarrpy.open_array(store, path="shared", mode="r")[...]
    return found


def expected(times: int) -> np.ndarray[Any, Any]:
    """What is there when nothing is lost."""
    values = np.full((2 * SIDE, SIDE), times, "i4")
    values[:, :4] = 0
    return values
