"""The order in which chunks are written into a shard.

Readers find each chunk by the index, so any order will do, and it is nowhere in the metadata.  What
lies close together can be read in one request, so the order tells which selections are cheap.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.config import config

if TYPE_CHECKING:
    from zarrpy.codecs.sharding import ShardLayout

    Sequence = np.ndarray[Any, np.dtype[np.int64]]


def sequence_of(layout: ShardLayout) -> Sequence | None:
    """Give the positions of a shard's index in the order of writing; None when it ascends."""
    stored = tuple(layout.grid[axis] for axis in layout.order)
    return _sequence(config.array.subchunk_write_order, stored)


@lru_cache(maxsize=16)
def _sequence(order: str, grid: tuple[int, ...]) -> Sequence | None:
    """Order the positions of a grid.

    Examples
    --------
    >>> _sequence("colexicographic", (2, 3)).tolist()
    [0, 3, 1, 4, 2, 5]
    >>> _sequence("morton", (4, 2)).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    if order == "lexicographic":
        return None
    positions = np.arange(int(np.prod(grid)), dtype="int64")
    if order == "colexicographic":
        return np.ascontiguousarray(positions.reshape(grid).T).reshape(-1)
    return np.argsort(_interleaved(positions, grid), kind="stable").astype("int64")


def _interleaved(positions: Sequence, grid: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Mix the bits of each position's indexes, those of the last axis lowest (the Z-order)."""
    indexes = np.unravel_index(positions, grid) if grid else ()
    bits = [max(n - 1, 0).bit_length() for n in grid]
    code = np.zeros(len(positions), "int64")
    shift = 0
    for level in range(max(bits, default=0)):
        for axis in reversed(range(len(grid))):
            if level < bits[axis]:
                code |= (indexes[axis] >> level & 1) << shift
                shift += 1
    return code
