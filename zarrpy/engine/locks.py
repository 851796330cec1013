"""Locks on keys between the threads of this process.

There is one lock for each key in use.  Whoever needs several takes them in one order, each once,
so that nobody waits in a circle.  Who holds a key may take it again: a codec written in Python may
write other arrays while its own chunk is locked, on whichever thread of the pool it runs.  Stores
made of files lock between processes as well, in csrc/lock.c.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from zarrpy.config import config
from zarrpy.errors import LockTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Name: TypeAlias = tuple[int, str]

#: The lock of each key, and how many hold it or wait for it.
_table: dict[_Name, list[Any]] = {}
_table_lock = Lock()
_mine: ContextVar[frozenset[_Name]] = ContextVar("zarrpy.locks", default=frozenset())


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
    # no call of Python for each key: there may be one for each chunk of a large array
    with _table_lock:
        entries = [_table.setdefault(name, [Lock(), 0]) for name in wanted]
        for entry in entries:
            entry[1] += 1
    token = _mine.set(mine.union(wanted))
    ntaken = 0
    try:
        for entry in entries:
            if not entry[0].acquire(timeout=patience):
                raise _too_long(wanted[ntaken][1], patience)
            ntaken += 1
        yield
    finally:
        _mine.reset(token)
        for entry in entries[:ntaken]:
            entry[0].release()
        with _table_lock:
            for name, entry in zip(wanted, entries, strict=True):
                entry[1] -= 1
                if entry[1] == 0:
                    _table.pop(name, None)


def _too_long(key: str, seconds: float) -> LockTimeoutError:
    return LockTimeoutError(
        f"another writer of this process has held it for more than {seconds:g} s",
        key=key,
        operation="lock",
        hint="config.lock_timeout sets how long to wait",
    )


def _renew() -> None:
    """In a forked child: nobody is left to release what other threads held."""
    global _table_lock
    _table.clear()
    _table_lock = Lock()
    _mine.set(frozenset())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
