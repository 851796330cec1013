"""Stores by zarr-python's names: keys and values for callers that wait, and for those that await.

Each is one of `zarrpy.stores`, which zarrpy reads and writes as it does any other. Called as
zarr-python's stores are (``await store.get(key, prototype)``), its methods can be awaited as well.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, TypeVar
from warnings import warn
from weakref import WeakValueDictionary

from zarrpy import stores
from zarrpy.compat.both import Both, awaitable, prototype_of
from zarrpy.compat.requested import byte_range_of, bytes_of
from zarrpy.compat.zip_of_file import ZipOfFile, is_file
from zarrpy.engine.drive import call_async
from zarrpy.errors import MissingDependencyError, also_said
from zarrpy.metadata.names import normalise_path
from zarrpy.node import StorePath as _StorePath
from zarrpy.stores.base import Store
from zarrpy.stores.fsspec import FsspecStore as _Fsspec
from zarrpy.stores.logging import LoggingStore as _Logging
from zarrpy.stores.obstore import ObjectStore as _Object
from zarrpy.stores.wrapper import Call
from zarrpy.stores.wrapper import WrapperStore as _Wrapper
from zarrpy.stores.zip import ZipStore as _Zip

if TYPE_CHECKING:
    from zarrpy.stores.base import Above, Bytes

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

T = TypeVar("T")

#: What names a store.
StoreLike: TypeAlias = "Store | StorePath | str | os.PathLike[str] | MutableMapping[str, Any]"


class StorePath(_StorePath):
    """A place in a store, whose value can be awaited.

    Attributes
    ----------
    store : Store
    path : str
    """

    __slots__ = ()

    @classmethod
    async def open(cls, store: Any, path: str, mode: str | None = None) -> Self:
        """Give a place in a store, whose `mode` says what may be done there.

        Raises
        ------
        ValueError
            When the store may not be written to, and `mode` says otherwise; or for another mode.
        FileExistsError
            When `mode` is "w-", and there is something.
        """
        if mode not in (None, "r", "r+", "a", "w", "w-"):
            raise ValueError(f"Invalid mode: {mode}, expected one of r, r+, a, w and w-")
        if mode in ("r+", "a", "w", "w-") and store.read_only:
            raise ValueError(f"Store is read-only but mode is {mode!r}")
        if mode == "r" and not store.read_only:
            store = store.with_read_only(True)
        place = cls(store, normalise_path(path))
        if mode == "w-" and not await place.is_empty():
            raise FileExistsError(f"{place} is not empty")
        return place

    async def is_empty(self) -> bool:
        """Whether there is no key below this place."""
        below = f"{self.path}/" if self.path else ""
        listed: Iterator[str] = await call_async(self.store.list, below)
        return next(iter(listed), None) is None

    async def get(self, prototype: Any = None, byte_range: Any = None) -> Any:
        """Read the value of this key, or a part of it, as a buffer; None when there is none."""
        value = await call_async(self.store.get, self.path, byte_range_of(byte_range))
        if value is None:
            return None
        return prototype_of(prototype).buffer.from_bytes(value)

    async def set(self, value: Any) -> None:
        """Replace the value of this key; it is bytes or a buffer."""
        await call_async(self.store.set, self.path, bytes_of(value))

    async def delete(self) -> None:
        """Delete this key."""
        await call_async(self.store.delete, self.path)

    async def delete_dir(self) -> None:
        """Delete every key below this place."""
        await call_async(self.store.delete_prefix, f"{self.path}/" if self.path else "")

    async def exists(self) -> bool:
        """Whether this key has a value."""
        return bool(await call_async(self.store.exists, self.path))


class _Root(str):
    """The path of a directory, which is a text here, and a `Path` in zarr-python."""

    __slots__ = ()

    def __truediv__(self, other: str) -> Path:
        return Path(self) / other

    def __eq__(self, other: object) -> bool:
        return Path(self) == other if isinstance(other, Path) else str.__eq__(self, other)

    __hash__ = str.__hash__

    def __getattr__(self, name: str) -> Any:
        return getattr(Path(self), name)  # what texts have not


class LocalStore(Both, stores.LocalStore):
    """Keep every value in a file below a directory.

    Parameters
    ----------
    root : str or path-like
    read_only : bool
    """

    def __init__(self, root: str | os.PathLike[str], *, read_only: bool = False) -> None:
        super().__init__(root, read_only=read_only)
        self.root = _Root(self.root)

    #: Whether what the directory lies in may refuse nodes in it; not of a store that was made as
    #: such, whose root is the root of all.
    _looks_above = False

    def read_above(self, names: Sequence[str]) -> Above:
        """Read files of these names from the directories above the root."""
        return super().read_above(names) if self._looks_above else []

    async def move(self, dest_root: str | os.PathLike[str]) -> None:
        """Move the directory.

        Raises
        ------
        FileExistsError
            When there is something already.
        """
        new = Path(dest_root).absolute()
        if new.exists():
            raise FileExistsError(f"Destination root {new} already exists.")
        new.parent.mkdir(parents=True, exist_ok=True)
        await call_async(shutil.move, self.root, new)
        self.root = _Root(new)

    def __str__(self) -> str:
        return f"file://{Path(self.root).as_posix()}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LocalStore) and other.root == self.root

    __hash__ = stores.LocalStore.__hash__


class MemoryStore(Both, stores.MemoryStore):
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
        self._read_only = read_only

    @property
    def _store_dict(self) -> MutableMapping[str, Bytes]:
        return self._values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MemoryStore) or other.read_only != self.read_only:
            return False
        return other._values is self._values or other._values == self._values

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
        self.name = name if name is not None else str(id(self))
        if "/" in self.name:
            raise ValueError(f"Store name cannot contain '/': {self.name!r}")
        self.path = normalise_path(path)
        self._shared = type(self)._named.setdefault(self.name, _Shared())
        below = _Below(self._shared, f"{self.path}/") if self.path else self._shared
        super().__init__(below, read_only=read_only)

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Self:
        """Make a store of "memory://name/path", where there is one of that name.

        Raises
        ------
        ValueError
            When there is none.
        """
        scheme, _, place = url.partition("://")
        name, _, path = place.partition("/")
        if scheme != "memory" or name not in cls._named:
            raise ValueError(also_said(f"{url!r} names no store in memory of this process"))
        return cls(name, path=path, read_only=read_only)

    def __str__(self) -> str:
        return f"memory://{'/'.join(filter(None, (self.name, self.path)))}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self}')"


class _Shared(dict[str, Any]):
    """A mapping that can be forgotten when nobody has it any more."""


class _Below(MutableMapping[str, Any]):
    """The part of a mapping whose keys have a prefix, without it."""

    def __init__(self, values: MutableMapping[str, Any], prefix: str) -> None:
        self._values, self._prefix = values, prefix

    def __getitem__(self, key: str) -> Any:
        return self._values[self._prefix + key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._values[self._prefix + key] = value

    def __delitem__(self, key: str) -> None:
        del self._values[self._prefix + key]

    def __iter__(self) -> Iterator[str]:
        n = len(self._prefix)
        return iter([key[n:] for key in self._values if key.startswith(self._prefix)])

    def __len__(self) -> int:
        return sum(1 for _ in self)


ManagedMemoryStore._named = WeakValueDictionary()


class GpuMemoryStore(MemoryStore):
    """Refused: zarrpy keeps values in memory of the processor."""

    def __init__(self, store_dict: Any = None, *, read_only: bool = False) -> None:
        raise MissingDependencyError("values in the memory of a GPU are not supported")


class ZipStore(Both, _Zip):
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

    An open file in the place of the path gives a store of the archive in it.
    """

    def __new__(cls, path: Any = None, **keywords: Any) -> Any:
        """Make a store of a path, or of an open file."""
        if not isinstance(path, str | os.PathLike | None):
            if not is_file(path):
                raise TypeError(f"a path, or a file with read/seek/tell, not {path!r}")
            return ZipOfFile(path, **keywords)
        return super().__new__(cls)

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mode: str = "r",
        read_only: bool | None = None,
        compression: int | str = 0,
        allowZip64: bool = True,  # noqa: N803
    ) -> None:
        mode = "w-" if mode == "x" else mode
        method = compression
        if isinstance(compression, int):
            method = "deflated" if compression else "stored"
        refused = mode == "r" if read_only is None else read_only
        super().__init__(path, mode, compression=str(method), read_only=refused)

    def set_many(self, keys: Sequence[str], values: Sequence[Any]) -> None:
        """Append several values; warns of those that take the place of older ones.

        As programs expect it: what is replaced stays in the file until it is compacted.
        """
        for key, value in zip(keys, values, strict=True):
            if value is not None and not self.read_only and _Zip.exists(self, key):
                words = f"Duplicate name: {key!r}; the old value stays in the file until compact()"
                warn(words, UserWarning, stacklevel=4)
        super().set_many(keys, values)

    async def move(self, path: str | os.PathLike[str]) -> None:
        """Move the file; the store is closed, and goes on at the new place."""
        new = os.fspath(path)
        self.close()
        os.makedirs(os.path.dirname(new) or ".", exist_ok=True)
        await call_async(shutil.move, self.path, new)
        read_only = self.__dict__.pop("_read_only")
        self.__init__(new, mode="a", read_only=read_only)  # type: ignore[misc]

    def __str__(self) -> str:
        return f"zip://{self.path}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZipStore) and other.path == self.path

    __hash__ = _Zip.__hash__


class FsspecStore(Both, _Fsspec):
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


class ObjectStore(Both, _Object):
    """Keep values in a bucket.

    Parameters
    ----------
    store : store of obstore, or a URL
    read_only : bool
    """

    def __init__(self, store: Any, *, read_only: bool = False, **options: Any) -> None:
        super().__init__(store, read_only=read_only, **options)

    @property
    def store(self) -> Any:
        """The store of obstore."""
        return self.client

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, ObjectStore) and other.read_only == self.read_only
        return same and bool(other.client == self.client)  # type: ignore[attr-defined]

    __hash__ = _Object.__hash__


class _Over(Both):
    """What is over another store."""

    store: Store

    @classmethod
    async def open(cls, store_cls: type[Store], *args: Any, **keywords: Any) -> Self:
        """Make a store, and this one over it."""
        opener: Any = getattr(store_cls, "open", None) or awaitable(store_cls)
        make: Any = cls
        over: Self = make(await opener(*args, **keywords))
        return over

    def _with_store(self, store: Any) -> Self:
        """Give one like this over another store."""
        make: Any = type(self)
        over: Self = make(store)
        return over

    def with_read_only(self, read_only: bool = False) -> Self:
        """Give one like this over a handle that may, or may not, change the values."""
        below: Any = self.store
        return self._with_store(below.with_read_only(read_only))

    @property
    def _store(self) -> Store:
        return self.store

    @_store.setter
    def _store(self, store: Store) -> None:  # by subclasses that do not call this class
        self.store, self._read_only = store, store.read_only

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, _Over) and type(other) is type(self)
        return same and bool(getattr(other, "store", None) == self.store)

    __hash__ = Store.__hash__


class WrapperStore(_Over, _Wrapper):
    """A store over another one; hands on everything.

    Parameters
    ----------
    store : Store
    """


class LoggingStore(_Over, _Logging):
    """Log every request.

    Parameters
    ----------
    store : Store
    log_level : str or int
        Of the logger; what it is told of requests has the level ``INFO``.
    log_handler : logging.Handler, optional
    """

    def __init__(
        self, store: Store, log_level: str | int = "DEBUG", log_handler: Any = None
    ) -> None:
        from logging import INFO, getLevelNamesMapping, getLogger, root

        known = getLevelNamesMapping()
        level = known[log_level] if isinstance(log_level, str) else log_level
        super().__init__(store, getLogger(f"LoggingStore({store})"), level=INFO)
        self.log_level, self.log_handler = log_level, log_handler
        self.counter: Counter[str] = Counter()
        self.logger.setLevel(level)
        if log_handler is not None:
            self.logger.addHandler(log_handler)
        elif not root.handlers and not self.logger.handlers:
            self.logger.addHandler(_to_output(level))

    def _with_store(self, store: Any) -> Self:
        return type(self)(store, self.log_level, self.log_handler)

    def around(self, call: Call[T]) -> T:
        """Make a request, count it, and log that it begins and that it has ended."""
        name = _CALLED.get(call.operation, call.operation)
        self.counter[name] += 1
        what = f"{type(self.store).__name__}.{name}({', '.join(call.keys)})"
        self.logger.log(self.level, "Calling %s", what)
        began = perf_counter()
        answer = call.make()
        self.logger.log(self.level, "Finished %s [%.2f s]", what, perf_counter() - began)
        return answer


#: What zarr-python calls requests that have other names here.
_CALLED = {"get_many": "get", "set_many": "set", "commit": "set", "delete_prefix": "delete_dir"}


def _to_output(level: int) -> Any:
    """Make a handler that writes to the output of the process."""
    import sys
    from logging import Formatter, StreamHandler

    made = StreamHandler(stream=sys.stdout)
    made.setLevel(level)
    made.setFormatter(Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s"))
    return made
