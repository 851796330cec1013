"""Stores by zarr-python's names: keys and values for callers that wait, and for those that await.

Each is one of `zarrpy.stores`, which zarrpy reads and writes as it does any other. Called as
zarr-python's stores are (``await store.get(key, prototype)``), its methods can be awaited as well.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias
from weakref import WeakValueDictionary

from zarrpy import stores
from zarrpy.compat.requested import byte_range_of, bytes_of
from zarrpy.engine.locks import hold_of
from zarrpy.errors import MissingDependencyError
from zarrpy.node import StorePath
from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.fsspec import FsspecStore as _Fsspec
from zarrpy.stores.logging import LoggingStore as _Logging
from zarrpy.stores.obstore import ObjectStore as _Object
from zarrpy.stores.wrapper import WrapperStore as _Wrapper
from zarrpy.stores.zip import ZipStore as _Zip

if TYPE_CHECKING:
    from zarrpy.stores.base import Bytes

__all__ = [
    "FsspecStore",
    "GpuMemoryStore",
    "LocalStore",
    "LoggingStore",
    "ManagedMemoryStore",
    "MemoryStore",
    "ObjectStore",
    "StoreLike",
    "StorePath",
    "WrapperStore",
    "ZipStore",
]

#: What names a store.
StoreLike: TypeAlias = "Store | StorePath | str | os.PathLike[str] | MutableMapping[str, Any]"


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

    async def __aiter__(self) -> AsyncIterator[str]:
        for key in self._keys:
            yield key


def _given(value: Any) -> Generator[Any, None, Any]:
    """Give a value to whom awaits it."""
    yield from ()
    return value


class _Both(Store):
    """The methods of zarr-python's stores, beside those of ours.

    Where both have one of the same name, it gives what serves both.
    """

    supports_writes: ClassVar[bool] = True
    supports_deletes: ClassVar[bool] = True
    supports_listing: ClassVar[bool] = True
    supports_partial_writes: ClassVar[bool] = False
    supports_consolidated_metadata = True

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
        return self.get_sync(key, prototype=prototype, byte_range=byte_range)

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Read a value or a part of it as a buffer, which is not to be awaited."""
        value = super().get(key, byte_range_of(byte_range))  # type: ignore[safe-super]
        if value is None:
            return None
        return _prototype(prototype).buffer.from_bytes(value)

    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[Any]) -> list[Any]:
        """Read parts of several values."""
        return [
            self.get_sync(key, prototype=prototype, byte_range=part) for key, part in key_ranges
        ]

    def set(self, key: str, value: Any) -> Any:
        """Replace a value, all at once."""
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
        made.read_only = read_only
        return made

    def _check_writable(self) -> None:
        self.check_writable("write", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def _folder(prefix: str) -> str:
    prefix = prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def _prototype(given: Any) -> Any:
    if given is not None:
        return given
    from zarrpy.compat.buffers import default_buffer_prototype

    return default_buffer_prototype()


class LocalStore(_Both, stores.LocalStore):
    """Keep every value in a file below a directory.

    Parameters
    ----------
    root : str or path-like
    read_only : bool
    """

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LocalStore) and other.root == self.root

    __hash__ = stores.LocalStore.__hash__


class MemoryStore(_Both, stores.MemoryStore):
    """Keep every value in a mapping.

    Parameters
    ----------
    store_dict : mutable mapping of str to bytes, or to buffers, optional
    read_only : bool
    """

    def __init__(
        self, store_dict: MutableMapping[str, Any] | None = None, *, read_only: bool = False
    ) -> None:
        super().__init__(store_dict)
        for key, value in self._values.items():
            if not isinstance(value, bytes | bytearray | memoryview):
                self._values[key] = bytes_of(value)
        self.read_only = read_only

    @property
    def _store_dict(self) -> MutableMapping[str, Bytes]:
        return self._values

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, MemoryStore) and other._values is self._values
        return same and other.read_only == self.read_only  # type: ignore[attr-defined]

    __hash__ = stores.MemoryStore.__hash__


class ManagedMemoryStore(MemoryStore):
    """Keep every value in a mapping that stores of one name share while there are some.

    Parameters
    ----------
    name : str, optional
    path : str
        All keys are below it.
    read_only : bool
    """

    _named: ClassVar[WeakValueDictionary[str, _Shared]]

    def __init__(self, name: str | None = None, *, path: str = "", read_only: bool = False) -> None:
        self.name = name or f"{id(self):x}"
        self.path = path
        self._shared = type(self)._named.setdefault(self.name, _Shared())
        super().__init__(self._shared, read_only=read_only)


class _Shared(dict[str, Any]):
    """A mapping that can be forgotten when nobody has it any more."""


ManagedMemoryStore._named = WeakValueDictionary()


class GpuMemoryStore(MemoryStore):
    """Refused: zarrpy keeps values in memory of the processor."""

    def __init__(self, store_dict: Any = None, *, read_only: bool = False) -> None:
        raise MissingDependencyError("values in the memory of a GPU are not supported")


class ZipStore(_Both, _Zip):
    """Keep every value in an entry of one zip file.

    Parameters
    ----------
    path : str or path-like
    mode : {"r", "r+", "a", "w", "x"}
    read_only : bool, optional
    compression : int
        Of the module `zipfile`: 0 stores, anything else deflates.
    allowZip64 : bool
        Not looked at: files may be as large as they get.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mode: str = "r",
        read_only: bool | None = None,
        compression: int | str = 0,
        allowZip64: bool = True,  # noqa: N803
    ) -> None:
        method = compression
        if isinstance(compression, int):
            method = "deflated" if compression else "stored"
        refused = mode == "r" if read_only is None else read_only
        super().__init__(path, mode, compression=str(method), read_only=refused)


class FsspecStore(_Both, _Fsspec):
    """Keep values where a file system of fsspec does.

    Parameters
    ----------
    fs : file system of fsspec
    read_only : bool
    path : str
        All keys are below it.
    allowed_exceptions : tuple of classes
        Not looked at: only "not found" means that there is no value.
    """

    def __init__(
        self,
        fs: Any,
        read_only: bool = False,
        path: str = "/",
        allowed_exceptions: tuple[type[Exception], ...] = (),
    ) -> None:
        super().__init__(fs, path, read_only=read_only)

    @classmethod
    def from_url(
        cls,
        url: str | os.PathLike[str],
        storage_options: dict[str, Any] | None = None,
        read_only: bool = False,
        **options: Any,
    ) -> Self:
        """Make a store of a URL, as fsspec understands it."""
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        fs, path = url_to_fs(os.fspath(url), **{**(storage_options or {}), **options})
        return cls(fs, read_only, path)

    @classmethod
    def from_mapper(cls, fs_map: Any, read_only: bool = False, **options: Any) -> Self:
        """Make a store of a mapping of fsspec."""
        return cls(fs_map.fs, read_only, fs_map.root)


class ObjectStore(_Both, _Object):
    """Keep values in a bucket.

    Parameters
    ----------
    store : store of obstore, or a URL
    read_only : bool
    """

    def __init__(self, store: Any, *, read_only: bool = False, **options: Any) -> None:
        super().__init__(store, read_only=read_only, **options)


class WrapperStore(_Both, _Wrapper):
    """A store over another one; hands on everything.

    Parameters
    ----------
    store : Store
    """

    @property
    def _store(self) -> Store:
        return self.store

    @_store.setter
    def _store(self, store: Store) -> None:  # by subclasses that do not call this class
        self.store, self.read_only = store, store.read_only


class LoggingStore(_Both, _Logging):
    """Log every request.

    Parameters
    ----------
    store : Store
    log_level : str or int
    log_handler : logging.Handler, optional
    """

    def __init__(
        self, store: Store, log_level: str | int = "DEBUG", log_handler: Any = None
    ) -> None:
        from logging import getLevelNamesMapping

        known = getLevelNamesMapping()
        super().__init__(store, level=known[log_level] if isinstance(log_level, str) else log_level)
        if log_handler is not None:
            self.logger.addHandler(log_handler)
