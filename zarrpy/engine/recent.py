"""Documents as they were a moment ago, for those who allow them to be so old.

Nothing is kept unless somebody asks with a time to live.  What this process changes itself is
forgotten at once: a change is noted when it is done, and what was asked for before that is not
kept.  What others change is seen when the time is over.
"""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from zarrpy.config import config
from zarrpy.engine.relay import relayed
from zarrpy.engine.requests import (
    Bring,
    Delete,
    DeletePrefix,
    Fetch,
    Later,
    ListNames,
    Move,
    Publish,
    Put,
    PutNew,
    Restore,
    Update,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    from zarrpy.engine.requests import Request, Steps
    from zarrpy.stores.base import Store

    #: Of what: a store, a key or a prefix, and how it was asked for.
    _Name = tuple[Hashable, str, str]

T = TypeVar("T")

#: Bytes of documents and names that are kept; those not asked for the longest go first.
LIMIT_NBYTES = 64 << 20
#: What one of them takes beside its bytes, roughly.
_EACH_NBYTES = 500

_CHANGES = frozenset((Put, PutNew, Bring, Update, Publish, Delete, DeletePrefix, Move, Restore))
#: Documents without which there is no node.
_NODES = frozenset(("zarr.json", ".zarray", ".zgroup"))


class MetadataInfo(NamedTuple):
    """What is kept of documents and names in stores, and how often it helped.

    Attributes
    ----------
    limit, nbytes : int
        Bytes that may be kept, and that are, roughly.
    ndocuments : int
        Documents, whether they exist or not, and lists of names.
    hits, misses : int
        Requests that were answered without the store, and that were not, although they might have.
    """

    limit: int
    nbytes: int
    ndocuments: int
    hits: int
    misses: int


class _Kept(NamedTuple):
    """An answer, when it was asked for, and whether its store is still there: None when not."""

    time: float
    value: Any
    nbytes: int
    alive: Callable[[], object]

    def since(self, oldest: float) -> bool:
        return self.time > oldest and self.alive() is not None


class Recent:
    """Answers of stores, with the time when they were asked.

    Parameters
    ----------
    limit : int
        Bytes to keep.
    clock : callable
        Tells the time in seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = monotonic) -> None:
        self.limit = limit
        self.clock = clock
        self._lock = Lock()
        self._changes = 0
        self._begin()

    def _begin(self) -> None:
        self._kept: OrderedDict[_Name, _Kept] = OrderedDict()
        self._nbytes = 0
        self._hits = self._misses = 0

    @property
    def info(self) -> MetadataInfo:
        """What is kept, and how often it helped."""
        with self._lock:
            return MetadataInfo(self.limit, self._nbytes, len(self._kept), self._hits, self._misses)

    def clear(self) -> None:
        """Forget everything, the counts as well."""
        with self._lock:
            self._changes += 1
            self._begin()

    def note(self, request: Request, answer: Any) -> None:
        """Hear of a request that was done; one that changes keys makes all be forgotten."""
        nothing = answer is False and isinstance(request, PutNew | Restore)
        if type(request) in _CHANGES and not nothing:
            with self._lock:
                self._changes += 1
                self._kept.clear()
                self._nbytes = 0

    def fetch(self, store: Store, request: Fetch) -> list[Any]:
        """Read documents, all of them anew when one of them is too old."""
        names = [_name(store, key, "") for key in request.keys]
        known = self._look(names, request.max_age)
        if known is not None:
            return known
        changes, now = self._changes, self.clock()
        values = store.get_many(request.keys)
        # a node that is not there may come any moment
        if not all(value is None for value in values) or _NODES.isdisjoint(map(_last, names)):
            pairs = zip(names, values, strict=True)
            weighed = [(name, value, 0 if value is None else len(value)) for name, value in pairs]
            self._keep(store, weighed, changes, now)
        return values

    def names(self, store: Store, request: ListNames, listed: Callable[[], list[str]]) -> list[str]:
        """List names."""
        name = _name(store, request.prefix, "folders" if request.folders else "names")
        known = self._look([name], request.max_age)
        if known is not None:
            return list(known[0])
        changes, now = self._changes, self.clock()
        found = listed()
        self._keep(store, [(name, tuple(found), sum(map(len, found)))], changes, now)
        return found

    def _look(self, names: list[_Name], max_age: float) -> list[Any] | None:
        oldest = self.clock() - max_age
        with self._lock:
            found = [self._kept.get(name) for name in names]
            fresh = [each.value for each in found if each is not None and each.since(oldest)]
            if len(fresh) < len(names):
                self._misses += 1
                return None
            self._hits += 1
            for name in names:
                self._kept.move_to_end(name)
        return fresh

    def _keep(
        self, store: Store, weighed: list[tuple[_Name, Any, int]], changes: int, now: float
    ) -> None:
        with self._lock:
            if changes != self._changes:
                return  # it may be older than what changed
            for name, value, nbytes in weighed:
                before = self._kept.pop(name, None)
                alive = _alive(store) if isinstance(name[0], int) else bool
                self._kept[name] = _Kept(now, value, nbytes + _EACH_NBYTES, alive)
                self._nbytes += nbytes + _EACH_NBYTES - (0 if before is None else before.nbytes)
            while self._nbytes > self.limit:
                self._nbytes -= self._kept.popitem(last=False)[1].nbytes

    def after_fork(self) -> None:
        """In a forked child: nobody holds the lock."""
        self._lock = Lock()


def _name(store: Store, key: str, kind: str) -> _Name:
    scope, place = store.locus(key)
    return scope, place, kind


def _last(name: _Name) -> str:
    return name[1].rpartition("/")[2]


def _alive(store: Store) -> Callable[[], object]:
    """Tell whether a store is still there; another one may have the same number after it."""
    try:
        return weakref.ref(store)
    except TypeError:
        return lambda: store


#: What this process keeps.
recent = Recent(LIMIT_NBYTES)


def metadata_info() -> MetadataInfo:
    """Tell what is kept of documents by `config.metadata_ttl`, and how often it helped.

    Examples
    --------
    >>> metadata_info().nbytes <= metadata_info().limit
    True
    """
    return recent.info


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=recent.after_fork)


def recently(max_age: float | None, steps: Steps[T]) -> Steps[T]:
    """Take steps that may see documents and names as they were so many seconds ago.

    Parameters
    ----------
    max_age : float, optional
        By default as `config.metadata_ttl` says.
    steps : generator
    """
    seconds = config.metadata_ttl if max_age is None else max_age
    if not seconds or "recall" in config.disable:
        return (yield from steps)

    def aged(request: Request) -> Request:
        if isinstance(request, ListNames) or (isinstance(request, Fetch) and not request.ranges):
            return replace(request, max_age=seconds)
        if isinstance(request, Later):
            return replace(request, max_age=seconds)
        return request

    return (yield from relayed(steps, aged))
