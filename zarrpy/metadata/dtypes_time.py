"""Dates and durations: 64-bit integers that count units, with the least one for not-a-time."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

import numpy as np

from zarrpy.metadata.dtypes import DataType, DataTypeFamily
from zarrpy.metadata.fill_value import FIELD
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import check_known, reject, require

__all__ = ["datetime64", "timedelta64"]

_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "generic")
# As documents may spell the microsecond: with the micro sign, and with the Greek letter.
_SPELLINGS = {"\N{MICRO SIGN}s": "us", "\N{GREEK SMALL LETTER MU}s": "us"}
_V2 = re.compile(r"([Mm])8(?:\[([0-9]*)([A-Za-z]+)\])?\Z")
_FACTORS = range(1, 1 << 31)
_NAT = -(1 << 63)
_MEMBERS = ("unit", "scale_factor")
_NAMES = {"M": "numpy.datetime64", "m": "numpy.timedelta64"}


def _family(kind: str) -> DataTypeFamily:
    return DataTypeFamily(
        _NAMES[kind],
        lambda name, configuration: _from_v3(kind, name, configuration),
        lambda form: _from_v2(kind, form),
        lambda dtype: _made(*np.datetime_data(dtype), kind) if dtype.kind == kind else None,
    )


def _from_v3(kind: str, name: str, configuration: Mapping[str, Any]) -> DataType | None:
    if name != _NAMES[kind]:
        return None
    field = "data_type.configuration"
    check_known(configuration, _MEMBERS, field)
    unit, factor = (require(configuration, member, field) for member in _MEMBERS)
    if not isinstance(unit, str) or _SPELLINGS.get(unit, unit) not in _UNITS:
        reject(f"{field}.unit", unit, " or ".join(f'"{each}"' for each in _UNITS))
    if type(factor) is not int or factor not in _FACTORS:
        reject(f"{field}.scale_factor", factor, "an integer of at least 1 and below 2^31")
    unit = _SPELLINGS.get(unit, unit)
    return _made(unit, factor, kind)


def _from_v2(kind: str, form: JSON) -> DataType | None:
    match = _V2.match(form) if isinstance(form, str) else None
    if match is None or match[1] != kind:
        return None
    factor, unit = int(match[2] or 1), match[3] or "generic"
    if unit not in _UNITS or factor not in _FACTORS:
        reject("dtype", form, f"{kind}8[UNIT] or {kind}8[NUMBER UNIT], of {', '.join(_UNITS)}")
    return _made(unit, factor, kind)


def _made(unit: str, factor: int, kind: str) -> DataType:
    counted = unit if factor == 1 else f"{factor}{unit}"
    form = f"{kind}8" if counted == "generic" else f"{kind}8[{counted}]"
    dtype = np.dtype(form)
    return DataType(
        _NAMES[kind],
        dtype,
        from_json,
        to_json,
        form,
        {"unit": unit, "scale_factor": factor},
        default=from_json("NaT", dtype),
        fill_from_python=from_python,
    )


datetime64 = _family("M")
timedelta64 = _family("m")


def from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read a count of units, or "NaT"."""
    count = _NAT if document == "NaT" else document
    if type(count) is not int or not _NAT <= count < -_NAT:
        reject(FIELD, document, f'an integer of 64 bits or "NaT" for {dtype}')
    return cast(np.generic, np.array(count, np.int64).view(dtype)[()])


def to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write a count of units, or "NaT"."""
    count = int(np.asarray(value, dtype).view(np.int64)[()])
    return "NaT" if count == _NAT else count


def from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take a date or duration of Python or NumPy, a string such as "2020-01-31", or a count."""
    if isinstance(value, np.integer) and not isinstance(value, np.timedelta64):
        value = int(value)
    if isinstance(value, int) or value == "NaT":
        return from_json(cast(JSON, value), dtype)
    right = f"a whole number of units of {dtype}"
    if not isinstance(value, np.datetime64 | np.timedelta64):
        if getattr(value, "tzinfo", None) is not None:
            reject(FIELD, str(value), f"without a time zone for {dtype}, such as that of UTC")
        if not isinstance(value, str | date | timedelta):
            reject(FIELD, repr(value), right)
        try:
            value = cast(Any, dtype.type)(value)
        except (TypeError, ValueError):
            reject(FIELD, str(value), right)
    assert isinstance(value, np.datetime64 | np.timedelta64)
    try:
        found = value.astype(dtype)
        same = value.dtype.kind == dtype.kind and (
            bool(np.isnat(value)) or found.astype(value.dtype) == value
        )
    except (TypeError, OverflowError):
        same = False
    if not same:
        reject(FIELD, str(value), right)
    return cast(np.generic, found)
