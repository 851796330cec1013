"""Strings and bytes of one length, and bytes without any meaning."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from zarrpy.metadata.dtypes import DataType, DataTypeFamily
from zarrpy.metadata.fill_value import FIELD, from_base64, of_bytes, to_base64
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import check_known, reject, require

__all__ = ["fixed_length_utf32", "null_terminated_bytes", "raw", "raw_bytes"]

# NumPy counts the bytes of an element in 31 bits.
_END = 1 << 31
_BITS = re.compile(r"r([0-9]+)\Z")
_V2 = re.compile(r"([USV])([0-9]+)\Z")


def _family(name: str, kind: str, make: Callable[[int], DataType], unit: int = 1) -> DataTypeFamily:
    """Make the family of a kind of NumPy."""

    def from_v3(given: str, configuration: Mapping[str, Any]) -> DataType | None:
        return make(_length(configuration, unit)) if given == name else None

    def from_v2(form: JSON) -> DataType | None:
        match = _V2.match(form) if isinstance(form, str) else None
        if match is None or match[1] != kind:
            return None
        n = int(match[2])
        if not 0 < n * unit < _END:
            reject("dtype", form, f"of at least 1 and less than 2^31 bytes, such as {kind}10")
        return make(n * unit)

    def from_numpy(dtype: np.dtype[Any]) -> DataType | None:
        ours = dtype.type is {"U": np.str_, "S": np.bytes_, "V": np.void}[kind]
        plain = dtype.names is None and dtype.subdtype is None
        return make(dtype.itemsize) if ours and plain else None

    return DataTypeFamily(name, from_v3, from_v2, from_numpy)


def _length(configuration: Mapping[str, Any], unit: int) -> int:
    field = "data_type.configuration"
    check_known(configuration, ("length_bytes",), field)
    nbytes = require(configuration, "length_bytes", field)
    if type(nbytes) is not int or not 0 < nbytes < _END or nbytes % unit:
        multiple = "an integer" if unit == 1 else f"a multiple of {unit}"
        reject(f"{field}.length_bytes", nbytes, f"{multiple} of at least {unit} and below 2^31")
    return nbytes


def _utf32(nbytes: int) -> DataType:
    return DataType(
        "fixed_length_utf32",
        np.dtype(f"U{nbytes // 4}"),
        text_from_json,
        text_to_json,
        f"U{nbytes // 4}",
        {"length_bytes": nbytes},
        fill_from_python=text_from_python,
    )


def text_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read a string that is not too long."""
    length = dtype.itemsize // 4
    if not isinstance(document, str) or len(document) > length:
        reject(FIELD, document, f"a string of at most {length} characters for {dtype}")
    return cast(np.generic, np.array(document, dtype)[()])


def text_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write a string."""
    return str(value)


def text_from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take a string, or 0 for the empty one."""
    return text_from_json("" if _is_zero(value) else cast(JSON, value), dtype)


def _null_terminated(nbytes: int) -> DataType:
    return DataType(
        "null_terminated_bytes",
        np.dtype(f"S{nbytes}"),
        bytes_from_json,
        bytes_to_json,
        f"S{nbytes}",
        {"length_bytes": nbytes},
        fill_from_python=bytes_from_python,
    )


def bytes_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read bytes in base64; those that are missing at the end are zero."""
    data = from_base64(document, dtype.itemsize)
    if len(data) > dtype.itemsize:
        reject(FIELD, document, f"at most {dtype.itemsize} bytes in base64, not {len(data)}")
    return cast(np.generic, np.array(data, dtype)[()])


def bytes_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write bytes in base64, without the zeros at their end."""
    return to_base64(bytes(cast(Any, value)))


def bytes_from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take bytes, text in ASCII, or 0 for none."""
    if isinstance(value, str) and value.isascii():
        value = value.encode()
    if _is_zero(value):
        value = b""
    if not isinstance(value, bytes) or len(value) > dtype.itemsize:
        reject(FIELD, repr(value), f"at most {dtype.itemsize} bytes for {dtype}")
    return cast(np.generic, np.array(value, dtype)[()])


def _raw(nbytes: int) -> DataType:
    return DataType(
        f"r{8 * nbytes}",
        np.dtype(f"V{nbytes}"),
        raw_from_json,
        raw_to_json,
        f"V{nbytes}",
        fill_from_python=raw_from_python,
    )


def _bits_from_v3(name: str, configuration: Mapping[str, Any]) -> DataType | None:
    match = _BITS.match(name)
    if match is None:
        return None
    if configuration:
        reject("data_type.configuration", dict(configuration), f"left out for {name}")
    bits = int(match[1]) if len(match[1]) < 20 else _END * 8
    if not 0 < bits < _END * 8 or bits % 8 or name != f"r{bits}":
        reject("data_type", name, '"r" and a number of bits that is a multiple of 8')
    return _raw(bits // 8)


def raw_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read a list of bytes, or base64."""
    right = f"a list of {dtype.itemsize} integers in [0, 255], or as many bytes in base64"
    if isinstance(document, list):
        if not all(type(each) is int and 0 <= each <= 255 for each in document):
            reject(FIELD, document, right)
        data = bytes(document)
    elif isinstance(document, str):
        data = from_base64(document, dtype.itemsize)
    else:
        reject(FIELD, document, right)
    if len(data) != dtype.itemsize:
        reject(FIELD, document, right)
    return of_bytes(data, dtype)


def raw_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write a list of bytes."""
    return list(np.array(value, dtype).tobytes())


def raw_from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take bytes, a void scalar, a list of integers, or 0 for zeros."""
    if isinstance(value, np.void):
        value = value.tobytes()
    if _is_zero(value):
        value = bytes(dtype.itemsize)
    if isinstance(value, bytes | bytearray):
        value = list(value)
    return raw_from_json(cast(JSON, list(value) if isinstance(value, tuple) else value), dtype)


def _raw_bytes(nbytes: int) -> DataType:
    return DataType(
        "raw_bytes",
        np.dtype(f"V{nbytes}"),
        raw_from_json,
        raw_to_base64,
        f"V{nbytes}",
        {"length_bytes": nbytes},
        fill_from_python=raw_from_python,
    )


def raw_to_base64(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write bytes in base64."""
    return to_base64(np.array(value, dtype).tobytes())


def _is_zero(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and value == 0


fixed_length_utf32 = _family("fixed_length_utf32", "U", _utf32, unit=4)
null_terminated_bytes = _family("null_terminated_bytes", "S", _null_terminated)
raw = DataTypeFamily("r*", _bits_from_v3, lambda form: None, lambda dtype: None)
raw_bytes = _family("raw_bytes", "V", _raw_bytes)
