"""Let all that a hierarchy has last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.engine.operation import entry
from zarrpy.engine.requests import Sync
from zarrpy.metadata.names import normalise_path

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store


@entry
def sync(
    store: Store,
    /,
    *,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[None]:
    """Wait until all that was written so far would survive a loss of power.

    That is for what was written with ``durability="atomic"``, the default: many writes, and one
    wait at the end. Every file below the path is synced, and every directory on the way to it;
    databases sync what they have, files of SQLite that are in use as well. Buckets and servers
    keep what they have confirmed, and memory keeps nothing.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of a node within the store; by default all of it.
    storage_options : dict, optional

    Raises
    ------
    StoreError
        When the disk cannot.

    Examples
    --------
    >>> import zarrpy
    >>> store = zarrpy.stores.MemoryStore()
    >>> zarrpy.save(store, [1, 2, 3])
    >>> zarrpy.sync(store)
    """
    yield Sync(normalise_path(path or ""))
