"""One zip file as this process knows it, which all stores of its path share.

New entries go behind the old directory, so that what was readable stays so; a new directory is
written by `flush`.  Until then other programs that meet the file find no directory at its end, and
zarrpy finds the entries themselves (docs/adr/0034).
"""

from __future__ import annotations

import errno
import os
import threading
import zlib
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, NamedTuple

from zarrpy.config import config
from zarrpy.errors import LockTimeoutError, StoreError
from zarrpy.notice import warn
from zarrpy.stores.presence import check_folder
from zarrpy.stores.single_file import Files
from zarrpy.stores.zip_format import (
    DEFLATED,
    STORED,
    Directory,
    Entry,
    directory_bytes,
    header_guess,
    local_header,
    name_flags,
    read_directory,
    stamp_now,
    value_offset,
)
from zarrpy.stores.zip_recovery import has_more, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrpy.stores.base import Bytes

    #: A key, its value or None to delete it, already compressed or not.
    Change = tuple[str, Entry, Bytes | None]

#: An archive of so few bytes is written anew when it is closed with anything left over in it.
_SMALL = 64 << 20
#: A larger one when so large a part of it is left over.
_MUCH = 4
_POLL_SECONDS = 0.02
_MOST_BUFFERS = 512
_COPY = 8 << 20
#: Ends the name of a new file that is to take the place of an old one.
BESIDE = ".__new"


class File:
    """An open file that closes itself when nobody reads from it any more."""

    def __init__(self, path: str, flags: int) -> None:
        self.number = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)

    def read(self, offset: int, nbytes: int) -> bytes:
        """Read so many bytes from there; fewer at the end of the file."""
        data = os.pread(self.number, nbytes, offset)
        if len(data) == nbytes or not data:
            return data
        pieces = [data]
        nread = len(data)
        while nread < nbytes and (data := os.pread(self.number, nbytes - nread, offset + nread)):
            pieces.append(data)
            nread += len(data)
        return b"".join(pieces)

    def write(self, offset: int, buffers: Sequence[Bytes]) -> int:
        """Write buffers one after the other; answer where they end."""
        for first in range(0, len(buffers), _MOST_BUFFERS):
            some = buffers[first : first + _MOST_BUFFERS]
            expected = sum(map(len, some))
            nwritten = os.pwritev(self.number, some, offset)
            if nwritten < expected:  # the system writes no more than 2 GiB at once
                self._write_rest(offset, some, nwritten)
            offset += expected
        return offset

    def _write_rest(self, offset: int, buffers: Sequence[Bytes], nwritten: int) -> None:
        for each in buffers:
            view = memoryview(each)[min(nwritten, len(each)) :]
            nwritten -= len(each) - len(view)
            offset += len(each) - len(view)
            while view:
                count = os.pwrite(self.number, view, offset)
                offset += count
                view = view[count:]

    def __del__(self) -> None:
        number = getattr(self, "number", None)
        if number is not None:
            with suppress(OSError):  # all that was written is written
                os.close(number)


class State(NamedTuple):
    """A file and what is in it; readers take both at once, as writing anew replaces both."""

    file: File | None
    directory: Directory

    @property
    def entries(self) -> dict[str, Entry]:
        """The entries by their keys."""
        return self.directory.entries


_NOTHING = State(None, Directory({}, {}, 0))


class Archive:
    """A zip file: its entries, and whoever writes to it.

    Parameters
    ----------
    path : str
        Absolute, without links.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.handles = 0
        self.lock = threading.RLock()
        self._state: State | None = None
        self._seen: tuple[int, ...] | None = None
        self._forget()

    def _forget(self) -> None:
        self._writer: File | None = None
        self._pid = os.getpid()
        self._end = 0
        self._dirty = self._replaces = self._superseded = False
        self._sorted: list[str] | None = None

    # --------------------------------------------------------------------------------- reading

    @property
    def state(self) -> State:
        """What is in the file, or was when it was read last."""
        state = self._state
        return state if state is not None and state.file is not None else self._load()

    def keys(self) -> list[str]:
        """All keys in their order; not to be changed."""
        entries = self.state.entries
        known = self._sorted
        if known is None:
            with self.lock:
                self._sorted = known = sorted(entries)
        return known

    def refresh(self) -> None:
        """Read the file again if another program has changed it, and we have not."""
        with self.lock:
            if self._state is not None and not self._dirty and self._seen != _seen(self.path):
                self._state = None

    def _load(self) -> State:
        with self.lock:
            if self._state is not None and self._state.file is not None:
                return self._state
            with self._named("open"):
                try:
                    file = File(self.path, os.O_RDONLY)
                except FileNotFoundError:
                    return _NOTHING
                self._state = self._read(file)
            return self._state

    def _read(self, file: File) -> State:
        self._seen = _seen(self.path)
        self._sorted = None
        nbytes = os.fstat(file.number).st_size
        directory = read_directory(file, nbytes)
        if directory is None:
            directory = scan(file, nbytes)
            if nbytes:
                warn(
                    f"{self.path!r} has no directory at its end: somebody writes to it, or was "
                    f"stopped; {len(directory.entries)} whole entries were found in it"
                )
        self._end = directory.end
        return State(file, directory)

    # --------------------------------------------------------------------------------- writing

    def begin(self, patience: float | None = None) -> None:
        """Become the one process that writes to the file."""
        with self.lock:
            self._check_process()
            if self._writer is not None:
                return
            check_folder(self.path)
            with self._named("open"):
                self._writer = writer = locked_file(self.path, patience)
                try:
                    self._take_over(writer)
                    with suppress(FileNotFoundError):
                        os.unlink(self.path + BESIDE)  # of somebody who was killed
                except BaseException:
                    self._writer = None
                    raise

    def _take_over(self, writer: File) -> None:
        state = self._state
        if state is None or state.file is None or self._seen != _seen(self.path):
            state = self._read(writer)
        self._state = State(writer, state.directory)
        self._settle(writer, state.directory)

    def _settle(self, writer: File, directory: Directory) -> None:
        """Make sure that what is written next is found after what is there."""
        nbytes = os.fstat(writer.number).st_size
        if directory.whole:
            return
        self._dirty = True
        self._superseded = nbytes > 0
        if nbytes > directory.end:
            if has_more(writer, directory.end, nbytes):
                raise StoreError(
                    f"{self.path!r} is damaged at byte {directory.end}, with more entries behind",
                    hint="ZipStore.recover(path) keeps what is whole, and the old file beside it",
                )
            os.ftruncate(writer.number, directory.end)

    def _check_process(self) -> None:
        if self._pid == os.getpid():
            return
        if self._writer is not None:
            raise StoreError(
                f"{self.path!r} is being written by the process that this one was forked from",
                hint="close the store before the fork, or open it in one process only",
            )
        self._pid = os.getpid()

    def write(self, changes: Sequence[Change]) -> None:
        """Append values, or marks that keys are deleted, all in one go."""
        with self.lock:
            self.begin()
            state = self._state
            assert state is not None
            entries = state.entries
            buffers: list[Bytes] = []
            placed: dict[str, Entry | None] = {}
            end = self._end
            for key, entry, value in changes:
                if value is None and placed.get(key, entries.get(key)) is None:
                    continue
                entry = entry._replace(at=end)
                header = local_header(key, entry, deleted=value is None)
                buffers.append(header)
                if value is not None and entry.stored:
                    buffers.append(value)
                end += len(header) + entry.stored
                self._superseded |= key in placed
                placed[key] = None if value is None else entry
            if placed:
                self._append(buffers, end)
                self._enter(entries, placed)

    def _append(self, buffers: Sequence[Bytes], end: int) -> None:
        writer = self._state.file if self._state else None
        assert writer is not None
        self._dirty = True
        try:
            written = writer.write(self._end, buffers)
            assert written == end
            if config.durability == "durable":
                os.fsync(writer.number)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(writer.number, self._end)
            raise self.failure("write", error) from error
        self._end = end

    def _enter(self, entries: dict[str, Entry], placed: dict[str, Entry | None]) -> None:
        expected = len(entries) + len(placed)
        for key, entry in placed.items():
            if entry is None:
                entries.pop(key, None)
            else:
                entries[key] = entry
        self._superseded |= len(entries) != expected
        self._sorted = None

    def restart(self) -> None:
        """Begin an empty archive, which takes the place of the old one when it is flushed."""
        with self.lock:
            self.begin()
            state = self._state
            assert state is not None
            self._dirty = True  # an archive without entries is one
            if not self._end:
                return
            self._replaces = True
            file = File(self.path + BESIDE, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            self._state = State(file, Directory({}, {}, 0))
            self._end = 0
            self._superseded = False
            self._sorted = None

    def flush(self) -> None:
        """Write the directory, and let other processes write."""
        with self.lock:
            if self._writer is None or self._pid != os.getpid():
                return
            if self._dirty:
                self._write_directory()
            writer, self._writer = self._writer, None
            state = self._state
            assert state is not None
            assert state.file is not None
            self._seen = _seen(self.path)
            for file in {writer, state.file}:  # children that were forked hold it as well
                _unlock(file)

    def _write_directory(self) -> None:
        state = self._state
        assert state is not None
        assert state.file is not None
        directory, file = state.directory, state.file
        records = [*directory.folders.items(), *directory.entries.items()]
        body = directory_bytes(records, self._end, directory.comment)
        try:
            end = file.write(self._end, [body])
            os.ftruncate(file.number, end)
            if config.durability == "durable":
                os.fsync(file.number)
            if self._replaces:
                _take_place(file, self.path)
        except OSError as error:
            raise self.failure("flush", error) from error
        self._end = end
        self._state = State(file, directory._replace(end=end, whole=True))
        self._dirty = self._replaces = False

    def close(self) -> None:
        """Write the directory; write the archive anew if much of it is left over; let go of it."""
        with self.lock:
            if self._writer is not None and self._pid == os.getpid():
                if self._dirty and self._is_worth_it():
                    self.compact()
                self.flush()
            self._state = None
            if self._pid != os.getpid():
                self._forget()

    def _is_worth_it(self) -> bool:
        state = self._state
        assert state is not None
        live = sum(entry.stored + 2 * len(name) + 76 for name, entry in state.entries.items())
        left_over = self._end - live
        return (self._superseded and live <= _SMALL) or left_over > max(live // _MUCH, _SMALL)

    def compact(self) -> None:
        """Write the archive anew, with nothing but what its directory names."""
        with self.lock:
            self.begin()
            state = self._state
            assert state is not None
            assert state.file is not None
            if self._replaces:
                self._write_directory()
            try:
                file = File(self.path + BESIDE, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
                entries, end = copied(state.file, state.directory.entries, file, 0)
                folders, end = copied(state.file, state.directory.folders, file, end)
            except OSError as error:
                raise self.failure("compact", error) from error
            self._end = end
            self._state = State(file, state.directory._replace(entries=entries, folders=folders))
            self._dirty = self._replaces = True
            self._superseded = False
            self._write_directory()
            self._writer = file

    def renew(self) -> None:
        """In a forked child: nobody is left to release what other threads held."""
        self.lock = threading.RLock()

    @contextmanager
    def _named(self, operation: str) -> Iterator[None]:
        """Say of errors that name no file which one they are about."""
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            if error.filename is not None:
                raise
            raise self.failure(operation, error) from error

    def failure(self, operation: str, error: OSError) -> StoreError:
        """Say of an error of the system where it happened."""
        return StoreError(
            f"{error.strerror or error} ({self.path!r})", operation=operation, errno=error.errno
        )


def new_entry(key: str, value: Bytes, method: int, level: int) -> tuple[Entry, Bytes]:
    """Describe a value that is to be written, and compress it if that is asked."""
    plain = memoryview(value).cast("B")
    crc = zlib.crc32(plain)
    stored: Bytes = plain
    if method == DEFLATED:
        encoder = zlib.compressobj(level, zlib.DEFLATED, -15)
        stored = encoder.compress(plain) + encoder.flush()
        if len(stored) >= len(plain):
            method, stored = STORED, plain
    entry = Entry(0, len(stored), len(plain), crc, method, name_flags(key), stamp_now())
    return entry, stored


def deletion(key: str) -> Entry:
    """Describe the mark that a key is deleted."""
    return Entry(0, 0, 0, 0, STORED, name_flags(key), stamp_now())


def _seen(path: str) -> tuple[int, ...] | None:
    """Tell whether a file is another one than before."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def locked_file(path: str, patience: float | None) -> File:
    """Open a file and keep other writers out; it is still the one of that path afterwards."""
    patience = config.lock_timeout if patience is None else patience
    end = monotonic() + patience if patience >= 0 else None
    while True:
        file = File(path, os.O_RDWR | os.O_CREAT)
        try:
            free = _try_lock(file)
            found = os.fstat(file.number)
        except OSError as error:
            raise StoreError(
                f"{path!r} cannot be locked: {error.strerror}",
                operation="lock",
                errno=error.errno,
                hint="the file system has to know locks (flock)",
            ) from error
        if free:
            now = _seen(path)
            if now is not None and now[:2] == (found.st_dev, found.st_ino):
                return file
        elif end is not None and monotonic() >= end:
            raise LockTimeoutError(
                f"another process writes to {path!r}, for more than {patience:g} s",
                operation="lock",
                hint="one process does so at a time, until it closes the file; "
                "config.lock_timeout sets how long to wait",
            )
        del file
        sleep(_POLL_SECONDS)


def _try_lock(file: File) -> bool:
    import fcntl

    try:
        fcntl.flock(file.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _unlock(file: File) -> None:
    import fcntl

    fcntl.flock(file.number, fcntl.LOCK_UN)


def _take_place(file: File, path: str) -> None:
    """Let a new file take the place of the old one, with its rights and its lock."""
    _try_lock(file)
    with suppress(OSError):
        os.fchmod(file.number, os.stat(path).st_mode & 0o7777)
    os.replace(path + BESIDE, path)
    if config.durability == "durable":
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def copied(
    source: File, entries: dict[str, Entry], target: File, end: int
) -> tuple[dict[str, Entry], int]:
    """Copy entries as they are stored, each behind a new header."""
    copied = {}
    for name, entry in sorted(entries.items(), key=lambda item: item[1].at):
        head = source.read(entry.at, header_guess(name))
        begins = entry.at + value_offset(head, name, entry)
        new = entry._replace(at=end, flags=entry.flags & ~0x8)
        end = target.write(end, [local_header(name, new)])
        for at in range(begins, begins + entry.stored, _COPY):
            data = source.read(at, min(_COPY, begins + entry.stored - at))
            end = target.write(end, [data])
        copied[name] = new
    return copied, end


ARCHIVES = Files(Archive)
