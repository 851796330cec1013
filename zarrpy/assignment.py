"""Values on their way into an array, cast as NumPy casts them, and memory for what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.errors import ShapeMismatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.metadata.dtypes import DataType


def check_out(out: np.ndarray[Any, Any], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse memory that a selection of this shape cannot be read into."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, not {type(out).__name__}")
    if out.shape != shape:
        raise ShapeMismatchError(
            f"out has shape {out.shape}, but the selection has {shape}",
            expected=shape,
            actual=out.shape,
        )
    if out.dtype != dtype:
        raise TypeError(f"out has data type {out.dtype}, but the array has {dtype}")
    if _overlaps_itself(out):
        raise ValueError(
            f"out has elements that lie over each other in memory, by its strides {out.strides}: "
            "give an array that has memory for each"
        )


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
    value: Any, data_type: DataType, shape: Sequence[int], name: str, *, element: bool = False
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
        values = value if value.dtype == dtype else _cast(value, dtype, value.shape)
    elif isinstance(value, list | tuple) and value:
        values = _cast_list(value, dtype, shape, name)
    else:
        values = _cast(value, dtype, (1,) * len(shape))
    while values.ndim > len(shape) and values.shape[0] == 1:
        values = values[0]
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise _wrong_shape(values.shape, shape, name) from None


def _cast(value: Any, dtype: np.dtype[Any], shape: Sequence[int]) -> np.ndarray[Any, Any]:
    target = np.empty(shape, dtype)
    target[...] = value
    return target


def _cast_list(
    value: Any, dtype: np.dtype[Any], shape: Sequence[int], name: str
) -> np.ndarray[Any, Any]:
    """Assign a list; NumPy's words for one of a wrong shape are made ours."""
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
        f"{name!r}: cannot broadcast a value of shape {tuple(given)} to the selection's shape "
        f"{tuple(shape)}",
        expected=tuple(shape),
        actual=tuple(given),
    )
