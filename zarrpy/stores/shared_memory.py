"""Values in memory that processes of one machine share: files of a file system in memory."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from weakref import finalize

from zarrpy.stores.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where Linux has such a file system.
_MEMORY = "/dev/shm"
_START = "zarrpy-"
_NAME = re.compile(r"[A-Za-z0-9._-]+\Z", re.ASCII)


class SharedMemoryStore(LocalStore):
    """Keep values in memory that all processes of this user share.

    They find each other's by the name, and lock as in a directory, which this is: one in memory,
    and as fast as files whose pages are there. Where the system has no such directory it is in the
    one for temporary files.

    Parameters
    ----------
    name : str, optional
        Values of a name stay until `unlink`, or until the machine stops. Without one, the store has
        a name of its own, which goes along when it is pickled, and is removed with it and with the
        process that made it.
    read_only : bool
        Refuse every change.

    Examples
    --------
    >>> store = SharedMemoryStore()
    >>> SharedMemoryStore(store.name).set("a", b"1")
    >>> bytes(store.get("a"))
    b'1'
    """

    def __init__(self, name: str | None = None, *, read_only: bool = False) -> None:
        if name is not None and (not _NAME.match(name) or name.strip(".") == ""):
            raise ValueError(
                f"{name!r} is no name: it has letters, digits, '.', '_' and '-' without others"
            )
        self.name = uuid4().hex if name is None else name
        super().__init__(os.path.join(_folder(), self.name), read_only=read_only)
        self._finish = finalize(self, _remove, self.root, os.getpid()) if name is None else None

    def unlink(self) -> None:
        """Delete all values and the name, for every process."""
        self.check_writable("delete", "")
        shutil.rmtree(self.root, ignore_errors=True)

    @staticmethod
    def names() -> Iterator[str]:
        """Tell the names that there are."""
        return iter(sorted(os.listdir(_folder())))

    @property
    def label(self) -> str:
        """Name the name."""
        return f"shm:{self.name}"

    def __getstate__(self) -> dict[str, Any]:
        """Give the name; who made the store removes it, not who is given it."""
        return {"name": self.name, "root": self.root, "read_only": self.read_only, "_finish": None}

    def __repr__(self) -> str:
        return f"SharedMemoryStore({self.name!r})"


def _folder() -> str:
    """Give the directory of this user, which nobody else may enter."""
    parent = _MEMORY if os.path.isdir(_MEMORY) else tempfile.gettempdir()
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = os.path.join(parent, f"{_START}{user}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and os.lstat(folder).st_uid != os.getuid():
        raise PermissionError(f"{folder!r} belongs to another user")
    return folder


def _remove(root: str, pid: int) -> None:
    if os.getpid() == pid:
        shutil.rmtree(root, ignore_errors=True)
