"""Values in a zip archive that is an open file object, as zarr-python's `ZipStore` takes one."""

from __future__ import annotations

import io
import zipfile
from threading import RLock
from typing import TYPE_CHECKING, Any

from zarrpy.compat.both import Both
from zarrpy.stores.base import ByteRange, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.stores.base import Bytes

__all__ = ["ZipOfFile", "is_file"]

_METHODS = ("read", "seek", "tell")


def is_file(given: Any) -> bool:
    """Whether this is an open file, and not a path."""
    return isinstance(given, io.IOBase) or all(hasattr(given, name) for name in _METHODS)


class _Archive(Store):
    """Keep every value in an entry of a zip archive in an open file.

    Entries are appended; what they replace stays in the archive, and nothing is deleted. The
    directory of the archive is written when the store is closed. The file stays open.

    Parameters
    ----------
    file : file object
        Of bytes; to be written, one of the module `io`.
    mode : {"r", "a", "w", "x"}
    read_only : bool, optional
    compression : int
        Of the module `zipfile`.
    allowZip64 : bool
        Whether it may be larger than 4 GiB.
    """

    def __init__(
        self,
        file: Any,
        *,
        mode: str = "r",
        read_only: bool | None = None,
        compression: int = 0,
        allowZip64: bool = True,  # noqa: N803
    ) -> None:
        if not isinstance(file, io.IOBase):
            if mode != "r":
                raise TypeError(f"{file!r} can be opened for reading only: it is no file of `io`")
            file = io.BufferedReader(_Raw(file))
        self.read_only = mode == "r" if read_only is None else read_only
        self._file, self._mode = file, mode
        self._method, self._zip64 = compression, allowZip64
        self._zip: zipfile.ZipFile | None = None
        self._used = False
        self._lock = RLock()

    def _archive(self) -> zipfile.ZipFile:
        if self._zip is None:
            mode: Any = self._mode
            if self._used and mode != "r":
                mode = "a"  # what was written stays
                if not (self._file.readable() and self._file.seekable()):
                    raise io.UnsupportedOperation(
                        "the archive was closed, and to go on its file has to be readable and "
                        "seekable"
                    )
            self._zip = zipfile.ZipFile(self._file, mode, self._method, self._zip64)
            self._used = True
        return self._zip

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        with self._lock:
            try:
                value = self._archive().read(key)
            except KeyError:
                return None
        return value if byte_range is None else byte_range.of(value)

    def set(self, key: str, value: Bytes) -> None:
        """Append a value, which takes the place of an older one."""
        self.check_writable("set", key)
        with self._lock:
            self._archive().writestr(key, bytes(value))

    def delete(self, key: str) -> None:
        """Refuse, unless there is no such value.

        Raises
        ------
        NotImplementedError
        """
        if self.get(key) is None:
            return
        self.check_writable("delete", key)
        raise NotImplementedError("nothing is deleted from a zip archive in a file-like object")

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield every key that starts with `prefix`."""
        with self._lock:
            names = dict.fromkeys(self._archive().namelist())
        return (name for name in names if name.startswith(prefix))

    def close(self) -> None:
        """Write the directory of the archive; the file stays open."""
        with self._lock:
            if self._zip is not None:
                self._zip.close()
            self._zip = None


class ZipOfFile(Both, _Archive):
    """The same, for callers that wait, and for those that await."""

    supports_deletes = False
    path = None

    async def clear(self) -> None:
        """Refuse: nothing is deleted."""
        raise NotImplementedError("clear needs a path, and this is a file-like object")

    async def move(self, path: Any) -> None:
        """Refuse: a file object has no place."""
        raise NotImplementedError("move needs a path, and this is a file-like object")

    def __str__(self) -> str:
        return f"zip://{self._file!r}"

    def __repr__(self) -> str:
        return f"ZipStore({self._file!r}, mode={self._mode!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZipOfFile) and other._file is self._file

    def __hash__(self) -> int:
        return id(self._file)

    def __reduce__(self) -> Any:
        raise TypeError(
            "cannot pickle a ZipStore backed by a file-like object -> give it a path, or a store "
            "of fsspec or obstore"
        )


class _Raw(io.RawIOBase):
    """An object that reads, seeks and tells, as a file of bytes."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._end = file.seek(0, io.SEEK_END)
        self._end = file.tell() if self._end is None else self._end
        file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return self.tell()

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, memory: Any) -> int:
        n = min(len(memory), max(self._end - self.tell(), 0))  # some readers fail behind the end
        found = memoryview(self._file.read(n)).cast("B") if n else b""
        memory[: len(found)] = found
        return len(found)
