"""How a reduction is shared out: blocks that fit a cache, and tasks of several blocks.

What it depends on is the array, the selection and the axes; not the number of threads.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from zarrpy.selection.tiling import Tile, Tiling, odometer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.array import Array
    from zarrpy.selection import Selection
    from zarrpy.selection.tiling import Unit

#: Decoded bytes of a block of small chunks, and of shards that are read whole.
BLOCK_NBYTES = 1 << 20
SHARD_NBYTES = 4 << 20
#: Elements that come together in a block at least, where that keeps it below the second number:
#: as many rows as the kernels fold in one go.
DEEP, DEEP_NBYTES = 4, 16 << 20
#: Decoded bytes of a task at least, where there is that much.
TASK_NBYTES = 8 << 20
#: The same of a block that is a task: it should stay in a cache, if not in the nearest.
WIDE_NBYTES = 4 << 20
#: And so many tasks at least, where there are that many blocks.
TASKS = 32


class Task(NamedTuple):
    """Blocks whose elements go to one box of the result.

    Attributes
    ----------
    kept : tuple of int
        Number of the block on each axis that is not reduced, 0 on the others.
    first, last : int
        Which of the blocks along the reduced axes.
    """

    kept: Unit
    first: int
    last: int


class Partition:
    """A selection, cut into blocks and tasks.

    Parameters
    ----------
    array : Array
    tiling : Tiling
        The selection, cut by what is stored under one key each.
    axes : tuple of int
        That are reduced.
    """

    def __init__(self, array: Array, tiling: Tiling, axes: tuple[int, ...]) -> None:
        self.axes = axes
        unit = array.codecs.spec
        ratio: tuple[int, ...] = (1,) * len(tiling.shape)
        shard = array.codecs.shard
        if shard is not None and unit.nbytes > SHARD_NBYTES:
            ratio = tuple(a // b for a, b in zip(unit.shape, shard.chunk_shape, strict=True))
            tiling = tiling.regridded(shard.chunk_shape)
            unit = shard.chain.spec
        self.tiling = tiling
        self._unit_shape = unit.shape
        self._size = self._grow(max(unit.nbytes, 1), ratio)
        self._blocks = tuple(-(-n // k) for n, k in zip(tiling.counts, self._size, strict=True))
        self._nreduced = math.prod(n for axis, n in enumerate(self._blocks) if axis in axes)
        self._nboxes = math.prod(n for axis, n in enumerate(self._blocks) if axis not in axes)
        self._length = self._segment(max(unit.nbytes, 1), unit.dtype.itemsize)

    def _grow(self, nbytes: int, ratio: tuple[int, ...]) -> tuple[int, ...]:
        """Make a block of so many chunks along each axis; in shards, that divide them."""
        size = [1] * len(ratio)
        axes = list(range(len(ratio)))[::-1]
        for axis in sorted(axes, key=lambda axis: axis not in self.axes):
            while (
                nbytes * 2 <= BLOCK_NBYTES
                and size[axis] < self.tiling.counts[axis]
                and (ratio[axis] == 1 or ratio[axis] % (size[axis] * 2) == 0)
            ):
                size[axis] *= 2
                nbytes *= 2
        return self._widened(*self._deepened(size, nbytes, ratio), ratio)

    def _widened(self, size: list[int], nbytes: int, ratio: tuple[int, ...]) -> tuple[int, ...]:
        """Let blocks that are tasks of their own have several chunks: a task costs as much as one.

        Only where the chunks are files and boxes of the result are many.
        """
        counts = self.tiling.counts
        blocks = [-(-n // k) for n, k in zip(counts, size, strict=True)]
        if any(blocks[axis] > 1 for axis in self.axes) or set(ratio) > {1}:
            return tuple(size)
        ntasks = math.prod(blocks)
        for axis in range(len(size))[::-1]:
            while (
                nbytes * 2 <= WIDE_NBYTES and ntasks >= 2 * TASKS and size[axis] * 2 <= counts[axis]
            ):
                size[axis] *= 2
                nbytes *= 2
                ntasks //= 2
        return tuple(size)

    def _deepened(
        self, size: list[int], nbytes: int, ratio: tuple[int, ...]
    ) -> tuple[list[int], int]:
        """Let some numbers come together: one at a time they cost as much as their results."""
        depth = math.prod(self._unit_shape[axis] * size[axis] for axis in self.axes)
        for axis in sorted(self.axes, reverse=True):
            while (
                depth < DEEP
                and nbytes * 2 <= DEEP_NBYTES
                and size[axis] < self.tiling.counts[axis]
                and (ratio[axis] == 1 or ratio[axis] % (size[axis] * 2) == 0)
            ):
                size[axis] *= 2
                depth *= 2
                nbytes *= 2
        return size, nbytes

    def _segment(self, unit_nbytes: int, itemsize: int) -> int:
        """Count the blocks of a task: so many that what they leave costs little beside them.

        But there are enough tasks for many threads: some for each box of the result, where there
        are few boxes.
        """
        nbytes = unit_nbytes * math.prod(self._size)
        left = 1
        for axis, (n, k) in enumerate(zip(self._unit_shape, self._size, strict=True)):
            left *= 1 if axis in self.axes else n * k
        elements = max(nbytes // max(itemsize, 1), 1)
        wanted = max(TASK_NBYTES // nbytes, 16 * left // elements, 1)
        enough = max(-(-self._nreduced // 8), self._nreduced * self._nboxes // TASKS)
        return max(1, min(wanted, enough, self._nreduced))

    @property
    def nunits(self) -> int:
        """Number of chunks in all."""
        return self.tiling.nunits

    @property
    def block_elements(self) -> int:
        """Elements of the largest block."""
        return math.prod(n * k for n, k in zip(self._unit_shape, self._size, strict=True))

    @property
    def box_elements(self) -> int:
        """Elements of the largest box of the result."""
        columns = enumerate(zip(self._unit_shape, self._size, strict=True))
        return math.prod(1 if axis in self.axes else n * k for axis, (n, k) in columns)

    def tasks(self) -> Iterator[Task]:
        """Give the tasks; those of one box of the result follow each other."""
        kept = [1 if axis in self.axes else n for axis, n in enumerate(self._blocks)]
        for place in odometer(kept):
            for first in range(0, self._nreduced, self._length):
                yield Task(place, first, min(first + self._length, self._nreduced))

    def box(self, task: Task) -> Selection:
        """Select the elements that belong to a task's box of the result, all of them."""
        counts = self.tiling.counts
        columns = enumerate(zip(task.kept, self._size, counts, strict=True))
        ranges = [
            (0, n) if axis in self.axes else (i * k, min((i + 1) * k, n))
            for axis, (i, k, n) in columns
        ]
        return self.tiling.selection(
            Tile(tuple(first for first, _ in ranges), tuple(last for _, last in ranges))
        )

    def rows(self, task: Task) -> Iterator[tuple[int, list[Tile]]]:
        """Give the blocks of a task in rows, each with the axis along which it is one."""
        row: list[Tile] = []
        along: int | None = None
        for tile in self.tiles(task):
            axis = _next_along(row[-1], tile) if row else None
            if row and (axis is None or along not in (None, axis)):
                yield _longest(row[0]) if along is None else along, row
                row, along = [], None
            elif row:
                along = axis
            row.append(tile)
        yield _longest(row[0]) if along is None else along, row

    def tiles(self, task: Task) -> Iterator[Tile]:
        """Give the blocks of a task."""
        for number in range(task.first, task.last):
            at = list(task.kept)
            for axis in sorted(self.axes, reverse=True):
                number, at[axis] = divmod(number, self._blocks[axis])
            first = tuple(i * k for i, k in zip(at, self._size, strict=True))
            columns = zip(first, self._size, self.tiling.counts, strict=True)
            yield Tile(first, tuple(min(a + k, n) for a, k, n in columns))


def _next_along(before: Tile, tile: Tile) -> int | None:
    """Tell the one axis along which a box follows another; None when it does not."""
    differing = [i for i in range(len(tile.first)) if before.first[i] != tile.first[i]]
    if len(differing) != 1 or before.last[differing[0]] != tile.first[differing[0]]:
        return None
    return differing[0]


def _longest(tile: Tile) -> int:
    """Tell the axis along which a box has the most pieces."""
    lengths = [last - first for first, last in zip(tile.first, tile.last, strict=True)]
    return lengths.index(max(lengths)) if lengths else 0
