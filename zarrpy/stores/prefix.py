"""The part of a store below one path, as a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.metadata.names import check_key, normalise_path
from zarrpy.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Exclusive, Names, NodeError, Values


class PrefixStore(Store):
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
        self.store = store
        self.path = normalise_path(path)
        self._start = self.path + "/" if self.path else ""
        self.read_only = store.read_only

    def _below(self, key: str) -> str:
        return self._start + check_key(key)

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        return self.store.get(self._below(key), byte_range)

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values."""
        return self.store.get_many([self._below(key) for key in keys])

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        self.store.set(self._below(key), value)

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values; None deletes the key."""
        if keys:
            self.check_writable("set", keys[0])
        self.store.set_many([self._below(key) for key in keys], values)

    def update(self, key: str, change: Callable[[Bytes | None], Bytes]) -> None:
        """Replace a value by what `change` makes of it."""
        self.check_writable("update", key)
        self.store.update(self._below(key), change)

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.check_writable("delete", key)
        self.store.delete(self._below(key))

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix`."""
        self.check_writable("delete", prefix)
        self.store.delete_prefix(self._start + prefix)

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a value another key."""
        self.check_writable("rename", key)
        return self.store.rename(self._below(key), self._below(new), replace=replace)

    def tidy(self, prefix: str) -> None:
        """Remove what deleted keys below a prefix have left."""
        self.store.tidy(self._start + prefix)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return self._shortened(self.store.list(self._start + prefix))

    def list_entries(self, prefix: str = "") -> Iterator[str]:
        """Yield what deleting a prefix would have to remove."""
        return self._shortened(self.store.list_entries(self._start + prefix))

    def _shortened(self, keys: Iterator[str]) -> Iterator[str]:
        return (key[len(self._start) :] for key in keys)

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix."""
        return self.store.list_dir(self._start + prefix)

    def list_folders(self, prefix: str = "") -> Names:
        """List those names of `list_dir` that keys may lie below."""
        return self.store.list_folders(self._start + prefix)

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        for key, size in self.store.list_sizes(self._start + prefix):
            yield key[len(self._start) :], size

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self.store.exists(self._below(key))

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        return self.store.size(self._below(key))

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep other processes that ask for the same key out."""
        return self.store.exclusive(self._below(key), patience)

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node as the store below does."""
        return self.store.locus(self._start + path if path else self.path)

    def identity(self, key: str) -> Hashable:
        """Tell where a value is and which version of it that is."""
        return self.store.identity(self._below(key))

    def version(self, key: str) -> object:
        """Tell which version of a value there is now."""
        return self.store.version(self._below(key))

    @property
    def tells_sizes(self) -> bool:
        """Whether `size` costs less than reading the value."""
        return self.store.tells_sizes

    @property
    def excludes_writers(self) -> bool:
        """Whether the store below does."""
        return self.store.excludes_writers

    @property
    def lock_scope(self) -> int:
        """The same as of the store below."""
        return self.store.lock_scope

    def lock_names(self, keys: Sequence[str]) -> Sequence[str]:
        """Name keys as the store below does."""
        return self.store.lock_names([(self._start + key).rstrip("/") for key in keys])

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return self.store.place_of(self._start + path if path else self.path)

    def locate(self, error: NodeError) -> NodeError:
        """Say in an error where this store is."""
        return self.store.locate(error)

    @property
    def label(self) -> str:
        """Name the store below and the path."""
        return f"{self.store.label}/{self.path}"

    def close(self) -> None:
        """Let go of what the store below holds open."""
        self.store.close()

    def __repr__(self) -> str:
        return f"PrefixStore({self.store!r}, {self.path!r})"
