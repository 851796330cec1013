"""Values in a dictionary of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.stores.base import ByteRange, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping, Sequence

    from zarrpy.stores.base import Bytes, Values
    from zarrpy.stores.stage import Check


class MemoryStore(Store):
    """Keep every value in a mapping; for tests, caches and small results.

    Parameters
    ----------
    values : mutable mapping of str to bytes, optional
        Used as it is, not copied.
    """

    in_memory = True

    def __init__(self, values: MutableMapping[str, Bytes] | None = None) -> None:
        self._values: MutableMapping[str, Bytes] = {} if values is None else values

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        value = self._values.get(key)
        return value if value is None or byte_range is None else byte_range.of(value)

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values."""
        return list(map(self._values.get, keys))

    def set(self, key: str, value: Bytes) -> None:
        """Keep a copy of a value."""
        self.check_writable("set", key)
        self._values[key] = bytes(value)

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Keep copies of several values; None forgets the key."""
        if keys:
            self.check_writable("set", keys[0])
        for key, value in zip(keys, values, strict=True):
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = bytes(value)

    def set_together(
        self, keys: Sequence[str], values: Sequence[Bytes | None], check: Check
    ) -> None:
        """Replace several values, unless `check` raises an error."""
        check(self.get)
        self.set_many(keys, values)

    def delete(self, key: str) -> None:
        """Forget a key."""
        self.check_writable("delete", key)
        self._values.pop(key, None)

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a value another key."""
        self.check_writable("rename", key)
        if not replace and new in self._values:
            return False
        value = self._values.pop(key, None)
        if value is None:
            return False
        self._values[new] = value
        return True

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return (key for key in sorted(self._values) if key.startswith(prefix))

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        value = self._values.get(key)
        return None if value is None else len(value)

    def stamp(self, key: str) -> object:
        """Give the value itself."""
        return self._values.get(key, ())

    @property
    def lock_scope(self) -> int:
        """Two stores over one mapping share their locks."""
        return id(self._values)

    @property
    def other_processes(self) -> str:
        """Nothing: a copy has values of its own."""
        return "none"

    @property
    def label(self) -> str:
        """Only that it is in memory."""
        return "memory"

    def __getstate__(self) -> dict[str, Any]:
        """Give a copy an identity of its own: what is written to one is not in the other."""
        return {name: value for name, value in vars(self).items() if name != "_identity"}

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._values)} keys)"
