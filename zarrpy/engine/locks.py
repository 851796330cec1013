"""Locks on keys between the threads of this process.

There is one lock for each key in use.  Whoever needs several takes them in one order, each once,
so that nobody waits in a circle.  Who holds a key may take it again: a codec written in Python may
write other arrays while its own chunk is locked, on whichever thread of the pool it runs.  Stores
made of files lock between processes as well, in csrc/lock.c.

`hold` is for the time of one request.  An operation of many requests holds a key by the answer to
`Lock`, which belongs to the operation and not to a thread.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import chain, compress, takewhile
from operator import is_, methodcaller
from threading import Lock
from time import monotonic, monotonic_ns
from typing import TYPE_CHECKING, Any, TypeAlias

from zarrpy.config import config
from zarrpy.engine.profile import note_wait
from zarrpy.errors import LockTimeoutError
from zarrpy.metadata.names import DOCUMENTS, OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from zarrpy.engine import requests
    from zarrpy.stores.base import Bytes, Exclusive, Store

_Name: TypeAlias = tuple[int, str]

#: The lock of each key, and how many hold it or wait for it.
_table: dict[_Name, list[Any]] = {}
_table_lock = Lock()
#: Who has let go, and is counted out by whoever has the table.
_leaving: deque[tuple[list[_Name], list[list[Any]]]] = deque()
_mine: ContextVar[frozenset[_Name]] = ContextVar("zarrpy.locks", default=frozenset())

#: How long to wait before looking whether the wait is still wanted.
_POLL_SECONDS = 0.05

# One call of C each, so that what follows from it is done when Ctrl-C is heard.
_AT_ONCE = methodcaller("acquire", False)
_SOON = methodcaller("acquire", timeout=_POLL_SECONDS)
_RELEASE = methodcaller("release")


@contextmanager
def hold(scope: int, keys: Iterable[str]) -> Iterator[None]:
    """Hold the locks of some keys of one store.

    Raises
    ------
    LockTimeoutError
        When one of them is not free within `config.lock_timeout` seconds.
    """
    mine = _mine.get()
    wanted = sorted({(scope, key) for key in keys} - mine)
    patience = config.lock_timeout
    entries = _entered(wanted)
    locks = [entry[0] for entry in entries]
    ours = mine.union(wanted)
    taken: list[bool] = []
    still_here = map(is_, (ours,), iter(_mine.get, None))  # and not where garbage is collected
    forget = map(_mine.set, compress((mine,), still_here))
    let_go = chain(map(_RELEASE, compress(locks, taken)), forget)
    try:
        _mine.set(ours)
        while len(taken) < len(locks):
            _take(locks[len(taken) :], taken)
            if len(taken) < len(locks) and not _waited(locks[len(taken)], patience, taken):
                raise _too_long(wanted[len(taken)][1], patience)
        yield
    finally:
        deque(let_go, 0)  # all of it, before Ctrl-C is heard
        _left(wanted, entries)


def hold_of(store: Store, keys: Sequence[str]) -> AbstractContextManager[None]:
    """Hold the locks of some keys of a store, by whatever store they are reached."""
    return hold(store.lock_scope, store.lock_names(keys))


def wait_below(store: Store, path: str) -> None:
    """Wait for those who hold keys of chunks below a path now, each until it lets go.

    Raises
    ------
    LockTimeoutError
        When one of them is not free within `config.lock_timeout` seconds.
    """
    scope, (name,) = store.lock_scope, store.lock_names([path])
    prefix = name + "/" if name else ""
    with _table_lock:
        names = [key for place, key in _table if place == scope and key.startswith(prefix)]
    for key in names:
        if _is_of_chunk(key):
            with hold(scope, [key]):
                pass


def _is_of_chunk(key: str) -> bool:
    name = key.rpartition("/")[2]
    return name not in DOCUMENTS and not name.startswith(OURS)


def _entered(names: list[_Name]) -> list[list[Any]]:
    """Count in among those who hold keys or wait for them."""
    # no call of Python for each key: there may be one for each chunk of a large array
    with _table_lock:
        entries = [_table.setdefault(name, [Lock(), 0]) for name in names]
        for entry in entries:
            entry[1] += 1
    _count_out()
    return entries


def _left(names: list[_Name], entries: list[list[Any]]) -> None:
    """Count out again, without waiting for the table.

    The garbage collector lets go of locks at any time, also in a thread that has the table.
    """
    _leaving.append((names, entries))
    _count_out()


def _count_out() -> None:
    """Count out who has left, unless somebody is at it; a lock that nobody wants is forgotten."""
    while _leaving:
        table_lock = _table_lock
        taken: list[bool] = []
        let_go = map(_RELEASE, compress((table_lock,), taken))
        try:
            _take((table_lock,), taken)
            if not taken:
                return
            names, entries = _leaving.popleft()
            for name, entry in zip(names, entries, strict=True):
                entry[1] -= 1
                if entry[1] == 0:
                    _table.pop(name, None)
        except IndexError:  # somebody was at it in between
            continue
        finally:
            deque(let_go, 0)


def _take(locks: Sequence[Any], taken: list[bool], acquire: Any = _AT_ONCE) -> None:
    """Take locks up to the first that somebody else has, and note each of them.

    Ctrl-C comes before or after a call of C, and not between taking a lock and noting it.
    """
    taken.extend(takewhile(bool, map(acquire, locks)))


def _waited(lock: Any, patience: float, taken: list[bool]) -> bool:
    """Wait for a lock that somebody else has."""
    began = monotonic_ns()
    ntaken = len(taken)
    try:
        _take((lock,), taken, methodcaller("acquire", timeout=patience))
        return len(taken) > ntaken
    finally:
        note_wait(monotonic_ns() - began)


def _too_long(key: str, seconds: float) -> LockTimeoutError:
    return LockTimeoutError(
        f"another writer of this process has held it for more than {seconds:g} s",
        key=key,
        operation="lock",
        hint="config.lock_timeout sets how long to wait",
    )


class Held:
    """The lock of one key, taken for an operation; a context manager that lets go of it.

    Parameters
    ----------
    store : Store
    key : str
    request : Lock
        Asks for it, and says when it is not wanted any more.

    Raises
    ------
    LockTimeoutError
        When it is not free within `config.lock_timeout` seconds.
    """

    def __init__(self, store: Store, key: str, request: requests.Lock) -> None:
        self.key = key
        self._store = store
        self._names = [(store.lock_scope, name) for name in store.lock_names([key])]
        self._entries = _entered(self._names)
        self._taken: list[bool] = []
        self._outer: Exclusive | None = None
        patience = config.lock_timeout
        end = monotonic() + patience if patience >= 0 else None

        def goes_on() -> bool:
            return not request.cancelled and (end is None or monotonic() < end)

        try:
            lock = self._entries[0][0]
            while not self._taken:
                _take((lock,), self._taken, _SOON)
                if not self._taken and not goes_on():
                    raise _too_long(key, patience)
            self._outer = self._taken_outside(goes_on)
        except BaseException:
            self.release()
            raise

    def _taken_outside(self, goes_on: Any) -> Exclusive:
        while True:
            try:
                return self._store.exclusive(self.key, _POLL_SECONDS)
            except LockTimeoutError:
                if not goes_on():
                    raise

    def commit(self, value: Bytes) -> None:
        """Replace the value of the key, which lets other processes have it."""
        assert self._outer is not None
        self._outer.commit(value, config.durability == "durable")

    def release(self) -> None:
        """Let go of it; a second time does nothing."""
        entries, self._entries = self._entries, []
        if not entries:
            return
        outer, self._outer = self._outer, None
        try:
            if outer is not None:
                outer.__exit__(None, None, None)
        finally:
            if self._taken:
                with suppress(RuntimeError):  # in a forked child nobody holds it
                    entries[0][0].release()
            _left(self._names, entries)

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *failure: object) -> None:
        self.release()

    def __del__(self) -> None:
        if hasattr(self, "_entries"):
            self.release()


def _renew() -> None:
    """In a forked child: nobody is left to release what other threads held."""
    global _table_lock
    _table.clear()
    _leaving.clear()
    _table_lock = Lock()
    _mine.set(frozenset())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
