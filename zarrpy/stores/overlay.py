"""A store that changes nothing of the store below, and looks as if it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.metadata.names import OURS, check_key
from zarrpy.stores.base import Store
from zarrpy.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Exclusive, Names, NodeError, Values

#: Below it lies a mark for each key of the store below that was deleted; no node has such a name.
_GONE = f"{OURS}gone/"
_MARK = ".gone"
#: What other processes may do, the least first.
_ALLOWED = ("none", "read", "write")


def _mark(key: str) -> str:
    # the ending keeps the marks of "a" and "a/b" apart in directories
    return f"{_GONE}{key}{_MARK}"


class OverlayStore(Store):
    """Read one store, and write to another that lies over it: copy on write.

    A key is read from the upper store, or else from the lower one. What is set goes to the upper
    store; what is deleted of the lower one is marked as gone in the upper one.

    Parameters
    ----------
    lower : Store
        Read only.
    upper : Store, optional
        Takes the changes; by default a new memory store. Given one that has changes already, they
        are there again.

    Examples
    --------
    >>> from zarrpy.stores import MemoryStore
    >>> lower = MemoryStore({"a": b"1", "b": b"2"})
    >>> store = OverlayStore(lower)
    >>> store.set("a", b"changed")
    >>> store.delete("b")
    >>> list(store.list()), list(lower.list()), lower.get("a")
    (['a'], ['a', 'b'], b'1')
    """

    def __init__(self, lower: Store, upper: Store | None = None) -> None:
        self.lower = lower
        self.upper = MemoryStore() if upper is None else upper
        self.read_only = self.upper.read_only

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it from the upper store, or else from the lower one."""
        value = self.upper.get(check_key(key), byte_range)
        if value is not None or self._is_gone(key):
            return value
        return self.lower.get(key, byte_range)

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values; those that were not changed together from the lower store."""
        values = self.upper.get_many([check_key(key) for key in keys])
        absent = [i for i, value in enumerate(values) if value is None]
        marks = self.upper.get_many([_mark(keys[i]) for i in absent])
        below = [i for i, mark in zip(absent, marks, strict=True) if mark is None]
        for i, value in zip(below, self.lower.get_many([keys[i] for i in below]), strict=True):
            values[i] = value
        return values

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self.upper.exists(key) or (not self._is_gone(key) and self.lower.exists(key))

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        size = self.upper.size(key)
        return size if size is not None or self._is_gone(key) else self.lower.size(key)

    def _is_gone(self, key: str) -> bool:
        return self.upper.exists(_mark(key))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys of both stores that start with `prefix`, each once."""
        changed = set(self._set_keys(prefix))
        hidden = changed.union(self._gone_keys(prefix))
        yield from sorted(changed)
        for key in self.lower.list(prefix):
            if key not in hidden:
                yield key

    def _set_keys(self, prefix: str = "") -> Iterator[str]:
        return (key for key in self.upper.list(prefix) if not key.startswith(_GONE))

    def _gone_keys(self, prefix: str = "") -> Iterator[str]:
        start = len(_GONE)
        return (key[start : -len(_MARK)] for key in self.upper.list(_GONE + prefix))

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix; those of which all is gone are left out."""
        start = len(prefix)
        names = {name for name in self.upper.list_dir(prefix) if prefix or name + "/" != _GONE}
        touched = {key[start:].split("/", 1)[0] for key in self._gone_keys(prefix)}
        for name in self.lower.list_dir(prefix):
            if name not in touched or self._has_below(prefix + name):
                names.add(name)
        return sorted(names)

    def list_folders(self, prefix: str = "") -> Names:
        """List those names of `list_dir` that keys may lie below."""
        folders = {*self.upper.list_folders(prefix), *self.lower.list_folders(prefix)}
        return [name for name in self.list_dir(prefix) if name in folders]

    def _has_below(self, place: str) -> bool:
        # asking for the place itself would be an error where that is a directory
        return any(key == place or key.startswith(place + "/") for key in self.list(place))

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Set a value in the upper store."""
        self.check_writable("set", key)
        self.upper.set(check_key(key), value)

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Set several values in the upper store; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        gone = [key for key, value in zip(keys, values, strict=True) if value is None]
        self._mark_gone(gone)
        self.upper.set_many([check_key(key) for key in keys], values)

    def delete(self, key: str) -> None:
        """Mark a key of the lower store as gone, and delete it in the upper one."""
        self.check_writable("delete", key)
        self._mark_gone([check_key(key)])
        self.upper.delete(key)

    def _mark_gone(self, keys: Sequence[str]) -> None:
        """Mark before the value above goes: what lies below is never seen again."""
        # Marks stay where a key is set again, as the value above comes first anyway: taking one
        # away could uncover what lies below between two steps of somebody who deletes it.
        marks = [_mark(key) for key in keys if self.lower.exists(key)]
        if marks:
            self.upper.set_many(marks, [b""] * len(marks))

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep other processes out of the key in the upper store."""
        self.check_writable("lock", key)
        return self.upper.exclusive(check_key(key), patience)

    def sync(self, path: str) -> None:
        """Let what is in the upper store last."""
        self.upper.sync("")

    def complete(self, path: str) -> bool:
        """Complete a transaction that a killed process left at a node of the lower store."""
        return self.lower.complete(path)

    def tidy(self, prefix: str) -> None:
        """Remove what deleted keys have left in the upper store."""
        self.upper.tidy(prefix)

    def changes(self) -> tuple[Names, Names]:
        """Tell which keys were set, and which of the lower store are deleted; both sorted."""
        changed = set(self._set_keys())
        return sorted(changed), sorted(set(self._gone_keys()) - changed)

    def discard(self) -> None:
        """Forget all changes: every key is again as it is in the lower store."""
        self.check_writable("discard", "")
        self.upper.delete_prefix("")

    # ------------------------------------------------------------------------------ describing

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by both stores."""
        return ("overlay", self.lower.locus(""), self.upper.locus("")), path

    def version(self, key: str) -> Hashable | None:
        """Tell which version of a value there is now, where both stores can."""
        upper, lower = self.upper.version(key), self.lower.version(key)
        mark = self.upper.version(_mark(key))
        return None if None in (upper, lower, mark) else (upper, mark, lower)

    def stamp(self, key: str) -> object:
        """Tell what is the same only as long as a value does not change, where both stores can."""
        parts = self.upper.stamp(key), self.upper.stamp(_mark(key)), self.lower.stamp(key)
        if None in parts:
            return None
        unsettled = (part for part in parts if type(part) is object)
        return next(unsettled, parts)

    @property
    def requests(self) -> int:
        """As many as of the store that answers more at a time."""
        return max(self.upper.requests, self.lower.requests)

    @property
    def tells_sizes(self) -> bool:
        """Whether both stores do without reading the value."""
        return self.upper.tells_sizes and self.lower.tells_sizes

    @property
    def excludes_writers(self) -> bool:
        """Whether the upper store does."""
        return self.upper.excludes_writers

    @property
    def lock_scope(self) -> int:
        """That of the upper store, where changes go."""
        return self.upper.lock_scope

    @property
    def other_processes(self) -> str:
        """What both stores allow."""
        return min(self.upper.other_processes, self.lower.other_processes, key=_ALLOWED.index)

    def lock_names(self, keys: Sequence[str]) -> Sequence[str]:
        """Name keys as the upper store does."""
        return self.upper.lock_names(keys)

    def place_of(self, path: str) -> str:
        """Name a node as the lower store does, where people look for it."""
        return self.lower.place_of(path)

    def locate(self, error: NodeError) -> NodeError:
        """Say in an error where the lower store is."""
        return self.lower.locate(error)

    @property
    def label(self) -> str:
        """Name the lower store, and that something lies over it."""
        return f"overlay of {self.lower.label}"

    def close(self) -> None:
        """Let go of what both stores hold open."""
        self.lower.close()
        self.upper.close()

    def __repr__(self) -> str:
        return f"OverlayStore({self.lower!r}, {self.upper!r})"
