"""The bytes of one element: into which units they are divided, and in which order these are.

A byte order does not reverse an element but its units: a complex number has two, a string of
UTF-32 one for each character, a structure those of all its fields.
"""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from zarrpy.config import config
from zarrpy.errors import MetadataError

__all__ = ["NATIVE", "check_size", "order", "swap_size", "swapped", "unit_sizes"]

NATIVE = "<" if np.little_endian else ">"

# NumPy's complex kind, and that of ml_dtypes.
_PAIRS = "cW"


@lru_cache(maxsize=256)
def unit_sizes(dtype: np.dtype[Any]) -> frozenset[int]:
    """Give the sizes of an element's units, in bytes.

    Examples
    --------
    >>> sorted(unit_sizes(np.dtype("complex64")))
    [4]
    >>> sorted(unit_sizes(np.dtype([("id", "i8"), ("code", "S3")])))
    [1, 8]
    """
    return frozenset(size for size, _, _ in _units(dtype))


@lru_cache(maxsize=256)
def order(dtype: np.dtype[Any]) -> str | None:
    """Give the byte order of an element: "<", ">", "|" for single bytes, None for both at once."""
    orders = {order for size, _, order in _units(dtype) if size > 1}
    if not orders:
        return "|"
    return orders.pop() if len(orders) == 1 else None


def swap_size(dtype: np.dtype[Any]) -> int | None:
    """Give the bytes to reverse together in the other byte order: 0 for none, None if they differ.

    Examples
    --------
    >>> swap_size(np.dtype("U7")), swap_size(np.dtype("S7"))
    (4, 0)
    >>> swap_size(np.dtype([("id", "i8"), ("code", "S3")])) is None
    True
    """
    sizes = unit_sizes(dtype)
    if len(sizes) > 1:
        return None
    (size,) = sizes
    return size if size > 1 else 0


def swapped(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Copy an array, the bytes of every unit reversed; the data type stays.

    NumPy's own conversion is not used, as it reverses elements of some types of other packages
    where it should reverse their parts.

    Examples
    --------
    >>> swapped(np.array([1, 256], "u2")).tolist()
    [256, 1]
    """
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    size = swap_size(array.dtype)
    turned: np.ndarray[Any, Any]
    if size in (2, 4, 8):
        turned = raw.view(f"u{size}").byteswap()
    elif size == 0:
        turned = raw.copy()
    else:
        turned = raw.reshape(-1, array.dtype.itemsize)[:, _reversal(array.dtype)].reshape(-1)
    elements: np.ndarray[Any, Any] = turned.view(array.dtype)
    return elements.reshape(array.shape)


@lru_cache(maxsize=64)
def _reversal(dtype: np.dtype[Any]) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Tell for each byte of a swapped element which one of the element it is."""
    places: list[np.ndarray[Any, np.dtype[np.intp]]] = []
    start = 0
    for size, count, _ in _units(dtype):
        units = np.arange(start, start + size * count).reshape(count, size)
        places.append(units[:, ::-1].reshape(-1))
        start += size * count
    return np.concatenate(places)


def _units(dtype: np.dtype[Any]) -> list[tuple[int, int, str]]:
    """List runs of units as they follow one another: size, count and byte order."""
    if dtype.subdtype is not None:
        base = _units(dtype.base)
        if len(base) == 1:
            size, count, order = base[0]
            return [(size, count * prod(dtype.shape), order)]
        return base * prod(dtype.shape)
    if dtype.names:
        return [run for name in dtype.names for run in _units(dtype[name])]
    if dtype.type is np.void or dtype.kind == "S":
        return [(1, dtype.itemsize, "|")]
    size = dtype.itemsize
    if dtype.kind in _PAIRS:
        size //= 2
    elif dtype.kind == "U":
        size = 4
    order = NATIVE if dtype.byteorder == "=" else dtype.byteorder
    return [(size, dtype.itemsize // size, order)]


def check_size(dtype: np.dtype[Any], field: str) -> None:
    """Refuse elements for which a few letters of a document would take much memory.

    Raises
    ------
    MetadataError
        If an element is longer than ``config.limits.element_bytes``.
    """
    limit = config.limits.element_bytes
    if dtype.itemsize > limit:
        raise MetadataError(
            f"elements have {dtype.itemsize} bytes, {limit} are allowed",
            field=field,
            hint="raise config.limits.element_bytes",
        )
