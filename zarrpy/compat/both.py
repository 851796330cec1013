"""Methods of stores for callers that wait, and for those that await, under one name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from functools import partial
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, Self

from zarrpy.compat.protocols import SupportsGetSync
from zarrpy.compat.requested import byte_range_of, bytes_of
from zarrpy.engine.drive import call_async
from zarrpy.engine.locks import hold_of
from zarrpy.errors import ReadOnlyStoreError
from zarrpy.stores.base import ByteRange, Store

__all__ = ["Both", "awaitable", "prototype_of"]


class _Done:
    """Nothing, which can be awaited: what methods give that only do something."""

    def __await__(self) -> Iterator[Any]:
        return iter(())

    def __bool__(self) -> bool:
        return False


class _Truth(int):
    """A truth value that can be awaited."""

    def __await__(self) -> Iterator[Any]:
        return _given(bool(self))


class _Names(list[str]):
    """Names that can be listed in both ways."""

    async def __aiter__(self) -> AsyncIterator[str]:
        for name in self:
            yield name


class _Keys(Iterator[str]):
    """Keys that can be listed in both ways, bit by bit."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = iter(keys)

    def __next__(self) -> str:
        return next(self._keys)

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        for key in self._keys:
            return key
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Give no more keys."""
        self._keys = iter(())


def _given(value: Any) -> Generator[Any, None, Any]:
    """Give a value to whom awaits it."""
    yield from ()
    return value


class Both(Store):
    """The methods of zarr-python's stores, beside those of ours.

    Where both have one of the same name, it gives what serves both.
    """

    # `WrapperStore[Store]` says in annotations which store
    __class_getitem__: ClassVar[Any] = classmethod(GenericAlias)
    supports_writes: ClassVar[bool] = True
    supports_deletes: ClassVar[bool] = True
    supports_listing: ClassVar[bool] = True
    supports_partial_writes: ClassVar[bool] = False
    supports_consolidated_metadata = True
    _read_only: bool = False

    if not TYPE_CHECKING:  # stores of ours keep it as a plain attribute

        @property
        def read_only(self) -> bool:
            """Whether every change is refused; it is said once, where the store is made."""
            return self._read_only

        @read_only.setter
        def read_only(self, value: bool) -> None:
            if "_read_only" in self.__dict__ and not value:
                raise AttributeError("read_only is said once: with_read_only gives another store")
            self._read_only = value

    def check_writable(self, operation: str, key: str) -> None:
        """Refuse a change of a read-only store, in the words that programs look for."""
        if self.read_only:
            raise ReadOnlyStoreError(
                "store was opened in read-only mode and does not support writing",
                store=repr(self),
                key=key,
                operation=operation,
                hint="with_read_only(False) gives a store that does",
            )

    if not TYPE_CHECKING:  # its second argument is one of two

        def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
            """Read a value or a part of it; a buffer, to be awaited, where a prototype is given.

            Parameters
            ----------
            key : str
            prototype : BufferPrototype or ByteRange, optional
            byte_range : ByteRange, or a request for bytes of zarr-python, optional
            """
            if prototype is None or isinstance(prototype, ByteRange):
                return super().get(key, prototype or byte_range)
            return self._get_buffer(key, prototype, byte_range)

    async def _get_buffer(self, key: str, prototype: Any, byte_range: Any) -> Any:
        return self._buffer(key, prototype, byte_range)

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Read a value or a part of it as a buffer, which is not to be awaited."""
        return self._buffer(key, prototype, byte_range)

    def _buffer(self, key: str, prototype: Any, byte_range: Any) -> Any:
        value = super().get(key, byte_range_of(byte_range))  # type: ignore[safe-super]
        if value is None:
            return None
        return prototype_of(prototype).buffer.from_bytes(value)

    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[Any]) -> list[Any]:
        """Read parts of several values."""
        return [
            self.get_sync(key, prototype=prototype, byte_range=part) for key, part in key_ranges
        ]

    def get_ranges_sync(
        self, key: str, byte_ranges: Iterable[Any], *, prototype: Any, **limits: Any
    ) -> list[tuple[int, Any]]:
        """Read several parts of a value; each with its number.

        Raises
        ------
        BaseExceptionGroup
            Of a `FileNotFoundError`, when the key does not exist.
        """
        if not isinstance(self, SupportsGetSync):
            raise TypeError(f"{type(self).__name__} does not support synchronous reads")
        found = [
            (i, self.get_sync(key, prototype=prototype, byte_range=part))
            for i, part in enumerate(byte_ranges)
        ]
        if any(value is None for _, value in found):
            raise BaseExceptionGroup("parts could not be read", [FileNotFoundError(key)])
        return found

    async def get_ranges(
        self, key: str, byte_ranges: Iterable[Any], *, prototype: Any, **limits: Any
    ) -> AsyncIterator[list[tuple[int, Any]]]:
        """Read several parts of a value; gives lists of them, each with its number."""
        yield await call_async(
            partial(Both.get_ranges_sync, self, key, list(byte_ranges), prototype=prototype)
        )

    def set(self, key: str, value: Any, byte_range: None = None) -> Any:
        """Replace a value, all at once."""
        if byte_range is not None:
            raise NotImplementedError("a part of a value cannot be replaced")
        super().set(key, bytes_of(value))  # type: ignore[safe-super]
        return _Done()

    set_sync = set

    async def set_if_not_exists(self, key: str, value: Any) -> None:
        """Keep a value unless there is one."""
        if not super().exists(key):
            new = bytes_of(value)
            with hold_of(self, [key]):  # who was faster has kept his
                self.update(key, lambda old: new if old is None else old)

    def delete(self, key: str) -> Any:
        """Delete a key."""
        super().delete(key)  # type: ignore[safe-super]
        return _Done()

    delete_sync = delete

    async def delete_dir(self, prefix: str) -> None:
        """Delete every key below a prefix."""
        self.check_writable("delete", prefix)
        self.delete_prefix(_folder(prefix))

    def exists(self, key: str) -> Any:
        """Whether a key has a value."""
        return _Truth(super().exists(key))

    def list(self, prefix: str = "") -> Any:
        """Yield every key that starts with `prefix`."""
        return _Keys(super().list(prefix))  # type: ignore[safe-super]

    def list_prefix(self, prefix: str) -> Any:
        """Yield every key that starts with `prefix`."""
        return self.list(prefix)

    def list_dir(self, prefix: str = "") -> Any:
        """List the names directly below a prefix."""
        return _Names(super().list_dir(_folder(prefix)))

    async def is_empty(self, prefix: str) -> bool:
        """Whether there is no key below a prefix."""
        return next(iter(super().list(_folder(prefix))), None) is None  # type: ignore[safe-super]

    async def clear(self) -> None:
        """Delete every key."""
        await self.delete_dir("")

    async def getsize(self, key: str) -> int:
        """Count the bytes of a value.

        Raises
        ------
        FileNotFoundError
        """
        size = self.size(key)
        if size is None:
            raise FileNotFoundError(key)
        return size

    async def getsize_prefix(self, prefix: str) -> int:
        """Count the bytes of all values below a prefix."""
        return sum(size for _, size in self.list_sizes(_folder(prefix)))

    @classmethod
    async def open(cls, *args: Any, **keywords: Any) -> Self:
        """Make a store."""
        return cls(*args, **keywords)

    async def _open(self) -> None:
        return

    async def _ensure_open(self) -> None:
        return

    @property
    def _is_open(self) -> bool:
        return True

    def with_read_only(self, read_only: bool = False) -> Self:
        """Give another handle of the same values, that may, or may not, change them."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._read_only = read_only
        return made

    def _check_writable(self) -> None:
        self.check_writable("write", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def awaitable(function: Any) -> Any:
    """Make a function one to be awaited."""

    async def called(*args: Any, **keywords: Any) -> Any:
        return function(*args, **keywords)

    return called


def _folder(prefix: str) -> str:
    prefix = prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def prototype_of(given: Any) -> Any:
    """Give the classes of buffers that are asked for, or those that there are."""
    if given is not None:
        return given
    from zarrpy.compat.buffers import default_buffer_prototype

    return default_buffer_prototype()
