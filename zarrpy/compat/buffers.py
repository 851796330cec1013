"""Buffers by zarr-python's names: bytes, and arrays, in memory of the processor."""

from __future__ import annotations

import sys
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


def _empty(shape: Any, dtype: Any, order: Any) -> np.ndarray[Any, Any]:
    """Make an array; of times with the step that was asked for, which NumPy may drop."""
    kind = np.dtype(dtype)
    if kind.kind in "mM":
        return np.empty(shape, "i8", order).view(kind)
    return np.empty(shape, kind, order)


class _Created:
    """What can be made, and need not be set."""

    @classmethod
    def empty(cls, shape: Any, dtype: Any, order: Any = "C") -> Any:
        """Make one as `create` does, which subclasses have of their own."""
        made: Any = cls
        return made.create(shape=shape, dtype=dtype, order=order)


class NDBuffer(_Created):
    """An array in memory.

    Parameters
    ----------
    array : ndarray
    """

    def __init__(self, array: Any) -> None:
        self._data: np.ndarray[tuple[int, ...], np.dtype[Any]] = np.asanyarray(array)

    @classmethod
    def create(cls, *, shape: Any, dtype: Any, order: Any = "C", fill_value: Any = None) -> Self:
        """Make an array of one value."""
        made = _empty(shape, dtype, order)
        value = 0 if fill_value is None else fill_value
        if made.dtype.kind in "mM" and value == 0:
            made.view("i8")[...] = 0  # NumPy takes no number for a time without a unit
        else:
            made[...] = value
        return cls(made)

    @classmethod
    def empty(cls, shape: Any, dtype: Any, order: Any = "C") -> Self:
        """Make an array whose elements are not set."""
        return cls(_empty(shape, dtype, order))

    @classmethod
    def from_ndarray_like(cls, ndarray_like: Any) -> Self:
        """Make a buffer of an array, which is not copied."""
        return cls(ndarray_like)

    from_numpy_array = from_ndarray_like

    def as_ndarray_like(self) -> np.ndarray[Any, Any]:
        """Give the array."""
        return self._data

    as_numpy_array = as_ndarray_like

    def as_scalar(self) -> Any:
        """Give the one element.

        Raises
        ------
        ValueError
            When there is not one element.
        """
        if self._data.size != 1:
            raise ValueError(
                f"Buffer does not contain a single scalar value: its shape is {self.shape}"
            )
        return self._data[()] if self._data.ndim == 0 else self._data.reshape(())[()]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        found: np.dtype[Any] = self._data.dtype
        return found

    @property
    def byteorder(self) -> str | None:
        """Byte order of the elements: "little", "big", or None where they have none."""
        code = self.dtype.byteorder
        return {"<": "little", ">": "big", "=": sys.byteorder}.get(code)

    def reshape(self, newshape: Any) -> Self:
        """Give the elements in another shape."""
        return type(self)(self._data.reshape(newshape))

    def squeeze(self, axes: tuple[int, ...]) -> Self:
        """Leave out axes of one element."""
        return type(self)(self._data.squeeze(tuple(axes)))

    def astype(self, dtype: Any, order: Any = "K") -> Self:
        """Give the elements as another data type."""
        return type(self)(self._data.astype(dtype, order=order))

    def transpose(self, axes: Any = None) -> Self:
        """Give the axes in another order."""
        return type(self)(self._data.transpose(axes))

    def copy(self) -> Self:
        """Copy the elements."""
        return type(self)(self._data.copy())

    def fill(self, value: Any) -> None:
        """Set all elements to one value."""
        self._data.fill(value)

    def all_equal(self, other: Any, equal_nan: bool = True) -> bool:
        """Whether all elements are equal to a value; both zeros are told apart, and NaN is NaN.

        Parameters
        ----------
        other : scalar
        equal_nan : bool
        """
        if other is None:
            return False
        value = np.asarray(other)
        numbers = self.dtype.kind in "biufcmM"
        if numbers and value.dtype.kind == "f" and value == 0:
            bits = np.ascontiguousarray(self._data).view(f"V{self.dtype.itemsize}")
            return bool((bits == value.astype(self.dtype).view(bits.dtype)).all())
        like = np.broadcast_to(value, self.shape)
        return bool(np.array_equal(self._data, like, equal_nan=equal_nan and numbers))

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        found: tuple[int, ...] = self._data.shape
        return found

    def __getitem__(self, key: Any) -> Self:
        if isinstance(key, tuple) and Ellipsis not in key:
            key = (*key, Ellipsis)  # one element is an array of no axes, and not a copy
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
