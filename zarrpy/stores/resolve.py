"""From what the user calls a store to a store."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from zarrpy.errors import MissingDependencyError, StoreError
from zarrpy.stores.base import Store
from zarrpy.stores.local import LocalStore
from zarrpy.stores.memory import MemoryStore

# A scheme of two letters at least: "C:" is a drive.
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")


def as_store(
    place: Any, *, read_only: bool = False, storage_options: dict[str, Any] | None = None
) -> Store:
    """Make a store of a path, a ``file:`` URL, a mapping, or a store.

    Parameters
    ----------
    place : str, path-like, mutable mapping, Store or None
        None makes an empty memory store.
    read_only : bool
        Refuse every change through this store.
    storage_options : dict, optional
        Parameters for stores behind a URL.

    Returns
    -------
    Store

    Raises
    ------
    StoreError
        When nothing can be made of `place`.
    """
    if isinstance(place, Store):
        return place
    if storage_options:
        raise StoreError(
            f"storage_options {sorted(storage_options)} do not apply to {place!r}: "
            "only stores behind a URL take them"
        )
    if place is None:
        return MemoryStore()
    of_node = isinstance(getattr(place, "store", None), Store)  # a group is a mapping, too
    if isinstance(place, MutableMapping) and not of_node:
        return MemoryStore(place)
    if isinstance(place, str | os.PathLike):
        return LocalStore(_local_path(os.fspath(place)), read_only=read_only)
    hint = " -> give its store, with path=, or call its own methods" if of_node else ""
    raise TypeError(
        f"cannot make a store of {type(place).__name__}: give a path, a mapping or a Store{hint}"
    )


def _local_path(place: str) -> str:
    """Path of a local directory; everything that is none of that is refused by name."""
    if not isinstance(place, str):
        raise TypeError(f"a path must be text, not {type(place).__name__}: {place!r}")
    if place == "":
        raise StoreError("the empty path names no store -> for this directory, give '.'")
    if place.startswith("file:"):
        return _file_url(place)
    if _URL.match(place) and not os.path.exists(place):
        scheme = place.partition(":")[0]
        raise MissingDependencyError(
            f"no store for {scheme!r} URLs in this version: {place!r}"
            " -> copy the data to a local directory, or pass a Store of your own",
            extra=scheme,
        )
    if place.lower().rstrip("/").endswith(".zip") and not os.path.isdir(place):
        raise MissingDependencyError(
            f"no store for zip files in this version: {place!r}"
            " -> unpack it to a directory, or pass a Store of your own",
            extra="zip",
        )
    return place


def _file_url(place: str) -> str:
    parts = urlsplit(place)
    if parts.netloc not in ("", "localhost"):
        raise StoreError(f"{place!r} names the host {parts.netloc!r}: only local files are read")
    path = unquote(parts.path)
    # file:///C:/data has a drive behind its slash
    return path[1:] if os.name == "nt" and re.match(r"^/[A-Za-z]:", path) else path
