"""Values in Redis: memory of a server, for caches and for what passes between programs."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from zarrpy.errors import MissingDependencyError, StoreError
from zarrpy.metadata.names import check_key
from zarrpy.stores.base import Store
from zarrpy.stores.begun_again import BegunAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Values
    from zarrpy.stores.stage import Check

#: Keys that one request is about.
_TOGETHER = 1000
_SPECIAL = re.compile(rb"([*?\[\]^\\-])")


def driver() -> Any:
    """Import redis, or say how to get it."""
    try:
        import redis
    except ImportError as error:
        raise MissingDependencyError(
            "stores in Redis need redis", extra="redis", command="pip install 'zarrpy[redis]'"
        ) from error
    return redis


class RedisStore(BegunAgain, Store):
    """Keep every value in a Redis server.

    A server may forget values when its memory is full, or when it stops: as it is set up. What
    zarr-python 2 wrote is read and written as it is.

    Parameters
    ----------
    url : str
        ``redis://user:password@host:port/number``.
    prefix : str
        What all keys in the server begin with, before a colon.
    expire : float, optional
        Seconds after which a value that is not set again is gone.
    read_only : bool
        Refuse every change.
    """

    package: ClassVar[str] = "redis"

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        prefix: str = "zarr",
        *,
        expire: float | None = None,
        read_only: bool = False,
    ) -> None:
        driver()
        if expire is not None and expire <= 0:
            raise ValueError(f"expire must be more than 0 seconds, not {expire!r}")
        self.url = url
        self.prefix = prefix
        self.expire = expire
        self.read_only = read_only
        self._begin()

    def _begin(self) -> None:
        self._client = driver().Redis.from_url(self.url)
        self._pid = os.getpid()
        self._start = f"{self.prefix}:".encode() if self.prefix else b""

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> RedisStore:
        """Make a store of a URL of the driver."""
        return cls(url, read_only=read_only, **options)

    def _name(self, key: str) -> bytes:
        return self._start + check_key(key).encode()

    @contextmanager
    def _translated(self, operation: str, key: str = "") -> Iterator[Any]:
        """Give the client, and say in our words what the server could not do."""
        if self._pid != os.getpid():  # a forked child needs connections of its own
            self._begin()
        errors = driver().exceptions
        try:
            yield self._client
        except errors.RedisError as error:
            passing = isinstance(error, errors.ConnectionError | errors.TimeoutError)
            raise StoreError(
                str(error),
                store=repr(self),
                key=key or None,
                operation=operation,
                transient=passing,
                hint=self._advice if passing else None,
            ) from error

    @property
    def _advice(self) -> str:
        parts = urlsplit(self.url)  # without its password
        return (
            "is a server running there, and the address right? "
            f"redis-cli -h {parts.hostname} -p {parts.port or 6379} ping asks it"
        )

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        name = self._name(key)
        with self._translated("get", key) as client:
            if byte_range is None:
                value: Bytes | None = client.get(name)
                return value
            size, there = self._asked(client, name)
            if not there:
                return None
            start, stop = byte_range.within(size)
            if stop <= start:
                return b""
            part: bytes = client.getrange(name, start, stop - 1)
        # a value that was replaced meanwhile by a shorter one is read as it is now
        return part if len(part) == stop - start else self._cut(key, byte_range)

    def _cut(self, key: str, byte_range: ByteRange) -> Bytes | None:
        """Cut a part out of the whole value."""
        value = self.get(key)
        return None if value is None else byte_range.of(value)

    def _asked(self, client: Any, name: bytes) -> tuple[int, bool]:
        """Tell the bytes of a value, and whether there is one."""
        pipe = client.pipeline(transaction=True)
        size, there = pipe.strlen(name).exists(name).execute()
        return int(size), bool(there)

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values, many with each request."""
        values: Values = []
        with self._translated("get_many") as client:
            for start in range(0, len(keys), _TOGETHER):
                names = [self._name(key) for key in keys[start : start + _TOGETHER]]
                values.extend(client.mget(names))
        return values

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        with self._translated("exists", key) as client:
            return bool(client.exists(self._name(key)))

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        with self._translated("size", key) as client:
            size, there = self._asked(client, self._name(key))
        return size if there else None

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`, each once."""
        start = self._start + prefix.encode()
        pattern = _SPECIAL.sub(rb"\\\1", start) + b"*"
        seen: set[bytes] = set()
        with self._translated("list", prefix) as client:
            for name in client.scan_iter(match=pattern, count=_TOGETHER):
                if name not in seen:  # the server may tell one twice
                    seen.add(name)
                    yield name[len(self._start) :].decode()

    # --------------------------------------------------------------------------------- writing

    def _set(self, client: Any, name: bytes, value: Bytes) -> None:
        milliseconds = None if self.expire is None else max(1, int(self.expire * 1000))
        client.set(name, bytes(value), px=milliseconds)

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        with self._translated("set", key) as client:
            self._set(client, self._name(key), value)

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values in one transaction; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        with self._translated("set_many") as client:
            pipe = client.pipeline(transaction=True)
            for key, value in zip(keys, values, strict=True):
                if value is None:
                    pipe.delete(self._name(key))
                else:
                    self._set(pipe, self._name(key), value)
            pipe.execute()

    def set_together(
        self, keys: Sequence[str], values: Sequence[Bytes | None], check: Check
    ) -> None:
        """Replace several values in one transaction, unless one that it goes by changes."""
        with self._translated("commit") as client:
            while True:
                with client.pipeline(transaction=True) as pipe:

                    def get(key: str, pipe: Any = pipe) -> Bytes | None:
                        pipe.watch(self._name(key))
                        found: Bytes | None = pipe.get(self._name(key))
                        return found

                    check(get)
                    pipe.multi()
                    for key, value in zip(keys, values, strict=True):
                        if value is None:
                            pipe.delete(self._name(key))
                        else:
                            self._set(pipe, self._name(key), value)
                    try:
                        pipe.execute()
                    except driver().exceptions.WatchError:
                        continue
                    return

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value unless somebody else has changed it meanwhile; then begin again."""
        self.check_writable("update", key)
        name = self._name(key)
        with self._translated("update", key) as client:
            while True:
                with client.pipeline(transaction=True) as pipe:
                    pipe.watch(name)
                    new = change(pipe.get(name))
                    pipe.multi()
                    if new is None:
                        pipe.delete(name)
                    else:
                        self._set(pipe, name, new)
                    try:
                        pipe.execute()
                    except driver().exceptions.WatchError:
                        continue
                    return

    @property
    def guards(self) -> bool:
        """What was watched and has changed is updated again."""
        return True

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.check_writable("delete", key)
        with self._translated("delete", key) as client:
            client.delete(self._name(key))

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix`, many with each request."""
        self.check_writable("delete", prefix)
        names = [self._name(key) for key in self.list(prefix)]
        with self._translated("delete", prefix) as client:
            for start in range(0, len(names), _TOGETHER):
                client.delete(*names[start : start + _TOGETHER])

    # ------------------------------------------------------------------------------ describing

    @property
    def label(self) -> str:
        """Name the server and the prefix, without the password."""
        parts = urlsplit(self.url)
        user, at, host = parts.netloc.rpartition("@")
        place = parts._replace(netloc=user.partition(":")[0] + at + host, query="", fragment="")
        return f"{urlunsplit(place)}#{self.prefix}"

    @property
    def other_processes(self) -> str:
        """Everything, by connections of their own."""
        return "write"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the server, the prefix, and the path."""
        return self.label, path

    @property
    def lock_scope(self) -> int:
        """The same for all stores of one prefix."""
        return hash(self.label)

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return f"{self.label}/{path}" if path else self.label

    def close(self) -> None:
        """Close the connections; the store can be used again."""
        self._client.close()

    def __repr__(self) -> str:
        return f"RedisStore({self.label!r})"
