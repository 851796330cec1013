"""Which data types there are, by zarr-python's names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from zarrpy.compat.dtypes import ALL, ZDType
from zarrpy.errors import MetadataError
from zarrpy.metadata.formats import format_of

__all__ = ["DataTypeRegistry", "data_type_registry"]


class DataTypeRegistry:
    """Which data types there are.

    Attributes
    ----------
    contents : dict
        Their classes by their names.
    """

    def __init__(self) -> None:
        self.contents: dict[str, type[ZDType]] = {}
        self._lazy_load_list: list[Any] = []

    def register(self, key: str, cls: type[ZDType]) -> None:
        """Make a class known."""
        self.contents[key] = cls

    def unregister(self, key: str) -> None:
        """Forget a class."""
        del self.contents[key]

    def get(self, key: str) -> type[ZDType]:
        """Find a class by its name."""
        return self.contents[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.contents)

    def match_dtype(self, dtype: Any) -> ZDType:
        """Find the data type that stands for one of NumPy."""
        found = np.dtype(dtype)
        if found == np.dtype("O"):
            raise ValueError(
                "Zarr data type resolution from object failed: it may be text, bytes or neither"
            )
        made = (cls.from_native_dtype(found) for cls in self.contents.values() if cls._holds(found))
        if (first := next(made, None)) is None:
            raise ValueError(f"No Zarr data type found that matches dtype '{found!r}'")
        return first

    def match_json(self, data: Any, *, zarr_format: int) -> ZDType:
        """Understand what documents say of a data type; v2 may give one byte a byte order."""
        spellings = [data]
        if format_of(zarr_format).ordered_types and str(data["name"])[:1] in ("<", ">"):
            spellings.append({**data, "name": f"|{data['name'][1:]}"})
        for each in spellings:
            for cls in self.contents.values():
                try:
                    return cls.from_json(each, zarr_format=zarr_format)
                except MetadataError:
                    continue
        raise ValueError(f"No Zarr data type found that matches {data!r}")


#: The data types that there are.
data_type_registry = DataTypeRegistry()
for _each in ALL:
    data_type_registry.register(_each._zarr_v3_name, _each)
