"""Pieces that were written of chunks, kept in memory until a chunk is whole or the room is needed.

A chunk is either *pending*, and takes pieces, or *in flight*: what is pending goes into the air as
it is, and pieces that come meanwhile begin a new pending chunk.  Of one chunk nothing else takes
off before the flight before it has landed, so that older elements never come after newer ones.
What did not arrive becomes pending again, below what is newer.

Only the elements that were written are known here.  Whoever writes them merges them with what is
stored under the chunk's lock, so others lose nothing.
"""

from __future__ import annotations

import sys
import threading
from math import prod
from os import getpid
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from zarrpy.engine.copies import Copies
from zarrpy.engine.spare import room_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from zarrpy.engine.requests import Steps

#: Place of a chunk in the grid.
Index: TypeAlias = tuple[int, ...]
Block: TypeAlias = np.ndarray[Any, Any]

#: Chunks from this size on are kept in memory that is taken again.
LARGE_NBYTES = 2 << 20
#: Share of the room that is made at once when there is none.
_ROOM_SHARE = 8


class Part(NamedTuple):
    """A piece of a chunk.

    Attributes
    ----------
    chunk : tuple of int
        Place of the chunk in the grid.
    shape : tuple of int
        Of the chunk inside the array.
    inside : tuple
        Where the piece lies in the chunk.
    values : ndarray
    """

    chunk: Index
    shape: tuple[int, ...]
    inside: tuple[Any, ...]
    values: Block


class Put(NamedTuple):
    """What became of pieces: how many were taken, and which chunks are whole now."""

    ntaken: int
    whole: list[Index]
    closed: bool


class Pieces:
    """What was written of one chunk, as far as it lies in the array.

    Parameters
    ----------
    shape : tuple of int
        Of the chunk inside the array.
    dtype : numpy.dtype

    Attributes
    ----------
    values, mask : ndarray
        The elements, and which of them were written.
    missing : int
        Elements that were not.
    nbytes : int
        Memory that all of this takes.
    """

    __slots__ = ("mask", "missing", "nbytes", "values")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.values: Block = room_for(shape, dtype, LARGE_NBYTES)
        self.mask: Block = np.zeros(shape, bool)
        self.missing = self.values.size
        self.nbytes = cost(shape, dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the chunk inside the array."""
        shape: tuple[int, ...] = self.values.shape
        return shape

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
        if _has_points(inside):
            places = np.unique(np.ravel_multi_index(np.broadcast_arrays(*inside), self.shape))
            written = self.mask.reshape(-1)
            self.missing -= places.size - int(np.count_nonzero(written[places]))
            written[places] = True
            return
        where = part_of(self.mask, inside)
        self.missing -= where.size - int(np.count_nonzero(where))
        where[...] = True

    def over(self, older: Pieces) -> Pieces:
        """Put these pieces over older ones of the same chunk, which may have had another shape."""
        made = older.reaching(self.shape)
        inside = tuple(map(slice, self.shape))
        view, where = part_of(made.values, inside), part_of(made.mask, inside)
        view[self.mask] = self.values[self.mask]
        where |= self.mask
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
        made.mask[inside] = self.mask
        made.missing = self.missing + made.mask.size - self.mask.size
        made.nbytes += self.nbytes - cost(self.shape, self.values.dtype)
        return made

    def box(self, shape: Sequence[int]) -> tuple[slice, ...] | None:
        """Find the box around all that was written within a shape; None when that is nothing."""
        mask = part_of(self.mask, map(slice, shape))
        if not self.missing:
            return tuple(map(slice, [0] * mask.ndim, mask.shape)) if mask.size else None
        found = []
        for axis in range(mask.ndim):
            others = tuple(i for i in range(mask.ndim) if i != axis)
            along = np.flatnonzero(mask.any(axis=others))
            if not along.size:
                return None
            found.append(slice(int(along[0]), int(along[-1]) + 1))
        return tuple(found)

    def lay_over(self, block: Block, inside: tuple[Any, ...], outside: tuple[Any, ...]) -> None:
        """Copy what was written to where it is in a block."""
        if _has_points(inside):
            part, where = block[outside], self.mask[inside]
            part[where] = self.values[inside][where]
            block[outside] = part
            return
        where = part_of(self.mask, inside)
        part_of(block, outside)[where] = part_of(self.values, inside)[where]


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


def _growth(pieces: Pieces | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
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


class WriteBuffer:
    """The pieces of one array; threads may put and flush at the same time.

    Parameters
    ----------
    limit : int
        Bytes that pieces take at most, unless those of a single chunk take more.
    place : str
        Of the array, as people know it.
    """

    def __init__(self, limit: int, place: str) -> None:
        self.limit = limit
        #: Bytes that pieces take, pending or in flight.
        self.nbytes = 0
        #: Whether the block that it was for is over, and the buffer goes once it is empty.
        self.closing = False
        self._place = place
        self._open = True
        self._process = getpid()
        self._pending: dict[Index, Pieces] = {}
        self._flying: dict[Index, Pieces] = {}
        self._changed = threading.Condition()

    def check_process(self) -> None:
        """Refuse to work in a forked child, where the same pieces would be written again."""
        if not self.of_this_process:
            raise RuntimeError(
                f"{self._place} is buffered by the process that this one was forked from; "
                "open the array again here"
            )

    @property
    def of_this_process(self) -> bool:
        """Whether it was made here, and not in the process that this one was forked from."""
        return self._process == getpid()

    # ------------------------------------------------------------------------------- pieces

    def put(self, parts: Sequence[Part]) -> Put:
        """Take pieces of several chunks, as many as there is room for; threads copy them together.

        Parameters
        ----------
        parts : sequence of Part
            Of a chunk each.

        Returns
        -------
        Put
        """
        with self._changed:
            if not self._open:
                return Put(0, [], closed=True)
            copies, growing, nbytes = Copies(), [], self.nbytes
            for part in parts:
                weight = payload(part.values)
                before = self._pending.get(part.chunk)
                needed = weight + _growth(before, part.shape, part.values.dtype)
                if needed and nbytes and nbytes + needed > self.limit:
                    break
                made = (
                    Pieces(part.shape, part.values.dtype)
                    if before is None
                    else before.reaching(part.shape)
                )
                made.take(part.inside, part.values, copies)
                growing.append((made, weight))
                nbytes += needed
            copies.finish()
            whole = [
                part.chunk
                for part, (made, weight) in zip(parts, growing, strict=False)
                if self._add(part, made, weight)
            ]
            return Put(len(growing), whole, closed=False)

    def _add(self, part: Part, pieces: Pieces, weight: int) -> bool:
        """Count elements that a chunk has now; whether it is whole."""
        before = self._pending.pop(part.chunk, None)
        have = 0 if before is None else before.nbytes
        pieces.mark(part.inside)
        pieces.nbytes += weight
        self.nbytes += pieces.nbytes - have
        self._pending[part.chunk] = pieces  # what was written to last is last
        return not pieces.missing

    def holds(self, indexes: Iterable[Index]) -> bool:
        """Whether it has pieces of any of these chunks."""
        with self._changed:
            if not self._pending and not self._flying:
                return False
            return any(index in self._pending or index in self._flying for index in indexes)

    def held(self) -> dict[Index, list[Pieces]]:
        """Give the pieces of each chunk as they are now, older ones first."""
        with self._changed:
            found = {index: [pieces] for index, pieces in self._flying.items()}
            for index, pieces in self._pending.items():
                found.setdefault(index, []).append(pieces)
        return found

    def lay_over(
        self,
        pieces: Sequence[Pieces],
        shape: tuple[int, ...],
        block: Block,
        inside: tuple[Any, ...],
        outside: tuple[Any, ...],
    ) -> None:
        """Copy what was written of a chunk, `inside` of it, to where it is in a block."""
        with self._changed:  # others may be adding to it
            for each in pieces:
                each.reaching(shape).lay_over(block, inside, outside)

    # -------------------------------------------------------------------------------- flights

    def flush(
        self,
        run: Callable[[Steps[None]], None],
        write: Callable[[list[tuple[Index, Pieces]], set[Index]], Steps[None]],
        indexes: Iterable[Index] | None = None,
    ) -> None:
        """Write pieces, those of all chunks by default; what cannot be written is kept.

        When this returns, what had been put before it was called is stored.

        Parameters
        ----------
        run : callable
            Runs steps to their end.
        write : callable
            Gives the steps that write pieces; they add to a set whatever is stored.
        indexes : iterable of tuple of int, optional
            The chunks.
        """
        taken = self._take_off(indexes)
        if not taken:
            return
        stored: set[Index] = set()
        try:
            run(write(taken, stored))
        finally:
            self._land(taken, stored)

    def make_room(
        self,
        run: Callable[[Steps[None]], None],
        write: Callable[[list[tuple[Index, Pieces]], set[Index]], Steps[None]],
        nbytes: int,
    ) -> None:
        """Write what was not added to for the longest, until there are so many bytes of room."""
        while True:
            with self._changed:
                excess = self.nbytes + nbytes - self.limit
                if excess <= 0 or not self.nbytes:
                    return
                oldest = self._oldest(excess + self.limit // _ROOM_SHARE)
                if not oldest:  # all of it is in flight
                    self._changed.wait()
                    continue
            self.flush(run, write, oldest)

    def close(self) -> bool:
        """Take nothing any more, if there is nothing left to write; whether that is so."""
        with self._changed:
            if self._pending or self._flying:
                return False
            self._open = False
            return True

    def _oldest(self, nbytes: int) -> list[Index]:
        found = []
        for index, pieces in self._pending.items():
            if nbytes <= 0:
                break
            if index not in self._flying:
                found.append(index)
                nbytes -= pieces.nbytes
        return found

    def _take_off(self, indexes: Iterable[Index] | None) -> list[tuple[Index, Pieces]]:
        with self._changed:
            wanted = {*self._pending, *self._flying} if indexes is None else set(indexes)
            while not self._flying.keys().isdisjoint(wanted):
                self._changed.wait()
            taken = [(index, self._pending.pop(index)) for index in wanted & self._pending.keys()]
            self._flying.update(taken)
        return sorted(taken, key=lambda each: each[0])

    def _land(self, taken: list[tuple[Index, Pieces]], stored: set[Index]) -> None:
        with self._changed:
            for index, pieces in taken:
                del self._flying[index]
                self.nbytes -= pieces.nbytes
                if index in stored:
                    continue
                newer = self._pending.get(index)
                if newer is not None:
                    self.nbytes -= newer.nbytes
                    pieces = newer.over(pieces)
                self._pending[index] = pieces
                self.nbytes += pieces.nbytes
            self._changed.notify_all()

    def __del__(self) -> None:
        if not hasattr(self, "_changed") or not self._pending or not self.of_this_process:
            return
        if not sys.is_finalizing():
            from warnings import warn

            warn(
                f"pieces of {len(self._pending)} chunks of {self._place} were never stored: "
                "leave the block of buffered(), or call flush()",
                ResourceWarning,
                stacklevel=2,
            )
