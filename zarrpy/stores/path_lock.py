"""A lock between processes beside a file that many of them change."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from zarrpy.stores.presence import check_folder
from zarrpy.stores.zip_archive import File, locked_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.stores.base import Bytes

#: Of a process that forked this one: closing them would let go of its locks.
_abandoned: list[Any] = []


class PathLock:
    """A file that is locked while anybody of this process wants others to be out.

    The file is removed with its last holder; a killed process leaves nothing locked.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._held: File | None = None
        self._holders = 0
        self._pid = os.getpid()

    @contextmanager
    def alone(self, patience: float | None = None) -> Iterator[None]:
        """Keep other processes out that ask for the same."""
        self.hold(patience)
        try:
            yield
        finally:
            self.release()

    def hold(self, patience: float | None = None) -> None:
        """Take the lock between processes, for the first of this one that wants it."""
        with self._lock:
            if self._pid != os.getpid():
                _abandoned.append(self._held)
                self._held, self._holders, self._pid = None, 0, os.getpid()
            if self._held is None:
                check_folder(self.path)
                self._held = locked_file(self.path, patience)
            self._holders += 1

    def release(self) -> None:
        """Let go of it, with the last of this process that has it."""
        with self._lock:
            if self._pid != os.getpid():
                return  # a parent process holds it
            self._holders -= 1
            if self._holders == 0 and self._held is not None:
                with suppress(OSError):
                    os.unlink(self.path)
                self._held = None

    def renew(self) -> None:
        """In a forked child: nobody is left to release what other threads held."""
        self._lock = threading.Lock()


class KeyOfFile:
    """The lock of a whole file between processes, held for one key.

    Parameters
    ----------
    lock : PathLock
    key : str
    commit : callable
        Sets the value of the key.
    patience : float or None
    """

    def __init__(
        self,
        lock: PathLock,
        key: str,
        commit: Callable[[str, Bytes], None],
        patience: float | None,
    ) -> None:
        self._lock, self._key, self._set = lock, key, commit
        lock.hold(patience)
        self._held = True

    def __enter__(self) -> object:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._held:
            self._held = False
            self._lock.release()

    def commit(self, data: Bytes, durable: bool = False) -> None:
        """Replace the value of the key."""
        self._set(self._key, data)
