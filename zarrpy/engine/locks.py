"""Locks on keys between the threads of this process.

A fixed number of locks is shared by all keys.  Whoever needs several takes them in one order, each
once, so that nobody waits in a circle.  Stores made of files lock between processes as well, in
csrc/lock.c.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STRIPES = 256
_locks = [Lock() for _ in range(_STRIPES)]


@contextmanager
def hold(scope: int, keys: Iterable[str]) -> Iterator[None]:
    """Hold the locks of some keys of one store."""
    taken = []
    try:
        for stripe in sorted({hash((scope, key)) % _STRIPES for key in keys}):
            lock = _locks[stripe]
            lock.acquire()
            taken.append(lock)
        yield
    finally:
        for lock in taken:
            lock.release()


def _renew() -> None:
    """In a forked child: nobody is left to release what other threads held."""
    _locks[:] = [Lock() for _ in range(_STRIPES)]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
