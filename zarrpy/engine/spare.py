"""Memory that is taken again where as much is needed over and over.

Memory that is given back to the system and asked for anew is cleared page by page, and all threads
are interrupted for it: for what a task of a reduction leaves that costs as much as a third of
reading what it is of.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zarrpy._native.batch import STREAM_NBYTES
from zarrpy._native.memory import empty
from zarrpy.config import config

Block = np.ndarray[Any, Any]

#: Arrays that are kept at most: those of a few threads.
_MOST = 16


def room_for(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    least: int = STREAM_NBYTES,
    *,
    bounded: bool = False,
) -> np.ndarray[Any, np.dtype[Any]]:
    """Give memory that is not initialised, for a result or for what is collected.

    What is large, of at least so many bytes, begins with a cache line, so that rows of whole ones
    need not be read before they are written; and it may be the memory of something before, whose
    pages need not be cleared by the system. None is kept for later of a call whose memory is
    bounded: what was read before may lie there still when the next is allocated.
    """
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes < least or dtype.hasobject or "spare" in config.disable:
        made = np.empty(shape, dtype)
        # NumPy drops the factor of a time without a unit there
        return made.view(dtype) if dtype.kind in "mM" else made
    bounded = bounded or config.max_memory is not None
    return empty(shape, dtype, 0 if bounded else config.spare_memory)


class Spare:
    """Arrays that nobody uses just now; any thread may take and give them."""

    def __init__(self) -> None:
        self._arrays: list[Block] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave the memory here."""
        return {"_arrays": []}

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Block:
        """Take an array whose elements may be anything."""
        try:
            array = self._arrays.pop()
        except IndexError:
            return np.empty(shape, dtype)
        return array if (array.shape, array.dtype) == (shape, dtype) else np.empty(shape, dtype)

    def give(self, *arrays: Block) -> None:
        """Give arrays of which nobody else knows any more."""
        if len(self._arrays) < _MOST:
            self._arrays.extend(arrays)
