"""Buffers by zarr-python's names: bytes, and arrays, in memory of the processor."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

__all__ = [
    "ArrayLike",
    "Buffer",
    "BufferPrototype",
    "NDArrayLike",
    "NDArrayLikeOrScalar",
    "NDBuffer",
    "buffer_prototype",
    "default_buffer_prototype",
    "numpy_buffer_prototype",
]

ArrayLike = NDArrayLike = np.ndarray
NDArrayLikeOrScalar = np.ndarray | np.generic


class Buffer:
    """Bytes in memory.

    Parameters
    ----------
    array_like : ndarray
        Of one axis, of bytes.
    """

    def __init__(self, array_like: Any) -> None:
        self._data: np.ndarray[Any, Any] = np.asarray(array_like).view("uint8").reshape(-1)

    @classmethod
    def create_zero_length(cls) -> Self:
        """Make a buffer of no bytes."""
        return cls(np.zeros(0, "uint8"))

    @classmethod
    def from_array_like(cls, array_like: Any) -> Self:
        """Make a buffer of an array of bytes."""
        return cls(array_like)

    @classmethod
    def from_buffer(cls, buffer: Any) -> Self:
        """Make a buffer of another one."""
        return cls.from_bytes(buffer.to_bytes())

    @classmethod
    def from_bytes(cls, bytes_like: Any) -> Self:
        """Make a buffer of bytes, which are not copied."""
        return cls(np.frombuffer(bytes_like, "uint8"))

    def as_array_like(self) -> Any:
        """Give the bytes as an array."""
        return self._data

    def as_numpy_array(self) -> np.ndarray[Any, Any]:
        """Give the bytes as an array."""
        return self._data

    def as_buffer_like(self) -> Any:
        """Give the bytes as what has the buffer protocol."""
        return memoryview(self._data.data)

    def to_bytes(self) -> bytes:
        """Copy the bytes."""
        return self._data.tobytes()

    def combine(self, others: Any) -> Self:
        """Join buffers after this one."""
        return type(self)(np.concatenate([self._data, *(each.as_numpy_array() for each in others)]))

    def __getitem__(self, key: slice) -> Self:
        return type(self)(self._data[key])

    def __setitem__(self, key: slice, value: Any) -> None:
        self._data[key] = value.as_numpy_array() if isinstance(value, Buffer) else value

    def __len__(self) -> int:
        return len(self._data)

    def __add__(self, other: Buffer) -> Self:
        return self.combine([other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Buffer) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Buffer({len(self)} bytes)"


class NDBuffer:
    """An array in memory.

    Parameters
    ----------
    array : ndarray
    """

    def __init__(self, array: Any) -> None:
        self._data: np.ndarray[tuple[int, ...], np.dtype[Any]] = np.asarray(array)

    @classmethod
    def create(cls, *, shape: Any, dtype: Any, order: Any = "C", fill_value: Any = None) -> Self:
        """Make an array of one value."""
        return cls(np.full(shape, 0 if fill_value is None else fill_value, dtype, order))

    @classmethod
    def empty(cls, shape: Any, dtype: Any, order: Any = "C") -> Self:
        """Make an array whose elements are not set."""
        return cls(np.empty(shape, dtype, order))

    @classmethod
    def from_ndarray_like(cls, ndarray_like: Any) -> Self:
        """Make a buffer of an array, which is not copied."""
        return cls(ndarray_like)

    from_numpy_array = from_ndarray_like

    def as_ndarray_like(self) -> np.ndarray[Any, Any]:
        """Give the array."""
        return self._data

    as_numpy_array = as_ndarray_like

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        found: np.dtype[Any] = self._data.dtype
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        found: tuple[int, ...] = self._data.shape
        return found

    def __getitem__(self, key: Any) -> Self:
        return type(self)(self._data[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._data[key] = value.as_numpy_array() if isinstance(value, NDBuffer) else value

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"NDBuffer({self.shape}, {self.dtype})"


class BufferPrototype(NamedTuple):
    """Which classes buffers are of.

    Attributes
    ----------
    buffer : type
    nd_buffer : type
    """

    buffer: type[Buffer]
    nd_buffer: type[NDBuffer]


#: Buffers in memory of the processor.
buffer_prototype = numpy_prototype = BufferPrototype(Buffer, NDBuffer)


def default_buffer_prototype() -> BufferPrototype:
    """Give the classes of buffers: those in memory of the processor."""
    return buffer_prototype


def numpy_buffer_prototype() -> BufferPrototype:
    """Give the classes of buffers: those in memory of the processor."""
    return buffer_prototype
