"""Pieces of one chunk: elements, and which of them were written.

Pieces mostly come one beside the other, and make a box together; then that box is all that is noted
of them.  A mark for each element is made when they do not.
"""

from __future__ import annotations

import sys
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from zarrpy.engine.spare import room_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zarrpy.engine.copies import Copies

Block: TypeAlias = np.ndarray[Any, Any]
Box: TypeAlias = tuple[slice, ...]

#: Chunks from this size on are kept in memory that is taken again.
LARGE_NBYTES = 2 << 20


class Pieces:
    """What was written of one chunk, as far as it lies in the array.

    Parameters
    ----------
    shape : tuple of int
        Of the chunk inside the array.
    dtype : numpy.dtype

    Attributes
    ----------
    values : ndarray
        The elements.
    missing : int
        Elements that were not written.
    nbytes : int
        Memory that all of this takes at most.
    """

    __slots__ = ("_box", "_mask", "missing", "nbytes", "values")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.values: Block = room_for(shape, dtype, LARGE_NBYTES)
        #: The elements that were written, while these are a box.
        self._box: Box | None = tuple(slice(0, 0) for _ in shape) or None
        self._mask: Block | None = None
        self.missing = self.values.size
        self.nbytes = cost(shape, dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the chunk inside the array."""
        shape: tuple[int, ...] = self.values.shape
        return shape

    @property
    def mask(self) -> Block:
        """Which elements were written, made when it is first asked for."""
        if self._mask is None:
            mask = np.zeros(self.shape, bool)
            if self._box is not None:
                mask[self._box] = True
            self._mask = mask
        return self._mask

    def take(self, inside: tuple[Any, ...], values: Block, copies: Copies) -> None:
        """Take elements, or have them copied; they count once `mark` is told.

        `inside` are slices, or arrays of positions that are broadcast.
        """
        if _has_points(inside) or values.dtype.kind in "OT":
            self.values[inside] = _own(values)
        else:
            copies.add(part_of(self.values, inside), values)

    def mark(self, inside: tuple[Any, ...]) -> None:
        """Count elements among those that were written."""
        joined = None if self._box is None else _joined(self._box, inside)
        if joined is not None and self._mask is None:
            missing = self.values.size - prod(part.stop - part.start for part in joined)
            self._box, self.missing = joined, missing
            return
        mask = self.mask
        self._box = None
        if _has_points(inside):
            places = np.unique(np.ravel_multi_index(np.broadcast_arrays(*inside), self.shape))
            written = mask.reshape(-1)
            new = places.size - int(np.count_nonzero(written[places]))
            written[places] = True
            self.missing -= new
            return
        where = part_of(mask, inside)
        new = where.size - int(np.count_nonzero(where))
        where[...] = True
        self.missing -= new

    def over(self, older: Pieces) -> Pieces:
        """Put these pieces over older ones of the same chunk, which may have had another shape."""
        made = older.reaching(self.shape)
        inside = tuple(map(slice, self.shape))
        view, where = part_of(made.values, inside), part_of(made.mask, inside)
        view[self.mask] = self.values[self.mask]
        where |= self.mask
        made._box = None
        made.missing = made.mask.size - int(np.count_nonzero(made.mask))
        made.nbytes += self.nbytes - cost(self.shape, self.values.dtype)
        return made

    def reaching(self, shape: tuple[int, ...]) -> Pieces:
        """Give the same pieces with room for a chunk that is at least of a shape."""
        grown = tuple(map(max, self.shape, shape))
        if grown == self.shape:
            return self
        made = Pieces(grown, self.values.dtype)
        inside = tuple(map(slice, self.shape))
        made.values[inside] = self.values
        made._box = self._box
        if self._box is None:
            made.mask[inside] = self.mask
        made.missing = self.missing + made.values.size - self.values.size
        made.nbytes += self.nbytes - cost(self.shape, self.values.dtype)
        return made

    def box(self, shape: Sequence[int]) -> Box | None:
        """Find the box around all that was written within a shape; None when that is nothing."""
        whole = self._box if self.missing else tuple(map(slice, [0] * len(shape), self.shape))
        if whole is not None:
            found = tuple(
                slice(part.start, min(part.stop, n)) for part, n in zip(whole, shape, strict=True)
            )
            return found if all(part.start < part.stop for part in found) else None
        mask = part_of(self.mask, map(slice, shape))
        around = []
        for axis in range(mask.ndim):
            others = tuple(i for i in range(mask.ndim) if i != axis)
            along = np.flatnonzero(mask.any(axis=others))
            if not along.size:
                return None
            around.append(slice(int(along[0]), int(along[-1]) + 1))
        return tuple(around)

    def reach(self) -> tuple[int, ...]:
        """Tell where what was written ends on each axis; something was."""
        found = self.box(self.shape)
        assert found is not None
        return tuple(part.stop for part in found)

    def gaps(self, box: Box) -> Block | None:
        """Tell which elements of a `box` were written; None where all of them were."""
        if self._box is not None or not self.missing:
            return None
        mask = part_of(self.mask, box)
        return None if mask.all() else mask

    def lay_over(self, block: Block, inside: tuple[Any, ...], outside: tuple[Any, ...]) -> None:
        """Copy what was written to where it is in a block."""
        if _has_points(inside):
            part, where = block[outside], self.mask[inside]
            part[where] = self.values[inside][where]
            block[outside] = part
            return
        where = part_of(self.mask, inside)
        part_of(block, outside)[where] = part_of(self.values, inside)[where]


def _joined(box: Box, more: tuple[Any, ...]) -> Box | None:
    """Give the box that a box and a piece make together; None where they make none."""
    if any(not isinstance(part, slice) or part.step not in (None, 1) for part in more):
        return None
    pairs = list(zip(box, more, strict=True))
    if any(part.start >= part.stop for part in box):
        return tuple(slice(part.start, part.stop) for part in more)
    unlike = [i for i, (a, b) in enumerate(pairs) if (a.start, a.stop) != (b.start, b.stop)]
    if all(a.start <= b.start and b.stop <= a.stop for a, b in pairs):
        return box
    if len(unlike) > 1 or any(b.start > a.stop or a.start > b.stop for a, b in pairs):
        return None
    (i,) = unlike
    a, b = pairs[i]
    return (*box[:i], slice(min(a.start, b.start), max(a.stop, b.stop)), *box[i + 1 :])


def _has_points(inside: tuple[Any, ...]) -> bool:
    """Whether a place is one of positions, and not of slices."""
    return any(isinstance(each, np.ndarray) for each in inside)


def part_of(block: Block, place: Iterable[Any]) -> Block:
    """View a part of a block, an array without axes as well."""
    whole: Any = (*place, ...)
    part: Block = block[whole]
    return part


def cost(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Tell the bytes that pieces of a chunk take: its elements, and a mark for each."""
    return prod(shape) * (dtype.itemsize + 1)


def payload(values: Block) -> int:
    """Tell the bytes of texts and objects, which lie elsewhere than in their array."""
    if not values.dtype.hasobject:
        return 0
    return sum(map(sys.getsizeof, values.ravel().tolist()))


def growth(pieces: Pieces | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Tell the bytes that pieces of a chunk of a shape take more than those that there are."""
    if pieces is None:
        return cost(shape, dtype)
    return cost(tuple(map(max, pieces.shape, shape)), dtype) - cost(pieces.shape, dtype)


def _own(values: Block) -> Block:
    """Give values that nobody else changes while they are kept."""
    if values.dtype.kind != "O":
        return values
    from copy import deepcopy

    return deepcopy(np.array(values))
