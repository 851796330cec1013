"""The bytes of one element: into which units they are divided, and in which order these are.

A byte order does not reverse an element but its units: a complex number has two, a string of
UTF-32 one for each character, a structure those of all its fields.
"""

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["NATIVE", "order", "swap_size", "unit_sizes"]

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
    return frozenset(size for size, _ in _units(dtype))


@lru_cache(maxsize=256)
def order(dtype: np.dtype[Any]) -> str | None:
    """Give the byte order of an element: "<", ">", "|" for single bytes, None for both at once."""
    orders = {order for size, order in _units(dtype) if size > 1}
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


def _units(dtype: np.dtype[Any]) -> set[tuple[int, str]]:
    """Collect size and byte order of the units."""
    if dtype.subdtype is not None:
        return _units(dtype.base)
    if dtype.names:
        return set().union(*(_units(dtype[name]) for name in dtype.names))
    if dtype.type is np.void or dtype.kind == "S":
        return {(1, "|")}
    size = dtype.itemsize
    if dtype.kind in _PAIRS:
        size //= 2
    elif dtype.kind == "U":
        size = 4
    return {(size, NATIVE if dtype.byteorder == "=" else dtype.byteorder)}
