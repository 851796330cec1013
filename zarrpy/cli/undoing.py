"""What is left at the target of work that did not come to its end."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from zarrpy.stores.base import Store

#: What stands beside a file of a store while that is in use.
_BESIDE = ("", "-wal", "-shm", "-journal", "-lock")


@contextmanager
def nothing_half_made(store: Store, arguments: argparse.Namespace) -> Iterator[None]:
    """Remove the file or the directory of a store that was made in vain.

    The library takes away what it has stored; a file, and empty directories, are left then. What
    was there before stays, and so does what a journal tells of.

    Parameters
    ----------
    store : Store
        The target.
    arguments : Namespace
        Perhaps with a journal.
    """
    place = getattr(store, "root", None) or getattr(store, "path", None)
    journal = getattr(arguments, "journal", None)
    if not isinstance(place, str) or journal is not None or os.path.lexists(place):
        yield
        return
    above = _missing_above(place)
    try:
        yield
    except BaseException:
        if os.path.isfile(place):
            _remove_file(store, place)
        else:
            _remove_directories(place)
        for folder in above:
            with suppress(OSError):
                os.rmdir(folder)
        raise


def _missing_above(place: str) -> list[str]:
    """Name the directories above a place that are not there, the lowest first."""
    found, folder = [], os.path.dirname(os.path.abspath(place))
    while not os.path.lexists(folder):
        found.append(folder)
        folder = os.path.dirname(folder)
    return found


def _remove_file(store: Store, place: str) -> None:
    """Remove a file in which there is no node: somebody else may have made one meanwhile."""
    from zarrpy.errors import StoreError
    from zarrpy.metadata.names import DOCUMENTS

    try:
        if any(key.rpartition("/")[2] in DOCUMENTS for key in store.list("")):
            return
    except StoreError:
        return  # what cannot be looked at may be somebody's
    store.close()
    for ending in _BESIDE:
        with suppress(OSError):
            os.remove(place + ending)


def _remove_directories(place: str) -> None:
    for folder, _, _ in os.walk(place, topdown=False):
        with suppress(OSError):  # something is in it
            os.rmdir(folder)
