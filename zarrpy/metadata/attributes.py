"""Attributes as programs give them, made into JSON; or an error that leads to the culprit.

What has one obvious form in JSON is accepted: NumPy scalars and arrays, tuples, dates and
times (ISO 8601), paths, members of an enumeration (their value).  What has none, or more than
one, is refused: sets, bytes, complex numbers, time differences, objects.
"""

import datetime as dt
import enum
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from zarrpy.config import config
from zarrpy.errors import AttributeNotJSONError
from zarrpy.metadata.json import TOO_LONG, is_too_long, word

__all__ = ["normalise"]

KeyPath = tuple[str | int, ...]


def normalise(
    attributes: Mapping[str, Any], *, allow_nan: bool = False, path: str | None = None
) -> dict[str, Any]:
    """Make attributes into JSON values.

    Parameters
    ----------
    attributes : mapping
        Not changed; the result shares nothing with it.
    allow_nan : bool
        Write NaN and infinities as the words ``"NaN"``, ``"Infinity"``, ``"-Infinity"``
        instead of refusing them; JSON has no numbers for them.
    path : str, optional
        Of the node, for error messages.

    Raises
    ------
    AttributeNotJSONError
        Names the way to the value: ``attrs['affines']['phys']``.

    Examples
    --------
    >>> import numpy as np
    >>> normalise({"scale": np.float32(0.5), "levels": np.arange(3)})
    {'scale': 0.5, 'levels': [0, 1, 2]}
    """
    depth = config.limits.json_depth
    try:
        if not isinstance(attributes, Mapping):
            raise _wrong(attributes, (), "attributes are a mapping of names to values")
        return _mapping(attributes, (), allow_nan, depth)
    except AttributeNotJSONError as error:
        error.fill(path=path)
        raise


def _value(value: Any, place: KeyPath, allow_nan: bool, depth: int) -> Any:
    if len(place) >= depth:
        raise AttributeNotJSONError(
            f"is nested deeper than {depth} levels, or contains itself", key_path=place[:3]
        )
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):  # before int and str: members may be both
        return _value(value.value, place, allow_nan, depth)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return _whole(int(value), place)
    if isinstance(value, float):
        return _number(float(value), place, allow_nan)
    if isinstance(value, Mapping):
        return _mapping(value, place, allow_nan, depth)
    if isinstance(value, list | tuple):
        return [_value(each, (*place, i), allow_nan, depth) for i, each in enumerate(value)]
    if isinstance(value, np.generic | np.ndarray):
        return _value(_from_numpy(value, place), place, allow_nan, depth)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return _value(os.fspath(value), place, allow_nan, depth)
    raise _wrong(value, place, _ADVICE.get(type(value).__name__))


def _mapping(
    value: Mapping[Any, Any], place: KeyPath, allow_nan: bool, depth: int
) -> dict[str, Any]:
    result = {}
    for key, each in value.items():
        if isinstance(key, enum.Enum):
            key = key.value
        if not isinstance(key, str):
            raise AttributeNotJSONError(
                f"has the key {key!r}, {_kind(key)}; keys in JSON are strings",
                key_path=place,
                hint=f"use {str(key)!r}",
            )
        result[str(key)] = _value(each, (*place, str(key)), allow_nan, depth)
    return result


def _whole(value: int, place: KeyPath) -> int:
    if is_too_long(value):
        problem, _, advice = TOO_LONG.partition("; ")
        raise AttributeNotJSONError(problem, key_path=place, hint=advice)
    return value


def _number(value: float, place: KeyPath, allow_nan: bool) -> float | str:
    if math.isfinite(value):
        return value
    if allow_nan:
        return word(value)
    raise AttributeNotJSONError(
        f"is {value}, which JSON has no number for",
        key_path=place,
        value=value,
        hint=f'use None, or the string "{word(value)}"',
    )


def _from_numpy(value: Any, place: KeyPath) -> Any:
    """Make Python objects of a NumPy scalar or array."""
    kind = value.dtype.kind
    if kind == "M":
        return np.datetime_as_string(value).tolist()
    if kind == "f" and value.dtype.itemsize > 8:
        return value.astype(float).tolist()
    if kind in _LOSSY:
        raise _wrong(value, place, _ADVICE[_LOSSY[kind]])
    return value.tolist()


_ADVICE = {
    "bytes": "decode it, or encode it in base64",
    "complex": "give real and imaginary part",
    "set": "make it a sorted list",
    "frozenset": "make it a sorted list",
    "timedelta": "give a number, and its unit in another attribute",
}
# Kinds of NumPy data types whose elements have no obvious form in JSON.
_LOSSY = {"c": "complex", "S": "bytes", "m": "timedelta"}


def _wrong(value: object, place: KeyPath, hint: str | None) -> AttributeNotJSONError:
    message = f"is {_kind(value)}; JSON or NumPy values only"
    return AttributeNotJSONError(message, key_path=place, hint=hint)


def _kind(value: object) -> str:
    """Name the type of a value: ``a set``, ``an int``, ``a numpy.ndarray of |S3``."""
    cls = type(value)
    name = (
        cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    )
    article = "an" if name[0] in "aeio" else "a"
    suffix = f" of {value.dtype}" if isinstance(value, np.ndarray) else ""
    return f"{article} {name}{suffix}"
