"""Whether there is a file: what cannot be told is an error, and not a file that is missing."""

from __future__ import annotations

import errno
import os
import stat

from zarrpy.errors import StoreError


def is_there(path: str, *, follow: bool = True) -> bool:
    """Whether a path leads to anything, or, where links are not followed, is anything."""
    try:
        os.stat(path, follow_symlinks=follow)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def is_directory(path: str) -> bool:
    """Whether a path leads to a directory."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def check_folder(path: str) -> None:
    """Refuse to make a file where there is no directory for it, as a mistyped path has none.

    Raises
    ------
    StoreError
        That names the directory.
    """
    folder = os.path.dirname(path)
    if not is_directory(folder):
        raise StoreError(
            f"there is no directory {folder!r}",
            operation="create",
            key=path,
            errno=errno.ENOENT,
            hint="make it first, or correct the path",
        )


def has_file(path: str) -> bool:
    """Whether the file of a store is there; an error says which file it is about.

    Opening a pipe would wait for somebody who writes to it, and a device may have no end.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreError(
            f"{error.strerror or error} ({path!r})", operation="look for", errno=error.errno
        ) from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise StoreError(
            f"it is a pipe, a socket or a device, and no file: {path!r}", operation="open"
        )
    return True
