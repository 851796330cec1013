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
from collections import OrderedDict
from os import getpid
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from zarrpy.engine.bell import Bell
from zarrpy.engine.copies import Copies
from zarrpy.engine.pieces import Pieces, growth, payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from zarrpy.engine.requests import Steps

#: Place of a chunk in the grid.
Index: TypeAlias = tuple[int, ...]
Block: TypeAlias = np.ndarray[Any, Any]

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
        self._pending: OrderedDict[Index, Pieces] = OrderedDict()
        self._flying: dict[Index, Pieces] = {}
        self._changed = Bell()

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
        with self._changed.lock:
            growing = None
            while growing is None:
                if not self._open:
                    return Put(0, [], closed=True)
                growing = self._grow(parts)
            whole = [
                part.chunk
                for part, (made, weight) in zip(parts, growing, strict=False)
                if self._add(part, made, weight)
            ]
            return Put(len(growing), whole, closed=False)

    def _grow(self, parts: Sequence[Part]) -> list[tuple[Pieces, int]] | None:
        """Copy elements of as many parts as there is room for, which do not count yet.

        Returns
        -------
        list of tuple of Pieces and int
            Each with its bytes elsewhere; None when a signal's handler has written or flushed
            meanwhile, and the pieces are not those that there are now.
        """
        if not self._pending and not self._flying:
            self.nbytes = 0  # who was interrupted may have counted wrong
        copies, growing, known, nbytes = Copies(), [], [], self.nbytes
        for part in parts:
            weight = payload(part.values)
            before = self._pending.get(part.chunk)
            needed = weight + growth(before, part.shape, part.values.dtype)
            if needed and nbytes and nbytes + needed > self.limit:
                break
            made = (
                Pieces(part.shape, part.values.dtype)
                if before is None
                else before.reaching(part.shape)
            )
            made.take(part.inside, part.values, copies)
            growing.append((made, weight))
            known.append((part.chunk, before))
            nbytes += needed
        copies.finish()
        as_known = all(self._pending.get(index) is before for index, before in known)
        return growing if as_known else None

    def _add(self, part: Part, pieces: Pieces, weight: int) -> bool:
        """Count elements that a chunk has now; whether it is whole."""
        before = self._pending.get(part.chunk)
        have = 0 if before is None else before.nbytes
        pieces.mark(part.inside)
        pieces.nbytes += weight
        self.nbytes += pieces.nbytes - have
        self._pending[part.chunk] = pieces
        self._pending.move_to_end(part.chunk)  # what was written to last is last
        return not pieces.missing

    def holds(self, indexes: Iterable[Index]) -> bool:
        """Whether it has pieces of any of these chunks."""
        with self._changed.lock:
            if not self._pending and not self._flying:
                return False
            return any(index in self._pending or index in self._flying for index in indexes)

    def held(self) -> dict[Index, list[Pieces]]:
        """Give the pieces of each chunk as they are now, older ones first."""
        with self._changed.lock:
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
        with self._changed.lock:  # others may be adding to it
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
        flight: dict[Index, Pieces] = {}
        stored: set[Index] = set()
        try:
            self._take_off(indexes, flight)
            if flight:
                run(write(sorted(flight.items(), key=lambda each: each[0]), stored))
        finally:
            interrupt: BaseException | None = None
            while flight:  # whatever Ctrl-C comes in between of, nothing stays in the air
                try:
                    self._land(flight, stored, count=interrupt is not None)
                except KeyboardInterrupt as error:
                    interrupt = error
            if interrupt is not None:
                raise interrupt

    def make_room(
        self,
        run: Callable[[Steps[None]], None],
        write: Callable[[list[tuple[Index, Pieces]], set[Index]], Steps[None]],
        nbytes: int,
    ) -> None:
        """Write what was not added to for the longest, until there are so many bytes of room."""
        while True:
            with self._changed.lock:
                excess = self.nbytes + nbytes - self.limit
                if excess <= 0 or not self.nbytes:
                    return
                oldest = self._oldest(excess + self.limit // _ROOM_SHARE)
                if not oldest and not self._flying:  # nothing is there
                    self.nbytes = 0
                    return
                sleeper = None if oldest else self._changed.sleeper()  # all of it is in flight
            if sleeper is None:
                self.flush(run, write, oldest)
            else:
                self._changed.wait(sleeper)

    def close(self) -> bool:
        """Take nothing any more, if there is nothing left to write; whether that is so."""
        with self._changed.lock:
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

    def _take_off(self, indexes: Iterable[Index] | None, flight: dict[Index, Pieces]) -> None:
        """Put pieces into the air; what is there is of `flight`, however this ends."""
        wanted = None if indexes is None else set(indexes)
        while True:
            with self._changed.lock:
                if wanted is None:
                    wanted = {*self._pending, *self._flying}
                if self._flying.keys().isdisjoint(wanted):
                    for index in wanted & self._pending.keys():
                        flight[index] = self._flying[index] = self._pending[index]
                        del self._pending[index]
                    return
                sleeper = self._changed.sleeper()
            self._changed.wait(sleeper)

    def _land(self, flight: dict[Index, Pieces], stored: set[Index], *, count: bool) -> None:
        """Take all of a flight out of the air; again, if that was interrupted."""
        with self._changed.lock:
            for index in list(flight):
                pieces = flight[index]
                newer = self._pending.get(index)
                if index in stored:
                    self.nbytes -= pieces.nbytes
                elif newer is not pieces:
                    self._pending[index] = pieces if newer is None else newer.over(pieces)
                    count = True
                self._flying.pop(index, None)
                del flight[index]
            if count:
                parts = (*self._pending.values(), *self._flying.values())
                self.nbytes = sum([pieces.nbytes for pieces in parts])
            self._changed.ring()

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
