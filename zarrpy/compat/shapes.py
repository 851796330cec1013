"""Shapes and tables as callers of zarr-python give them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["parse_scalar_map", "parse_shapelike"]


def parse_scalar_map(data: Any) -> dict[str, dict[Any, Any]]:
    """Make mappings of pairs of values, for each direction of the codec ``cast_value``."""
    return {direction: dict(pairs) for direction, pairs in dict(data).items()}


def parse_shapelike(data: Any) -> tuple[int, ...]:
    """Make a tuple of lengths of a number or of several.

    Parameters
    ----------
    data : int or iterable of int

    Raises
    ------
    TypeError
        When they are no integers.
    ValueError
        When one is negative.
    """
    if isinstance(data, int | np.integer):
        if data < 0:
            raise ValueError(f"Expected a non-negative integer, not {data!r}")
        data = (data,)
    if not isinstance(data, Iterable):
        raise TypeError(f"Expected an integer or an iterable of integers, not {data!r}")
    lengths = tuple(data)
    if not all(isinstance(each, int | np.integer | np.bool_) for each in lengths):
        raise TypeError(f"Expected an iterable of integers, not {lengths!r}")
    if any(each < 0 for each in lengths):
        raise ValueError(f"Expected all values to be non-negative, not {lengths!r}")
    return tuple(int(each) for each in lengths)
