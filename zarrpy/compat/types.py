"""Types and data types by zarr-python's names."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from zarrpy.array import Array
from zarrpy.asynchronous import AsyncArray, AsyncGroup
from zarrpy.group import Group
from zarrpy.metadata.dtypes import DataType, from_numpy

__all__ = [
    "JSON",
    "AccessModeLiteral",
    "AnyArray",
    "AnyAsyncArray",
    "AsyncGroup",
    "Group",
    "MemoryOrder",
    "VariableLengthBytes",
    "VariableLengthUTF8",
    "ZDType",
    "ZarrFormat",
    "get_data_type_from_native_dtype",
    "parse_data_type",
    "parse_dtype",
]

AccessModeLiteral = Literal["r", "r+", "a", "w", "w-"]
MemoryOrder = Literal["C", "F"]
ZarrFormat = Literal[2, 3]
JSON: TypeAlias = Any

ZARR_JSON = "zarr.json"
ZARRAY_JSON = ".zarray"
ZGROUP_JSON = ".zgroup"
ZATTRS_JSON = ".zattrs"
ZMETADATA_V2_JSON = ".zmetadata"

AnyArray = Array
AnyAsyncArray = AsyncArray
ZDType = DataType


def VariableLengthUTF8() -> DataType:  # noqa: N802 - it is a class in zarr-python
    """Give the data type of texts of any length."""
    return from_numpy(str)[0]


def VariableLengthBytes() -> DataType:  # noqa: N802
    """Give the data type of bytes of any length."""
    return from_numpy(bytes)[0]


def get_data_type_from_native_dtype(dtype: Any) -> DataType:
    """Find the data type that stands for one of NumPy."""
    return from_numpy(dtype)[0]


def parse_dtype(dtype_spec: Any, *, zarr_format: int = 3) -> DataType:
    """Find the data type that a name, a data type of NumPy, or a document stands for."""
    return from_numpy(dtype_spec)[0]


parse_data_type = parse_dtype
