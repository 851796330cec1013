"""Files of NumPy, and files of nothing but elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from zarrpy.errors import MetadataError
from zarrpy.ops.foreign import ForeignArray

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Archive", "Elements"]


class Elements:
    """A file of one array: .npy, or elements in C order of which somebody says what they are.

    Parameters
    ----------
    path : Path
    dtype : data type, optional
        Of a raw file.
    shape : tuple of int, optional
        Of a raw file; by default all that is there, in one dimension.
    offset : int
        Bytes before the first element of a raw file.

    Raises
    ------
    MetadataError
        When a raw file has no data type, or too few bytes.
    """

    def __init__(
        self,
        path: Path,
        dtype: Any = None,
        shape: Any = None,
        offset: int = 0,
        *,
        raw: bool = False,
    ) -> None:
        if raw:
            self._values = _raw(path, dtype, shape, offset)
        else:
            self._values = np.load(path, mmap_mode="r", allow_pickle=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        del self._values

    def groups(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give none: the array stands for itself."""
        return iter(())

    def arrays(self) -> Iterator[ForeignArray]:
        """Give the array."""
        values = self._values
        yield ForeignArray("", values.shape, values.dtype, lambda region: values[region])


def _raw(path: Path, dtype: Any, shape: Any, offset: int) -> np.ndarray[Any, Any]:
    """Look at a file of elements in C order."""
    if dtype is None:
        raise MetadataError("raw bytes need a dtype", field="dtype")
    dtype = np.dtype(dtype)
    if shape is None:
        shape = (max(path.stat().st_size - offset, 0) // dtype.itemsize,)
    needed = int(np.prod(shape)) * dtype.itemsize + offset
    if path.stat().st_size < needed:
        raise MetadataError(
            f"{path} has {path.stat().st_size} bytes; {needed} are needed for {shape} of {dtype}"
        )
    if not np.prod(shape):
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", offset, shape)


class Archive:
    """A file of several arrays, .npz; one at a time is in memory.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._file: Any = np.load(path, allow_pickle=False)
        self._path = path
        self._last: tuple[str, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def groups(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the root."""
        yield "", {}

    def arrays(self) -> Iterator[ForeignArray]:
        """Give the arrays."""
        for name in self._file.files:
            values = self._values(name)
            if not isinstance(values, np.ndarray):  # NumPy gives the bytes of other files
                raise MetadataError(f"{name!r} in {self._path} is no .npy file")
            yield ForeignArray(name, values.shape, values.dtype, self._reader(name))

    def _reader(self, name: str) -> Any:
        return lambda region: self._values(name)[region]

    def _values(self, name: str) -> np.ndarray[Any, Any]:
        if self._last is None or self._last[0] != name:
            self._last = name, self._file[name]
        found: np.ndarray[Any, Any] = self._last[1]
        return found
