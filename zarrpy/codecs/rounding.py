"""Conversion of numbers by value, with every way to round and to treat what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["OUT_OF_RANGE", "ROUNDINGS", "MisfitError", "convert"]

Array = np.ndarray[Any, Any]

ROUNDINGS = (
    "nearest-even",
    "towards-zero",
    "towards-positive",
    "towards-negative",
    "nearest-away",
)
OUT_OF_RANGE = ("clamp", "wrap")


class MisfitError(ValueError):
    """A value that the target data type cannot hold."""


def convert(values: Array, dtype: np.dtype[Any], rounding: str, out_of_range: str | None) -> Array:
    """Convert integers or floats to another data type, by value.

    Parameters
    ----------
    values : ndarray
    dtype : numpy.dtype
    rounding : str
        One of `ROUNDINGS`.
    out_of_range : {"clamp", "wrap", None}
        What becomes of values beyond the range; None is an error.

    Raises
    ------
    MisfitError
        Naming the first value that does not fit.

    Examples
    --------
    >>> convert(np.array([2.5, -300.0]), np.dtype("i1"), "nearest-even", "clamp")
    array([   2, -128], dtype=int8)
    """
    if values.dtype == dtype:
        return values.copy()
    if dtype.kind == "f":
        return _to_float(values, dtype, rounding, out_of_range)
    if values.dtype.kind == "f":
        return _float_to_integer(values.astype(np.float64), dtype, rounding, out_of_range)
    return _integer_to_integer(values, dtype, out_of_range)


def _refuse(bad: Array, values: Array, dtype: np.dtype[Any]) -> None:
    if bad.any():
        raise MisfitError(f"{values[bad].flat[0]} does not fit {dtype}")


def _integer_to_integer(values: Array, dtype: np.dtype[Any], out_of_range: str | None) -> Array:
    limits = np.iinfo(dtype)
    low, high = values < int(limits.min), values > int(limits.max)
    if out_of_range is None:
        _refuse(low | high, values, dtype)
    result = values.astype(dtype)
    if out_of_range == "clamp":
        result[low], result[high] = limits.min, limits.max
    return result


def _float_to_integer(
    values: Array, dtype: np.dtype[Any], rounding: str, out_of_range: str | None
) -> Array:
    limits = np.iinfo(dtype)
    _refuse(np.isnan(values), values, dtype)
    if out_of_range == "wrap":
        _refuse(np.isinf(values), values, dtype)
    whole = _rounded(values, rounding)
    low, high = whole < float(limits.min), whole >= float(int(limits.max) + 1)
    if out_of_range is None:
        _refuse(low | high, values, dtype)
    if out_of_range == "wrap":
        modulus = 2.0 ** (8 * dtype.itemsize)
        rest = np.fmod(whole, modulus)
        negative = rest < 0
        wrapped = np.abs(rest).astype(np.uint64)
        with np.errstate(over="ignore"):
            return np.where(negative, np.uint64(0) - wrapped, wrapped).astype(dtype)
    result: Array = np.where(low | high, 0.0, whole).astype(dtype)
    result[low], result[high] = limits.min, limits.max
    return result


def _rounded(values: Array, rounding: str) -> Array:
    """Round to integers that are floats."""
    if rounding == "nearest-even":
        return np.rint(values)
    if rounding == "towards-positive":
        return np.ceil(values)
    if rounding == "towards-negative":
        return np.floor(values)
    whole = np.trunc(values)
    if rounding == "towards-zero":
        return whole
    with np.errstate(invalid="ignore"):  # infinities have no fraction
        up = np.abs(values - whole) >= 0.5
    return np.where(up, whole + np.copysign(1.0, values), whole)


def _to_float(
    values: Array, dtype: np.dtype[Any], rounding: str, out_of_range: str | None
) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        nearest = values.astype(dtype)
    beyond = np.isinf(nearest) & np.isfinite(values)
    if out_of_range is None:
        _refuse(beyond, values, dtype)
    largest = np.finfo(dtype).max
    nearest[beyond & (values > 0)], nearest[beyond & (values < 0)] = largest, -largest
    if rounding == "nearest-even" or dtype.itemsize > values.dtype.itemsize:
        return nearest
    return _redirected(values, nearest, rounding)


def _redirected(values: Array, nearest: Array, rounding: str) -> Array:
    """Mend what was rounded to the nearest, where another neighbour is asked for.

    Few values are not exact, and those one by one, as fractions, which are.
    """
    from fractions import Fraction

    flat, exact = nearest.reshape(-1), values.reshape(-1).tolist()
    for i in np.flatnonzero(np.isfinite(flat)):
        value, found = Fraction(exact[i]), Fraction(float(flat[i]))
        if value == found:
            continue
        other = np.nextafter(flat[i], flat.dtype.type(np.inf if found < value else -np.inf))
        if not np.isfinite(other):
            continue
        upper = max(flat[i], other)
        lower = min(flat[i], other)
        away = upper if value > 0 else lower
        if rounding == "nearest-away":
            tie = abs(Fraction(float(other)) - value) == abs(found - value)
            flat[i] = away if tie else flat[i]
        elif rounding == "towards-zero":
            flat[i] = lower if value > 0 else upper
        else:
            flat[i] = upper if rounding == "towards-positive" else lower
    return flat.reshape(values.shape)
