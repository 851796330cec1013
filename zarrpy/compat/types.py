"""Types and data types by zarr-python's names."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from zarrpy.array import Array
from zarrpy.asynchronous import AsyncArray, AsyncGroup
from zarrpy.compat import dtypes
from zarrpy.compat.dtypes import *  # noqa: F403 - all data types
from zarrpy.compat.dtypes import ZDType, of_record
from zarrpy.compat.type_registry import DataTypeRegistry, data_type_registry
from zarrpy.group import Group
from zarrpy.metadata.dtypes import DataType, from_numpy

__all__ = [
    *dtypes.__all__,
    "DataTypeRegistry",
    "data_type_registry",
    "JSON",
    "AccessModeLiteral",
    "AnyArray",
    "AnyAsyncArray",
    "AsyncGroup",
    "Group",
    "MemoryOrder",
    "ZarrFormat",
    "check_dtype_spec_no_object_codec_v2",
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


def get_data_type_from_native_dtype(dtype: Any) -> ZDType:
    """Find the data type that stands for one of NumPy."""
    return data_type_registry.match_dtype(dtype)


def parse_dtype(dtype_spec: Any, *, zarr_format: int = 3) -> ZDType:
    """Find the data type that a name, a data type of NumPy, or a document stands for."""
    if isinstance(dtype_spec, ZDType) and not isinstance(dtype_spec, DataType):
        return dtype_spec
    return of_record(from_numpy(dtype_spec)[0])


parse_data_type = parse_dtype


def check_dtype_spec_no_object_codec_v2(data: Any) -> bool:
    """Whether a description of a data type of Zarr v2 is one that needs no codec of objects.

    Parameters
    ----------
    data : object
        ``{"name": ..., "object_codec_id": None}``, for the answer to be true.
    """
    if not isinstance(data, dict) or set(data) != {"name", "object_codec_id"}:
        return False
    return isinstance(data["name"], str | list | tuple) and data["object_codec_id"] is None
