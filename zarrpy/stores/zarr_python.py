"""Stores of zarr-python, and of all that are made for it, as stores of ours."""

from __future__ import annotations

from itertools import starmap
from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import StoreError
from zarrpy.metadata.names import OURS, check_key
from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.bridge import run, together
from zarrpy.stores.schemes import is_of_zarr_python
from zarrpy.stores.told import ABSENT, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zarrpy.stores.base import Bytes, Names, Values

#: What their stores raise, or let through, for a key that does not exist.
_NO_KEY = (*ABSENT, KeyError)


class ZarrPythonStore(Store):
    """Read and write any store that is made for zarr-python, such as those of icechunk.

    Its coroutines run on the loop of zarr-python, so that one store may be used by both libraries
    at the same time: connections belong to the loop on which they were made. The store is never
    closed from here; that is up to whoever made it.

    Parameters
    ----------
    store : zarr.abc.store.Store
    read_only : bool
        Refuse every change; also when the store itself does.

    Raises
    ------
    TypeError
        When it is no such store.
    """

    def __init__(self, store: Any, *, read_only: bool = False) -> None:
        if not is_of_zarr_python(store):
            raise TypeError(f"{type(store).__name__} is no store of zarr-python: {store!r}")
        self.store = store
        self.read_only = read_only or bool(store.read_only) or not store.supports_writes
        self._ready = False
        self._strict: bool | None = None

    @property
    def requests(self) -> int:
        """Requests under way at the same time."""
        return config.requests

    def _run(self, operation: str, key: str, function: Callable[..., Any], *values: Any) -> Any:
        """Call a function on the loop, await what it gives, and wait; what is absent is None."""
        with told(operation, key):
            try:
                return run(self._awaited(function, values), _loop())
            except _NO_KEY as error:
                if isinstance(error, StoreError):
                    raise
                return None

    def _is_strict(self, key: str) -> bool:
        """Whether a key is one of ours, in a store that takes keys of Zarr only; found out once.

        Such stores are transactions. What operations leave for others to find is never in them.
        """
        if not any(part.startswith(OURS) for part in check_key(key).split("/")):
            return False
        if self._strict is None:
            try:
                self._run("look for", key, self.store.exists, key)
                self._strict = False
            except StoreError:
                self._run("look for", key, self.store.exists, "zarr.json")
                self._strict = True
        return self._strict

    async def _awaited(self, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        """Open the store before it is used first, as zarr-python does."""
        if not self._ready:
            await self.store._ensure_open()
            self._ready = True
        return await function(*values)

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        if self._is_strict(key):
            return None
        if byte_range is None:
            return self._value(key)
        if byte_range.length == 0:
            return b"" if self.exists(key) else None
        try:
            found = self._value(key, byte_range)
        except StoreError as error:  # perhaps it begins behind the end of the value
            return self._within(key, byte_range, error)
        if found is None or byte_range.offset >= 0:
            return self._checked(key, found, byte_range)
        if len(found) < -byte_range.offset and len(found) != self.size(key):
            return self._within(key, byte_range, None)  # it counts from the end of what is shorter
        return byte_range.of(found)

    def _value(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        found: Bytes | None = self._run("get", key, self._get, key, byte_range)
        return found

    async def _get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        from zarr.core.buffer import default_buffer_prototype

        found = await self.store.get(key, default_buffer_prototype(), _asked(byte_range))
        return None if found is None else memoryview(found.as_numpy_array()).cast("B").toreadonly()

    def _within(self, key: str, byte_range: ByteRange, error: StoreError | None) -> Bytes | None:
        """Read a part by the size of the whole."""
        size = self.size(key)
        if size is None:
            return None
        start, stop = byte_range.within(size)
        if stop <= start:
            return b""
        exact = ByteRange(start, stop - start)
        if exact == byte_range and error is not None:
            raise error
        found = self._value(key, exact)
        if found is not None and len(found) != exact.length:
            words = f"the answer has {len(found)} bytes, not {exact.length}"
            raise StoreError(words, key=key, operation="get")
        return found

    def _checked(self, key: str, found: Bytes | None, byte_range: ByteRange) -> Bytes | None:
        """Refuse a whole value where a part was asked for."""
        if found is not None and 0 <= byte_range.length < len(found):
            words = f"the answer has {len(found)} bytes, not {byte_range.length}"
            raise StoreError(words, key=key, operation="get")
        return found

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values together."""
        if len(keys) <= 1 or any(map(self._is_strict, keys)):
            return [self.get(key) for key in keys]

        async def one(key: str) -> Bytes | None:
            try:
                return await self._get(key)
            except _NO_KEY:
                return None
            except Exception as error:
                with told("get", key):
                    raise error

        found: Values = self._run("get", keys[0], together, map(one, keys))
        return found

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        if self._is_strict(key):
            return None
        found: int | None = self._run("look for", key, self.store.getsize, key)
        if found == 0 and self._value(key) is None:  # a directory
            return None
        return found

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        if self._is_strict(key):
            return False
        found = self._run("look for", key, self.store.exists, key)
        return bool(found) and self.size(key) is not None  # it may be a directory

    # --------------------------------------------------------------------------------- listing

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        folder = prefix.rpartition("/")[0]
        if folder and self._is_strict(folder):
            return iter(())
        try:
            listing = (self.store.list_prefix, f"{folder}/") if folder else (self.store.list,)
            keys = self._listed(prefix, *listing)
        except StoreError:
            if not self._strict:
                raise
            keys = self._listed(prefix, self.store.list)  # it lists nothing below what is no node
        return (key for key in keys if key.startswith(prefix))

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, without what lies below them."""
        found = self._listed(prefix, self.store.list_dir, prefix.rstrip("/"))
        return sorted({name.rstrip("/").rpartition("/")[2] for name in found} - {""})

    def _listed(self, prefix: str, listing: Callable[..., Any], *values: str) -> Sequence[str]:
        if not self.store.supports_listing:
            raise StoreError("the store lists nothing", key=prefix, operation="list")

        async def collected() -> Names:
            return [name async for name in listing(*values)]

        return self._run("list", prefix, collected) or ()

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        self._check_strict(key)
        self._run("set", key, self._set, key, value)

    def _check_strict(self, key: str) -> None:
        """Refuse to leave what others would have to find, where there is no place for that."""
        if self._is_strict(key):
            raise StoreError(
                "the store takes keys of Zarr only, so that no node is moved, replaced or made "
                "smaller in it",
                store=repr(self),
                key=key,
                operation="set",
                hint="delete the node, or write a new one",
            )

    async def _set(self, key: str, value: Bytes | None) -> None:
        from zarr.core.buffer import default_buffer_prototype

        if value is None:
            await self._delete(key)
            return
        # some keep what they are given
        buffer = default_buffer_prototype().buffer.from_bytes(bytes(value))
        try:
            await self.store.set(key, buffer)
        except _NO_KEY as error:  # which would mean absent
            raise StoreError(str(error), key=key, operation="set") from error

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values together; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        last = dict(zip(keys, values, strict=True))
        for key in [key for key in last if self._is_strict(key)]:
            if last.pop(key) is not None:
                self._check_strict(key)
        self._run("set", keys[0], together, starmap(self._set, last.items()))

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.check_writable("delete", key)
        if not self._is_strict(key):
            self._run("delete", key, self._delete, key)

    async def _delete(self, key: str) -> None:
        try:
            if not self.store.supports_deletes:
                if await self.store.exists(key):
                    raise StoreError("the store deletes nothing", key=key, operation="delete")
                return
            await self.store.delete(key)
        except _NO_KEY:
            return

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix`, several at the same time."""
        self.check_writable("delete", prefix)
        keys = [*self.list(prefix)]
        self._run("delete", prefix, together, map(self._delete, keys))

    # ------------------------------------------------------------------------------- describing

    @property
    def lock_scope(self) -> int:
        """The same for all that lead to one store."""
        return id(self.store)

    @property
    def other_processes(self) -> str:
        """Everything, but for what is in memory."""
        return "none" if "Memory" in type(self.store).__name__ else "write"

    @property
    def label(self) -> str:
        """What the store calls itself."""
        return str(self.store)

    def __getstate__(self) -> dict[str, Any]:
        """Give the store, which is opened again where it comes to."""
        return {**vars(self), "_ready": False}

    def __repr__(self) -> str:
        return f"ZarrPythonStore({self.store!r})"


def of_zarr_python(place: Any, read_only: bool = False) -> Store:
    """Make a store of one of zarr-python: one of ours where that reaches the same values."""
    import zarr.storage

    read_only = read_only or place.read_only
    if type(place) is zarr.storage.LocalStore:
        from zarrpy.stores.local import LocalStore

        return LocalStore(place.root, read_only=read_only)
    if type(place) is getattr(zarr.storage, "ObjectStore", None):
        from zarrpy.stores.obstore import of_obstore

        return of_obstore(place.store, read_only)
    return ZarrPythonStore(place, read_only=read_only)


def _asked(byte_range: ByteRange | None) -> Any:
    """Write a range as zarr-python does."""
    from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest

    if byte_range is None:
        return None
    offset, length = byte_range
    if offset < 0:
        return SuffixByteRequest(-offset)
    return OffsetByteRequest(offset) if length < 0 else RangeByteRequest(offset, offset + length)


def _loop() -> Any:
    """Give the loop of zarr-python; None where it has none to give, which means ours."""
    try:
        from zarr.core.sync import _get_loop
    except ImportError:
        return None
    return _get_loop()
