"""What names a place in a store, and the keywords of zarr-python's functions, as ours take them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from zarrpy import storage
from zarrpy.errors import ReadOnlyStoreError
from zarrpy.keywords import TUNING, refuse_chunk_store
from zarrpy.node import StorePath
from zarrpy.stores import Store, as_store
from zarrpy.stores.resolve import is_remote

__all__ = ["check_mode", "join_paths", "normalize_path", "placed", "plain", "store_of"]


def store_of(place: Any, storage_options: dict[str, Any] | None = None) -> tuple[Store, str]:
    """Make of what names a store one that can be awaited as well, and the path in it.

    Parameters
    ----------
    place : StoreLike
    storage_options : dict, optional
    """
    if isinstance(place, StorePath):
        return place.store, place.path
    if isinstance(place, Store):
        return place, ""
    if place is None:
        return storage.MemoryStore(), ""
    plain = isinstance(place, str | os.PathLike) and not (
        isinstance(place, str) and is_remote(place)
    )
    if not plain and isinstance(place, MutableMapping):
        return storage.MemoryStore(place), ""
    made = as_store(place, storage_options=storage_options if not plain else None)
    if type(made).__name__ == "LocalStore" and type(made) is not storage.LocalStore:
        local = storage.LocalStore(made.root, read_only=made.read_only)  # type: ignore[attr-defined]
        local._looks_above = True
        return local, ""
    return made, ""


def placed(
    place: Any, path: str | None, storage_options: dict[str, Any] | None
) -> tuple[Store, str]:
    """Give the store, and the path in it with another one behind it."""
    store, start = store_of(place, storage_options)
    below = "/".join(part for part in (start, (path or "").strip("/")) if part)
    return store, below


def check_mode(place: Store, mode: str | None, *, creating: bool = False) -> None:
    """Refuse to write where that may not be, and name the mode that asks for it.

    Raises
    ------
    ReadOnlyStoreError
    ValueError
        For what is no mode.
    """
    if mode not in (None, "r", "r+", "a", "w", "w-"):
        raise ValueError(f"Invalid mode: {mode}; it is 'r', 'r+', 'a', 'w' or 'w-'")
    if place.read_only and (creating or mode in ("w", "w-", "r+")):
        raise ReadOnlyStoreError(f"Store is read-only but mode is {mode!r}", store=repr(place))


def plain(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what tunes zarr-python only, and what is given as "not given"."""
    refuse_chunk_store(keywords.get("chunk_store"))
    left_out = {*TUNING, "chunk_store"}
    return {
        name: value
        for name, value in keywords.items()
        if name not in left_out and not (name == "config" and value is None)
    }


def join_paths(paths: Iterable[str]) -> str:
    """Join paths, of which empty ones are left out."""
    return "/".join(filter(None, paths))


def normalize_path(path: Any) -> str:
    """Write the path of a node with one slash between its names, and none around them.

    Parameters
    ----------
    path : str, bytes or PathLike, optional

    Raises
    ------
    TypeError
        When it is no path.
    ValueError
        When it leads elsewhere: by ``.`` or ``..``.
    """
    if isinstance(path, bytes):
        path = path.decode("ascii")
    if not isinstance(path, str | os.PathLike | None):
        raise TypeError(f"Object {path!r} has an invalid type for a path: {type(path).__name__}")
    names = os.fspath(path or "").replace("\\", "/").split("/")
    if {".", ".."} & set(names):
        raise ValueError(f"The path {path!r} is invalid: it has '.' or '..' segments")
    return join_paths(names)
