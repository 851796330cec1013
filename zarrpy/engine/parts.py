"""Reading parts of shards: the index first, then what it says, many requests at the same time.

The index of a shard is kept with the version of the shard that it is of, where the store tells
one.  What is read by it later is asked for in that version: when the shard is another one by then,
the index is read again.  So a shard that is read many times costs one request for its index, and
index and chunks are always of one version, whoever writes meanwhile.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrpy.config import config
from zarrpy.engine.locks import hold_of
from zarrpy.errors import ConflictError
from zarrpy.stores.base import ByteRange
from zarrpy.stores.coalesce import coalesce_far
from zarrpy.stores.in_flight import in_flight

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from zarrpy.engine.requests import Batch
    from zarrpy.stores.base import Bytes, Store

#: Bytes of indexes that a process keeps.
LIMIT_NBYTES = 16 << 20
#: How often a shard that others replace again and again is read anew.
_ATTEMPTS = 20


class Parts(NamedTuple):
    """What was read of a shard.

    Attributes
    ----------
    stored_index : bytes-like
    pieces : list of (int, bytes-like)
        Where in the shard each piece begins, ascending; none overlaps another.
    """

    stored_index: Bytes
    pieces: list[tuple[int, Bytes]]


class Index(NamedTuple):
    """The index of a shard as it is stored, and the version of the shard that it is of."""

    stored: Bytes
    version: Hashable | None


class Indexes:
    """Indexes of shards that were read before, the oldest forgotten first.

    Parameters
    ----------
    limit : int
        Bytes that they may have together.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = Lock()
        self._kept: OrderedDict[tuple[Hashable, ...], Index] = OrderedDict()
        self._nbytes = 0

    def get(self, name: tuple[Hashable, ...]) -> Index | None:
        """Give the index of a shard."""
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def keep(self, name: tuple[Hashable, ...], index: Index) -> None:
        """Keep an index, where the version tells whether it still holds."""
        if index.version is None or "index" in config.disable:
            return
        if isinstance(name[0], int):
            return  # the number of a store, which another one may have after it
        with self._lock:
            self._drop(name)
            self._kept[name] = index._replace(stored=bytes(index.stored))
            self._nbytes += len(index.stored)
            while self._nbytes > self.limit:
                self._nbytes -= len(self._kept.popitem(last=False)[1].stored)

    def forget(self, name: tuple[Hashable, ...]) -> None:
        """Forget an index that is of another version."""
        with self._lock:
            self._drop(name)

    def _drop(self, name: tuple[Hashable, ...]) -> None:
        before = self._kept.pop(name, None)
        if before is not None:
            self._nbytes -= len(before.stored)

    def after_fork(self) -> None:
        """In a forked child: nobody holds the lock."""
        self._lock = Lock()


#: What this process keeps.
indexes = Indexes(LIMIT_NBYTES)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=indexes.after_fork)


class _Piece(NamedTuple):
    """A range of a shard to read, and the only version of the shard that it is wanted of."""

    task: int
    key: str
    byte_range: ByteRange
    version: Hashable | None


def fetch_parts(store: Store, batch: Batch, shards: Sequence[tuple[int, str]]) -> dict[int, Any]:
    """Read what a selection needs of several shards.

    Parameters
    ----------
    store : Store
    batch : Batch
    shards : sequence of (int, str)
        Task and key of each.

    Returns
    -------
    dict
        By task, `Parts`; None where there is no shard.
    """
    found: dict[int, Any] = {}
    left = dict(shards)
    with hold_of(store, list(left.values())):  # no writer of this process comes in between
        for attempt in range(_ATTEMPTS):
            kept = attempt == 0 and "index" not in config.disable
            found |= _attempted(store, batch, left, kept=kept)
            left = {task: key for task, key in left.items() if isinstance(found[task], Exception)}
            if not left:
                return found
    raise found[next(iter(left))]


def _attempted(store: Store, batch: Batch, shards: dict[int, str], *, kept: bool) -> dict[int, Any]:
    """Read parts of shards once; a shard that was replaced meanwhile is there as its error."""
    assert batch.index_range is not None
    place = ByteRange(*batch.index_range)
    names = {task: (*store.locus(key), place) for task, key in shards.items()}
    known: dict[int, Index | None] = {}
    wanted: dict[int, list[tuple[int, int]]] = {}
    if kept:
        for task in shards:
            index = indexes.get(names[task])
            if index is not None and (ranges := _ranges(batch, task, index)):
                known[task], wanted[task] = index, ranges  # what it says proves its version
    new = [task for task in shards if task not in known]

    def read_index(task: int) -> Index | None:
        value, version = store.get_versioned(shards[task], place)
        return None if value is None else Index(value, version)

    for task, index in zip(new, in_flight(read_index, new, store.requests), strict=True):
        known[task] = index
        if index is not None:
            wanted[task] = _ranges(batch, task, index)
            indexes.keep(names[task], index)

    def read_piece(piece: _Piece) -> Bytes | ConflictError | None:
        try:
            return store.get_versioned(piece.key, piece.byte_range, piece.version)[0]
        except ConflictError as error:
            return error

    pieces = [
        _Piece(task, shards[task], ByteRange(*each), index.version)
        for task, index in known.items()
        if index is not None
        for each in wanted[task]
    ]
    found: dict[int, Any] = {
        task: None if index is None else Parts(index.stored, []) for task, index in known.items()
    }
    for piece, value in zip(pieces, in_flight(read_piece, pieces, store.requests), strict=True):
        parts = found[piece.task]
        if isinstance(value, ConflictError):
            found[piece.task] = value
            indexes.forget(names[piece.task])
        elif value is None:  # deleted meanwhile
            found[piece.task] = None
        elif isinstance(parts, Parts):
            parts.pieces.append((piece.byte_range.offset, value))
    return found


def _ranges(batch: Batch, task: int, index: Index) -> list[tuple[int, int]]:
    return coalesce_far(batch.ranges(task, index.stored))
