"""What stores of one file have in common: one state a file, and how they are named."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar
from weakref import WeakValueDictionary, finalize

from zarrpy.stores.base import Store
from zarrpy.stores.begun_again import BegunAgain

if TYPE_CHECKING:
    from collections.abc import Callable


class Shared(Protocol):
    """One file as this process knows it, which all stores of its path share."""

    path: str
    handles: int

    def close(self) -> None:
        """Let go of the file."""

    def renew(self) -> None:
        """In a forked child: give up locks that nobody is left to release."""


T = TypeVar("T", bound=Shared)


class Files(Generic[T]):
    """The files of one kind that are in use, by their paths without links.

    Parameters
    ----------
    make : callable
        Gives what is shared by the stores of a path.
    """

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make = make
        self._known: WeakValueDictionary[str, T] = WeakValueDictionary()
        # a store may be let go of by the garbage collector while this thread has the lock
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def of(self, path: str) -> T:
        """Give the one of a path, and count one more store of it."""
        real = os.path.realpath(path)
        with self._lock:
            shared = self._known.get(real)
            if shared is None:
                self._known[real] = shared = self._make(real)
            shared.handles += 1
            return shared

    def let_go(self, shared: T) -> None:
        """Count a store less; what has none any more is closed."""
        with self._lock:
            shared.handles -= 1
            if shared.handles:
                return
        shared.close()

    def _renew(self) -> None:
        self._lock = threading.RLock()
        for shared in list(self._known.values()):
            shared.renew()


class SingleFileStore(BegunAgain, Store, Generic[T]):
    """A store of one file; subclasses say which files they share, and call `_begin`."""

    kind: ClassVar[str]
    path: str
    _shared: T

    def _begin(self) -> None:
        raise NotImplementedError

    def _share(self, files: Files[T]) -> None:
        self._shared = shared = files.of(self.path)
        self._finish = finalize(self, files.let_go, shared)

    @property
    def excludes_writers(self) -> bool:
        """The lock of the file keeps them out."""
        return True

    @property
    def lock_scope(self) -> int:
        """All stores of one file share their locks."""
        return id(self._shared)

    @property
    def label(self) -> str:
        """Name the file, from where this process is if it lies below."""
        path = self.path
        with suppress(OSError):  # the current directory may be gone
            path = path.removeprefix(os.path.join(os.getcwd(), ""))
        return f"{self.kind}:{path}"

    def place_of(self, path: str) -> str:
        """Name a node as a URL that opens it."""
        return f"{self.path}|{self.kind}:{path}" if path else self.path

    def close(self) -> None:
        """Let go of the file; the store can be used again afterwards."""
        self._shared.close()
