"""Data types as objects, by zarr-python's names; each stands for one of zarrpy's.

They say how a data type is written down and what its scalars are. Wherever zarrpy takes a data
type it takes these, and ``isinstance(array.metadata.data_type, Int32)`` tells which one it is.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from types import GenericAlias
from typing import Any, ClassVar, Self
from warnings import warn

import numpy as np

from zarrpy.compat.errors import UnstableSpecificationWarning
from zarrpy.compat.scalars import cast, from_json, to_json
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import dtypes as ours
from zarrpy.metadata.dtypes import DataType
from zarrpy.metadata.formats import format_of

__all__ = [
    "Bool",
    "Complex64",
    "Complex128",
    "DateTime64",
    "FixedLengthUTF32",
    "Float16",
    "Float32",
    "Float64",
    "HasEndianness",
    "HasItemSize",
    "HasLength",
    "HasObjectCodec",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "NullTerminatedBytes",
    "RawBytes",
    "Struct",
    "Structured",
    "TimeDelta64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "VariableLengthBytes",
    "VariableLengthUTF8",
    "ZDType",
    "of_record",
]

_ORDERS = {"little": "<", "big": ">"}
_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "μs", "ns", "ps", "fs", "as", "generic")
_MOST = 1 << 31


class _Kind(type):
    """Classes that also say whether a data type of zarrpy is of theirs."""

    def __instancecheck__(cls, instance: object) -> bool:
        if isinstance(instance, DataType):
            return issubclass(type(of_record(instance)), cls)
        return super().__instancecheck__(instance)


@dataclass(frozen=True, eq=False)
class ZDType(metaclass=_Kind):
    """A data type."""

    _zarr_v3_name: ClassVar[str] = ""
    #: Whether no specification of Zarr v3 has it yet.
    _unstable: ClassVar[bool] = False
    object_codec_id: ClassVar[str | None] = None
    __class_getitem__: ClassVar[Any] = classmethod(GenericAlias)

    # ------------------------------------------------------------------------ NumPy and zarrpy

    @classmethod
    def _holds(cls, dtype: np.dtype[Any]) -> bool:
        """Whether a data type of NumPy is of this class."""
        raise NotImplementedError

    @classmethod
    def from_native_dtype(cls, dtype: Any) -> Self:
        """Give the data type that stands for one of NumPy.

        Raises
        ------
        MetadataError
            When it is of another class.
        """
        found = np.dtype(dtype)
        if not cls._holds(found):
            raise MetadataError(f"{cls.__name__} does not stand for {found}", field="dtype")
        return cls(**cls._parameters(found))

    @classmethod
    def _parameters(cls, dtype: np.dtype[Any]) -> dict[str, Any]:
        return {}

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        raise NotImplementedError

    @property
    def dtype_cls(self) -> type[np.dtype[Any]]:
        """Class of the data type of NumPy."""
        return type(self.to_native_dtype())

    @property
    def record(self) -> DataType:
        """The data type of zarrpy."""
        return ours.from_numpy(self.to_native_dtype())[0]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DataType):
            return other == self.record
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, each.name) == getattr(other, each.name) for each in fields(self))

    def __hash__(self) -> int:
        return hash(self.record.name)

    # ------------------------------------------------------------------------------ documents

    def to_json(self, zarr_format: int) -> Any:
        """Write the data type down, as documents of a format do."""
        if format_of(zarr_format).ordered_types:
            return {"name": self._v2_name(), "object_codec_id": self.object_codec_id}
        configuration = self._configuration()
        name = self._zarr_v3_name
        if self._unstable:
            warn(
                f"the data type {name!r} is not specified yet: not every library reads it",
                UnstableSpecificationWarning,
                stacklevel=2,
            )
        return name if configuration is None else {"name": name, "configuration": configuration}

    def _v2_name(self) -> Any:
        return self.to_native_dtype().str

    def _configuration(self) -> dict[str, Any] | None:
        return None

    @classmethod
    def from_json(cls, data: Any, *, zarr_format: int) -> Self:
        """Understand what `to_json` writes.

        Raises
        ------
        MetadataError
            When it is another data type, or none.
        """
        try:
            in_v2 = format_of(zarr_format).ordered_types
            found = of_v2(data) if in_v2 else of_record(ours.from_v3(data, "data_type"))
        except (MetadataError, UnsupportedExtensionError, TypeError, ValueError):
            found = None
        if type(found) is not cls:
            raise MetadataError(
                f"Invalid JSON representation of {cls.__name__}: {data!r}", field="data_type"
            )
        assert isinstance(found, cls)
        return found

    # -------------------------------------------------------------------------------- scalars

    def default_scalar(self) -> Any:
        """Give the value of elements that were never written."""
        return np.zeros((), self.to_native_dtype())[()]

    def cast_scalar(self, data: object) -> Any:
        """Make a scalar of this type of a value.

        Raises
        ------
        TypeError
            When it cannot be one.
        """
        return cast(self, data)

    def from_json_scalar(self, data: Any, *, zarr_format: int) -> Any:
        """Understand a scalar as documents have it."""
        return from_json(self, data, zarr_format)

    def to_json_scalar(self, data: object, *, zarr_format: int) -> Any:
        """Write a scalar as documents have it."""
        return to_json(self, self.cast_scalar(data), zarr_format)


@dataclass(frozen=True, eq=False, kw_only=True)
class HasItemSize(metaclass=_Kind):
    """Data types whose elements have one size."""

    @property
    def item_size(self) -> int:
        """Bytes of an element."""
        made: Any = self
        return int(made.to_native_dtype().itemsize)


@dataclass(frozen=True, eq=False, kw_only=True)
class HasEndianness(metaclass=_Kind):
    """Data types whose elements have a byte order."""

    endianness: str = sys.byteorder


@dataclass(frozen=True, eq=False, kw_only=True)
class HasLength(metaclass=_Kind):
    """Data types whose elements have a length."""

    length: int

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError(f"length must be >= 1, got {self.length}.")


class HasObjectCodec(metaclass=_Kind):
    """Data types that Zarr v2 stores as objects."""

    object_codec_id: ClassVar[str | None]


class _Plain(ZDType, HasItemSize):
    """Numbers of one byte."""

    native: ClassVar[str]

    @classmethod
    def _holds(cls, dtype: np.dtype[Any]) -> bool:
        return dtype.type is np.dtype(cls.native).type

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        return np.dtype(self.native)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ordered(_Plain, HasEndianness):
    """Numbers of several bytes."""

    @classmethod
    def _parameters(cls, dtype: np.dtype[Any]) -> dict[str, Any]:
        return {"endianness": "big" if dtype.str[0] == ">" else "little"}

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        return np.dtype(f"{_ORDERS[self.endianness]}{self.native}")


def _number(base: type[Any], name: str, native: str) -> Any:
    class_name = {"b": "Bool", "i": "Int", "u": "UInt", "f": "Float", "c": "Complex"}[native[0]]
    bits = "" if native[0] == "b" else str(int(native[1:]) * 8)
    members = {"__doc__": f"`{name}`.", "_zarr_v3_name": name, "native": native}
    made = _Kind(class_name + bits, (base,), {**members, "__module__": __name__})
    return dataclass(frozen=True, eq=False, kw_only=True)(made)


Bool = _number(_Plain, "bool", "b1")
Int8, UInt8 = _number(_Plain, "int8", "i1"), _number(_Plain, "uint8", "u1")
Int16, UInt16 = _number(_Ordered, "int16", "i2"), _number(_Ordered, "uint16", "u2")
Int32, UInt32 = _number(_Ordered, "int32", "i4"), _number(_Ordered, "uint32", "u4")
Int64, UInt64 = _number(_Ordered, "int64", "i8"), _number(_Ordered, "uint64", "u8")
Float16, Float32 = _number(_Ordered, "float16", "f2"), _number(_Ordered, "float32", "f4")
Float64 = _number(_Ordered, "float64", "f8")
Complex64, Complex128 = _number(_Ordered, "complex64", "c8"), _number(_Ordered, "complex128", "c16")


@dataclass(frozen=True, eq=False, kw_only=True)
class _OfLength(ZDType, HasItemSize, HasLength):
    """Texts and bytes of one length."""

    kind: ClassVar[str]

    @classmethod
    def _holds(cls, dtype: np.dtype[Any]) -> bool:
        return dtype.kind == cls.kind and dtype.names is None and dtype.itemsize > 0

    @classmethod
    def _parameters(cls, dtype: np.dtype[Any]) -> dict[str, Any]:
        return {"length": dtype.itemsize}

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        return np.dtype(f"{self.kind}{self.length}")

    def _configuration(self) -> dict[str, Any] | None:
        return {"length_bytes": self.to_native_dtype().itemsize}


class NullTerminatedBytes(_OfLength):
    """Bytes of one length; zeros at their end do not count."""

    _zarr_v3_name, kind = "null_terminated_bytes", "S"
    _unstable = True


class RawBytes(_OfLength):
    """Bytes of one length."""

    _zarr_v3_name, kind = "raw_bytes", "V"
    _unstable = True


@dataclass(frozen=True, eq=False, kw_only=True)
class FixedLengthUTF32(_OfLength, HasEndianness):
    """Texts of one length."""

    _zarr_v3_name, kind = "fixed_length_utf32", "U"

    @classmethod
    def _parameters(cls, dtype: np.dtype[Any]) -> dict[str, Any]:
        return {"length": dtype.itemsize // 4, **_Ordered._parameters(dtype)}

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        return np.dtype(f"{_ORDERS[self.endianness]}U{self.length}")


@dataclass(frozen=True, eq=False, kw_only=True)
class _Time(ZDType, HasEndianness, HasItemSize):
    """Points in time, and lengths of time."""

    unit: str = "generic"
    scale_factor: int = 1
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        if self.scale_factor < 1:
            raise ValueError(f"scale_factor must be > 0, got {self.scale_factor}.")
        if self.scale_factor >= _MOST:
            raise ValueError(f"scale_factor must be < {_MOST}, got {self.scale_factor}.")
        if self.unit not in _UNITS:
            raise ValueError(f"unit must be one of {_UNITS}, got {self.unit!r}.")
        if self.unit == "μs":
            object.__setattr__(self, "unit", "us")

    @classmethod
    def _holds(cls, dtype: np.dtype[Any]) -> bool:
        return dtype.kind == cls.kind

    @classmethod
    def _parameters(cls, dtype: np.dtype[Any]) -> dict[str, Any]:
        unit, scale = np.datetime_data(dtype)
        return {"unit": unit, "scale_factor": scale, **_Ordered._parameters(dtype)}

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        order = _ORDERS[self.endianness]
        return np.dtype(f"{order}{self.kind}8[{self.scale_factor}{self.unit}]")

    def _v2_name(self) -> str:
        scale = "" if self.scale_factor == 1 else self.scale_factor
        plain = self.unit == "generic" and not scale
        step = "" if plain else f"[{scale}{self.unit}]"
        return f"{_ORDERS[self.endianness]}{self.kind}8{step}"

    def _configuration(self) -> dict[str, Any] | None:
        return {"unit": self.unit, "scale_factor": self.scale_factor}

    def default_scalar(self) -> Any:
        """Give the value of elements that were never written: no time."""
        return np.array(-(1 << 63), "i8").view(self.to_native_dtype().newbyteorder("="))[()]


class DateTime64(_Time):
    """Points in time."""

    _zarr_v3_name, kind = "numpy.datetime64", "M"


class TimeDelta64(_Time):
    """Lengths of time."""

    _zarr_v3_name, kind = "numpy.timedelta64", "m"


class VariableLengthUTF8(ZDType, HasObjectCodec):
    """Texts of any length."""

    _zarr_v3_name, object_codec_id = "string", "vlen-utf8"

    @classmethod
    def _holds(cls, dtype: np.dtype[Any]) -> bool:
        return dtype.kind == "T"

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        return ours.from_numpy(str)[0].numpy

    @property
    def record(self) -> DataType:
        """The data type of zarrpy."""
        return ours.from_numpy(str)[0]

    def _v2_name(self) -> str:
        return "|O"

    def default_scalar(self) -> str:
        """Give the value of elements that were never written."""
        return ""


class VariableLengthBytes(ZDType, HasObjectCodec):
    """Bytes of any length."""

    _zarr_v3_name, object_codec_id = "variable_length_bytes", "vlen-bytes"
    _unstable = True

    @classmethod
    def _holds(cls, dtype: np.dtype[Any]) -> bool:
        return dtype.kind == "O"

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        return np.dtype("O")

    @property
    def record(self) -> DataType:
        """The data type of zarrpy."""
        return ours.from_numpy(bytes)[0]

    def default_scalar(self) -> bytes:
        """Give the value of elements that were never written."""
        return b""


@dataclass(frozen=True, eq=False, kw_only=True)
class Struct(ZDType, HasItemSize):
    """Structures of named fields."""

    fields: tuple[tuple[str, ZDType], ...]
    _zarr_v3_name: ClassVar[str] = "struct"

    def __post_init__(self) -> None:
        if not self.fields:
            raise ValueError(f"must have at least one field. Got {self.fields!r}")

    @classmethod
    def _holds(cls, dtype: np.dtype[Any]) -> bool:
        return dtype.names is not None

    @classmethod
    def _parameters(cls, dtype: np.dtype[Any]) -> dict[str, Any]:
        assert dtype.names is not None
        return {"fields": tuple((name, of_native(dtype[name])) for name in dtype.names)}

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy."""
        return np.dtype([(name, each.to_native_dtype()) for name, each in self.fields])

    def _v2_name(self) -> list[list[Any]]:
        return [[name, each._v2_name()] for name, each in self.fields]

    def has_multi_byte_fields(self) -> bool:
        """Whether a field has elements of several bytes."""
        return any(each.to_native_dtype().itemsize > 1 for _, each in self.fields)

    def _configuration(self) -> dict[str, Any] | None:
        each = [{"name": name, "data_type": made.to_json(3)} for name, made in self.fields]
        return {"fields": each}


Structured = Struct

ALL: tuple[type[ZDType], ...] = (
    *(Bool, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float16, Float32, Float64),
    *(Complex64, Complex128, NullTerminatedBytes, RawBytes, FixedLengthUTF32, DateTime64),
    *(TimeDelta64, VariableLengthUTF8, VariableLengthBytes, Struct),
)


def of_native(dtype: Any) -> ZDType:
    """Find the data type that stands for one of NumPy.

    Raises
    ------
    MetadataError
        When there is none.
    """
    found = np.dtype(dtype)
    for cls in ALL:
        if cls._holds(found):
            return cls.from_native_dtype(found)
    raise MetadataError(f"No Zarr data type found that matches dtype '{found!r}'", field="dtype")


def of_record(record: DataType) -> ZDType:
    """Find the data type that stands for one of zarrpy."""
    if record.name == "string":
        return VariableLengthUTF8()
    if record.name in ("bytes", "variable_length_bytes"):
        return VariableLengthBytes()
    return of_native(record.numpy)


def of_v2(data: Any) -> ZDType:
    """Understand a data type of Zarr v2, with the codec of its objects.

    Raises
    ------
    MetadataError
        When it is none.
    """
    name, codec = data["name"], data["object_codec_id"]
    if name == "|O":
        kinds: dict[Any, Any] = {"vlen-utf8": VariableLengthUTF8, "vlen-bytes": VariableLengthBytes}
        if codec not in kinds:
            raise MetadataError(f"no data type has objects of {codec!r}", field="object_codec_id")
        return kinds[codec]()  # type: ignore[no-any-return]
    if codec is not None:
        raise MetadataError("only objects have a codec of their own", field="dtype")
    if isinstance(name, list):
        each = tuple(
            (field[0], of_v2({"name": field[1], "object_codec_id": None})) for field in name
        )
        return Struct(fields=each)
    found = of_native(np.dtype(name))
    if found._v2_name() != name:
        raise MetadataError(f"{name!r} is not how Zarr v2 writes it", field="dtype")
    return found
