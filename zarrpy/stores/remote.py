"""From a URL to the store of what is not a local file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from zarrpy.errors import StoreError
from zarrpy.stores.schemes import find_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.stores.base import Store


def remote_store(url: str, read_only: bool, options: dict[str, Any]) -> Store:
    """Make the store of a URL, by the class that its scheme stands for, or by fsspec.

    Parameters
    ----------
    url : str
        A bar and ``zip:path`` after it name a path in a zip file that is there.
    read_only : bool
        Refuse every change through this store.
    options : dict
        Parameters of the store.
    """
    outer, bar, inner = url.partition("|")
    if bar:
        kind, colon, path = inner.partition(":")
        if kind.lower() != "zip" or not colon or "|" in path:
            raise StoreError(f"{url!r} is not understood after the bar -> give '|zip:path', once")
        return _zip_in(outer, path, options)
    inner, chained, outer = url.partition("::")
    if chained and inner.lower().startswith("zip://") and "::" not in outer:
        scheme = outer.partition(":")[0].lower()
        if set(options) <= {scheme}:  # of each file system by its protocol, as fsspec has it
            return _zip_in(outer, inner[len("zip://") :], dict(options.get(scheme) or {}))
    store: Store
    if _is_of_references(url):
        from zarrpy.stores.reference import ReferenceStore

        place = url.removeprefix("reference::")
        return ReferenceStore.from_url(place, read_only=read_only, **options)
    if "::" not in url:
        kind_of_store = find_store(url.partition(":")[0])
        if kind_of_store is not None:
            with _options_told(kind_of_store, options):
                store = kind_of_store.from_url(url, read_only=read_only, **options)
            return store
    from zarrpy.stores.fsspec import FsspecStore

    return FsspecStore(url, read_only=read_only, **options)


@contextmanager
def _options_told(kind: type[Store], options: dict[str, Any]) -> Iterator[None]:
    """Say which of the options a class of stores does not have."""
    try:
        yield
    except TypeError as error:
        for name in options:
            if str(error).endswith(f"unexpected keyword argument {name!r}"):
                raise StoreError(
                    f"{kind.__name__} has no option {name!r}",
                    operation="open",
                    hint=f"help({kind.__module__}.{kind.__name__}) tells those that it has",
                ) from error
        raise


def _zip_in(url: str, path: str, options: dict[str, Any]) -> Store:
    """Make a store of a path in a zip file that is somewhere else."""
    from zarrpy.stores.prefix import PrefixStore
    from zarrpy.stores.zip_reader import ZipReaderStore

    place, mark, query = url.partition("?")
    folder, _, name = place.rstrip("/").rpartition("/")
    if folder.endswith("/"):  # what has a name of its own has no folder
        raise StoreError(f"{url!r} names no zip file -> {place.rstrip('/')}/a.zip|zip:path")
    if place.lower().startswith(("http:", "https:")):
        name = unquote(name)
    outer = remote_store(folder + mark + query, True, options)
    store = ZipReaderStore(outer, name)
    return PrefixStore(store, path) if path.strip("/") else store


def _is_of_references(url: str) -> bool:
    """Whether a URL is that of a set of references: no node has such a name."""
    if url.startswith("reference::"):
        return True
    path = url.partition("?")[0].rstrip("/").lower()
    return "::" not in url and path.endswith((".json", ".parq", ".parquet"))
