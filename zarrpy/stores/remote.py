"""From a URL to the store of what is not a local file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.errors import StoreError
from zarrpy.stores.schemes import find_store

if TYPE_CHECKING:
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
        url = f"zip://{path.strip('/')}::{outer}"
        options = {outer.partition(":")[0].lower(): options} if options else {}
    store: Store
    if _is_of_references(url):
        from zarrpy.stores.reference import ReferenceStore

        place = url.removeprefix("reference::")
        return ReferenceStore.from_url(place, read_only=read_only, **options)
    if "::" not in url:
        kind_of_store = find_store(url.partition(":")[0])
        if kind_of_store is not None:
            store = kind_of_store.from_url(url, read_only=read_only, **options)
            return store
    from zarrpy.stores.fsspec import FsspecStore

    return FsspecStore(url, read_only=read_only, **options)


def _is_of_references(url: str) -> bool:
    """Whether a URL is that of a set of references: no node has such a name."""
    if url.startswith("reference::"):
        return True
    path = url.partition("?")[0].rstrip("/").lower()
    return "::" not in url and path.endswith((".json", ".parq", ".parquet"))
