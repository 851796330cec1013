"""A selection cut where chunks end: which boxes of chunks there are, and what they take."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zarrpy._native.plan import ChunkPlan
from zarrpy.errors import SelectionError
from zarrpy.selection.basic import parse_basic
from zarrpy.selection.record import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zarrpy._native.plan import Runs

#: Number of a piece on each axis.
Unit = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A box of pieces, ``[first, last)`` on each axis."""

    first: Unit
    last: Unit

    @classmethod
    def of(cls, unit: Unit) -> Tile:
        """Give the box of one piece."""
        return cls(unit, tuple(i + 1 for i in unit))

    @property
    def nunits(self) -> int:
        """Number of pieces."""
        return math.prod(last - first for first, last in zip(self.first, self.last, strict=True))


@dataclass(frozen=True)
class Tiling:
    """A selection by slices, and the grid that cuts it.

    A *piece* is the share that one chunk has in the selection along one axis. Chunks without a
    selected element have none.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    spacing : tuple
        Its grid, as `ChunkPlan` takes it.
    start, count, step : tuple of int
        The selection along each axis, as in `Selection`.
    """

    shape: tuple[int, ...]
    spacing: tuple[int | Runs, ...]
    start: tuple[int, ...]
    count: tuple[int, ...]
    step: tuple[int, ...]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is worked out when it is needed."""
        return {
            name: value for name, value in vars(self).items() if name not in ("_axes", "counts")
        }

    @cached_property
    def _axes(self) -> tuple[ChunkPlan, ...]:
        """Plan each axis alone: the pieces of the whole are their product."""
        columns = zip(self.shape, self.spacing, self.start, self.count, self.step, strict=True)
        return tuple(ChunkPlan((n,), (by,), (a,), (k,), (d,)) for n, by, a, k, d in columns)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of pieces along each axis."""
        return tuple(axis.ntasks for axis in self._axes)

    @property
    def nunits(self) -> int:
        """Number of chunks that the selection touches."""
        return math.prod(self.counts)

    def position(self, unit: Unit) -> tuple[int, ...]:
        """Tell which chunk of the grid a piece is of."""
        return tuple(axis.pieces(i)[0][0] for axis, i in zip(self._axes, unit, strict=True))

    def find(self, position: Sequence[int]) -> Unit | None:
        """Find the piece of a chunk; None where the selection does not touch it."""
        found = []
        for axis, chunk in zip(self._axes, position, strict=True):
            low, high = 0, axis.ntasks
            while low < high:
                middle = (low + high) // 2
                if axis.pieces(middle)[0][0] < chunk:
                    low = middle + 1
                else:
                    high = middle
            if low == axis.ntasks or axis.pieces(low)[0][0] != chunk:
                return None
            found.append(low)
        return tuple(found)

    def selection(self, tile: Tile) -> Selection:
        """Select the elements of a box; every axis stays."""
        start, count = [], []
        for i, (axis, first, last) in enumerate(
            zip(self._axes, tile.first, tile.last, strict=True)
        ):
            begin = axis.pieces(first)[0][5]
            _, _, _, _, n, out = axis.pieces(last - 1)[0]
            start.append(self.start[i] + begin * self.step[i])
            count.append(out + n - begin)
        return boxed(tuple(start), tuple(count), self.step)

    def within(self, chosen: Selection, spacing: tuple[int | Runs, ...]) -> Tiling:
        """Cut a part by another grid."""
        return Tiling(self.shape, spacing, chosen.start, chosen.count, chosen.step)

    def regridded(self, spacing: tuple[int | Runs, ...]) -> Tiling:
        """Cut all of it by another grid."""
        return Tiling(self.shape, spacing, self.start, self.count, self.step)

    def units(self, order: str = "C") -> Iterator[Unit]:
        """Give every piece; the last axis runs fastest for "C", the first for "F"."""
        return odometer(self.counts, order)


def tiling(selection: Any, shape: tuple[int, ...], spacing: tuple[int | Runs, ...]) -> Tiling:
    """Cut what integers and slices select by a grid.

    Raises
    ------
    SelectionError
        An IndexError, when the selection does not fit the shape, or is by anything else.
    """
    chosen = parse_basic(selection, shape)
    if len(chosen.terms) != len(shape):
        raise SelectionError(
            "cannot go by a newaxis: only integers, slices and an ellipsis select chunks",
            selection=selection,
            shape=shape,
        )
    return Tiling(shape, spacing, chosen.start, chosen.count, chosen.step)


def boxed(start: tuple[int, ...], count: tuple[int, ...], step: tuple[int, ...]) -> Selection:
    """Select the same number of elements on each axis, none of which is dropped or flipped."""
    return Selection(start, count, step, count, (slice(None),) * len(count))


def region(chosen: Selection) -> tuple[slice, ...]:
    """Give the slices of a selection along each axis of the array."""
    columns = zip(chosen.start, chosen.count, chosen.step, strict=True)
    return tuple(slice(a, a + (n - 1) * d + 1, None if d == 1 else d) for a, n, d in columns)


def offset(inner: Selection, outer: Selection) -> tuple[slice, ...]:
    """Tell where a part of a selection lies in what that selection gives."""
    columns = zip(inner.start, inner.count, outer.start, outer.step, strict=True)
    return tuple(
        slice((a - begin) // step, (a - begin) // step + n) for a, n, begin, step in columns
    )


def place_of(inner: Selection, outer: Selection) -> tuple[Any, ...]:
    """Give an index of that part, which is a view without axes, too."""
    return (*offset(inner, outer), ...)


def odometer(counts: Sequence[int], order: str = "C") -> Iterator[Unit]:
    """Count through a grid; unlike `itertools.product` without a list of each axis."""
    if 0 in counts:
        return
    axes = range(len(counts))
    fast = tuple(axes if order == "F" else reversed(axes))
    at = [0] * len(counts)
    while True:
        yield tuple(at)
        for axis in fast:
            at[axis] += 1
            if at[axis] < counts[axis]:
                break
            at[axis] = 0
        else:
            return


def units_of(tile: Tile) -> Iterator[Unit]:
    """Give the pieces of a box in C order."""
    lengths = [last - first for first, last in zip(tile.first, tile.last, strict=True)]
    for unit in odometer(lengths):
        yield tuple(map(operator.add, tile.first, unit))


def rows(units: Iterable[Unit], axis: int, most: int) -> Iterator[Tile]:
    """Make boxes of neighbours along one axis that follow each other, of at most so many."""
    row: Tile | None = None
    for unit in units:
        if row is not None:
            end = row.last[axis]
            others = unit[:axis] + unit[axis + 1 :] == row.first[:axis] + row.first[axis + 1 :]
            if others and unit[axis] == end and end - row.first[axis] < most:
                row = Tile(row.first, (*row.last[:axis], end + 1, *row.last[axis + 1 :]))
                continue
            yield row
        row = Tile.of(unit)
    if row is not None:
        yield row
