"""Small numbers: floats of 4 to 16 bits, integers of 2 and 4, and complex numbers of the former.

NumPy has none of them.  Where the package ml_dtypes is installed, arrays have its data types;
elsewhere they hold the same bits as integers, with one warning.  Fill values are the same in
both cases, as nothing here calculates with that package.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, SupportsFloat, cast

import numpy as np

from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.dtypes import DataType, DataTypeFamily
from zarrpy.metadata.fill_value import FIELD
from zarrpy.metadata.json import JSON, word
from zarrpy.metadata.members import reject
from zarrpy.metadata.small_floats import FORMATS, SmallFloat
from zarrpy.notice import warn

__all__ = ["ml_dtypes"]

_INTEGERS = {"int2": range(-2, 2), "int4": range(-8, 8), "uint2": range(4), "uint4": range(16)}
# Complex numbers by the type of their parts, and what ml_dtypes calls them.
_COMPLEX = {
    "complex_float16": ("float16", "complex32"),
    **{f"complex_{name}": (name, "bcomplex32" if name == "bfloat16" else "") for name in FORMATS},
}
_NAMES = {"complex32": "complex_float16", "bcomplex32": "complex_bfloat16"}


def _from_v3(name: str, configuration: Mapping[str, Any]) -> DataType | None:
    record = _record(name)
    if record is not None and configuration:
        reject("data_type.configuration", dict(configuration), f"left out for {name}")
    return record


def _from_v2(form: JSON) -> DataType | None:
    """Read the bare names that one other implementation writes, of numbers of one part."""
    known = isinstance(form, str) and (form in FORMATS or form in _INTEGERS)
    return _record(cast(str, form)) if known else None


def _from_numpy(dtype: np.dtype[Any]) -> DataType | None:
    if dtype.isbuiltin != 2 or dtype.type.__module__ != "ml_dtypes":
        return None
    return _record(_NAMES.get(dtype.name, dtype.name))


ml_dtypes = DataTypeFamily("ml_dtypes", _from_v3, _from_v2, _from_numpy)


@lru_cache(maxsize=1)
def _package() -> ModuleType | None:
    """Import ml_dtypes, if it is there."""
    try:
        return import_module("ml_dtypes")
    except ImportError:
        return None


def _record(name: str) -> DataType | None:
    if name in FORMATS:
        return _float(name)
    if name in _INTEGERS:
        return _integer(name)
    return _complex(name) if name in _COMPLEX else None


def _numpy(name: str, instead: "str | np.dtype[Any]") -> np.dtype[Any]:
    """Give the data type of ml_dtypes, or the one instead of it."""
    found = getattr(_package(), name, None) if name else None
    if found is not None:
        return cast("np.dtype[Any]", np.dtype(found))
    if isinstance(instead, str):
        warn(
            f"{name} is read and written as {np.dtype(instead)} of the same bits; "
            "numbers need the package ml_dtypes: pip install 'zarrpy[ml]'"
        )
    return np.dtype(instead)


def _float(name: str) -> DataType:
    kind = FORMATS[name]
    values = FloatFill(name, kind)
    return DataType(
        name,
        _numpy(name, "u2" if kind.bits > 8 else "u1"),
        values.from_json,
        values.to_json,
        name,
        fill_from_python=values.from_python,
        settle=_Settle(kind.bits, signed=False) if kind.bits < 8 else None,
    )


def _integer(name: str) -> DataType:
    values = IntegerFill(name, _INTEGERS[name])
    signed = name.startswith("int")
    return DataType(
        name,
        _numpy(name, "i1" if signed else "u1"),
        values.from_json,
        values.to_json,
        name,
        fill_from_python=values.from_python,
        settle=_Settle(int(name[-1]), signed),
    )


def _complex(name: str) -> DataType:
    part_name, own_name = _COMPLEX[name]
    part = _record(part_name) or _half()
    pair = np.dtype([("real", part.numpy), ("imag", part.numpy)])
    values = ComplexFill(name, part)
    return DataType(
        name,
        _numpy(own_name, pair),
        values.from_json,
        values.to_json,
        fill_from_python=values.from_python,
        settle=part.settle,
    )


def _half() -> DataType:
    from zarrpy.metadata.dtypes import from_v3

    return from_v3("float16")


@dataclass(frozen=True, slots=True)
class _Settle:
    """Make the upper bits of each byte, which do not count, what they are written as."""

    bits: int
    signed: bool

    def __call__(self, array: np.ndarray[Any, Any]) -> None:
        unused = 8 - self.bits
        pairs = array.dtype.itemsize > 1
        parts = [array[name] for name in ("real", "imag")] if pairs else [array]
        for part in parts:
            stored = part.view(np.int8 if self.signed else np.uint8)
            np.left_shift(stored, unused, out=stored)
            np.right_shift(stored, unused, out=stored)


def _scalar(pattern: int, dtype: np.dtype[Any]) -> np.generic:
    data = (pattern % (1 << 8 * dtype.itemsize)).to_bytes(dtype.itemsize, _ORDER)
    return fill.of_bytes(data, dtype)


_ORDER: Any = "little" if np.little_endian else "big"


def _pattern(value: np.generic, dtype: np.dtype[Any]) -> int:
    return int.from_bytes(np.array(value, dtype).tobytes(), _ORDER)


@dataclass(frozen=True, slots=True)
class FloatFill:
    """Fill values of a small float: a number, a word, or the bits in hexadecimal."""

    name: str
    kind: SmallFloat

    def from_json(self, document: JSON, dtype: np.dtype[Any]) -> np.generic:
        """Read one; a number is rounded to the nearest."""
        if isinstance(document, str) and document.startswith("0x"):
            return _scalar(self._hexadecimal(document, dtype), dtype)
        number = document
        if isinstance(document, str) and document in _WORDS:
            number = _WORDS[document]
        if isinstance(number, bool) or not isinstance(number, int | float):
            reject(FIELD, document, self._right())
        try:
            pattern = self.kind.nearest(float(number))
        except OverflowError:
            pattern = None
        if pattern is None:
            reject(FIELD, document, f"one of the numbers of {self.name}")
        return _scalar(pattern, dtype)

    def to_json(self, value: np.generic, dtype: np.dtype[Any]) -> JSON:
        """Write a number, a word, or for an unusual NaN the bits in hexadecimal."""
        pattern = _pattern(value, dtype) & ((1 << self.kind.bits) - 1)
        number = self.kind.number(pattern)
        if number == number and abs(number) != float("inf"):
            return number
        if number != number and pattern != self.kind.nan:
            return f"{pattern:#0{2 + 2 * dtype.itemsize}x}"
        return word(number)

    def from_python(self, value: object, dtype: np.dtype[Any]) -> np.generic:
        """Take a number, or the JSON form."""
        if not isinstance(value, str | bool | int):
            try:
                value = float(cast(SupportsFloat, value))
            except (TypeError, ValueError, OverflowError):
                reject(FIELD, repr(value), self._right())
        return self.from_json(value, dtype)

    def _hexadecimal(self, document: str, dtype: np.dtype[Any]) -> int:
        digits = document[2:]
        try:
            pattern = int.from_bytes(bytes.fromhex(digits), "big")
        except ValueError:
            reject(FIELD, document, self._right())
        if len(digits) != 2 * dtype.itemsize or pattern >> self.kind.bits:
            reject(FIELD, document, self._right())
        return pattern

    def _right(self) -> str:
        words = ["a number", '"NaN"'] if self.kind.nan is not None else ["a number"]
        words += ['"Infinity"', '"-Infinity"'] if self.kind.infinite else []
        example = f"{1:#0{2 + 2 * ((self.kind.bits + 7) // 8)}x}"
        return f'{", ".join(words)} or bits as "{example}" for {self.name}'


_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass(frozen=True, slots=True)
class IntegerFill:
    """Fill values of a small integer."""

    name: str
    numbers: range

    def from_json(self, document: JSON, dtype: np.dtype[Any]) -> np.generic:
        """Read a JSON integer within the range."""
        if type(document) is not int or document not in self.numbers:
            right = f"an integer in [{self.numbers[0]}, {self.numbers[-1]}] for {self.name}"
            reject(FIELD, document, right)
        return _scalar(document, dtype)

    def to_json(self, value: np.generic, dtype: np.dtype[Any]) -> JSON:
        """Write an integer; bits that do not count are left out."""
        pattern = _pattern(value, dtype) % len(self.numbers)
        return pattern if pattern in self.numbers else pattern - len(self.numbers)

    def from_python(self, value: object, dtype: np.dtype[Any]) -> np.generic:
        """Take anything that is exactly such an integer."""
        try:
            number = int(cast(Any, value))
            exact = not isinstance(value, str) and number == value
        except (TypeError, ValueError, OverflowError):
            exact = False
        return self.from_json(number if exact else repr(value), dtype)


@dataclass(frozen=True, slots=True)
class ComplexFill:
    """Fill values of a complex number: a list of its parts."""

    name: str
    part: DataType

    def from_json(self, document: JSON, dtype: np.dtype[Any]) -> np.generic:
        """Read the real and the imaginary part."""
        if document == 0 and type(document) is int:
            document = [0, 0]
        if not isinstance(document, list) or len(document) != 2:
            reject(FIELD, document, f"a list of two numbers for {self.name}")
        return self._joined([fill.parse(each, self.part) for each in document], dtype)

    def to_json(self, value: np.generic, dtype: np.dtype[Any]) -> JSON:
        """Write the real and the imaginary part."""
        data = np.array(value, dtype).tobytes()
        parts = np.frombuffer(data, np.uint8).view(self.part.numpy)
        return [fill.dump(each, self.part) for each in parts]

    def from_python(self, value: object, dtype: np.dtype[Any]) -> np.generic:
        """Take a complex number, or a pair."""
        if isinstance(value, str):
            reject(FIELD, value, f"a complex number for {self.name}")
        if not isinstance(value, tuple | list):
            try:
                number = complex(cast(Any, value))
            except (TypeError, ValueError, OverflowError):
                reject(FIELD, repr(value), f"a complex number for {self.name}")
            value = [number.real, number.imag]
        if len(value) != 2:
            reject(FIELD, list(value), f"a list of two numbers for {self.name}")
        return self._joined([fill.coerce(each, self.part) for each in value], dtype)

    def _joined(self, parts: list[np.generic], dtype: np.dtype[Any]) -> np.generic:
        data = b"".join(np.array(part, self.part.numpy).tobytes() for part in parts)
        return fill.of_bytes(data, dtype)
