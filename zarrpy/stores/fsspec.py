"""Values in any file system that fsspec knows, its chains included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import MissingDependencyError, StoreError
from zarrpy.metadata.names import check_key
from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.told import ABSENT, told

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from typing import Self

    from zarrpy.stores.base import Bytes, Names, Values


class FsspecStore(Store):
    """Keep every value as a file of a file system of fsspec.

    Parameters
    ----------
    place : str or file system of fsspec
        Any URL that fsspec opens, such as ``memory://data``, ``github://user:name@main/path`` or
        ``zip://inner::s3://bucket/a.zip``; or a file system.
    path : str
        Where in the file system, when one is given.
    read_only : bool
        Refuse every change.
    requests : int, optional
        Requests under way at the same time, of file systems that can have several; by default as
        `config.requests` says.
    **options
        Of the file system; in a chain those of each by its protocol: ``s3={"anon": True}``.

    Raises
    ------
    MissingDependencyError
        When fsspec, or what the file system needs, is not installed.

    Examples
    --------
    >>> store = FsspecStore("memory://example")
    >>> store.set("a/b", b"1")
    >>> list(store.list())
    ['a/b']
    """

    def __init__(
        self,
        place: Any,
        path: str = "",
        *,
        read_only: bool = False,
        requests: int | None = None,
        **options: Any,
    ) -> None:
        if isinstance(place, str):
            self._url: str | None = place
            self.fs, path = _opened(place, options)
        elif options:
            raise StoreError(
                f"the options {sorted(options)} apply to URLs only -> give them to the file system"
            )
        else:
            self._url = None
            self.fs = place
        if getattr(self.fs, "asynchronous", False):
            raise StoreError(
                "a file system for coroutines cannot be called from here -> make it without "
                "asynchronous=True"
            )
        if requests is not None and requests < 1:
            raise ValueError(f"requests must be at least 1, not {requests}")
        self.path = path.rstrip("/")
        self.read_only = read_only
        self._limit = requests
        self._ends = True

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Self:
        """Make a store of a URL."""
        return cls(url, read_only=read_only, **options)

    @property
    def requests(self) -> int:
        """Requests under way at the same time; file systems that block have one."""
        return (self._limit or config.requests) if self.fs.async_impl else 1

    def _full(self, key: str) -> str:
        check_key(key)
        return f"{self.path}/{key}" if self.path else key

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        full = self._full(key)
        if byte_range is None:
            return self._cat(key, full, None, None)
        if byte_range.length == 0:
            return b"" if self.exists(key) else None
        offset, length = byte_range
        if offset < 0 and not self._ends:
            return self._part(key, full, byte_range)
        try:
            if offset < 0:
                found = self._checked(key, self.fs.cat_file(full, start=offset), -offset)
                return byte_range.of(found)
            stop = offset + length if length > 0 else None
            return self._checked(key, self.fs.cat_file(full, start=offset, end=stop), length)
        except ABSENT as error:
            self._check_absent("get", key, error)
            return None
        except Exception as error:  # perhaps it has no such range
            self._ends = self._ends and offset >= 0
            try:
                return self._part(key, full, byte_range)
            except StoreError as other:
                raise other from error

    def _part(self, key: str, full: str, byte_range: ByteRange) -> Bytes | None:
        """Read a part by the size of the whole."""
        size = self.size(key)
        if size is None:
            return None
        start, stop = byte_range.within(size)
        return b"" if stop <= start else self._cat(key, full, start, stop)

    def _cat(self, key: str, full: str, start: int | None, stop: int | None) -> Bytes | None:
        with told("get", key):
            try:
                found: Bytes = self.fs.cat_file(full, start=start, end=stop)
            except ABSENT as error:
                self._check_absent("get", key, error)
                return None
        if start is not None and stop is not None and len(found) != stop - start:
            words = f"the answer has {len(found)} bytes, not {stop - start}"
            raise StoreError(words, key=key, operation="get")
        return found

    def _checked(self, key: str, value: Bytes, most: int) -> Bytes:
        """Refuse a whole value where a part was asked for."""
        if 0 <= most < len(value):
            words = f"the answer has {len(value)} bytes, not {most}"
            raise StoreError(words, key=key, operation="get")
        return value

    def _check_absent(self, operation: str, key: str, error: OSError) -> None:
        """Refuse to say that a key does not exist when its bucket does not."""
        text = f"{error} {error.__cause__}"
        if "NoSuchBucket" in text or "bucket does not exist" in text:
            raise StoreError(str(error), key=key, operation=operation) from error

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values, at the same time where the file system can."""
        if self.requests <= 1 or len(keys) <= 1:
            return [self.get(key) for key in keys]
        full = [self._full(key) for key in keys]
        nothing: list[int | None] = [None] * len(full)
        found = self.fs.cat_ranges(
            full, nothing, nothing, on_error="return", batch_size=self.requests
        )
        return [self._value(key, value) for key, value in zip(keys, found, strict=True)]

    def _value(self, key: str, value: Any) -> Bytes | None:
        if isinstance(value, ABSENT):
            self._check_absent("get", key, value)
            return None
        if isinstance(value, BaseException):
            with told("get", key):
                raise value
        found: Bytes = value
        return found

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        found = self._info(key)
        return None if found is None else int(found["size"])

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self._info(key) is not None

    def _info(self, key: str) -> Any:
        full = self._full(key)
        with told("look for", key):
            self.fs.invalidate_cache(self.fs._parent(full))  # others write as well
            try:
                found = self.fs.info(full)
            except ABSENT as error:
                self._check_absent("look for", key, error)
                return None
        return None if found["type"] == "directory" else found

    # --------------------------------------------------------------------------------- listing

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return (key for key, _ in self.list_sizes(prefix))

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        folder = prefix.rpartition("/")[0]
        with told("list", prefix):
            self.fs.invalidate_cache()
            try:
                found = self.fs.find(self._folder(folder), detail=True)
            except ABSENT as error:
                self._check_absent("list", prefix, error)
                found = {}
        for full, info in found.items():
            key = self._key(full)
            if key is not None and key.startswith(prefix):
                yield key, int(info["size"])

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, without what lies below them."""
        return sorted(name for name, _ in self._level(prefix))

    def list_folders(self, prefix: str = "") -> Names:
        """List those names of `list_dir` that keys may lie below."""
        return sorted(name for name, kind in self._level(prefix) if kind == "directory")

    def _level(self, prefix: str) -> set[tuple[str, str]]:
        with told("list", prefix):
            self.fs.invalidate_cache()
            try:
                found = self.fs.ls(self._folder(prefix.rstrip("/")), detail=True)
            except ABSENT as error:
                self._check_absent("list", prefix, error)
                return set()
        keys = [(self._key(each["name"]), each["type"]) for each in found]
        start = len(prefix)
        return {
            (key[start:], kind)
            for key, kind in keys
            if key is not None and key.startswith(prefix) and key[start:]
        }

    def _folder(self, folder: str) -> str:
        return "/".join(part for part in (self.path, folder) if part)

    def _key(self, full: str) -> str | None:
        """Take the key out of a path; file systems differ in whether it begins with a slash."""
        path, full = self.path.lstrip("/"), full.strip("/")
        if not path:
            return full
        return full[len(path) + 1 :] if full.startswith(path + "/") else None

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        full, data = self._full(key), bytes(value)
        with told("set", key):
            try:
                self.fs.pipe_file(full, data)
            except ABSENT:  # where directories are made before what is in them
                self.fs.makedirs(self.fs._parent(full), exist_ok=True)
                self.fs.pipe_file(full, data)

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values, at the same time where the file system can; None deletes."""

        def change(pair: tuple[str, Bytes | None]) -> None:
            key, value = pair
            self.delete(key) if value is None else self.set(key, value)

        in_flight(change, list(zip(keys, values, strict=True)), self.requests, finish=True)

    def delete(self, key: str) -> None:
        """Delete a file."""
        self.check_writable("delete", key)
        full = self._full(key)
        with told("delete", key):
            try:
                self.fs.rm_file(full)
            except ABSENT as error:
                self._check_absent("delete", key, error)

    def delete_prefix(self, prefix: str) -> None:
        """Delete all files whose keys start with `prefix`."""
        self.check_writable("delete", prefix)
        in_flight(self.delete, list(self.list(prefix)), self.requests, finish=True)

    # ------------------------------------------------------------------------------- describing

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the file system and its path there."""
        return self.fs._fs_token, self._folder(path)

    @property
    def lock_scope(self) -> int:
        """All stores of one file system share their locks."""
        return hash(self.fs)

    @property
    def other_processes(self) -> str:
        """Everything, but for the file system that is in memory."""
        return "none" if "memory" in (self.fs.protocol, *self.fs.protocol) else "write"

    def lock_names(self, keys: Sequence[str]) -> Sequence[str]:
        """Name keys as they are in the file system."""
        return [self._folder(key) for key in keys]

    def place_of(self, path: str) -> str:
        """Name a node as a URL."""
        return f"{self.label}/{path}".rstrip("/")

    @property
    def label(self) -> str:
        """The URL."""
        return self._url or str(self.fs.unstrip_protocol(self.path))

    def __repr__(self) -> str:
        return f"FsspecStore({self.label!r})"


def _opened(url: str, options: dict[str, Any]) -> tuple[Any, str]:
    """Open the file system of a URL."""
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependencyError(
            f"{url!r} needs the package fsspec",
            extra="fsspec",
            command="pip install 'zarrpy[fsspec]'",
        ) from error
    try:
        fs, path = url_to_fs(url, **options)
    except ImportError as error:  # fsspec says what its file system needs
        raise MissingDependencyError(
            f"{url!r}: {error}", extra="fsspec", command=_command(url, error)
        ) from error
    except (ValueError, OSError) as error:
        raise StoreError(
            f"{url!r}: {error}",
            operation="open",
            hint=f"known: {', '.join(_schemes())}; zarrpy.register_store adds a scheme of yours",
        ) from error
    return fs, str(path)


def _schemes() -> list[str]:
    """Name the schemes that are known without fsspec, and by it."""
    from fsspec import available_protocols  # type: ignore[import-untyped]

    from zarrpy.stores.schemes import available_stores

    return sorted({*(each.name for each in available_stores()), *available_protocols()})


def _command(url: str, error: ImportError) -> str | None:
    """Say how to install what a URL needs: fsspec has extras for many of its file systems."""
    from importlib.metadata import metadata

    extras = metadata("fsspec").get_all("Provides-Extra") or ()
    for part in url.split("::"):
        protocol = part.partition("://")[0]
        if protocol in extras and not _is_there(protocol):
            return f"pip install 'fsspec[{protocol}]'"
    name = getattr(error.__cause__ or error, "name", None)
    return None if name is None else f"pip install {name}"


def _is_there(protocol: str) -> bool:
    """Whether a file system can be imported."""
    from fsspec import get_filesystem_class

    try:
        get_filesystem_class(protocol)
    except (ImportError, ValueError):
        return False
    return True
