"""Let files and their names last: what was written is on the disk when these return."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from zarrpy.stores.in_flight import in_flight

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Files that are synced at the same time, which a file system does with fewer writes of its own.
_TOGETHER = 16

#: What SQLite adds to the name of a database that is in use, for its files beside it.
_BESIDE_A_DATABASE = ("-wal", "-shm", "-journal")


def sync_directory(path: str) -> None:
    """Make renames in a directory last; where directories cannot be opened, they do anyway."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def sync_directories(paths: Sequence[str]) -> None:
    """Make the names in several directories last."""
    in_flight(sync_directory, paths, _TOGETHER, finish=True)


def sync_below(folder: str) -> None:
    """Make everything in a directory last, at whatever depth; links are not followed."""
    files, folders = [], []
    for each, _, names in os.walk(folder):
        folders.append(each)
        files += [os.path.join(each, name) for name in _without_databases(names)]
    in_flight(sync_file, files, _TOGETHER, finish=True)
    sync_directories(folders)


def _without_databases(names: list[str]) -> list[str]:
    """Leave out files of SQLite that are in use, which syncs them by itself.

    To close a file lets go of all the locks that this process has on it, those of its connections
    too (fcntl(2)), and then others write between.
    """
    there = set(names)
    taken = {name + end for name in names for end in _BESIDE_A_DATABASE} & there
    taken |= {name.removesuffix(end) for name in taken for end in _BESIDE_A_DATABASE} & there
    return [name for name in names if name not in taken]


def sync_above(folder: str) -> None:
    """Make the names of a directory, and of those that it lies in, last."""
    above = os.path.dirname(os.path.realpath(folder))
    while True:
        with suppress(PermissionError):  # what may not be looked into was not made by us
            sync_directory(above)
        if above == os.path.dirname(above):
            return
        above = os.path.dirname(above)


def sync_file(path: str) -> None:
    """Make what is in a file last; one that is gone has nothing."""
    if os.path.islink(path):
        return
    try:
        descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    except FileNotFoundError:
        return  # deleted or replaced since it was listed
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
