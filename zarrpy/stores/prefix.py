"""The part of a store below one path, as a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.metadata.names import normalise_path
from zarrpy.stores.wrapper import WrapperStore

if TYPE_CHECKING:
    from zarrpy._native.files import Directory
    from zarrpy.stores.base import Store


class PrefixStore(WrapperStore):
    """Keep every value in another store, below a path.

    Parameters
    ----------
    store : Store
    path : str
        All keys of this store lie below it.

    Examples
    --------
    >>> from zarrpy.stores import MemoryStore
    >>> below = MemoryStore()
    >>> PrefixStore(below, "a/b").set("c", b"1")
    >>> list(below.list())
    ['a/b/c']
    """

    def __init__(self, store: Store, path: str) -> None:
        super().__init__(store)
        self.path = normalise_path(path)
        self._start = self.path + "/" if self.path else ""
        self.of_files = store.of_files

    def directory(self, path: str, *, create: bool = False) -> Directory | None:
        """Open the directory of a node as the store below does."""
        return self.store.directory((self._start + path).rstrip("/"), create=create)

    @property
    def label(self) -> str:
        """Name the store below and the path."""
        return f"{self.store.label}/{self.path}"

    def __repr__(self) -> str:
        return f"PrefixStore({self.store!r}, {self.path!r})"
