"""Values in one zip file, each an entry: read in parts, written as a stream."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from zarrpy._native.zipped import read_values
from zarrpy.config import config
from zarrpy.errors import StoreError
from zarrpy.metadata.names import check_key, check_keys
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.presence import has_file
from zarrpy.stores.single_file import SingleFileStore
from zarrpy.stores.syncing import sync_directory, sync_file
from zarrpy.stores.zip_archive import ARCHIVES, Archive, deletion, new_entry
from zarrpy.stores.zip_entry import (
    check_absent,
    empty_folders,
    keys_below,
    names_below,
    read_entry,
)
from zarrpy.stores.zip_format import DEFLATED, STORED

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Exclusive, Names, Values
    from zarrpy.stores.zip_archive import State
    from zarrpy.stores.zip_format import Entry

_METHODS = {"stored": STORED, "deflated": DEFLATED}
#: From so many bytes on it pays to read values by several threads.
_MANY_NBYTES = 2 << 20
#: They read about so many at a time: Ctrl-C is heard in between.
_STRETCH_NBYTES = 1 << 20
_MODES = ("r", "r+", "a", "w", "w-")


class ZipStore(SingleFileStore[Archive]):
    """Keep every value in an entry of one zip file.

    New values go to the end of the file. The directory, without which other programs do not read
    it, is written by `flush` and `close`: use the store, or what is opened in it, by ``with``. A
    process that is killed leaves a file in which zarrpy finds every value that was written.

    One process writes to a file at a time, until it closes it; any number of threads may.

    Parameters
    ----------
    path : str or path-like
        The file.
    mode : {'a', 'r', 'r+', 'w', 'w-'}
        ``a`` reads and writes, and makes the file with the first value; ``r`` only reads; ``r+``
        reads and writes a file that is there; ``w`` begins a new one, which takes the place of an
        old one when it is closed; ``w-`` fails if there is one.
    compression : {'stored', 'deflated'}
        Of the entries that are written. Chunks are compressed by their codecs already.
    level : int
        Of deflate, from 0 to 9.
    read_only : bool
        Refuse every change, as ``r`` does, of a file that need not be there.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.zip")
    >>> with ZipStore(path) as store:
    ...     store.set("a/b", b"value")
    >>> from zarrpy.stores import ByteRange
    >>> bytes(ZipStore(path, "r").get("a/b", ByteRange(-3)))
    b'lue'
    """

    kind = "zip"
    takes_buffers = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: str = "a",
        *,
        compression: str = "stored",
        level: int = 6,
        read_only: bool = False,
    ) -> None:
        if mode not in _MODES:
            raise ValueError(f"mode must be one of {', '.join(_MODES)}, not {mode!r}")
        if compression not in _METHODS:
            raise ValueError(f"compression must be 'stored' or 'deflated', not {compression!r}")
        self.path = os.path.abspath(os.path.expanduser(os.fspath(path)))
        self.mode = mode
        self.read_only = read_only or mode == "r"
        self.compression = compression
        self.level = level
        self._begin()

    @property
    def way_to_write(self) -> str:
        """Append to the file."""
        return "make the store with mode='a', without read_only=True, to change it"

    def _begin(self) -> None:
        exists = has_file(self.path) or os.path.lexists(self.path)
        if not exists and self.mode in ("r", "r+"):
            raise self._refused("there is no such file", errno.ENOENT)
        if exists and self.mode == "w-":
            raise self._refused("there is such a file already", errno.EEXIST)
        if os.path.isdir(self.path):
            raise self._refused("it is a directory", errno.EISDIR)
        self._share(ARCHIVES)
        archive = self._shared
        archive.refresh()
        if self.mode in ("w", "w-") and not self.read_only:
            archive.restart()
        elif self.mode != "a":
            _ = archive.state  # a file that is none of ours is an error at once

    def _refused(self, problem: str, number: int) -> StoreError:
        message = f"{problem}: {self.path!r}"
        return StoreError(message, operation=f"open with mode={self.mode!r}", errno=number)

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        state = self._shared.state
        entry = state.entries.get(check_key(key))
        try:
            if entry is None:
                check_absent(key, state.directory.folders)
                return None
            assert state.file is not None
            return read_entry(state.file, key, entry, byte_range)
        except StoreError as error:
            raise error.fill(key=key, operation="get", store=repr(self)) from None
        except OSError as error:
            raise self._shared.failure("get", error).fill(key=key) from error

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values, many bytes by several threads: each has a checksum."""
        check_keys(keys)
        state = self._shared.state
        names, entries = [*keys], [*map(state.entries.get, keys)]
        nbytes = sum([entry.size for entry in entries if entry is not None])
        workers = config.worker_count if nbytes >= _MANY_NBYTES else 1
        step = max(1, len(names) * _STRETCH_NBYTES // max(nbytes, 1))
        stretches = [slice(at, at + step) for at in range(0, len(names), step)]
        found = in_flight(
            lambda some: self._values(state, names[some], entries[some]), stretches, workers
        )
        return [value for values in found for value in values]

    def _values(self, state: State, keys: list[str], entries: list[Entry | None]) -> Values:
        """Read whole values by one call for all of them, but for those that are not as usual."""
        if state.file is None:
            return [None] * len(keys)
        values: Values = [*read_values(state.file.number, keys, entries)]
        folders = state.directory.folders
        for i, value in enumerate(values):
            if value is None and (entries[i] is not None or f"{keys[i]}/" in folders):
                values[i] = self.get(keys[i])
        return values

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return keys_below(self._shared.keys(), prefix)

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, passing over what lies below them."""
        return names_below(self._shared.keys(), prefix)

    def list_empty(self, prefix: str = "") -> Iterator[str]:
        """Yield the directories below a prefix in which there is nothing."""
        folders = [*self._shared.state.directory.folders]
        return empty_folders(folders, self._shared.keys(), prefix)

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return key in self._shared.state.entries

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        entry = self._shared.state.entries.get(key)
        return None if entry is None else entry.size

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Append a value, which takes the place of an older one."""
        self.set_many([key], [value])

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Append several values in one go; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        method = _METHODS[self.compression]
        changes = []
        for key, value in zip(keys, values, strict=True):
            check_key(key)
            made = (
                (deletion(key), None)
                if value is None
                else new_entry(key, value, method, self.level)
            )
            changes.append((key, *made))
        try:
            self._shared.write(changes)
        except StoreError as error:
            raise error.fill(key=keys[0], store=repr(self)) from error.__cause__

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value while no other thread or process writes."""
        self.check_writable("update", key)
        with self._shared.lock:
            self._shared.begin()
            self.set_many([key], [change(self.get(key))])

    def delete(self, key: str) -> None:
        """Take an entry out of the directory."""
        self.check_writable("delete", key)
        if self.exists(key):
            self.set_many([key], [None])

    def delete_prefix(self, prefix: str) -> None:
        """Take all entries with this prefix out of the directory."""
        self.check_writable("delete", prefix)
        keys = list(self.list(prefix))
        self.set_many(keys, [None] * len(keys))

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a value another key; it is copied, as an entry says its own name."""
        self.check_writable("rename", key)
        with self._shared.lock:
            self._shared.begin()
            value = self.get(key)
            if value is None or (not replace and self.exists(new)):
                return False
            self.set_many([new, key], [value, None])
        return True

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep other processes out of the whole file, until it is flushed."""
        self.check_writable("lock", key)
        self._shared.begin(patience)
        return super().exclusive(key, patience)

    # ---------------------------------------------------------------------------------- the file

    def flush(self) -> None:
        """Write the directory, so that other programs can read the file and write to it."""
        self._shared.flush()

    def settle(self) -> None:
        """Write the directory, without what was replaced where that is cheap."""
        self.close()

    def sync(self, path: str) -> None:
        """Write the directory, and sync the file."""
        self.flush()
        sync_file(self.path)
        sync_directory(os.path.dirname(self.path))

    def compact(self) -> None:
        """Write the file anew without what was replaced or deleted.

        A new file takes the place of the old one, which programs that have it open go on reading.
        """
        self.check_writable("compact", "")
        self._shared.compact()
        self._shared.flush()

    def close(self) -> None:
        """Flush, and compact where that is cheap or much is left over.

        The store can be used again afterwards.
        """
        self._shared.close()

    @staticmethod
    def recover(path: str | os.PathLike[str]) -> int:
        """Keep every whole value of a damaged file in a new one; answer their number.

        The damaged file stays, with ``.damaged`` at the end of its name.

        Parameters
        ----------
        path : str or path-like
        """
        from zarrpy.stores.zip_salvage import recover

        return recover(os.path.realpath(os.path.expanduser(os.fspath(path))))

    # -------------------------------------------------------------------------------- describing

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the file and its path in it."""
        return f"zip:{self._shared.path}", path

    def identity(self, key: str) -> Hashable:
        """Tell the file, and where in it the value lies, with its checksum."""
        return self._shared.path, key, self._shared.state.entries.get(key)

    def stamp(self, key: str) -> object:
        """Tell where in the file the value lies, with its checksum."""
        return self.identity(key)

    @property
    def other_processes(self) -> str:
        """Read: a file has one list of what is in it, which one process writes at its end."""
        return "read"

    def __getstate__(self) -> dict[str, Any]:
        """Give the path; what was written is flushed, so that others find it."""
        self.flush()
        return {**super().__getstate__(), "mode": "r+" if self.mode.startswith("w") else self.mode}

    def __repr__(self) -> str:
        return f"ZipStore({self.path!r}, mode={self.mode!r})"
