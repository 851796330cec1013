"""Values on their way into an array, cast as NumPy casts them, and memory that callers give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.errors import ShapeMismatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.metadata.dtypes import DataType


def memory_of(
    out: Any, shape: tuple[int, ...], dtype: np.dtype[Any], name: str
) -> np.ndarray[Any, np.dtype[Any]]:
    """View the memory that a selection is to be read into as an array of its shape.

    Parameters
    ----------
    out : ndarray or object with the buffer protocol
        Of the shape and the data type; or plain bytes, such as a bytearray, as many as that is.
    shape : tuple of int
        Of the selection.
    dtype : numpy.dtype
        Of the array.
    name : str
        Of the array, for errors.

    Raises
    ------
    TypeError
        When it is no memory, or of another data type.
    ShapeMismatchError
        A ValueError, when it is of another shape.
    ValueError
        When it cannot be written, or its elements lie over each other.
    """
    array = _viewed(out, name)
    if array is not out:
        array = _of_bytes(array, shape, dtype)
    if array.shape != shape:
        raise ShapeMismatchError(
            f"out has shape {array.shape}, but the selection has {shape}",
            array=name,
            expected=shape,
            actual=array.shape,
        )
    if array.dtype != dtype:
        raise TypeError(f"{name!r}: out has data type {array.dtype}, but the array has {dtype}")
    if not array.flags.writeable:
        raise ValueError(f"{name!r}: out is read-only -> give memory that can be written")
    if _overlaps_itself(array):
        raise ValueError(
            f"{name!r}: out has elements that lie over each other in memory, by its strides "
            f"{array.strides} -> give an array that has memory for each"
        )
    return array


def copied_into(out: Any, result: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """Copy a result into memory of the caller's; it has to fit as if it were read there."""
    memory = memory_of(out, result.shape, result.dtype, name)
    memory[...] = result
    return memory


def _viewed(out: Any, name: str) -> np.ndarray[Any, Any]:
    """Make an array of a buffer without a copy."""
    if isinstance(out, np.ndarray):
        return out
    if hasattr(out, "as_ndarray_like"):  # a buffer of zarr-python
        return np.asarray(out.as_ndarray_like())
    try:
        return np.asarray(memoryview(out))
    except TypeError:
        pass
    try:  # tensors of other libraries in main memory
        array = _by_dlpack(out)
        if array is None and (hasattr(out, "__array__") or hasattr(out, "__array_interface__")):
            array = np.asarray(out, copy=False)
    except (ValueError, TypeError, BufferError, RuntimeError) as error:
        raise TypeError(f"{name!r}: out gives no memory of its own to write to: {error}") from error
    if array is not None:
        return array
    kind = type(out).__name__
    raise TypeError(f"{name!r}: out must be a NumPy array or have a buffer, not be a {kind}")


def _by_dlpack(out: Any) -> np.ndarray[Any, Any] | None:
    """View memory as PyTorch likes it best; None where NumPy's own way may know better."""
    if not hasattr(out, "__dlpack__"):
        return None
    if not hasattr(out, "__array__"):
        return np.from_dlpack(out)
    try:
        array = np.from_dlpack(out, copy=False)
    except TypeError:  # before NumPy 2.1 nobody could ask for no copy
        return None
    return array if array.flags.writeable else None


def _of_bytes(
    array: np.ndarray[Any, Any], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> np.ndarray[Any, Any]:
    """Give plain bytes the shape and the data type of a selection, where they are as many."""
    nbytes = math.prod(shape) * dtype.itemsize
    plain = array.dtype.itemsize == 1 and array.dtype.kind in "uiSV" and array.ndim == 1
    if not plain or dtype.hasobject or not array.flags.c_contiguous:
        return array
    if (array.shape, array.dtype) == (shape, dtype) or array.nbytes != nbytes:
        return array
    return array.view(dtype).reshape(shape)


def _overlaps_itself(array: np.ndarray[Any, Any]) -> bool:
    """Whether two elements of an array share memory."""
    axes = [(abs(step), n) for step, n in zip(array.strides, array.shape, strict=True) if n > 1]
    if array.size == 0:
        return False
    span = array.itemsize
    for step, n in sorted(axes):
        if step < span:
            break
        span = step * (n - 1) + span
    else:
        return False  # each axis steps over all that the finer ones hold
    offsets = np.zeros((), np.int64)
    for step, n in axes:
        offsets = offsets[..., None] + step * np.arange(n)
    return bool((np.diff(np.sort(offsets, axis=None)) < array.itemsize).any())


def assignable(
    value: Any,
    data_type: DataType,
    shape: Sequence[int],
    name: str,
    *,
    element: bool = False,
    by_arrays: bool = False,
    flat: bool = False,
) -> np.ndarray[Any, Any]:
    """Cast and broadcast a value as NumPy's assignment does, because NumPy does it.

    Parameters
    ----------
    value : array-like
    data_type : DataType
    shape : sequence of int
        Of what is assigned to.
    name : str
        Of the array, for errors.
    element : bool
        Assign to one element by its index, as in ``a[0, 0] = value``: NumPy takes fewer values
        there.
    by_arrays : bool
        What is assigned to was named by arrays: NumPy takes more values there, such as lists that
        are nested deeper.
    flat : bool
        What is assigned to was named by a mask: NumPy takes no values of two dimensions there.
    """
    if hasattr(value, "__array__") and not isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value)
    dtype = data_type.numpy
    if data_type.cast is not None:
        values = data_type.cast(value, len(shape))
    elif element:
        target = np.empty((), dtype)
        target[()] = value
        return target
    elif isinstance(value, np.ndarray):
        if np.can_cast(value.dtype, dtype, "unsafe"):  # so NumPy sees a wrong shape first
            spread = _broadcast(value, shape, name, flat=flat)
            value = value if spread.size else spread  # it casts no element that goes nowhere
        values = value if value.dtype == dtype else _cast(value, dtype, value.shape)
    elif by_arrays:
        values = np.asarray(value, dtype)
    elif _has_elements(value):
        values = _cast_sequence(value, dtype, shape, name)
    else:
        values = _cast(value, dtype, (1,) * len(shape))
    return _broadcast(values, shape, name, flat=flat)


def _broadcast(
    values: np.ndarray[Any, Any], shape: Sequence[int], name: str, *, flat: bool
) -> np.ndarray[Any, Any]:
    """Repeat values over a shape, without the axes of length 1 that they have in front."""
    if flat and values.ndim > 1:
        raise TypeError(
            f"{name!r}: a mask takes values of one dimension at most, not of {values.ndim}"
        )
    while values.ndim > len(shape) and values.shape[0] == 1:
        values = values[0, ...]  # an array, where an index alone would give an object or a text
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise _wrong_shape(values.shape, shape, name) from None


def _has_elements(value: Any) -> bool:
    """Whether NumPy may see several values in one: a list, a range, a buffer, a queue."""
    if isinstance(value, list | tuple):
        return True
    return hasattr(value, "__len__") and not isinstance(value, str | bytes | np.generic)


def _cast(value: Any, dtype: np.dtype[Any], shape: Sequence[int]) -> np.ndarray[Any, Any]:
    target = np.empty(shape, dtype)
    target[...] = value
    return target


def _cast_sequence(
    value: Any, dtype: np.dtype[Any], shape: Sequence[int], name: str
) -> np.ndarray[Any, Any]:
    """Assign a sequence; NumPy's words for one of a wrong shape are made ours."""
    try:
        return _cast(value, dtype, shape)
    except ValueError:
        given = np.shape(value)  # of a ragged list, its own error
        try:
            np.broadcast_to(np.empty(given, "b"), shape)
        except ValueError:
            raise _wrong_shape(given, shape, name) from None
        raise


def _wrong_shape(given: Sequence[int], shape: Sequence[int], name: str) -> ShapeMismatchError:
    return ShapeMismatchError(
        f"cannot broadcast a value of shape {tuple(given)} to the selection's shape {tuple(shape)}",
        array=name,
        expected=tuple(shape),
        actual=tuple(given),
    )
