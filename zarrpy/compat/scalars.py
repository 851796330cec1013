"""Scalars of data types, as programs and as documents have them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date, timedelta
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.errors import MetadataError
from zarrpy.metadata.formats import format_of

if TYPE_CHECKING:
    from zarrpy.compat.dtypes import ZDType

__all__ = ["cast", "from_json", "to_json"]

_TIMES = (str, int, np.integer, date, timedelta, np.datetime64, np.timedelta64)


def cast(kind: ZDType, data: Any) -> Any:
    """Make a scalar of a value.

    Raises
    ------
    TypeError
        When it cannot be one.
    """
    dtype = kind.to_native_dtype()
    code = "T" if kind._zarr_v3_name == "string" else dtype.kind
    try:
        return _MAKERS[code](data, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"Cannot convert object {data!r} with type {type(data)} to a scalar compatible with "
            f"the data type {kind}."
        ) from error


def _of_number(data: Any, dtype: np.dtype[Any]) -> Any:
    if not isinstance(data, Number | np.generic | np.ndarray | str | bytes):
        raise TypeError("no number")
    return dtype.type(data)


def _of_time(data: Any, dtype: np.dtype[Any]) -> Any:
    if not isinstance(data, _TIMES):
        raise TypeError("no time")
    unit = np.datetime_data(dtype)
    if isinstance(data, str) and dtype.kind == "m" and data != "NaT":
        data = int(data)
    if isinstance(data, str | np.datetime64 | np.timedelta64) and str(data) == "NaT":
        return np.array(-(1 << 63), "i8").view(dtype.newbyteorder("="))[()]
    made: Any = np.datetime64 if dtype.kind == "M" else np.timedelta64
    return made(data, unit)


def _of_text(data: Any, dtype: np.dtype[Any]) -> Any:
    return np.array(str(data), dtype)[()]


def _of_bytes(data: Any, dtype: np.dtype[Any]) -> Any:
    if not isinstance(data, str | bytes):
        raise TypeError("no bytes")
    return np.array(data, dtype)[()]


def _of_raw(data: Any, dtype: np.dtype[Any]) -> Any:
    if dtype.names is not None:
        return _of_fields(data, dtype)
    if not isinstance(data, bytes | np.void | bytearray):
        raise TypeError("no bytes")
    return np.array(data, dtype)[()]


def _of_fields(data: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(data, Mapping):
        if set(data) != set(dtype.names or ()):
            raise TypeError("other fields")
        data = tuple(data[name] for name in dtype.names or ())
    if isinstance(data, str):
        raise TypeError("no fields")
    return np.array(tuple(data) if isinstance(data, list) else data, dtype)[()]


def _of_object(data: Any, dtype: np.dtype[Any]) -> bytes:
    if isinstance(data, str):
        return data.encode()
    if not isinstance(data, bytes | bytearray | np.bytes_):
        raise TypeError("no bytes")
    return bytes(data)


_MAKERS: dict[str, Any] = {
    **dict.fromkeys("biufc", _of_number),
    **dict.fromkeys("mM", _of_time),
    "U": _of_text,
    "T": lambda data, dtype: str(data),
    "S": _of_bytes,
    "V": _of_raw,
    "O": _of_object,
}


def to_json(kind: ZDType, scalar: Any, zarr_format: int) -> Any:
    """Write a scalar as the documents of a format do."""
    dtype = kind.to_native_dtype()
    if dtype.names is not None and format_of(zarr_format).ordered_types:
        return base64.standard_b64encode(scalar.tobytes()).decode("ascii")
    if dtype.kind in "SVO" and dtype.names is None and kind._zarr_v3_name != "string":
        return base64.standard_b64encode(bytes(scalar)).decode("ascii")
    record = kind.record
    found = record.fill_to_json(scalar, record.numpy)
    return tuple(found) if isinstance(found, list) and dtype.kind == "c" else found


def from_json(kind: ZDType, data: Any, zarr_format: int) -> Any:
    """Understand a scalar as the documents of a format have it.

    Raises
    ------
    TypeError
        When it is none.
    """
    dtype = kind.to_native_dtype()
    try:
        if dtype.names is not None and isinstance(data, str):
            return np.frombuffer(base64.standard_b64decode(data), dtype)[0]
        if dtype.kind in "SVO" and dtype.names is None and kind._zarr_v3_name != "string":
            return kind.cast_scalar(base64.standard_b64decode(data))
        if dtype.kind in "iuf" and isinstance(data, int | float) and not isinstance(data, bool):
            if dtype.kind == "f" or float(data).is_integer():
                return dtype.type(data)
            raise TypeError("no whole number")
        if dtype.kind in "iuf" and isinstance(data, str) and not data.startswith("0x"):
            return dtype.type(float(data) if dtype.kind == "f" else int(data))
        record = kind.record
        return record.fill_from_json(list(data) if isinstance(data, tuple) else data, record.numpy)
    except (MetadataError, TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"Invalid type: {data!r}. Expected a scalar of {kind}.") from error
