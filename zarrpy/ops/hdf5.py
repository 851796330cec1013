"""Files of HDF5, and of netCDF 4, which are such: read through h5py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from zarrpy.errors import MetadataError, MissingDependencyError, UnsupportedExtensionError
from zarrpy.ops.foreign import ForeignArray

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["HDF5"]

#: Attributes by which HDF5 and netCDF keep their own books.
_BOOKS = {
    *("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS"),
    *("_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties"),
}
#: The beginning of the name of a dimension that has no variable, in netCDF 4.
_NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"


class HDF5:
    """An open file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        try:
            import h5py
        except ImportError as error:
            raise MissingDependencyError(
                f"reading {path} needs h5py", extra="hdf5", hint="pip install 'zarrpy[hdf5]'"
            ) from error
        self._h5py: Any = h5py
        self._file: Any = h5py.File(path, "r")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def groups(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the groups, the root as "", and their attributes."""
        for path, node in self._nodes("", self._file):
            if isinstance(node, self._h5py.Group):
                yield path, self._attributes(node)

    def arrays(self) -> Iterator[ForeignArray]:
        """Give the arrays; dimensions without a variable are none."""
        for path, node in self._nodes("", self._file):
            if isinstance(node, self._h5py.Dataset) and not _is_bare(node):
                yield self._array(path, node)

    def _nodes(self, path: str, group: Any) -> Iterator[tuple[str, Any]]:
        """Walk; what is linked twice is given twice, links that lead nowhere are left out."""
        yield path, group
        for name in group:
            kind = group.get(name, getlink=True)
            if not isinstance(kind, self._h5py.HardLink):
                continue
            node, below = group[name], f"{path}/{name}" if path else name
            if isinstance(node, self._h5py.Group):
                yield from self._nodes(below, node)
            elif isinstance(node, self._h5py.Dataset):
                yield below, node

    def _attributes(self, node: Any) -> dict[str, Any]:
        found = {}
        for name in node.attrs:
            if name in _BOOKS:
                continue
            value = node.attrs[name]
            if isinstance(value, self._h5py.Empty):
                value = ""
            if self._h5py.check_ref_dtype(getattr(value, "dtype", np.dtype("i1"))) is None:
                found[name] = value
        return found

    def _array(self, path: str, dataset: Any) -> ForeignArray:
        if dataset.shape is None:
            raise MetadataError(f"{path!r} is a dataset without elements or a shape", path=path)
        text = self._h5py.check_string_dtype(dataset.dtype)
        dtype, fill = dataset.dtype, dataset.fillvalue
        reader = dataset
        if text is not None and text.length is None:
            dtype, fill, reader = str, None, dataset.asstr()
        elif dtype.hasobject or self._h5py.check_ref_dtype(dtype) is not None:
            raise UnsupportedExtensionError(
                "is none that Zarr has", kind="data type", name=str(dtype), path=path
            )
        elif self._h5py.check_enum_dtype(dtype) is not None:
            dtype = np.dtype(dtype.str)  # the numbers

        def read(region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
            return np.asarray(reader[region])

        return ForeignArray(
            path,
            dataset.shape,
            dtype,
            read,
            self._attributes(dataset),
            _names(dataset),
            dataset.chunks,
            fill,
        )


def _is_bare(dataset: Any) -> bool:
    name = dataset.attrs.get("NAME", b"")
    name = name.encode() if isinstance(name, str) else bytes(name)
    return name.startswith(_NO_VARIABLE)


def _names(dataset: Any) -> tuple[str | None, ...] | None:
    """Find names of dimensions: of scales that are attached, of itself where it is one, labels."""
    found: list[str | None] = []
    for axis, dimension in enumerate(dataset.dims):
        if len(dimension):
            found.append(dimension[0].name.rpartition("/")[2])
        elif axis == 0 and dataset.ndim == 1 and dataset.is_scale:
            found.append(dataset.name.rpartition("/")[2])
        else:
            found.append(dimension.label or None)
    return tuple(found) if any(found) else None
