"""Files in a directory of this machine: the key is the path below the root.

All reading, writing and locking of files is the engine's (csrc/file.c, csrc/lock.c), so that
metadata and chunks obey the same rules: a value is replaced whole or not at all, and only a name
that is not there counts as absent.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from functools import cached_property
from itertools import accumulate, islice
from typing import TYPE_CHECKING, TypeAlias

from zarrpy._native.failure import system_failure
from zarrpy._native.files import SETTLE_NS, Directory
from zarrpy.config import config
from zarrpy.errors import ABOUT_DOCUMENTS, MetadataError, NodeNotFoundError, StoreError
from zarrpy.metadata.names import LOCK_SUFFIX, TRANSACTION, check_key
from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.presence import is_there
from zarrpy.stores.syncing import sync_above, sync_below, sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy._native.files import KeyLock
    from zarrpy.stores.base import Above, Bytes, Names, NodeError, Values
    from zarrpy.stores.stage import Stage

    # A method is called `list`.
    Entries: TypeAlias = list[os.DirEntry[str]]


_LINK_TO_NOTHING = "a link on the way points to nothing"
# What system calls say when a disk, or what a user may have of it, is full.
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))


class LocalStore(Store):
    """Keep every value in a file below a directory.

    Parameters
    ----------
    root : str or path-like
        The directory; made by the first write.
    read_only : bool
        Refuse every change.
    """

    of_files = True

    def __init__(self, root: str | os.PathLike[str], *, read_only: bool = False) -> None:
        given = os.fspath(root)
        if "\0" in given:
            raise MetadataError(f"the path {given!r} has a NUL character, as no file's name has")
        self.root = os.path.abspath(os.path.expanduser(given))
        self.read_only = read_only

    @property
    def lasting(self) -> bool:
        """Whether a change is on the disk before it is reported."""
        return config.durability == "durable"

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a file or a part of it."""
        check_key(key)
        directory = self.directory("")
        if directory is None:
            return None
        if byte_range is None:
            return directory.read(key)
        return directory.read(key, byte_range.offset, byte_range.length)

    def set(self, key: str, value: Bytes) -> None:
        """Replace a file by renaming a new one over it."""
        self.check_writable("set", key)
        check_key(key)
        directory = self.directory("", create=True)
        assert directory is not None
        directory.write(key, value, self.lasting, _timeout_ms())

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Change a file under its lock, which other processes respect."""
        self.check_writable("update", key)
        check_key(key)
        directory = self.directory("", create=True)
        assert directory is not None
        durable = self.lasting
        with directory.lock(key, _timeout_ms()) as lock:
            new = change(directory.read(key))
            if new is None:
                lock.delete(durable)
            else:
                lock.commit(new, durable)
        if new is None:
            self.remove_empty_parents(key)

    def delete(self, key: str) -> None:
        """Remove a file, and the directories that it leaves empty."""
        self.check_writable("delete", key)
        check_key(key)
        directory = self.directory("")
        key = key.removesuffix(LOCK_SUFFIX)  # a lock goes with its key
        if directory is None or all(map(directory.is_absent, (key, key + LOCK_SUFFIX))):
            return
        try:
            directory.delete(key, self.lasting, _timeout_ms())
        except StoreError as error:
            if error.errno not in _NO_ROOM:
                raise
            self._remove(os.unlink, self._path(key))  # nor is there any for its lock: make some
        self.remove_empty_parents(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`; locks are not keys."""
        for key in self.list_entries(prefix, follow=True):
            if not key.endswith((LOCK_SUFFIX, "/")):
                yield key

    def list_entries(self, prefix: str = "", *, follow: bool = False) -> Iterator[str]:
        """Yield the files below a prefix, locks and links too; what ends in "/" is no file."""
        parent, _, _ = prefix.rpartition("/")
        if parent and not follow and os.path.islink(self._path(parent)):
            return iter([parent + "/"])
        return (key for key, _ in self._walk(parent, (), follow=follow) if key.startswith(prefix))

    def list_empty(self, prefix: str = "") -> Iterator[str]:
        """Yield the directories in which there is nothing, and the links to nothing."""
        parent, _, _ = prefix.rpartition("/")
        for key, entry in self._walk(parent, (), follow=True):
            if key.startswith(prefix) and (entry is None or _leads_nowhere(entry)):
                yield key

    def _walk(
        self, folder: str, above: tuple[str, ...], *, follow: bool = False
    ) -> Iterator[tuple[str, os.DirEntry[str] | None]]:
        """Yield the files in a directory, then those below it; `above` is the way here.

        A link to a directory that is on the way is not followed: it would lead round in a circle.
        Who follows links hears of empty directories too, without an entry.
        """
        path = self._path(folder)
        above = (*above, path) if follow else above
        start = folder + "/" if folder else ""
        below = []
        entries = self._scan(path)
        if follow and len(above) > 1 and not entries:
            yield start, None
        for entry in entries:
            if not _is_directory(entry):
                yield start + entry.name, entry
            elif not entry.is_symlink() or (follow and not _is_on_the_way(entry.path, above)):
                below.append(start + entry.name)
            else:
                yield start + entry.name + "/", entry
        for name in below:
            yield from self._walk(name, above, follow=follow)

    def _scan(self, path: str) -> Entries:
        try:
            with os.scandir(path) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError) as error:
            # below a prefix that leads through a file there is nothing either
            self._refuse_dangling(os.path.relpath(path, self.root), error)
            return []
        except OSError as error:
            raise self._failure(os.path.relpath(path, self.root), "list", error) from error

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix."""
        try:
            names = os.listdir(self._path(prefix))
        except (FileNotFoundError, NotADirectoryError) as error:
            self._refuse_dangling(prefix, error)
            return []
        except OSError as error:
            raise self._failure(prefix, "list", error) from error
        return sorted(name for name in names if not name.endswith(LOCK_SUFFIX))

    def _refuse_dangling(self, prefix: str, error: OSError) -> None:
        """Tell a link to nothing on the way to a prefix from a prefix with nothing below it."""
        way = accumulate(prefix.rstrip("/").split("/"), os.path.join, initial=str(self.root))
        if any(os.path.islink(each) and not os.path.exists(each) for each in islice(way, 1, None)):
            raise self._failure(prefix, "list", error, _LINK_TO_NOTHING) from error

    def list_folders(self, prefix: str = "") -> Names:
        """List the directories directly below a prefix, and links to such but in a circle."""
        path = self._path(prefix)
        return [entry.name for entry in self._scan(path) if self._leads_down(entry, prefix)]

    def _leads_down(self, entry: os.DirEntry[str], prefix: str) -> bool:
        """Whether something below a prefix is a directory that is not on the way there."""
        try:
            if entry.name.endswith(LOCK_SUFFIX) or not entry.is_dir():
                return False
        except NotADirectoryError:
            return False  # a link that leads through a file
        except OSError as error:  # it may be a node, for all that can be told
            key = f"{prefix.rstrip('/')}/{entry.name}".lstrip("/")
            raise self._failure(key, "list", error) from error
        if not entry.is_symlink():
            return True
        way = accumulate(prefix.rstrip("/").split("/"), os.path.join, initial=str(self.root))
        return not _is_on_the_way(entry.path, tuple(way))

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several files of one directory."""
        directory = self.directory("")
        if directory is None:
            return [None] * len(keys)
        return [directory.read(check_key(key)) for key in keys]

    def delete_prefix(self, prefix: str) -> None:
        """Remove everything below a prefix under its locks, what is nearest to it first.

        So the documents of a node go before its chunks, and a reader meets either the node or
        nothing, not a node that has lost its chunks. Of a link only the link is removed: what it
        points to may be somebody else's.
        """
        self.check_writable("delete", prefix)
        if prefix and not prefix.endswith("/"):
            super().delete_prefix(prefix)
            return
        if prefix and os.path.islink(self._path(prefix)):
            self._remove(os.unlink, self._path(prefix))
            return
        for key in self.list_entries(prefix):
            if key.endswith("/"):
                self._remove(os.unlink, self._path(key))
            else:
                self.delete(key)
        self.tidy(prefix)

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Rename a file, or a directory with all that is in it."""
        self.check_writable("rename", key)
        old_path, new_path = self._path(key), self._path(new)
        if not self._is_there(old_path, key, "rename"):
            return False
        if not replace and self._is_there(new_path, new, "rename to"):
            return False
        try:
            _make_directories(os.path.dirname(new_path))
            os.rename(old_path, new_path)
            if self.lasting:
                sync_directory(os.path.dirname(new_path))
                sync_directory(os.path.dirname(old_path))
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not self._is_there(old_path, key, "rename"):
                return False  # it went while we looked, as locks do
            raise self._failure(key, f"rename to {new!r}", error) from error
        self.remove_empty_parents(key)
        return True

    def tidy(self, prefix: str) -> None:
        """Remove the directories below a prefix that hold no file."""
        top = self._path(prefix)
        for folder, _, _ in os.walk(top, topdown=False):
            if folder != self.root:
                with suppress(OSError):  # it is in use
                    os.rmdir(folder)

    def read_above(self, names: Sequence[str]) -> Above:
        """Read files of these names from the directories above the root."""
        found: Above = []
        folder, name = os.path.split(os.path.realpath(self.root))
        while name:
            for each in names:
                path = os.path.join(folder, each)
                if os.path.isfile(path):
                    with suppress(OSError), open(path, "rb") as file:
                        found.append((folder, file.read()))
            folder, name = os.path.split(folder)
        return found

    def enclosing(self, names: Sequence[str]) -> Iterator[tuple[Store, str]]:
        """Give the directories above the root that hold a file of one of these names."""
        folder, name = os.path.split(os.path.realpath(self.root))
        place = name
        while name:
            if any(os.path.isfile(os.path.join(folder, each)) for each in names):
                yield LocalStore(folder, read_only=self.read_only), place
            folder, name = os.path.split(folder)
            place = f"{name}/{place}"

    def exclusive(self, key: str, patience: float | None = None) -> KeyLock:
        """Take the lock of a key, whether it has a value or not."""
        directory = self.directory("", create=True)
        assert directory is not None
        timeout_ms = _timeout_ms() if patience is None else int(patience * 1000)
        return directory.lock(check_key(key), timeout_ms)

    def _remove(self, remove: Callable[[str], None], path: str) -> None:
        try:
            remove(path)
        except FileNotFoundError:
            return
        except OSError as error:
            key = os.path.relpath(path, self.root).replace(os.sep, "/")
            raise self._failure(key, "delete", error) from error

    def size(self, key: str) -> int | None:
        """Tell the bytes of a file."""
        try:
            return os.stat(self._path(key)).st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure(key, "size", error) from error

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield keys and sizes; not of links that lead nowhere, or round in a circle."""
        for key in self.list(prefix):
            try:
                nbytes = self.size(key)
            except StoreError as error:
                if error.errno != errno.ELOOP:
                    raise
                continue
            if nbytes is not None:
                yield key, nbytes

    @property
    def other_processes(self) -> str:
        """Everything: what is there are files."""
        return "write"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name the directory of a node as it is reached from the root of the file system."""
        return "local", f"{self._real_root}/{path}" if path else self._real_root

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self.root).replace(os.sep, "/").rstrip("/")

    def identity(self, key: str) -> Hashable:
        """Tell the file, and when and to how many bytes it was last changed."""
        try:
            found = os.stat(self._path(key))
        except OSError:
            return self._path(key), None
        return self._path(key), (found.st_mtime_ns, found.st_size, found.st_ino)

    def stamp(self, key: str) -> object:
        """Tell the file, and when it was changed."""
        try:
            found = os.stat(self._path(key))
        except FileNotFoundError:
            return ()
        except OSError:
            return object()
        changed = found.st_ctime_ns
        if time.time_ns() - changed < SETTLE_NS:
            return object()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, changed

    @property
    def label(self) -> str:
        """Name the directory, from where this process is if it lies below."""
        root = str(self.root)
        with suppress(OSError):  # the current directory may be gone
            here = os.path.join(os.getcwd(), "")
            root = root.removeprefix(here)
        return f"local:{root}"

    def directory(self, path: str, *, create: bool = False) -> Directory | None:
        """Open the directory of a node."""
        name, waits = self._path(path), "replaced" in config.disable
        try:
            return Directory(name, waits)
        except FileNotFoundError:
            if not create:
                return None
            self.check_writable("create", path)
        except OSError as error:
            raise self._failure(path, "open", error) from error
        try:
            _make_directories(name)
            return Directory(name, waits)
        except OSError as error:
            raise self._failure(path, "make a directory" if path else "make it", error) from error

    def place_of(self, path: str) -> str:
        """Name the directory of a node."""
        return self._path(path)

    def locate(self, error: NodeError) -> NodeError:
        """Name the directory; when it holds nothing, also what lies beside it under a like name."""
        if isinstance(error, NodeNotFoundError) and not error.path:
            error.nearest = self._neighbours()
        return super().locate(error)

    def _place_in(self, error: NodeError) -> str | None:
        """Find the place that an error is about; None if it says so already, or cannot."""
        path = error.path or ""
        about_document = isinstance(error, ABOUT_DOCUMENTS)
        if (about_document and error.path is None) or (path != "/" and os.path.isabs(path)):
            return None
        try:
            return self._path(path.strip("/"))
        except MetadataError:  # the error is that it is no path
            return None

    def _neighbours(self) -> Names:
        """Paths beside the root whose names are like its own."""
        from difflib import get_close_matches

        parent, name = os.path.split(self.root)
        try:
            beside = [each for each in os.listdir(parent) if each != name]
        except OSError:
            return []
        return [os.path.join(parent, each) for each in get_close_matches(name, beside, n=3)]

    def overlaps(self, path: str, other: Store, other_path: str) -> bool:
        """Whether one directory lies within the other, through whatever links."""
        other, other_path = other.innermost(other_path)
        if not isinstance(other, LocalStore):
            return False
        ours = os.path.join(os.path.realpath(self._path(path)), "")
        theirs = os.path.join(os.path.realpath(other._path(other_path)), "")
        return ours.startswith(theirs) or theirs.startswith(ours)

    def _path(self, key: str) -> str:
        """Name the file of a key, or the directory of a prefix; neither leads out of the root."""
        parts = check_key(key.rstrip("/")).split("/") if key else ()
        return os.path.join(str(self.root), *parts)

    def remove_empty_parents(self, key: str) -> None:
        """Keep no empty directories; one that is in use again simply stays."""
        parent = os.path.dirname(key)
        while parent:
            try:
                os.rmdir(self._path(parent))
            except OSError:
                return
            parent = os.path.dirname(parent)

    def sync(self, path: str) -> None:
        """Sync every file and every directory below a path, and those on the way to it."""
        top = self._path(path)
        try:
            sync_below(top)
            sync_above(top)
        except OSError as error:
            raise self._failure(path, "sync", error) from error

    def stage(self) -> Stage:
        """Keep what a transaction writes beside what it changes."""
        from zarrpy.stores.journal import CommitJournal

        return CommitJournal(self)

    def complete(self, path: str) -> bool:
        """Complete a transaction that a killed process left at a node."""
        # without the checks of a key, as opening an array asks for this as well
        marker = f"{self.root}/{path}/{TRANSACTION}"
        is_ours = path.rpartition("/")[2].startswith(TRANSACTION)
        if not is_ours and not os.path.lexists(marker):
            return False
        from zarrpy.stores.journal import recover

        return recover(self, path)

    def is_cut_off(self, path: str) -> bool:
        """Whether there is such a transaction, which nobody has completed yet."""
        if not os.path.lexists(f"{self.root}/{path}/{TRANSACTION}"):
            return False
        from zarrpy.stores.journal import is_cut_off

        return is_cut_off(self, path)

    def _is_there(self, path: str, key: str, operation: str) -> bool:
        try:
            return is_there(path, follow=False)
        except OSError as error:
            raise self._failure(key, operation, error) from error

    def _failure(
        self, key: str, operation: str, error: OSError, hint: str | None = None
    ) -> StoreError:
        if hint is None and isinstance(error, NotADirectoryError):
            hint = "there is a file in the place of a directory"
        reason = error.strerror or str(error)
        failure = system_failure(reason, key or None, operation, error.errno, hint)
        failure.fill(store=repr(self))
        return failure

    def __repr__(self) -> str:
        return f"LocalStore({self.root!r})"


def _is_directory(entry: os.DirEntry[str]) -> bool:
    """Whether it leads to a directory; what cannot be told is a key, whose reader hears why."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _leads_nowhere(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not os.path.exists(entry.path)


def _is_on_the_way(path: str, above: tuple[str, ...]) -> bool:
    """Whether a link leads to a directory that one of these is, or lies in."""
    target = os.path.join(os.path.realpath(path), "")
    real = (os.path.join(os.path.realpath(folder), "") for folder in above)
    return any(folder.startswith(target) for folder in real)


def _make_directories(path: str) -> None:
    """Make a directory, and those on the way to it; when changes are to last, so do these."""
    made = []
    if config.durability == "durable":
        above = path
        while not os.path.lexists(above):
            made.append(above)
            above = os.path.dirname(above)
    try:
        os.makedirs(path, exist_ok=True)
    except FileExistsError:
        if not stat.S_ISDIR(os.stat(path).st_mode):  # which says why it cannot be looked at
            raise
    for each in made:
        sync_directory(os.path.dirname(each))


def _timeout_ms() -> int:
    """How long to wait for another writer."""
    return int(config.lock_timeout * 1000)
