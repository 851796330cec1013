"""What code written for zarr-python derives its stores and codecs from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, BytesToBytes
from zarrpy.codecs.base import Codec as _Codec
from zarrpy.compat.both import Both
from zarrpy.stores.bridge import together

__all__ = [
    "ArrayArrayCodec",
    "ArrayBytesCodec",
    "BaseCodec",
    "ByteGetter",
    "ByteRequest",
    "ByteSetter",
    "BytesBytesCodec",
    "Codec",
    "OffsetByteRequest",
    "RangeByteRequest",
    "Store",
    "SuffixByteRequest",
]


@dataclass(frozen=True, slots=True)
class RangeByteRequest:
    """Bytes from `start` to before `end`.

    Parameters
    ----------
    start, end : int
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OffsetByteRequest:
    """All bytes from an offset.

    Parameters
    ----------
    offset : int
    """

    offset: int


@dataclass(frozen=True, slots=True)
class SuffixByteRequest:
    """The last bytes.

    Parameters
    ----------
    suffix : int
        How many.
    """

    suffix: int


ByteRequest: TypeAlias = RangeByteRequest | OffsetByteRequest | SuffixByteRequest


class Store(ABC):
    """A store whose methods are coroutines, as zarr-python's are; zarrpy reads and writes it.

    Parameters
    ----------
    read_only : bool
    """

    def __init__(self, *, read_only: bool = False) -> None:
        self._is_open = False
        self._read_only = read_only

    @classmethod
    async def open(cls, *args: Any, **keywords: Any) -> Self:
        """Make a store, and open it."""
        store = cls(*args, **keywords)
        await store._open()
        return store

    async def _open(self) -> None:
        if self._is_open:
            raise ValueError(f"{self!r} was opened before")
        self._is_open = True

    async def _ensure_open(self) -> None:
        if not self._is_open:
            await self._open()

    @property
    def read_only(self) -> bool:
        """Whether every change is refused."""
        return self._read_only

    def _check_writable(self) -> None:
        if self.read_only:
            raise ValueError(f"{self!r} may only be read")

    @abstractmethod
    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """Read a value or a part of it; None when the key does not exist."""

    @abstractmethod
    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[Any]) -> list[Any]:
        """Read parts of several values."""

    @abstractmethod
    async def exists(self, key: str) -> bool:
        """Whether a key has a value."""

    @property
    def supports_writes(self) -> bool:
        """Whether values can be written."""
        return True

    @property
    def supports_deletes(self) -> bool:
        """Whether keys can be deleted."""
        return True

    @property
    def supports_listing(self) -> bool:
        """Whether keys can be listed."""
        return True

    @property
    def supports_consolidated_metadata(self) -> bool:
        """Whether metadata may be consolidated."""
        return True

    @abstractmethod
    async def set(self, key: str, value: Any) -> None:
        """Replace a value."""

    async def set_if_not_exists(self, key: str, value: Any) -> None:
        """Keep a value unless there is one."""
        if not await self.exists(key):
            await self.set(key, value)

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Delete a key."""

    async def delete_dir(self, prefix: str) -> None:
        """Delete every key below a prefix."""
        folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        for key in [key async for key in self.list_prefix(folder)]:
            await self.delete(key)

    async def clear(self) -> None:
        """Delete every key."""
        await self.delete_dir("")

    async def is_empty(self, prefix: str) -> bool:
        """Whether there is no key below a prefix."""
        folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        async for _ in self.list_prefix(folder):
            return False
        return True

    @abstractmethod
    def list(self) -> AsyncIterator[str]:
        """Yield every key."""

    @abstractmethod
    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Yield every key that starts with a prefix."""

    @abstractmethod
    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Yield the names directly below a prefix."""

    def close(self) -> None:
        """Let go of what the store holds open."""
        self._is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    async def getsize(self, key: str) -> int:
        """Count the bytes of a value."""
        from zarrpy.compat.buffers import default_buffer_prototype

        value = await self.get(key, default_buffer_prototype())
        if value is None:
            raise FileNotFoundError(key)
        return len(value)

    async def get_ranges(
        self, key: str, byte_ranges: Iterable[Any], *, prototype: Any, **limits: Any
    ) -> AsyncIterator[Any]:
        """Read several parts of a value; gives lists of them, each with its number."""
        found = await together([self.get(key, prototype, part) for part in byte_ranges])
        if any(value is None for value in found):
            raise BaseExceptionGroup("parts could not be read", [FileNotFoundError(key)])
        yield list(enumerate(found))

    def with_read_only(self, read_only: bool = False) -> Self:
        """Give another handle of the same values; a store says itself how."""
        raise NotImplementedError(
            f"{type(self).__name__} has no way to change whether it may be written to"
        )


Store.register(Both)  # type: ignore[type-abstract]

ByteGetter = ByteSetter = object
BaseCodec = Codec = _Codec
ArrayArrayCodec, ArrayBytesCodec, BytesBytesCodec = ArrayToArray, ArrayToBytes, BytesToBytes
