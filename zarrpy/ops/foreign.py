"""What readers of other formats give: arrays and groups, with what Zarr says of them."""

from __future__ import annotations

import struct
from base64 import standard_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from zarrpy.metadata.formats import format_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Foreign", "ForeignArray", "plain"]

#: The attribute by which netCDF says which elements were never written.
_FILL = "_FillValue"


class Foreign(Protocol):
    """A file of another format, open."""

    def groups(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the groups, the root as "", and their attributes; each before those in it."""

    def arrays(self) -> Iterator[ForeignArray]:
        """Give the arrays."""


@dataclass
class ForeignArray:
    """An array of a file of another format.

    Attributes
    ----------
    path : str
    shape : tuple of int
    dtype : numpy.dtype or type
        As `create_array` takes it.
    read : callable
        Reads a tuple of slices.
    attributes : dict
    names : tuple of (str or None), optional
        Of the dimensions.
    chunks : tuple of int, optional
    fill_value : object, optional
    """

    path: str
    shape: tuple[int, ...]
    dtype: Any
    read: Callable[[tuple[slice, ...]], np.ndarray[Any, Any]]
    attributes: dict[str, Any] = field(default_factory=dict)
    names: tuple[str | None, ...] | None = None
    chunks: tuple[int, ...] | None = None
    fill_value: Any = None

    def keywords(self, zarr_format: int) -> dict[str, Any]:
        """Give the keywords of `create_array`."""
        found: dict[str, Any] = {"shape": self.shape, "dtype": self.dtype}
        attributes = dict(self.attributes)
        fill = attributes.get(_FILL, self.fill_value)
        if fill is not None:
            found["fill_value"] = fill
        if _FILL in attributes:
            # readers of datasets find it there: as the fill value of v2, encoded in v3
            if format_of(zarr_format).undefined_fill:
                del attributes[_FILL]
            else:
                attributes[_FILL] = _encoded_fill(fill)
        if self.names is not None:
            found["dimension_names"] = self.names
        if self.chunks is not None:
            found["chunks"] = self.chunks
        named = {name: plain(value) for name, value in attributes.items()}
        return found | {"attributes": named, "zarr_format": zarr_format}


def _encoded_fill(value: Any) -> Any:
    """Write a fill value as xarray does in attributes: numbers with a point as their bytes."""
    scalar = np.asarray(value).reshape(-1)[0] if np.ndim(value) else np.asarray(value)[()]
    if scalar.dtype.kind == "f":
        return standard_b64encode(struct.pack("<d", float(scalar))).decode()
    if scalar.dtype.kind == "S":
        return standard_b64encode(bytes(scalar)).decode()
    return scalar.item()


def plain(value: Any) -> Any:
    """Give a value of an attribute as JSON has it: bytes as text, one element as that element."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return plain(value.reshape(-1)[0])
        return [plain(each) for each in value.tolist()]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
