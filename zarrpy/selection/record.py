"""A selection, whichever way of indexing it came from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy._native.plan import ChunkPlan
from zarrpy.selection.table import PointTable

if TYPE_CHECKING:
    from zarrpy._native.plan import Runs

    Positions = np.ndarray[Any, np.dtype[np.int64]]

# One term of NumPy's index expression for the view that has all axes of the array.
ViewTerm = int | slice | None


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Elements that are named one by one.

    Attributes
    ----------
    axes : tuple of int
        Axes of the array, ascending.
    positions : tuple of ndarray of int64
        Of each point on each of these axes: one-dimensional, inside the array.
    """

    axes: tuple[int, ...]
    positions: tuple[Positions, ...]

    def __len__(self) -> int:
        return len(self.positions[0])


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A selection of an array.

    On each axis it is ``count`` elements from ``start``, ``step`` apart, unless the axis belongs
    to a group of points. Steps are positive; where the user's step is negative the axis is
    *flipped*, which costs nothing: the engine fills a reversed view of the result. The result has
    the shape that NumPy gives: integers drop their axis, ``newaxis`` adds one.

    Attributes
    ----------
    start, count, step : tuple of int
        Selected elements of each axis; `step` is at least 1, and `count` is 0 where points select.
    shape : tuple of int
        Shape of the result.
    terms : tuple
        Index expression that drops the axes of the result that are no axes of the array, and flips
        others. Without an `order` it also adds an axis for each integer.
    points : tuple of Points
    order : tuple of int, optional
        Which axes are left of the result, in the order of those of the array; None when there are
        no points and the order is the same.
    kept : tuple of int
        With an `order`: of each axis that is left of the result, the array's axis.
    """

    start: tuple[int, ...]
    count: tuple[int, ...]
    step: tuple[int, ...]
    shape: tuple[int, ...]
    terms: tuple[ViewTerm, ...]
    points: tuple[Points, ...] = ()
    order: tuple[int, ...] | None = None
    kept: tuple[int, ...] = ()

    @property
    def sources(self) -> tuple[int | None, ...]:
        """Of each axis of the result, the array's axis, or the first of a group; None of new ones.

        Of an axis that points select there may be several in the result.
        """
        found: list[int | None] = []
        if self.order is None:
            axis = 0
            for term in self.terms:
                if term == 0:
                    found.append(None)
                    continue
                if term is not None:
                    found.append(axis)
                axis += 1
            return tuple(found)
        given = iter(self.kept)
        return tuple(None if term == 0 else next(given) for term in self.terms)

    def last(self, axis: int) -> int:
        """Tell the last position on an axis of the array; -1 when there is none."""
        for group in self.points:
            if axis in group.axes:
                return int(group.positions[group.axes.index(axis)].max(initial=-1))
        if not self.count[axis]:
            return -1
        return self.start[axis] + (self.count[axis] - 1) * self.step[axis]

    @property
    def size(self) -> int:
        """Number of elements of the result."""
        return math.prod(self.shape)

    def align(self, result: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """View an array of shape `shape` with one ascending axis for each axis of the array.

        The first axis of a group has all its points, the others have length 1. Where no view can
        do that, this is a copy; see `take_back`.
        """
        if self.order is None:
            return result[(*self.terms, ...)]  # an ellipsis gives a view, not a scalar
        return self._ordered(result).reshape(self.block_shape)

    def take_back(self, block: np.ndarray[Any, Any], result: np.ndarray[Any, Any]) -> None:
        """Put what was read into `align(result)` into the result, where that was a copy."""
        if self.order is not None and not np.may_share_memory(block, result):
            target = self._ordered(result)
            target[...] = block.reshape(target.shape)

    def _ordered(self, result: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return result[(*self.terms, ...)].transpose(self.order)

    @property
    def block_shape(self) -> tuple[int, ...]:
        """Lengths of the axes of what `align` gives."""
        lengths = list(self.count)
        for group in self.points:
            for axis in group.axes:
                lengths[axis] = len(group) if axis == group.axes[0] else 1
        return tuple(lengths)

    def plan(
        self,
        shape: tuple[int, ...],
        spacing: tuple[int | Runs, ...],
        inner: tuple[int, ...] | None = None,
    ) -> ChunkPlan:
        """Map the selection to the chunks of an array.

        Parameters
        ----------
        shape : tuple of int
            Of the array.
        spacing : tuple
            Its chunk grid, as `ChunkPlan` takes it.
        inner : tuple of int, optional
            Shape of the chunks inside its shards.
        """
        tables = [PointTable.of(group, shape, spacing, inner) for group in self.points]
        return ChunkPlan(shape, spacing, self.start, self.count, self.step, tables)
