"""What calls did: counted for whoever asked, while they ask.

A call is counted in a `Tally` of its own, by the engine, by the batch in Python and by what lies
between the driver and the store; when it is over, every profile that is on takes its sums.  While
none is on nothing is counted, and no clock is read.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, fields
from threading import Lock
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from zarrpy._native.tally import Tally
from zarrpy.display.sizes import format_nbytes, format_seconds
from zarrpy.display.text import printable, table
from zarrpy.engine import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from typing import TypeAlias

    from zarrpy.engine.requests import Request
    from zarrpy.stores.base import ByteRange, Bytes, Store

    #: Of a table: title, how the number is shown, and the number.
    Column: TypeAlias = tuple[str, Callable[[Any], str], Callable[["Counts"], Any]]

P = ParamSpec("P")
T = TypeVar("T")

#: Profiles that are on.
_on: tuple[Profile, ...] = ()
_guard = Lock()
#: Of the call that the thread works on.
_current: ContextVar[Tally | None] = ContextVar("zarrpy.profile", default=None)


@dataclass(slots=True)
class Counts:
    """What some calls did.

    Bytes are of stored values where they are read or written, and of chunks in memory where they
    are decoded or encoded. Seconds are added up over the threads that worked at the same time, but
    for `seconds`.

    Attributes
    ----------
    calls : int
        Selections that were read or written.
    chunks : int
        That they touched; those inside the shards, where there are some.
    chunks_read, chunks_absent, chunks_cached : int
        Chunks that were decoded, that are not stored, and that the cache had. Chunks that are
        written in part are read first, and count here as well.
    chunks_written, chunks_empty : int
        Chunks that were encoded; chunks to be written that hold nothing but the fill value, and so
        are not stored.
    gets, sets, deletes, lists : int
        Requests to the store: reads of a value or of a part of one, whether it is there or not;
        values replaced; keys, or all below a prefix, deleted; listings.
    bytes_asked : int
        Of the selections in memory.
    bytes_read, bytes_written, bytes_decoded, bytes_encoded : int
    seconds : float
        From the begin of each call to its end.
    seconds_store, seconds_codec, seconds_copy, seconds_wait, seconds_plan : float
        In the store; in codecs; copying elements to and from their places in the caller's memory;
        waiting for the locks of other writers; finding out what to do.
    """

    calls: int = 0
    chunks: int = 0
    chunks_read: int = 0
    chunks_absent: int = 0
    chunks_cached: int = 0
    chunks_written: int = 0
    chunks_empty: int = 0
    gets: int = 0
    sets: int = 0
    deletes: int = 0
    lists: int = 0
    bytes_asked: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    bytes_decoded: int = 0
    bytes_encoded: int = 0
    seconds: float = 0.0
    seconds_store: float = 0.0
    seconds_codec: float = 0.0
    seconds_copy: float = 0.0
    seconds_wait: float = 0.0
    seconds_plan: float = 0.0

    @property
    def requests(self) -> int:
        """Requests to the store of every kind."""
        return self.gets + self.sets + self.deletes + self.lists

    @property
    def amplification(self) -> float:
        """Bytes that were decoded and encoded for each byte asked for; 0 where none was."""
        return amplification(self.bytes_decoded + self.bytes_encoded, self.bytes_asked)

    def as_dict(self) -> dict[str, Any]:
        """Give everything by its name."""
        more = {"requests": self.requests, "amplification": self.amplification}
        return asdict(self) | more

    def _take(self, other: Counts) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def amplification(coded: int, asked: int) -> float:
    """Tell how many bytes pass through codecs for each byte asked for.

    Examples
    --------
    >>> amplification(6000, 1000), amplification(0, 0)
    (6.0, 0.0)
    """
    return coded / asked if asked else 0.0


@dataclass(slots=True)
class _Row:
    """What is known of one array."""

    name: str
    counts: Counts = field(default_factory=Counts)


class Profile:
    """Counts of what calls do, of all threads of the process, while it is on.

    Made by `profile`; a context manager, which may be entered again to count on. It can be looked
    at at any time: a call counts when it is over.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: dict[Hashable, _Row] = {}
        self._documents = Counts()
        self._began = 0
        self._elapsed = 0

    def __enter__(self) -> Self:
        global _on
        with _guard:
            if self in _on:
                raise RuntimeError("this profile is on already: make another one")
            self._began = monotonic_ns()
            _on = (*_on, self)
        return self

    def __exit__(self, *failure: object) -> None:
        global _on
        with _guard:
            _on = tuple(each for each in _on if each is not self)
            self._elapsed += monotonic_ns() - self._began
            self._began = 0

    @property
    def elapsed(self) -> float:
        """Seconds that it has been on."""
        running = monotonic_ns() - self._began if self._began else 0
        return (self._elapsed + running) * 1e-9

    @property
    def arrays(self) -> dict[str, Counts]:
        """What was done with the chunks of each array, by its place."""
        found: dict[str, Counts] = {}
        with self._lock:
            for row in self._rows.values():
                name, number = row.name, 1
                while name in found:  # another store has one of the same path
                    number += 1
                    name = f"{row.name} ({number})"
                found[name] = _sum([row.counts])
        return found

    @property
    def documents(self) -> Counts:
        """What was done beside chunks: documents read and written, listings, deletions."""
        with self._lock:
            return _sum([self._documents])

    @property
    def total(self) -> Counts:
        """All of it."""
        return _sum([*self.arrays.values(), self.documents])

    def as_dict(self) -> dict[str, Any]:
        """Give everything by its name, as plain dictionaries and numbers."""
        return {
            "elapsed": self.elapsed,
            **self.total.as_dict(),
            "arrays": {name: counts.as_dict() for name, counts in self.arrays.items()},
            "documents": self.documents.as_dict(),
        }

    def _take(self, place: tuple[Store, str] | None, counts: Counts) -> None:
        """Add what was done with the chunks of the array there, or with something else."""
        if place is None:
            with self._lock:
                self._documents._take(counts)
            return
        store, path = place
        name, locus = store.place_of(path), store.locus(path)
        with self._lock:
            self._rows.setdefault(locus, _Row(name)).counts._take(counts)

    def __repr__(self) -> str:
        rows = [(printable(name), counts) for name, counts in self.arrays.items()]
        documents, total = self.documents, self.total
        if documents.requests:
            rows.append(("(documents)", documents))
        if len(rows) != 1:
            rows.append(("all", total))
        calls = "call" if total.calls == 1 else "calls"
        head = f"<zarrpy.Profile {total.calls} {calls} in {format_seconds(self.elapsed)}>"
        return "\n".join([head, *_drawn(rows)])


def _sum(some: Sequence[Counts]) -> Counts:
    total = Counts()
    for counts in some:
        total._take(counts)
    return total


_ALWAYS: tuple[Column, ...] = (
    ("calls", str, lambda c: c.calls),
    ("chunks", str, lambda c: c.chunks),
)
_IF_ANY: tuple[Column, ...] = (
    ("absent", str, lambda c: c.chunks_absent),
    ("cached", str, lambda c: c.chunks_cached),
    ("empty", str, lambda c: c.chunks_empty),
    ("requests", str, lambda c: c.requests),
    ("asked", format_nbytes, lambda c: c.bytes_asked),
    ("read", format_nbytes, lambda c: c.bytes_read),
    ("decoded", format_nbytes, lambda c: c.bytes_decoded),
    ("encoded", format_nbytes, lambda c: c.bytes_encoded),
    ("written", format_nbytes, lambda c: c.bytes_written),
    ("amplification", "{:.2f}".format, lambda c: c.amplification),
    ("store", format_seconds, lambda c: c.seconds_store),
    ("codec", format_seconds, lambda c: c.seconds_codec),
    ("copy", format_seconds, lambda c: c.seconds_copy),
    ("wait", format_seconds, lambda c: c.seconds_wait),
)


def _drawn(rows: Sequence[tuple[str, Counts]]) -> Iterator[str]:
    """Draw a table, without the columns in which there is nothing."""
    columns = [*_ALWAYS, *(each for each in _IF_ANY if any(each[2](c) for _, c in rows))]
    cells = [[name, *(show(get(c)) for _, show, get in columns)] for name, c in rows]
    titles = ["", *(title for title, _, _ in columns)]
    yield from table(titles, cells, numbers="l" + "r" * len(columns))


def profile() -> Profile:
    """Count what calls do, and how long it takes: ``with zarrpy.profile() as p: ...``.

    Returns
    -------
    Profile
        A context manager. Everything that is read or written while it is on counts, whichever
        thread of the process does it.

    Examples
    --------
    >>> import numpy as np
    >>> import zarrpy
    >>> array = zarrpy.create_array({}, data=np.zeros((6, 6)) + 1, chunks=(3, 3))
    >>> with zarrpy.profile() as p:
    ...     array[0]
    array([1., 1., 1., 1., 1., 1.])
    >>> p.total.calls, p.total.chunks, p.total.gets
    (1, 2, 2)
    """
    return Profile()


# ------------------------------------------------------------------------------------- counting


def is_on() -> bool:
    """Whether anybody wants to know."""
    return bool(_on)


def timed(tally: Tally, name: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something, and add the nanoseconds that it took."""
    began = monotonic_ns()
    try:
        return work(*args, **kwargs)
    finally:
        tally.add(**{name: monotonic_ns() - began})


def note_wait(nanoseconds: int) -> None:
    """Say that the call that this thread works on has waited for somebody else."""
    tally = _current.get()
    if tally is not None:
        tally.add(ns_wait=nanoseconds)


def note_brought(sizes: Sequence[int | None]) -> None:
    """Say how many bytes went from files to files, of each value that was looked for."""
    tally = _current.get()
    if tally is not None:
        found = [nbytes for nbytes in sizes if nbytes is not None]
        nbytes = sum(found)
        tally.add(gets=len(sizes), bytes_read=nbytes, sets=len(found), bytes_written=nbytes)


def observed(store: Store, request: Request, work: Callable[[Any, Any], T]) -> T:
    """Do what a request asks, and let the profiles that are on know of it."""
    if isinstance(request, _MADE_OF_OTHERS):
        return work(store, request)
    on, tally, looks = _on, Tally(), Tally()
    through: Any = store
    if isinstance(request, requests.Run):
        request.batch.use_tally(tally)
        if request.watch is not None:
            request.watch.meter = Metered(store, looks)
    if isinstance(request, _COUNTED):
        through = Metered(store, tally)
    token = _current.set(tally)
    began = monotonic_ns()
    try:
        return work(through, request)
    finally:
        took = monotonic_ns() - began
        _current.reset(token)
        counts = _counts(request, tally, took)
        place = (store, request.path) if isinstance(request, requests.Run) else None
        looked = Counts(**_by_name(looks.sums()))
        for each in on:
            each._take(place, counts)
            each._take(None, looked)


def _counts(request: Request, tally: Tally, took: int) -> Counts:
    """Put together what a request did."""
    sums = tally.sums()
    if isinstance(request, requests.Lock):
        sums["ns_wait"] = took
    elif isinstance(request, requests.Publish):
        sums |= {"sets": 1, "bytes_written": len(request.value), "ns_store": took}
    elif not isinstance(request, requests.Run):
        sums["ns_store"] = took - sums["ns_wait"]
    lists = int(isinstance(request, _LISTINGS))
    counts = Counts(seconds=took * 1e-9, lists=lists, **_by_name(sums))
    if isinstance(request, requests.Run):
        counts.calls = 1
        counts.bytes_asked = request.batch.asked_nbytes
        counts.chunks = counts.chunks_read + counts.chunks_absent + counts.chunks_cached
        if request.batch.writing:
            counts.chunks = counts.chunks_written + counts.chunks_empty
    return counts


def _by_name(sums: dict[str, int]) -> dict[str, Any]:
    """Give the sums the names that they have in `Counts`, and times in seconds."""
    found: dict[str, Any] = {}
    for name, n in sums.items():
        if name.startswith("ns_"):
            found[name.replace("ns_", "seconds_")] = n * 1e-9
        else:
            found[name] = n
    return found


_LISTINGS = (
    requests.ListNames,
    requests.ListKeys,
    requests.ListEntries,
    requests.ListEmpty,
    requests.ListSizes,
    requests.Present,
)
#: What goes through the methods of a store that are counted.
_COUNTED = (
    requests.Run,
    requests.Fetch,
    requests.Put,
    requests.PutNew,
    requests.Update,
    requests.Delete,
    requests.DeletePrefix,
)
#: What waits for other calls, or makes other requests, which count.
_MADE_OF_OTHERS = (requests.Take, requests.Close, requests.Move, requests.Restore, requests.Flush)


class Metered:
    """A store whose reading and writing is counted; for all else it is that store.

    Parameters
    ----------
    store : Store
    tally : Tally
        Of the call that goes through it.
    """

    def __init__(self, store: Store, tally: Tally) -> None:
        self.store = store
        self._tally = tally

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def __repr__(self) -> str:
        return repr(self.store)

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        value = timed(self._tally, "ns_store", self.store.get, key, byte_range)
        self.count(value)
        return value

    def count(self, value: Bytes | None) -> None:
        """Count a value that was read."""
        self._tally.add(gets=1, bytes_read=0 if value is None else len(value))

    def exists(self, key: str) -> bool:
        """Tell whether a value is there."""
        self._tally.add(gets=1)
        return timed(self._tally, "ns_store", self.store.exists, key)

    def get_many(self, keys: Sequence[str]) -> list[Bytes | None]:
        """Read several values."""
        values = timed(self._tally, "ns_store", self.store.get_many, keys)
        nbytes = sum([len(value) for value in values if value is not None])
        self._tally.add(gets=len(values), bytes_read=nbytes)
        return values

    def get_versioned(
        self, key: str, byte_range: ByteRange | None = None, version: Hashable | None = None
    ) -> tuple[Bytes | None, Hashable | None]:
        """Read a value or a part of it with its version."""
        found = timed(self._tally, "ns_store", self.store.get_versioned, key, byte_range, version)
        self._tally.add(gets=1, bytes_read=0 if found[0] is None else len(found[0]))
        return found

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        timed(self._tally, "ns_store", self.store.set, key, value)
        self._tally.add(sets=1, bytes_written=len(value))

    def set_new(self, key: str, value: Bytes) -> bool:
        """Store a value where there is none."""
        done = timed(self._tally, "ns_store", self.store.set_new, key, value)
        self._tally.add(sets=int(done), bytes_written=len(value) if done else 0)
        return done

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace and delete several values."""
        timed(self._tally, "ns_store", self.store.set_many, keys, values)
        kept = [len(value) for value in values if value is not None]
        self._tally.add(sets=len(kept), bytes_written=sum(kept), deletes=len(values) - len(kept))

    def delete(self, key: str) -> None:
        """Delete a key."""
        timed(self._tally, "ns_store", self.store.delete, key)
        self._tally.add(deletes=1)

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with a prefix."""
        self.store.delete_prefix(prefix)
        self._tally.add(deletes=1)

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value by what `change` makes of it."""

        def counted(old: Bytes | None) -> Bytes | None:
            new = change(old)
            self._tally.add(gets=1, bytes_read=0 if old is None else len(old))
            if new is None:
                self._tally.add(deletes=1)
            else:
                self._tally.add(sets=1, bytes_written=len(new))
            return new

        self.store.update(key, counted)


def _renew() -> None:
    """In a forked child: its profiles are those of the parent."""
    global _on, _guard
    _on = ()
    _guard = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
