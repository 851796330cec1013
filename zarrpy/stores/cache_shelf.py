"""Where a `CacheStore` keeps values: in memory, or in a directory that outlives the program."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections import OrderedDict
from contextlib import suppress
from hashlib import sha256
from tempfile import NamedTemporaryFile
from time import time
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.stores.base import ByteRange

    #: A key, and the part of its value; None is the whole.
    Place: TypeAlias = tuple[str, ByteRange | None]

#: When a directory is full, so much of it is kept: it is not looked through at each value.
_KEPT = 0.9


class Kept(NamedTuple):
    """A value, when it was read, and which version of it that was."""

    value: bytes
    time: float
    version: str | None = None


class Shelf(Protocol):
    """What keeps values within a bound of bytes; those unused for longest go first."""

    def find(self, place: Place) -> Kept | None:
        """Give a value that is kept."""

    def keep(self, place: Place, kept: Kept) -> None:
        """Keep a value; others may have to go."""

    def drop(self, key: str) -> None:
        """Forget a value and its parts."""

    def drop_prefix(self, prefix: str) -> None:
        """Forget what is below a prefix."""

    def held(self) -> tuple[int, int]:
        """Count values and their bytes."""


class MemoryShelf:
    """Values in memory.

    Parameters
    ----------
    max_bytes : int
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Place, Kept] = OrderedDict()
        self._parts: dict[str, set[Place]] = {}
        self._nbytes = 0
        self._lock = threading.Lock()

    def find(self, place: Place) -> Kept | None:
        """Give a value that is kept."""
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None:
                self._kept.move_to_end(place)
            return kept

    def keep(self, place: Place, kept: Kept) -> None:
        """Keep a value; others may have to go."""
        if len(kept.value) > self._max_bytes:
            return
        with self._lock:
            self._remove(place)
            self._kept[place] = kept
            self._parts.setdefault(place[0], set()).add(place)
            self._nbytes += len(kept.value)
            while self._nbytes > self._max_bytes:
                self._remove(next(iter(self._kept)))

    def _remove(self, place: Place) -> None:
        kept = self._kept.pop(place, None)
        if kept is None:
            return
        self._nbytes -= len(kept.value)
        parts = self._parts[place[0]]
        parts.discard(place)
        if not parts:
            del self._parts[place[0]]

    def drop(self, key: str) -> None:
        """Forget a value and its parts."""
        with self._lock:
            for place in list(self._parts.get(key, ())):
                self._remove(place)

    def drop_prefix(self, prefix: str) -> None:
        """Forget what is below a prefix."""
        with self._lock:
            for place in [each for each in self._kept if each[0].startswith(prefix)]:
                self._remove(place)

    def held(self) -> tuple[int, int]:
        """Count values and their bytes."""
        with self._lock:
            return len(self._kept), self._nbytes


class DirectoryShelf:
    """Values in files of a directory, which several processes may share.

    Each key has a folder of its own, with a file for the whole value and for each part. A file
    begins with a line of JSON that says what it is and its checksum; one that is damaged is as if
    it were not there. Each process counts what it adds, and looks through the directory when that
    may be too much.

    Parameters
    ----------
    folder : str
    name : str
        Of the store whose values they are; those of other names are never found.
    max_bytes : int
    """

    def __init__(self, folder: str, name: str, max_bytes: int) -> None:
        self.folder = os.path.abspath(os.path.expanduser(folder))
        self._name = name
        self._max_bytes = max_bytes
        self._nbytes: int | None = None  # not known before the first look
        self._lock = threading.Lock()

    def _folder_of(self, key: str) -> str:
        digest = sha256(f"{self._name}\0{key}".encode()).hexdigest()
        return os.path.join(self.folder, digest[:2], digest)

    def _path(self, place: Place) -> str:
        key, part = place
        name = "whole" if part is None else f"{part.offset}_{part.length}"
        return os.path.join(self._folder_of(key), name)

    def find(self, place: Place) -> Kept | None:
        """Give a value that is kept."""
        path = self._path(place)
        try:
            with open(path, "rb") as file:
                head = json.loads(file.readline())
                value = file.read()
            whole = (place[0], len(value), crc32(value))
            if whole != (head["key"], head["nbytes"], head["crc32"]):
                return None
            os.utime(path)
            return Kept(value, float(head["time"]), head["version"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # damaged or taken away meanwhile: the store below has the value

    def keep(self, place: Place, kept: Kept) -> None:
        """Keep a value; others may have to go. A directory that cannot be written keeps nothing."""
        value = kept.value
        if len(value) > self._max_bytes:
            return
        head = {"key": place[0], "nbytes": len(value), "crc32": crc32(value)}
        head |= {"time": kept.time, "version": kept.version}
        path = self._path(place)
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as file:
                file.write(json.dumps(head).encode() + b"\n")
                file.write(value)
            os.replace(file.name, path)
            self._count(os.path.getsize(path))

    def _count(self, nbytes: int) -> None:
        with self._lock:
            if self._nbytes is not None:
                self._nbytes += nbytes
            if self._nbytes is None or self._nbytes > self._max_bytes:
                self._nbytes = self._make_room()

    def _make_room(self) -> int:
        """Remove files that were not used for longest, and tell the bytes that stay."""
        files = sorted(self._files())
        total = sum(nbytes for _, nbytes, _ in files)
        wanted = self._max_bytes * _KEPT if total > self._max_bytes else total
        for _, nbytes, path in files:
            if total <= wanted:
                break
            with suppress(OSError):
                os.unlink(path)
                total -= nbytes
        return total

    def _files(self) -> Iterator[tuple[int, int, str]]:
        """Give when each file was last used, its bytes and its path."""
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                with suppress(OSError):
                    state = os.stat(path)
                    yield state.st_mtime_ns, state.st_size, path

    def drop(self, key: str) -> None:
        """Forget a value and its parts."""
        self._take_away(self._folder_of(key))

    def drop_prefix(self, prefix: str) -> None:
        """Forget everything: the names of folders do not tell what is below a prefix."""
        with suppress(FileNotFoundError):
            for name in os.listdir(self.folder):
                self._take_away(os.path.join(self.folder, name))
        with self._lock:
            self._nbytes = None

    def _take_away(self, path: str) -> None:
        with suppress(FileNotFoundError):
            shutil.rmtree(path)

    def held(self) -> tuple[int, int]:
        """Count values and their bytes."""
        sizes = [nbytes for _, nbytes, _ in self._files()]
        return len(sizes), sum(sizes)


def now() -> float:
    """Tell the time as it is kept with values, which other processes understand."""
    return time()
