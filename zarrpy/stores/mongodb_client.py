"""Clients of MongoDB that stores of this process share, and what its servers can do."""

from __future__ import annotations

import atexit
import os
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from zarrpy.errors import MissingDependencyError, StoreError
from zarrpy.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

#: Behind every key that begins like the one before it.
_LAST = "\U0010ffff"
#: Parameters of URLs that are ours, not the driver's.
OURS = ("database", "collection", "bucket", "chunk_nbytes")
#: Where the driver goes on with the times it waits, and what it knows of all servers.
_DETAILS = re.compile(r" \(configured timeouts|, Timeout: |, Topology Description: ")

_clients: dict[tuple[str, int], Any] = {}
_lock = threading.Lock()


def driver() -> Any:
    """Import pymongo, or say how to get it."""
    try:
        import pymongo
    except ImportError as error:
        raise MissingDependencyError(
            "stores in MongoDB need pymongo",
            extra="mongodb",
            command="pip install 'zarrpy[mongodb]'",
        ) from error
    return pymongo


def client_of(url: str) -> Any:
    """Give the client of a URL, which all threads of this process share."""
    with _lock:
        known = (url, os.getpid())  # a client is of no use in a forked child
        if known not in _clients:
            _clients[known] = driver().MongoClient(url)
        return _clients[known]


def close_client(url: str) -> None:
    """Close the connections of a client; it is made anew when it is needed."""
    with _lock:
        client = _clients.pop((url, os.getpid()), None)
    if client is not None:
        client.close()


def close_clients() -> None:
    """Close the connections of all clients, as at the end of the process."""
    for url, pid in list(_clients):
        if pid == os.getpid():
            close_client(url)


atexit.register(close_clients)


def split(url: str) -> tuple[str, dict[str, str]]:
    """Take what is meant for us out of a URL: the database, and parameters."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    ours = {name: value for name, value in given if name in OURS}
    if parts.path.strip("/"):
        ours["database"] = parts.path.strip("/")
    rest = urlencode([(name, value) for name, value in given if name not in OURS])
    # who authenticates without a name of a database does so against the one of the path
    path = parts.path if "@" in parts.netloc and "authSource" not in dict(given) else "/"
    return urlunsplit((parts.scheme, parts.netloc, path, rest, "")), ours


def public(url: str) -> str:
    """Name a server without the password of the user, nor parameters."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{hosts}"


class MongoStore(Store):
    """What both kinds of stores in MongoDB share.

    Parameters
    ----------
    url : str
        As the driver takes it, ``mongodb://user:password@host/database``. It may also name, as
        parameters, what the store has keywords for.
    database : str
    read_only : bool
    """

    package: ClassVar[str] = "pymongo"
    #: What is told about a store beside the database.
    _part: str = ""

    def __init__(self, url: str, database: str, read_only: bool) -> None:
        driver()
        self.url = url
        self.database = database
        self.read_only = read_only
        self._ranges: bool | None = None

    @property
    def _names(self) -> Any:
        """The database, as the driver has it."""
        return client_of(self.url)[self.database]

    @contextmanager
    def _translated(self, operation: str, key: str = "") -> Iterator[None]:
        """Say in our words what the server could not do."""
        errors = driver().errors
        try:
            yield
        except errors.PyMongoError as error:
            labels = getattr(error, "_error_labels", ())
            passing = isinstance(error, errors.ConnectionFailure) or bool(
                {"RetryableWriteError", "TransientTransactionError"} & set(labels)
            )
            raise StoreError(
                " ".join(_DETAILS.split(str(error))[0].split())[:500],
                store=repr(self),
                key=key or None,
                operation=operation,
                transient=passing,
                hint="is a server running there, and the address right?"
                if isinstance(error, errors.ServerSelectionTimeoutError)
                else None,
            ) from error

    def _keys_from(self, collection: Any, field: str, prefix: str, more: tuple[str, ...]) -> Any:
        """Find the documents whose key begins with a prefix, by the index if the server can."""
        wanted = {"_id": 0, field: 1, **dict.fromkeys(more, 1)}
        if not prefix:
            return collection.find({}, wanted)
        if self._finds_ranges(collection, field):
            return collection.find({field: {"$gte": prefix, "$lt": prefix + _LAST}}, wanted)
        found = collection.find({}, wanted)
        return (each for each in found if str(each.get(field, "")).startswith(prefix))

    def _finds_ranges(self, collection: Any, field: str) -> bool:
        """Ask for a document by a range that it is in; there are servers that do not find it."""
        if self._ranges is None:
            one = collection.find_one({}, {"_id": 0, field: 1})
            if one is None or not isinstance(one.get(field), str):
                return False
            self._ranges = (
                collection.find_one({field: {"$gte": one[field], "$lt": one[field] + _LAST}})
                is not None
            )
        return self._ranges

    # ------------------------------------------------------------------------------ describing

    @property
    def other_processes(self) -> str:
        """Everything, by connections of their own."""
        return "write"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the server, the database, and the path in it."""
        return self.label, path

    @property
    def lock_scope(self) -> int:
        """The same for all stores of one collection."""
        return hash(self.label)

    @property
    def label(self) -> str:
        """Name the server, the database and the collection."""
        return f"{public(self.url)}/{self.database}#{self._part}"

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return f"{self.label}/{path}" if path else self.label

    def close(self) -> None:
        """Close the connections of this process to the server; the store can be used again."""
        close_client(self.url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.label!r})"
