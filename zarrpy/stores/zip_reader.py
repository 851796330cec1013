"""A zip file that is a value of another store, read by ranges of it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from zarrpy.errors import ConflictError, StoreError
from zarrpy.metadata.names import check_key
from zarrpy.stores.base import ByteRange
from zarrpy.stores.begun_again import BegunAgain
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.reader import ReaderStore
from zarrpy.stores.zip_entry import (
    check_absent,
    empty_folders,
    keys_below,
    names_below,
    read_entry,
)
from zarrpy.stores.zip_format import read_directory

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Sequence

    from zarrpy.stores.base import Bytes, Names, Store, Values
    from zarrpy.stores.zip_format import Entry

#: Bytes at the end that are read first: the directory of about 500 entries is among them.
_TAIL_NBYTES = 64 << 10
#: How long a file is opened again and again that others replace while it is read; at least twice.
_PATIENCE_SECONDS = 5.0


class ZipReaderStore(BegunAgain, ReaderStore):
    """Read the entries of a zip file that any store has: in a bucket, behind a web server.

    Opening takes two requests, and one more when there are many entries; a value takes one. What is
    meant by the URL ``s3://bucket/a.zip|zip:path``.

    Parameters
    ----------
    store : Store
        That has the file.
    key : str
        Of the file.

    Raises
    ------
    StoreError
        When there is no such file, or it is no zip file.

    Examples
    --------
    >>> ZipReaderStore(zarrpy.ObjectStore("s3://bucket"), "a.zip")  # doctest: +SKIP
    """

    what = "a zip file in another store"

    def __init__(self, store: Store, key: str) -> None:
        self.store = store
        self.key = check_key(key)
        self.read_only = True
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._opened: _Archive | None = None

    @property
    def _archive(self) -> _Archive:
        """The file as it was opened, with the first value that is asked for."""
        with self._lock:
            if self._opened is None:
                self._opened = _opened(self.store, self.key)
            return self._opened

    @property
    def requests(self) -> int:
        """As many as the store of the file answers at the same time."""
        return self.store.requests

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        return self.get_versioned(key, byte_range)[0]

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values at the same time."""
        return in_flight(self.get, keys, self.requests)

    def get_versioned(
        self, key: str, byte_range: ByteRange | None = None, version: Hashable | None = None
    ) -> tuple[Bytes | None, Hashable | None]:
        """Read a value or a part of it, and tell of which file and entry that is."""
        check_key(key)
        for last in _attempts():
            archive = self._archive
            entry = archive.entries.get(key)
            found = None if archive.version is None else (archive.version, entry)
            if version is not None and found != version:
                raise ConflictError("it was replaced meanwhile", key=key, operation="get")
            try:
                if entry is None:
                    check_absent(key, archive.folders)
                    return None, found
                source = _Source(self.store, self.key, archive.version)
                return read_entry(source, key, entry, byte_range, archive.offsets), found
            except ConflictError:
                self._forget(archive)
                if last:
                    raise
            except StoreError as error:
                raise error.fill(key=key, operation="get", store=repr(self)) from error.__cause__
        raise AssertionError("an attempt returns or raises")

    def _forget(self, archive: _Archive) -> None:
        with self._lock:
            if self._opened is archive:
                self._opened = None

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return keys_below(self._archive.keys, prefix)

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix."""
        return names_below(self._archive.keys, prefix)

    def list_empty(self, prefix: str = "") -> Iterator[str]:
        """Yield the directories below a prefix in which there is nothing."""
        return empty_folders(self._archive.folders, self._archive.keys, prefix)

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return check_key(key) in self._archive.entries

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        entry = self._archive.entries.get(check_key(key))
        return None if entry is None else entry.size

    # ------------------------------------------------------------------------------- describing

    @property
    def other_processes(self) -> str:
        """Read, where the store of the file is in their reach."""
        return "none" if self.store.other_processes == "none" else "read"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the file and its path in it."""
        return ("zip", *self.store.locus(self.key)), path

    def place_of(self, path: str) -> str:
        """Name a node as a URL."""
        return f"{self.label}{path}"

    @property
    def label(self) -> str:
        """The URL."""
        return f"{self.store.place_of(self.key)}|zip:"

    def close(self) -> None:
        """Close the store that has the file."""
        self.store.close()

    def __repr__(self) -> str:
        return f"ZipReaderStore({self.store!r}, {self.key!r})"


class _Archive(NamedTuple):
    """A file as it was opened."""

    entries: dict[str, Entry]
    keys: list[str]
    version: Hashable | None
    #: Where values begin behind their headers, as far as some were read.
    offsets: dict[str, int]
    folders: Collection[str]


class _Source:
    """The bytes of one version of a file."""

    def __init__(self, store: Store, key: str, version: Hashable | None) -> None:
        self._store = store
        self._key = key
        self._version = version

    def read(self, offset: int, nbytes: int) -> Bytes:
        """Read so many bytes from there."""
        wanted = ByteRange(offset, nbytes)
        value, _ = self._store.get_versioned(self._key, wanted, self._version)
        if value is None:
            raise StoreError("the zip file is not there any more", key=self._key, operation="get")
        return value


class _Ended:
    """A file of which the last bytes are here already."""

    def __init__(self, source: _Source, begins: int, tail: Bytes) -> None:
        self._source = source
        self._begins = begins
        self._tail = tail

    def read(self, offset: int, nbytes: int) -> bytes:
        """Read so many bytes from there."""
        at = offset - self._begins
        if at >= 0 and at + nbytes <= len(self._tail):
            return bytes(self._tail[at : at + nbytes])
        return bytes(self._source.read(offset, nbytes))


def _attempts() -> Iterator[bool]:
    """Tell of each attempt whether it is the last."""
    end = time.monotonic() + _PATIENCE_SECONDS
    yield False
    while time.monotonic() < end:
        yield False
    yield True


def _opened(store: Store, key: str) -> _Archive:
    """Read the directory of a file."""
    for _ in _attempts():
        size = store.size(key)
        if size is None:
            raise StoreError("there is no zip file", store=repr(store), key=key, operation="open")
        begins = max(0, size - _TAIL_NBYTES)
        tail, version = store.get_versioned(key, ByteRange(begins))
        if tail is not None and begins + len(tail) == size:  # else it was replaced in between
            break
    else:
        raise ConflictError("it was replaced meanwhile", key=key, operation="open")
    found = read_directory(_Ended(_Source(store, key, version), begins, tail), size)
    if found is None:
        raise StoreError(
            "the file has no directory at its end: it is no zip file, or the writing of it was "
            "broken off",
            store=repr(store),
            key=key,
            operation="open",
            hint="get it here, and call zarrpy.ZipStore.recover(path)",
        )
    return _Archive(found.entries, sorted(found.entries), version, {}, found.folders)
