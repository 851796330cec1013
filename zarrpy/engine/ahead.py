"""Chunks that the next reads of an array will want, fetched before they are asked for.

Successive reads that walk through the grid of chunks by equal steps, in any direction, are taken
for a scan.  The chunks that it comes to next are fetched by threads of the pool while the caller
works with those at hand.  A fetched chunk is used only when the store tells that its version is
still the one that it had before it was fetched; a store that cannot tell versions is read when
somebody asks, and never before.
"""

from __future__ import annotations

from collections import deque
from contextvars import copy_context
from dataclasses import dataclass
from itertools import product
from math import prod
from os import getpid
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrpy.engine.bell import Bell
from zarrpy.engine.pool import Crew

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import Bytes, Store

    Index = tuple[int, ...]
    Box = tuple[Index, Index]

#: Reads that have to go on in the same way before it is taken for a scan.
_STEPS = 2


class PrefetchInfo(NamedTuple):
    """What was read ahead for one handle of an array.

    Attributes
    ----------
    fetched : int
        Chunks that were fetched before they were asked for.
    used : int
        Times that a read took such a chunk.
    stale : int
        Chunks that somebody changed meanwhile, and that were fetched again.
    """

    fetched: int
    used: int
    stale: int


class _Ahead:
    """A chunk that is on its way, or here."""

    __slots__ = ("claimed", "done", "key", "store", "value", "version")

    def __init__(self, key: str, store: Store) -> None:
        self.key = key
        self.store = store
        self.version: Hashable | None = None
        self.value: Bytes | None = None
        self.claimed = False
        self.done = False


class Scan:
    """How the reads of an array walk through the grid of chunks."""

    def __init__(self) -> None:
        self._first: Index | None = None
        self._extent: Index = ()
        self._move: Index = ()
        self._repeated = 0

    def follow(self, first: Index, last: Index, grid: Index) -> Iterator[Box] | None:
        """Take a read of the chunks from one to another; tell the boxes that may come next.

        None says that the read stays where the one before was; what comes next does not change.
        """
        extent = tuple(b - a for a, b in zip(first, last, strict=True))
        if self._first == first and extent == self._extent:
            return None
        move: Index = ()
        if self._first is not None and extent == self._extent:
            move = tuple(b - a for a, b in zip(self._first, first, strict=True))
        self._repeated = self._repeated + 1 if move and move == self._move else int(bool(move))
        self._first, self._extent, self._move = first, extent, move
        return self._boxes(grid) if self._repeated >= _STEPS else iter(())

    def _boxes(self, grid: Index) -> Iterator[Box]:
        assert self._first is not None
        first, move, extent = self._first, self._move, self._extent
        while True:
            first = tuple(a + d for a, d in zip(first, move, strict=True))
            last = tuple(a + n for a, n in zip(first, extent, strict=True))
            if any(a < 0 or b >= n for a, b, n in zip(first, last, grid, strict=True)):
                return
            yield first, last


class ReadAhead:
    """The chunks that were fetched ahead for one handle of an array.

    Parameters
    ----------
    key : callable
        Makes the key of a chunk of its place in the grid.
    """

    def __init__(self, key: Callable[[Index], str]) -> None:
        self._key = key
        self._begin()

    def _begin(self) -> None:
        self._process = getpid()
        self._changed = Bell()
        self._scan = Scan()
        self._wanted: dict[str, _Ahead] = {}
        self._waiting: deque[_Ahead] = deque()
        self._helping = 0
        self._crew: Crew | None = None
        self._blind = False
        self._fetched = self._used = self._stale = 0

    @property
    def info(self) -> PrefetchInfo:
        """What was fetched, and what of it was used."""
        return PrefetchInfo(self._fetched, self._used, self._stale)

    # --------------------------------------------------------------------------- who reads

    def follow(self, first: Index, last: Index, grid: Index, most: int, store: Store) -> None:
        """Hear of a read, and send for what comes next, at most so many chunks."""
        if getpid() != self._process:  # the threads that fetch are not here
            self._begin()
        with self._changed.lock:
            boxes = self._scan.follow(first, last, grid)
            if boxes is None or self._blind:
                return
            keys: list[str] = []
            for box in boxes:
                keys += [self._key(index) for index in _places(*box)]
                if len(keys) >= most:
                    break
            if not (keys or self._wanted or self._waiting):  # no scan, no call for each chunk
                return
            here = {self._key(index) for index in _places(first, last)}
            self._keep({*here, *keys[:most]})
            for key in keys[:most]:
                if key not in self._wanted and key not in here:
                    self._wanted[key] = ahead = _Ahead(key, store)
                    self._waiting.append(ahead)
            if self._crew is not None and not self._crew.at_work:
                self._helping = 0  # an interrupted call may have left some over
            missing = len(self._waiting) - self._helping
        if missing > 0:
            self._call(missing)

    def _keep(self, keys: set[str]) -> None:
        """Forget all others, whether they are here or still wanted."""
        self._wanted = {key: ahead for key, ahead in self._wanted.items() if key in keys}
        self._waiting = deque(ahead for ahead in self._waiting if ahead.key in keys)

    def values(self, store: Store, keys: Sequence[str]) -> list[Any]:
        """Read values; those that were fetched ahead and have not changed are not read again."""
        with self._changed.lock:
            found = [self._wanted.get(key) for key in keys] if self._wanted else []
        if not any(found):
            return list(store.get_many(keys))
        rest = [key for key, ahead in zip(keys, found, strict=True) if ahead is None]
        others = iter(store.get_many(rest))
        return [next(others) if ahead is None else self._value(store, ahead) for ahead in found]

    def _value(self, store: Store, ahead: _Ahead) -> Any:
        self._arrive(ahead)
        if ahead.version is not None and store.version(ahead.key) == ahead.version:
            with self._changed.lock:
                self._used += 1
            return ahead.value
        with self._changed.lock:
            self._stale += ahead.version is not None
            if self._wanted.get(ahead.key) is ahead:
                del self._wanted[ahead.key]
        return store.get(ahead.key)

    def _arrive(self, ahead: _Ahead) -> None:
        """Wait for a chunk that is on its way; one that nobody has begun with is left to us."""
        while True:
            with self._changed.lock:
                if not ahead.claimed:
                    ahead.claimed = ahead.done = True
                if ahead.done:
                    return
                sleeper = self._changed.sleeper()
            self._changed.wait(sleeper)

    # -------------------------------------------------------------------------- who fetches

    def _call(self, missing: int) -> None:
        if self._crew is None:
            self._crew = Crew(self, copy_context())
        with self._changed.lock:
            self._helping += missing
        come = self._crew.call(missing, at_least=1)
        with self._changed.lock:
            self._helping -= missing - come

    def run(self) -> None:
        """Fetch what is waiting; called by helpers."""
        while True:
            with self._changed.lock:
                ahead = self._claim()
                if ahead is None:
                    self._helping -= 1
                    return
            version = None
            try:
                version = ahead.store.version(ahead.key)
                if version is None:
                    self._blind = True
                else:
                    ahead.value = ahead.store.get(ahead.key)
            except Exception:
                version = None  # whoever asks for the chunk will hear of it
            with self._changed.lock:
                ahead.version, ahead.done = version, True
                self._fetched += version is not None
                self._changed.ring()

    def _claim(self) -> _Ahead | None:
        while self._waiting:
            ahead = self._waiting.popleft()
            if not ahead.claimed:
                ahead.claimed = True
                return ahead
        return None


@dataclass(frozen=True, slots=True)
class Step:
    """One read of a handle that may be a step of a scan: which chunks, and how far to look."""

    ahead: ReadAhead
    first: tuple[int, ...]
    last: tuple[int, ...]
    grid: tuple[int, ...]
    most: int

    def values(self, store: Store, keys: Sequence[str]) -> list[Any]:
        """Read values, with what was fetched ahead."""
        return self.ahead.values(store, keys)

    def follow(self, store: Store) -> None:
        """Send for what comes next."""
        self.ahead.follow(self.first, self.last, self.grid, self.most, store)


def box_of(plan: Any) -> Box | None:
    """Give the first and the last chunk of a plan whose chunks are a box; None of others."""
    if not plan.ntasks:
        return None
    first, last = plan.grid_index(0), plan.grid_index(plan.ntasks - 1)
    lengths = [b - a + 1 for a, b in zip(first, last, strict=True)]
    return (first, last) if min(lengths, default=1) > 0 and prod(lengths) == plan.ntasks else None


def _places(first: Index, last: Index) -> Iterator[Index]:
    return product(*(range(a, b + 1) for a, b in zip(first, last, strict=True)))
