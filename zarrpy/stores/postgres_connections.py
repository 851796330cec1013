"""Connections to a PostgreSQL database that stores of this process share."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from zarrpy.config import config
from zarrpy.errors import LockTimeoutError, MissingDependencyError, StoreError, ZarrError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.stores.base import Bytes

#: Connections that are kept for later; more may be in use at the same time.
_MOST_KEPT = 32
_POLL_SECONDS = 0.02
#: Of a process that forked this one: closing them would end its sessions.
_abandoned: list[Any] = []


def driver() -> Any:
    """Import psycopg, or say how to get it."""
    try:
        import psycopg
    except ImportError as error:
        raise MissingDependencyError(
            "stores in PostgreSQL need psycopg",
            extra="postgres",
            command="pip install 'zarrpy[postgres]'",
        ) from error
    return psycopg


class Connections:
    """Connections by one URL, each used by one thread at a time.

    Parameters
    ----------
    url : str
        As libpq takes it; it may name several hosts.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.place = public(url)
        self._free: list[Any] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Give a connection in a transaction, which is committed when the block ends well."""
        with self.connected() as connection, connection.transaction():
            yield connection

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Give a connection where each statement is a transaction of its own."""
        psycopg = driver()
        connection = None
        try:
            connection = self._taken(psycopg)
            yield connection
        except psycopg.Error as error:
            raise self._failure(error, connection) from error
        finally:
            if connection is not None:
                self._give_back(psycopg, connection)

    def _taken(self, psycopg: Any) -> Any:
        with self._lock:
            if self._pid != os.getpid():
                self._leave()
            if self._free:
                return self._free.pop()
        return psycopg.connect(self.url, autocommit=True, application_name="zarrpy")

    def _give_back(self, psycopg: Any, connection: Any) -> None:
        idle = psycopg.pq.TransactionStatus.IDLE
        reusable = not connection.closed and connection.info.transaction_status == idle
        with self._lock:
            if reusable and self._pid == os.getpid() and len(self._free) < _MOST_KEPT:
                self._free.append(connection)
                return
        connection.close()

    def _leave(self) -> None:
        """In a forked child: leave the connections of the parent alone."""
        _abandoned.extend(self._free)
        self._free = []
        self._pid = os.getpid()

    def _failure(self, error: Exception, connection: Any) -> ZarrError:
        """Say in our words what the database could not do."""
        broken = connection is None or connection.closed
        state = getattr(error, "sqlstate", None) or ""
        if broken:
            with self._lock:  # those that were kept are likely to be cut off as well
                kept, self._free = self._free, []
            for each in kept:
                each.close()
        text = " ".join(str(error).split()) or type(error).__name__
        # conflicts of transactions, too many clients, a server that starts or stops
        passing = broken or state[:2] in ("40", "53", "57", "08")
        return StoreError(text, store=self.place, transient=passing)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            if self._pid != os.getpid():
                self._leave()
            kept, self._free = self._free, []
        for connection in kept:
            connection.close()

    def __del__(self) -> None:
        self.close()


class KeyLock:
    """The lock of a key between all clients of a database; it ends with its connection.

    Parameters
    ----------
    connections : Connections
    number : int
        What the key is called among the locks of the database.
    key : str
    commit : callable
        Sets the value of the key.
    patience : float or None
        Seconds to wait; by default `config.lock_timeout`.
    """

    def __init__(
        self,
        connections: Connections,
        number: int,
        key: str,
        commit: Callable[[str, Bytes], None],
        patience: float | None,
    ) -> None:
        self._number, self._key, self._set = number, key, commit
        patience = config.lock_timeout if patience is None else patience
        self._context = connections.connected()
        self._connection: Any = self._context.__enter__()
        end = time.monotonic() + patience
        try:
            while not self._asked("SELECT pg_try_advisory_lock(%s)"):
                if time.monotonic() >= end:
                    raise LockTimeoutError(
                        f"another client of the database has held it for more than {patience:g} s",
                        key=key,
                        operation="lock",
                        hint="config.lock_timeout sets how long to wait",
                    )
                time.sleep(_POLL_SECONDS)
        except BaseException as error:
            self._leave(error)
            raise

    def _asked(self, text: str) -> bool:
        return bool(self._connection.execute(text, (self._number,)).fetchone()[0])

    def _leave(self, error: BaseException | None = None) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._context.__exit__(type(error) if error else None, error, None)

    def __enter__(self) -> object:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._connection is None:
            return
        try:
            self._asked("SELECT pg_advisory_unlock(%s)")
        except BaseException as error:
            self._leave(error)
            raise
        self._leave()

    def commit(self, data: Bytes, durable: bool = False) -> None:
        """Replace the value of the key."""
        self._set(self._key, data)


def split(url: str) -> tuple[str, dict[str, str]]:
    """Take what is meant for us out of the parameters of a URL; the rest is libpq's."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    ours = {name: value for name, value in given if name in ("table", "schema")}
    rest = urlencode([(name, value) for name, value in given if name not in ours])
    return urlunsplit(("postgresql", parts.netloc, parts.path, rest, "")), ours


def public(url: str) -> str:
    """Name a database without the password of the user, nor other parameters."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, user.partition(":")[0] + at + hosts, parts.path, "", ""))
