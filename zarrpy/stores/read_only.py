"""A store that cannot be changed, over one that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.stores.wrapper import WrapperStore

if TYPE_CHECKING:
    from typing import Any

    from zarrpy._native.files import Directory
    from zarrpy.stores.base import Exclusive, Store


class ReadOnlyStore(WrapperStore):
    """Read another store, and refuse every change of it.

    Whoever has the other store may still change it. Files are read as fast as without this store.

    Parameters
    ----------
    store : Store

    Examples
    --------
    >>> from zarrpy.stores import MemoryStore
    >>> store = ReadOnlyStore(MemoryStore({"a": b"1"}))
    >>> store.get("a")
    b'1'
    >>> store.set("a", b"2")
    Traceback (most recent call last):
        ...
    zarrpy.errors.ReadOnlyStoreError: cannot set 'a' in ...: the store is read-only -> ...
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.of_files = store.of_files

    @property
    def read_only(self) -> bool:
        """True, and stays so."""
        return True

    @read_only.setter
    def read_only(self, value: Any) -> None:
        return

    @property
    def way_to_write(self) -> str:
        """Go around this store."""
        return "this store refuses every change; change the one that it lies over"

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Refuse to lock what will not be changed."""
        self.check_writable("lock", key)
        return super().exclusive(key, patience)

    def tidy(self, prefix: str) -> None:
        """Refuse to remove anything."""
        self.check_writable("delete", prefix)

    def directory(self, path: str, *, create: bool = False) -> Directory | None:
        """Open the directory of a node to read from it; none is made."""
        if create:
            self.check_writable("create", path)
        return self.store.directory(path)
