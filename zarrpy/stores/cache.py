"""A store that keeps what it has read from the store below."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import uuid4

from zarrpy.config import parse_size
from zarrpy.stores.cache_shelf import DirectoryShelf, Kept, MemoryShelf, Shelf, now
from zarrpy.stores.wrapper import Call, WrapperStore

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Store, Values

T = TypeVar("T")

#: Requests that change the values of their keys, and those that change all below a prefix.
_OF_KEYS = ("set", "set_many", "update", "delete", "rename", "commit")
_OF_PREFIXES = ("delete_prefix",)


class CacheCounts(NamedTuple):
    """How a cache was used.

    Attributes
    ----------
    hits, misses : int
        Values and parts of values that were there, or had to be read.
    nvalues, nbytes : int
        What it holds.
    """

    hits: int
    misses: int
    nvalues: int
    nbytes: int


class CacheStore(WrapperStore):
    """Keep stored bytes that were read, in memory or in a directory.

    What is changed through this store is read anew. What others change is found out by `validate`
    or `max_age`; without them, values are kept as long as there is room, which suits data that
    nobody else writes. What is absent is always asked for again.

    Parameters
    ----------
    store : Store
    max_bytes : int or str
        Bytes of values to keep, such as "1GiB"; those unused for longest go first.
    directory : path-like, optional
        Keep them in files there instead of in memory; they are found again by the next process.
    max_age : float, optional
        Seconds that a value may be old.
    validate : bool
        Ask the store below at each use for the version of the value, and read it again when that
        is another one, or when the store cannot tell versions.
    name : str, optional
        What the store below is called in the directory. By default what it is known by, such as its
        URL; a store without such a name finds in a directory only what it kept itself.

    Examples
    --------
    >>> from zarrpy.stores import MemoryStore
    >>> store = CacheStore(MemoryStore({"a": b"123"}), "10MB")
    >>> store.get("a"), store.get("a")
    (b'123', b'123')
    >>> store.counts.hits, store.counts.misses
    (1, 1)
    """

    def __init__(
        self,
        store: Store,
        max_bytes: int | str = "256MiB",
        *,
        directory: str | os.PathLike[str] | None = None,
        max_age: float | None = None,
        validate: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(store)
        self.max_bytes = parse_size(max_bytes)
        self.directory_path = directory
        self.max_age = max_age
        self.validate = validate
        self.name = name
        self._begin()

    def _begin(self) -> None:
        self._shelf: Shelf = MemoryShelf(self.max_bytes)
        if self.directory_path is not None:
            name = self.name or _name_of(self.store)
            self._shelf = DirectoryShelf(str(self.directory_path), name, self.max_bytes)
        self._lock = threading.Lock()
        self._nwriting = 0
        self._nwritten = 0
        self._hits = self._misses = 0

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it, from what is kept if it may."""
        found = self._find(key, byte_range)
        if found is not None:
            return found
        version, moment = self._version(key), self._moment()
        value = super().get(key, byte_range)
        self._keep(key, byte_range, value, version, moment)
        return value

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values; those that are not kept together."""
        found: Values = [self._find(key, None) for key in keys]
        wanted = [key for key, value in zip(keys, found, strict=True) if value is None]
        if not wanted:
            return found
        versions, moment = [self._version(key) for key in wanted], self._moment()
        values = super().get_many(wanted)
        for key, value, version in zip(wanted, values, versions, strict=True):
            self._keep(key, None, value, version, moment)
        rest = iter(values)
        return [next(rest) if value is None else value for value in found]

    def _find(self, key: str, part: ByteRange | None) -> Bytes | None:
        """Give what is kept and not too old: the value itself, or the whole that it is part of."""
        kept = self._shelf.find((key, part))
        if kept is None and part is not None:
            whole = self._shelf.find((key, None))
            kept = None if whole is None else whole._replace(value=bytes(part.of(whole.value)))
        fresh = kept is not None and self._is_fresh(key, kept)
        with self._lock:
            self._hits += fresh
            self._misses += not fresh
        return kept.value if fresh and kept is not None else None

    def _is_fresh(self, key: str, kept: Kept) -> bool:
        if self.max_age is not None and not 0 <= now() - kept.time <= self.max_age:
            return False
        return not self.validate or (
            kept.version is not None and kept.version == self._version(key)
        )

    def _version(self, key: str) -> str | None:
        version = self.store.version(self._below(key)) if self.validate else None
        return None if version is None else repr(version)

    def stamp(self, key: str) -> object:
        """Tell what is the same only as long as a value does not change here."""
        kept = None if self.validate else self._shelf.find((key, None))
        if kept is not None and self._is_fresh(key, kept):
            return "kept", kept.time, len(kept.value)
        return super().stamp(key)

    # --------------------------------------------------------------------------------- keeping

    def _moment(self) -> tuple[int, float] | None:
        """Tell how many changes there were, and the time; None while there is one."""
        with self._lock:
            return None if self._nwriting else (self._nwritten, now())

    def _keep(
        self,
        key: str,
        part: ByteRange | None,
        value: Bytes | None,
        version: str | None,
        moment: tuple[int, float] | None,
    ) -> None:
        """Keep a value unless something was changed since it was asked for.

        It was not read before the moment, nor is it of an older version: a value that is kept can
        only be newer than what is noted with it.
        """
        if value is None or moment is None or (self.validate and version is None):
            return
        kept = Kept(bytes(value), moment[1], version)
        with self._lock:
            if not self._nwriting and self._nwritten == moment[0]:
                self._shelf.keep((key, part), kept)

    def around(self, call: Call[T]) -> T:
        """Make a request; what it changes is kept no longer."""
        if call.operation not in _OF_KEYS + _OF_PREFIXES:
            return call.make()
        with self._changing(call):
            return call.make()

    @contextmanager
    def _changing(self, call: Call[Any]) -> Iterator[None]:
        with self._lock:
            self._nwriting += 1
        try:
            yield
        finally:
            drop = self._shelf.drop if call.operation in _OF_KEYS else self._shelf.drop_prefix
            with self._lock:
                self._nwriting -= 1
                self._nwritten += 1
                for key in call.keys:
                    drop(key)

    def forget(self, prefix: str = "") -> None:
        """Keep nothing of what is below a prefix: somebody else has changed it."""
        with self._lock:
            self._nwritten += 1
            self._shelf.drop_prefix(prefix)

    @property
    def counts(self) -> CacheCounts:
        """How the cache was used up to now, and what it holds."""
        return CacheCounts(self._hits, self._misses, *self._shelf.held())

    def __getstate__(self) -> dict[str, Any]:
        """Give the store below and the options; a copy begins with what the directory has."""
        return {name: value for name, value in vars(self).items() if name[0] != "_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()


def _name_of(store: Store) -> str:
    """Name a store alike in all processes, or, where it has no such name, as no other."""
    scope, path = store.locus("")
    return uuid4().hex if isinstance(scope, int) else f"{scope!r}/{path}"
