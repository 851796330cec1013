"""One LMDB database as this process knows it: a file that it maps into its memory."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.config import config
from zarrpy.errors import MissingDependencyError, ReadOnlyStoreError, StoreError
from zarrpy.stores.path_lock import PathLock
from zarrpy.stores.presence import check_folder, has_file
from zarrpy.stores.single_file import Files

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What the file may grow to; address space, not memory.
_MAP_NBYTES = 1 << 40
#: Transactions that read at the same time, of all processes.
_MOST_READERS = 1024
_LOCK = "-lock"
#: Of a process that forked this one, and in use.
_abandoned: list[Any] = []


def driver() -> Any:
    """Import lmdb, or say how to get it."""
    try:
        import lmdb
    except ImportError as error:
        raise MissingDependencyError(
            "stores in LMDB need lmdb", extra="lmdb", command="pip install 'zarrpy[lmdb]'"
        ) from error
    return lmdb


class Environment:
    """A database, which a process must not open twice.

    Parameters
    ----------
    path : str
        Absolute, without links. One that ends in ".mdb" is the file, any other a directory.
    """

    map_nbytes = _MAP_NBYTES

    def __init__(self, path: str) -> None:
        self.path = path
        self.handles = 0
        self.outside = PathLock(path + _LOCK)
        self._opened: Any = None
        self._nviews = 0
        self._closing = False
        # a view may be let go of by the garbage collector while this thread has the lock
        self._lock = threading.RLock()
        self._pid = os.getpid()

    # -------------------------------------------------------------------------- transactions

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Give a transaction that sees one state of all values; None when there is nothing."""
        with self._translated():
            environment = self._environment(writing=False)
            if environment is None:
                yield None
                return
            with environment.begin(buffers=True) as transaction:
                yield transaction

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Give a transaction that changes values, when no other one does."""
        with self._translated():
            with self._environment(writing=True).begin(write=True) as transaction:
                yield transaction
            if config.durability == "durable":
                self._opened.sync(True)

    def sync(self) -> None:
        """Let all that was committed last."""
        with self._translated():
            if self._environment(writing=False) is not None:
                self._environment(writing=True).sync(True)

    def view(self, key: bytes) -> memoryview | None:
        """Give the bytes of a value where they are in the map.

        They stay as they are while the view, or a part of it, is in use, whoever changes the value.
        """
        with self._translated():
            environment = self._environment(writing=False)
            if environment is None:
                return None
            transaction = environment.begin(buffers=True)
            found = transaction.get(key)
            if found is None or not len(found):
                transaction.abort()
                return None if found is None else memoryview(b"")
            array: Any = np.frombuffer(found, "uint8")
            with self._lock:
                self._nviews += 1
            weakref.finalize(array, self._let_go, transaction, os.getpid())
            return memoryview(array)

    def _let_go(self, transaction: Any, pid: int) -> None:
        if pid != os.getpid():
            _abandoned.append(transaction)
            return
        with self._lock:
            transaction.abort()
            self._nviews -= 1
            if self._closing and self._nviews == 0:
                self.close()

    # ------------------------------------------------------------------------- opening, closing

    def _environment(self, *, writing: bool) -> Any:
        """Open the database, if it is there or to be made."""
        with self._lock:
            if self._pid != os.getpid():
                self._leave_parent()
            self._closing = False
            if self._opened is None and (writing or has_file(self._file)):
                self._opened = self._open()
            return self._opened

    def _leave_parent(self) -> None:
        """In a forked child: the database has to be opened anew, unless values of it are in use."""
        inherited, nviews = self._opened, self._nviews
        self._opened, self._nviews, self._pid = None, 0, os.getpid()
        if inherited is not None and nviews:
            _abandoned.append(inherited)
        elif inherited is not None:
            inherited.close()

    @property
    def _file(self) -> str:
        return self.path if self._is_file else os.path.join(self.path, "data.mdb")

    @property
    def _is_file(self) -> bool:
        return os.path.isfile(self.path) or self.path.lower().endswith(".mdb")

    def _open(self) -> Any:
        there = has_file(self._file)
        writable = not there or os.access(self._file, os.W_OK)
        if not there:
            check_folder(self.path)
            os.makedirs(os.path.dirname(self._file), exist_ok=True)
        return driver().open(
            self.path,
            subdir=not self._is_file,
            map_size=self.map_nbytes,
            readonly=not writable,
            lock=writable,
            max_readers=_MOST_READERS,
            readahead=False,
            meminit=False,
            sync=False,  # what a crash of the system may lose is the last changes, never all
            writemap=False,
        )

    def close(self) -> None:
        """Let go of the file, or do so when the last view of a value has gone."""
        with self._lock:
            if self._opened is None or self._pid != os.getpid():
                return
            if self._nviews:
                self._closing = True
                return
            environment, self._opened, self._closing = self._opened, None, False
            if not environment.flags()["readonly"]:
                environment.sync(True)
            environment.close()

    def renew(self) -> None:
        """In a forked child: nobody is left to release what other threads held."""
        self._lock = threading.RLock()
        self.outside.renew()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        lmdb = driver()
        try:
            yield
        except lmdb.ReadonlyError as error:
            raise ReadOnlyStoreError(f"the file cannot be written: {self._file!r}") from error
        except lmdb.BadValsizeError as error:
            longest = 511
            raise StoreError(f"LMDB takes keys of 1 to {longest} bytes: {error}") from error
        except lmdb.MapFullError as error:
            raise StoreError(f"{error} ({self._file!r}): its map has no more room") from error
        except lmdb.ReadersFullError as error:
            raise StoreError(
                f"{error} ({self._file!r})",
                transient=True,
                hint="let go of values that were read: each is a reader while it is in use",
            ) from error
        except lmdb.Error as error:
            raise StoreError(f"{error} ({self._file!r})") from error


ENVIRONMENTS: Files[Environment] = Files(Environment)
