"""One SQLite file as this process knows it: connections to it, and a lock between processes."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import LockTimeoutError, ReadOnlyStoreError, StoreError
from zarrpy.stores.path_lock import PathLock
from zarrpy.stores.presence import check_folder, has_file
from zarrpy.stores.single_file import Files
from zarrpy.stores.sqlite_table import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Chunks are read and written fastest in the largest pages.
_PAGE_BYTES = 65536
_LOCK = "-lock"
#: Connections of a process that forked this one: closing them would let go of its locks.
_abandoned: list[Any] = []


class Database:
    """Connections to a file, each used by one thread at a time.

    Parameters
    ----------
    path : str
        Absolute, without links.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.handles = 0
        self._free: list[tuple[bool, sqlite3.Connection]] = []
        self._watcher: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self.outside = PathLock(path + _LOCK)
        self._pid = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection; None when there is no file."""
        if not has_file(self.path):
            yield None
            return
        with self._connected(writing=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction of its own, which ends with the block."""
        with self._connected(writing=True) as connection:
            level = "FULL" if config.durability == "durable" else "NORMAL"
            connection.execute(f"PRAGMA synchronous = {level}")  # it may have changed since
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def sync(self) -> None:
        """Move what is in the log to its place in the file, which syncs both."""
        if not has_file(self.path):
            return
        with self._connected(writing=True) as connection:
            ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(FULL)")
            if busy:
                raise LockTimeoutError(
                    f"another process reads or writes {self.path!r}",
                    operation="sync",
                    hint="try again; config.lock_timeout sets how long to wait",
                )

    def vacuum(self) -> None:
        """Write the file anew without what is not used."""
        with self._connected(writing=True) as connection:
            connection.execute("VACUUM")

    def state(self) -> object:
        """Tell which state the file is in; each has its own.

        SQLite tells a connection whether others have committed anything. One that never writes is
        kept for this, as what two connections are told cannot be compared.
        """
        with _translated(self.path), self._lock:
            self._leave_parent()
            if self._watcher is None:
                if not os.path.exists(self.path):
                    return object()
                self._watcher = self._open(writing=False)
            ((number,),) = self._watcher.execute("PRAGMA data_version")
            return self._watcher, number

    @contextmanager
    def _connected(self, *, writing: bool) -> Iterator[sqlite3.Connection]:
        with _translated(self.path):
            connection = self._taken(writing)
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:
                    connection.rollback()
                raise
            finally:
                self._given(writing, connection)

    def _taken(self, writing: bool) -> sqlite3.Connection:
        with self._lock:
            self._leave_parent()
            for i, (writes, connection) in enumerate(self._free):
                if writes == writing:
                    del self._free[i]
                    return connection
        return self._open(writing)

    def _given(self, writing: bool, connection: sqlite3.Connection) -> None:
        with self._lock:
            if self._pid == os.getpid():
                self._free.append((writing, connection))
            else:
                _abandoned.append(connection)

    def _open(self, writing: bool) -> sqlite3.Connection:
        timeout = config.lock_timeout if config.lock_timeout >= 0 else 1e6
        if writing:
            check_folder(self.path)
        connection = self._connect(_url(self.path, "mode=rwc" if writing else "mode=ro"), timeout)
        try:
            self._set_up(connection, writing)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection, writing: bool) -> None:
        connection.execute("PRAGMA trusted_schema = OFF")
        if writing and _is_empty(self.path):  # others' files keep what they have
            with self.outside.alone():
                if _is_empty(self.path):
                    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                    connection.execute("PRAGMA journal_mode = WAL")

    def _connect(self, url: str, timeout: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            url,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
            factory=Connection,
        )
        connection.text_factory = _text
        return connection

    def _leave_parent(self) -> None:
        if self._pid != os.getpid():
            _abandoned.extend(self._free)
            _abandoned.append(self._watcher)
            self._free, self._watcher = [], None
            self._pid = os.getpid()

    def renew(self) -> None:
        """In a forked child: nobody is left to release what other threads held."""
        self._lock = threading.Lock()
        self.outside.renew()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            self._leave_parent()
            connections, self._free = self._free, []
            if self._watcher is not None:
                connections.append((False, self._watcher))
                self._watcher = None
        # the last that may write takes what it has written beside the file into it
        for _, connection in sorted(connections, key=lambda item: item[0]):
            with suppress(sqlite3.Error):
                connection.close()


#: What to do about errors that have these words.
_HINTS = {
    "not a database": "is it another kind of file?",
    # SQLite tries for ten seconds before it says so
    "locking protocol": "the system did not lock or unlock the file as it should: is it on a "
    "network file system? Local ones, and one process at a time, are safe",
}


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Say of an error of SQLite where it happened and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        text = f"{error} ({path!r})"
        if "locked" in str(error) or "busy" in str(error):
            raise LockTimeoutError(
                text,
                operation="write",
                hint="another process writes; config.lock_timeout sets how long to wait",
            ) from error
        if "readonly" in str(error):
            raise ReadOnlyStoreError(text) from error
        hint = next((hint for part, hint in _HINTS.items() if part in str(error)), None)
        raise StoreError(text, hint=hint) from error


def _text(data: bytes) -> str:
    """Read text, also what is not UTF-8: as Python reads the names of files."""
    return data.decode("utf-8", "surrogateescape")


def _url(path: str, query: str) -> str:
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{'//' if path.startswith('/') else ''}{quoted}?{query}"


def _is_empty(path: str) -> bool:
    return not has_file(path) or not os.path.getsize(path)


def is_database(path: str) -> bool:
    """Whether SQLite takes a file for one of its own, as it does with an empty one.

    Only SQLite may open it: to close it beside connections of this process, also those that are
    not ours, would let go of all of their locks on it (fcntl), and the next process that ends would
    remove the log in which this one goes on to commit.
    """
    if not os.path.isfile(path):
        return False
    try:  # without a lock, and without files beside it
        with closing(sqlite3.connect(_url(path, "mode=ro&immutable=1"), uri=True)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.Error:
        return False
    return True


DATABASES = Files(Database)
