"""Files in a directory of this machine: the key is the path below the root.

All reading, writing and locking of files is the engine's (csrc/file.c, csrc/lock.c), so that
metadata and chunks obey the same rules: a value is replaced whole or not at all, and only a name
that is not there counts as absent.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zarrpy._native.files import Directory
from zarrpy.config import config
from zarrpy.errors import MetadataError, NodeNotFoundError, StoreError
from zarrpy.metadata.names import LOCK_SUFFIX, check_key
from zarrpy.stores.base import ByteRange, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zarrpy.stores.base import Bytes, Names, NodeError, Values


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
        self.root = os.path.abspath(os.path.expanduser(os.fspath(root)))
        self.read_only = read_only

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
        directory.write(key, value, config.durability == "durable")

    def update(self, key: str, change: Callable[[Bytes | None], Bytes]) -> None:
        """Change a file under its lock, which other processes respect."""
        self.check_writable("update", key)
        check_key(key)
        directory = self.directory("", create=True)
        assert directory is not None
        with directory.lock(key) as lock:
            lock.commit(change(directory.read(key)), config.durability == "durable")

    def delete(self, key: str) -> None:
        """Remove a file, and the directories that it leaves empty."""
        self.check_writable("delete", key)
        check_key(key)
        directory = self.directory("")
        if directory is None or not os.path.lexists(self._path(key)):
            return
        directory.delete(key, config.durability == "durable")
        self._remove_empty_parents(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`; locks are not keys."""
        parent, _, _ = prefix.rpartition("/")
        walk = os.walk(self._path(parent), onerror=self._list_failed, followlinks=True)
        for folder, folders, files in walk:
            folders[:] = sorted(name for name in folders if not _leads_up(folder, name))
            relative = os.path.relpath(folder, self.root).replace(os.sep, "/")
            start = "" if relative == "." else relative + "/"
            for name in sorted(files):
                if (start + name).startswith(prefix) and not name.endswith(LOCK_SUFFIX):
                    yield start + name

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix."""
        try:
            names = os.listdir(self._path(prefix))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._failure(prefix, "list", error) from error
        return sorted(name for name in names if not name.endswith(LOCK_SUFFIX))

    def list_folders(self, prefix: str = "") -> Names:
        """List the directories directly below a prefix, and links to such."""
        parent = self._path(prefix)
        return [name for name in self.list_dir(prefix) if os.path.isdir(os.path.join(parent, name))]

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several files of one directory."""
        directory = self.directory("")
        if directory is None:
            return [None] * len(keys)
        return [directory.read(check_key(key)) for key in keys]

    def delete_prefix(self, prefix: str) -> None:
        """Remove everything below a prefix, what is nearest to it first.

        So the documents of a node go before its chunks, and a reader meets either the node or
        nothing, not a node that has lost its chunks. Of a link only the link is removed: what it
        points to may be somebody else's.
        """
        self.check_writable("delete", prefix)
        if prefix and not prefix.endswith("/"):
            super().delete_prefix(prefix)
            return
        top = self._path(prefix.rstrip("/"))
        if prefix and os.path.islink(top):
            self._remove(os.unlink, top)
            return
        folders = []
        for folder, below, files in os.walk(top, onerror=self._list_failed):
            folders.append(folder)
            paths = [os.path.join(folder, name) for name in below]
            links = [path for path in paths if os.path.islink(path)]
            for path in links + [os.path.join(folder, name) for name in files]:
                self._remove(os.unlink, path)
        for folder in reversed(folders if prefix else folders[1:]):
            self._remove(os.rmdir, folder)

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

    def directory(self, path: str, *, create: bool = False) -> Directory | None:
        """Open the directory of a node."""
        name = self._path(path)
        try:
            return Directory(name)
        except FileNotFoundError:
            if not create:
                return None
            self.check_writable("create", path)
        except OSError as error:
            raise self._failure(path, "open", error) from error
        try:
            os.makedirs(name, exist_ok=True)
            return Directory(name)
        except OSError as error:
            raise self._failure(path, "create", error) from error

    def place_of(self, path: str) -> str:
        """Name the directory of a node."""
        return self._path(path)

    def locate(self, error: NodeError) -> NodeError:
        """Name the directory; when it holds nothing, also what lies beside it under a like name."""
        if isinstance(error, MetadataError):
            if error.path is not None:
                error.path = self._path(error.path.strip("/"))
            return error
        if error.path:
            error.message = error.message.replace(repr(error.path), repr(self._path(error.path)))
        elif isinstance(error, NodeNotFoundError):
            error.nearest = self._neighbours()
        error.message = error.message.replace("'/'", repr(self.root))
        error.path = self._path(error.path or "")
        return error

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
        if not isinstance(other, LocalStore):
            return False
        ours = os.path.join(os.path.realpath(self._path(path)), "")
        theirs = os.path.join(os.path.realpath(other._path(other_path)), "")
        return ours.startswith(theirs) or theirs.startswith(ours)

    def _path(self, key: str) -> str:
        """Name the file of a key, or the directory of a prefix; neither leads out of the root."""
        parts = check_key(key.rstrip("/")).split("/") if key else ()
        return os.path.join(self.root, *parts)

    def _remove_empty_parents(self, key: str) -> None:
        """Keep no empty directories; one that is in use again simply stays."""
        parent = os.path.dirname(key)
        while parent:
            try:
                os.rmdir(self._path(parent))
            except OSError:
                return
            parent = os.path.dirname(parent)

    def _failure(self, key: str, operation: str, error: OSError) -> StoreError:
        not_directory = isinstance(error, NotADirectoryError)
        return StoreError(
            error.strerror or str(error),
            store=repr(self),
            key=key or None,
            operation=operation,
            errno=error.errno,
            hint="there is a file in the place of a directory" if not_directory else None,
        )

    def _list_failed(self, error: OSError) -> None:
        # below a prefix that leads through a file there is nothing either
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise self._failure(os.fspath(error.filename or ""), "list", error)

    def __repr__(self) -> str:
        return f"LocalStore({self.root!r})"


def _leads_up(folder: str, name: str) -> bool:
    """Whether following a link would go round in a circle."""
    path = os.path.join(folder, name)
    if not os.path.islink(path):
        return False
    here = os.path.join(os.path.realpath(folder), "")
    return here.startswith(os.path.join(os.path.realpath(path), ""))
