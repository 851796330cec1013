"""From what the user calls a store to a store."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from zarrpy.errors import StoreError
from zarrpy.stores.base import Store
from zarrpy.stores.local import LocalStore
from zarrpy.stores.memory import MemoryStore
from zarrpy.stores.schemes import (
    check_methods,
    is_asynchronous,
    is_of_obstore,
    is_of_zarr_python,
    is_replaced,
)

# A scheme of two letters at least: "C:" is a drive.
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")
#: Schemes of files, which are paths just as well.
_OURS = ("file", "sqlite", "zip")


def as_store(
    place: Any, *, read_only: bool = False, storage_options: dict[str, Any] | None = None
) -> Store:
    """Make a store of a path, a URL, a mapping, or a store.

    A path that ends in ``.zip`` is a zip file, unless it is a directory; ``a.zip|zip:path`` is what
    lies below a path in it. ``zip://a.zip`` is the same file as ``a.zip``. ``sqlite:a.db`` is a
    SQLite file, as is any that ends in ``.sqlite``, or in ``.db`` and is there. ``s3://``, ``gs://``
    and ``az://`` are buckets, ``https://`` is a web server. A file that ends in ``.json``, and a
    folder that ends in ``.parq``, are references, also behind a URL. URLs of other schemes are what
    `register_store` and installed packages make of them, and else what fsspec does. An object with
    coroutines `get`, `set`, `delete` and `list` is a store as well, and so is any that obstore
    makes, or one that is made for zarr-python.

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
    if isinstance(place, Store) and not is_asynchronous(place):
        return place
    if isinstance(place, str) and is_remote(place):
        from zarrpy.stores.remote import remote_store

        return remote_store(place, read_only, storage_options or {})
    if isinstance(place, str | os.PathLike) and _is_of_references(os.fspath(place)):
        from zarrpy.stores.reference import ReferenceStore

        path = _local_path(os.fspath(place))
        return ReferenceStore.from_url(path, **(storage_options or {}))
    if storage_options:
        raise StoreError(
            f"storage_options {sorted(storage_options)} do not apply to {place!r}: "
            "only stores behind a URL take them"
        )
    if place is None:
        return MemoryStore()
    if is_of_zarr_python(place):
        from zarrpy.stores.zarr_python import of_zarr_python

        return of_zarr_python(place, read_only)
    if is_of_obstore(place):
        from zarrpy.stores.obstore import of_obstore

        return of_obstore(place, read_only)
    if is_asynchronous(place):
        from zarrpy.stores.bridge import blocking

        check_methods(place, f"cannot make a store of {type(place).__name__}")
        return blocking(place)
    of_node = isinstance(getattr(place, "store", None), Store)  # a group is a mapping, too
    if isinstance(place, MutableMapping) and not of_node:
        return MemoryStore(place)
    if isinstance(place, str | os.PathLike):
        return _of_path(os.fspath(place), read_only)
    hint = " -> give its store, with path=, or call its own methods" if of_node else ""
    if not of_node and callable(getattr(place, "get", None)) and not isinstance(place, Mapping):
        check_methods(place, f"cannot make a store of {type(place).__name__}")
        hint = ", which its class may be a child of"
    raise TypeError(
        f"cannot make a store of {type(place).__name__}: give a path, a mapping or a Store{hint}"
    )


def is_remote(place: str) -> bool:
    """Whether a text is a URL of other stores than files, and nothing of it is a local file."""
    if not _URL.match(place) or os.path.exists(place):
        return False
    scheme = place.partition(":")[0].lower()
    if scheme not in _OURS or is_replaced(scheme):
        return True
    _, chained, outer = place.partition("::")  # zip://inner::outer, with a file somewhere else
    return bool(chained) and is_remote(outer)


def _of_path(place: str, read_only: bool) -> Store:
    """Make a store of a path or URL, and of a path within that file after a bar."""
    if not isinstance(place, str):
        raise TypeError(f"a path must be text, not {type(place).__name__}: {place!r}")
    if place == "":
        raise StoreError("the empty path names no store -> for this directory, give '.'")
    outer, bar, inner = place.partition("|")
    if not bar or os.path.exists(place):
        return _of_file(place, read_only)
    kind, colon, path = inner.partition(":")
    if not colon or kind.lower() not in _WITHIN or "|" in path:
        known = ", ".join(f"'|{each}:path'" for each in _WITHIN)
        raise StoreError(f"{place!r} is not understood after the bar -> give {known}, once")
    kind = kind.lower()
    scheme = re.match(rf"{kind}://{'|sqlite:' if kind == 'sqlite' else ''}", outer, re.IGNORECASE)
    file = outer[scheme.end() :] if scheme else _local_path(outer)  # some say it twice
    return _below(_WITHIN[kind](file, read_only), path)


def _of_file(place: str, read_only: bool) -> Store:
    """Make a store of what is named without a bar."""
    scheme, colon, path = place.partition("://")
    if colon and scheme.lower() == "zip":
        inner, chained, outer = path.partition("::")
        if chained:  # as chains of file systems are written: what is within comes first
            return _below(_zip(_local_path(outer), read_only), inner)
        return _zip(path, read_only)
    if place.lower().startswith("sqlite:") and not os.path.exists(place):
        path = place[len("sqlite:") :]
        return _sqlite(path[2:] if path.startswith("//") else path, read_only)
    path = _local_path(place)
    if _is_sqlite(path):
        return _sqlite(path, read_only)
    if path.lower().rstrip("/").endswith(".zip") and not os.path.isdir(path):
        return _zip(path.rstrip("/"), read_only)
    return LocalStore(path, read_only=read_only)


def _is_of_references(place: str) -> bool:
    """Whether a path is that of a file of references, or of a folder of such files."""
    if not isinstance(place, str) or "|" in place:
        return False
    path = unquote(urlsplit(place).path) if place.startswith("file:") else place
    name = path.lower().rstrip("/")
    if name.endswith(".json"):
        return os.path.isfile(path)
    return name.endswith((".parq", ".parquet")) and os.path.exists(os.path.join(path, ".zmetadata"))


def _zip(path: str, read_only: bool) -> Store:
    from zarrpy.stores.zip import ZipStore

    return ZipStore(path, read_only=read_only)


def _is_sqlite(path: str) -> bool:
    """Whether a path is that of a SQLite file, or of one that is not there yet."""
    name = path.lower()
    if not name.endswith((".sqlite", ".sqlite3", ".db")):
        return False
    if not os.path.exists(path):
        return not name.endswith(".db")  # as a directory may be called as well
    from zarrpy.stores.sqlite_database import is_database

    return is_database(path)  # an empty one is: its maker was killed, or is at it


def _sqlite(path: str, read_only: bool) -> Store:
    from zarrpy.stores.sqlite import SQLiteStore

    return SQLiteStore(path, read_only=read_only)


#: Formats that have paths of their own within a file, as they are named after a bar.
_WITHIN: dict[str, Callable[[str, bool], Store]] = {"zip": _zip, "sqlite": _sqlite}


def _below(store: Store, path: str) -> Store:
    from zarrpy.stores.prefix import PrefixStore

    return PrefixStore(store, path) if path.strip("/") else store


def _local_path(place: str) -> str:
    """Path of a local file or directory; what is none of that is refused by name."""
    if place.startswith("file:"):
        return _file_url(place)
    if _URL.match(place) and not os.path.exists(place):
        raise StoreError(f"{place!r} is no local file, as it would have to be here")
    return place


def _file_url(place: str) -> str:
    parts = urlsplit(place)
    if parts.netloc not in ("", "localhost"):
        raise StoreError(f"{place!r} names the host {parts.netloc!r}: only local files are read")
    path = unquote(parts.path)
    # file:///C:/data has a drive behind its slash
    return path[1:] if os.name == "nt" and re.match(r"^/[A-Za-z]:", path) else path
