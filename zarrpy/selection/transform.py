"""Selections of selections: which elements of an array a view of it shows, and where.

A view has axes of its own.  On each axis of the array it stands still (an integer), goes along one
of the view's axes in equal steps (a `Stretch`), or is at points that depend on one or several of
the view's axes (a `PointSet`, which axes of the array may share).  Selecting again replaces axes of
the view by new ones: steps are multiplied, points are picked.  So no number of selections makes
more than one, and what is read in the end is one `Selection`, as if it had been written at once.

An axis of the view that nothing depends on comes of ``newaxis``; where index arrays have named its
one place several times it *repeats* what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy._native.views import Axis, Stretch, select
from zarrpy.selection.points import stretch_of
from zarrpy.selection.record import Points, Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.selection.record import Positions, ViewTerm


#: What becomes of an axis: every `step`-th place from `start` on along another one, or the one
#: place `start` and no axis.
Cut = tuple[int, int, Axis | None]


# Made several times in each step, so without the price of frozen ones; nobody changes them.
@dataclass(slots=True, eq=False)
class PointSet:
    """Positions on some axes of the array, for each place on some axes of the view.

    Attributes
    ----------
    axes : tuple of int
        Of the array, ascending.
    along : tuple of Axis
        Of the view.
    positions : tuple of ndarray of int64
        For each of `axes`, with one dimension for each of `along`.
    """

    axes: tuple[int, ...]
    along: tuple[Axis, ...]
    positions: tuple[Positions, ...]

    def cut(self, old: Axis, start: int, step: int, new: Axis | None) -> PointSet:
        """Take a part of an axis."""
        at = self.along.index(old)
        term: int | slice = start
        if new is not None:
            stop = start + new.length * step
            term = slice(start, stop if stop >= 0 else None, step) if new.length else slice(0)
        picked = tuple(each[(*[slice(None)] * at, term)] for each in self.positions)
        along = (*self.along[:at], *([] if new is None else [new]), *self.along[at + 1 :])
        return PointSet(self.axes, along, picked)

    def pick(self, places: dict[Axis, Positions]) -> tuple[list[Axis], list[Positions]]:
        """Take places that arrays of one shape name along some axes.

        Returns the axes that stay, and positions with the dimensions of these arrays in front.
        """
        rest = [axis for axis in self.along if axis not in places]
        named = [axis for axis in self.along if axis in places]
        order = [self.along.index(axis) for axis in [*named, *rest]]
        index = tuple(places[axis] for axis in named)
        return rest, [each.transpose(order)[index] for each in self.positions]

    def in_order(self, axes: tuple[Axis, ...]) -> PointSet:
        """Put the axes in the order in which the view has them."""
        along = tuple(axis for axis in axes if axis in self.along)
        order = [self.along.index(axis) for axis in along]
        return PointSet(self.axes, along, tuple(each.transpose(order) for each in self.positions))


@dataclass(slots=True, eq=False)
class Transform:
    """From the places of a view to the elements of an array.

    Attributes
    ----------
    rows : tuple of (int, Stretch or None)
        Of each axis of the array; None where points tell.
    sets : tuple of PointSet
    axes : tuple of Axis
        Of the view.
    """

    rows: tuple[int | Stretch | None, ...]
    sets: tuple[PointSet, ...]
    axes: tuple[Axis, ...]

    @classmethod
    def whole(cls, shape: Sequence[int]) -> Transform:
        """Show a whole array as it is."""
        axes = tuple(map(Axis, shape))
        return cls(tuple(Stretch(0, 1, axis) for axis in axes), (), axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the view's axes."""
        return tuple(axis.length for axis in self.axes)

    def transpose(self, order: Sequence[int]) -> Transform:
        """Put the view's axes in another order."""
        return Transform(self.rows, self.sets, tuple(self.axes[i] for i in order))

    def turned(self) -> Transform:
        """Put the view's axes in the opposite order."""
        return Transform(self.rows, self.sets, self.axes[::-1])

    def cut(self, key: Any) -> Transform | None:
        """Select by integers, slices, ellipsis and newaxis, quickly; None for what else selects.

        `select` does the same, and says why where a key does not fit.
        """
        found = None if self.sets else select(self.rows, self.axes, key)
        return None if found is None else Transform(found[0], (), found[1])

    def select(self, chosen: Selection) -> Transform:
        """Select of the view what `chosen` selects of an array of its shape."""
        axes = tuple([Axis(n) for n in chosen.shape])
        new: dict[int, list[tuple[Axis, ViewTerm]]] = {}
        terms = [term for term in chosen.terms if term is not None]
        for axis, source, term in zip(axes, chosen.sources, terms, strict=True):
            if source is not None:
                new.setdefault(source, []).append((axis, term))
        named = {axis for points in chosen.points for axis in points.axes}
        cuts: dict[Axis, Cut] = {}
        for i, old in enumerate(self.axes):
            if i in new and i not in named:
                ((axis, seen),) = new[i]
                cuts[old] = *_run(chosen, i, seen), axis
            elif i not in named:
                cuts[old] = chosen.start[i], 1, None
        rows, sets = _cut_rows(self.rows, cuts), list(self.sets)
        if sets:
            _cut_sets(rows, sets, cuts)
        for points in chosen.points:
            dims = [axis for axis, _ in new.get(points.axes[0], ())]
            shape = tuple(axis.length for axis in dims)
            found = zip(points.axes, points.positions, strict=True)
            places = {self.axes[i]: each.reshape(shape) for i, each in found}
            _point(rows, sets, places, dims)
        return Transform(tuple(rows), tuple(sets), axes)

    @property
    def repeated(self) -> tuple[int, ...]:
        """Axes of the view along which everything is repeated; `selection` takes them once."""
        depended = {row.along for row in self.rows if isinstance(row, Stretch)}
        depended.update(axis for each in self.sets for axis in each.along)
        return tuple(
            i for i, axis in enumerate(self.axes) if axis.length > 1 and axis not in depended
        )

    def sources(self) -> tuple[tuple[int, ...], ...]:
        """Axes of the array that go along each axis of the view."""
        found: dict[Axis, list[int]] = {axis: [] for axis in self.axes}
        for i, row in enumerate(self.rows):
            if isinstance(row, Stretch):
                found[row.along].append(i)
        for each in self.sets:
            for axis in each.along:
                found[axis] += each.axes * len(each.along)
        return tuple(tuple(found[axis]) for axis in self.axes)

    def key(self) -> tuple[tuple[Any, ...], tuple[int, ...]] | None:
        """Write it as an index expression of the array, and an order of the axes of its result.

        None where that takes more than integers, slices and a transposition.
        """
        if self.sets:
            return None
        terms: list[Any] = []
        along: list[Axis] = []
        for row in self.rows:
            if not isinstance(row, Stretch):
                terms.append(row)
                continue
            stop = row.start + row.along.length * row.step
            terms.append(slice(row.start, stop if stop >= 0 else None, row.step))
            along.append(row.along)
        if len(along) != len(self.axes) or not all(axis.length for axis in along):
            return None
        return (*terms, ...), tuple(along.index(axis) for axis in self.axes)

    def selection(self) -> Selection:
        """Write all of it as one selection of the array."""
        n = len(self.rows)
        start, count, step = [0] * n, [0] * n, [1] * n
        source: dict[Axis, tuple[int, slice]] = {}

        def stretch(i: int, first: int, length: int, by: int, along: Axis) -> None:
            if length == 1 or not length:
                by = 1
            flipped = by < 0
            start[i] = 0 if not length else first + (length - 1) * by if flipped else first
            count[i], step[i] = length, abs(by)
            source[along] = i, slice(None, None, -1) if flipped else slice(None)

        for i, row in enumerate(self.rows):
            if isinstance(row, Stretch):
                stretch(i, row.start, row.along.length, row.step, row.along)
            elif row is not None:
                start[i], count[i] = row, 1
        points = []
        for given in self.sets:
            each = given.in_order(self.axes)
            single = stretch_of(each.positions[0]) if len(each.axes) == 1 else None
            if single is not None:
                first, length, by, seen = single
                i = each.axes[0]
                start[i], count[i], step[i] = first, length, by
                source[each.along[0]] = i, seen
                continue
            flat = tuple(np.ascontiguousarray(part).reshape(-1) for part in each.positions)
            points.append(Points(each.axes, flat))
            source |= dict.fromkeys(each.along, (each.axes[0], slice(None)))
        kept = [source[axis][0] for axis in self.axes if axis in source]
        repeated = self.repeated
        return Selection(
            tuple(start),
            tuple(count),
            tuple(step),
            tuple(1 if i in repeated else axis.length for i, axis in enumerate(self.axes)),
            tuple(source[axis][1] if axis in source else 0 for axis in self.axes),
            tuple(points),
            tuple(sorted(range(len(kept)), key=kept.__getitem__)),
            tuple(kept),
        )


def _run(chosen: Selection, i: int, term: ViewTerm) -> tuple[int, int]:
    """Start and step on an axis; the step is negative where the selection flips the axis."""
    start, step = chosen.start[i], chosen.step[i]
    if isinstance(term, slice) and term.step == -1:
        return start + (chosen.count[i] - 1) * step, -step
    return start, step


def _cut_rows(
    rows: tuple[int | Stretch | None, ...], cuts: dict[Axis, Cut]
) -> list[int | Stretch | None]:
    """Put parts of axes, or places on them, in their stead."""
    made: list[int | Stretch | None] = []
    for row in rows:
        if not isinstance(row, Stretch) or row.along not in cuts:
            made.append(row)
            continue
        start, step, along = cuts[row.along]
        first = row.start + start * row.step
        made.append(first if along is None else Stretch(first, row.step * step, along))
    return made


def _cut_sets(
    rows: list[int | Stretch | None], sets: list[PointSet], cuts: dict[Axis, Cut]
) -> None:
    """Take parts of points; where one is left it is a row again."""
    for i, each in enumerate(sets):
        for old in each.along:
            if old in cuts:
                sets[i] = sets[i].cut(old, *cuts[old])
    for each in [each for each in sets if not each.along]:
        sets.remove(each)
        for axis, position in zip(each.axes, each.positions, strict=True):
            rows[axis] = int(position)


def _point(
    rows: list[int | Stretch | None],
    sets: list[PointSet],
    places: dict[Axis, Positions],
    along: list[Axis],
) -> None:
    """Put new axes in the place of some, along which arrays of one shape name places."""
    ndim = len(along)
    found: dict[int, tuple[list[Axis], Positions]] = {}
    for i, row in enumerate(rows):
        if isinstance(row, Stretch) and row.along in places:
            found[i] = [], row.start + row.step * places[row.along]
            rows[i] = None
    for each in [each for each in sets if any(axis in places for axis in each.along)]:
        sets.remove(each)
        rest, picked = each.pick(places)
        found |= {axis: (rest, part) for axis, part in zip(each.axes, picked, strict=True)}
    if not found:
        return
    others = list(dict.fromkeys(axis for rest, _ in found.values() for axis in rest))
    shape = tuple(axis.length for axis in [*along, *others])
    positions = []
    for i in sorted(found):
        rest, part = found[i]
        wide = tuple(axis.length if axis in rest else 1 for axis in others)
        positions.append(np.broadcast_to(part.reshape(*part.shape[:ndim], *wide), shape))
    if shape:
        sets.append(PointSet(tuple(sorted(found)), (*along, *others), tuple(positions)))
        return
    for i, position in zip(sorted(found), positions, strict=True):
        rows[i] = int(position)


__all__ = ["Axis", "PointSet", "Stretch", "Transform"]
