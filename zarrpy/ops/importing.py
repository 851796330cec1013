"""Bring data of other formats into a store: .npy, .npz, raw bytes, HDF5 and netCDF."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.api.create import create_array
from zarrpy.api.recode import regions
from zarrpy.array import Array
from zarrpy.creation import array_metadata
from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import key_of
from zarrpy.engine.operation import function
from zarrpy.errors import MetadataError
from zarrpy.group import Group
from zarrpy.hierarchy import create_all
from zarrpy.metadata.names import check_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.engine.requests import Steps
    from zarrpy.ops.foreign import Foreign
    from zarrpy.stores.base import Store

__all__ = ["import_from"]

_HDF5, _CLASSIC = b"\x89HDF\r\n\x1a\n", b"CDF"
_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"


@function
def import_from(
    source: str | os.PathLike[str],
    target: Any,
    name: str | None = None,
    *,
    overwrite: bool = False,
    progress: Any = None,
    offset: int = 0,
    **keywords: Any,
) -> Steps[Array | Group]:
    """Store what is in a file of another format.

    A part of it is in memory at a time. Of HDF5 and netCDF, groups become groups, attributes
    attributes, and dimensions get their names; chunks are kept unless others are asked for.

    Parameters
    ----------
    source : str or path-like
        A file of NumPy (.npy, .npz), of HDF5 or netCDF 4 (``pip install 'zarrpy[hdf5]'``), of
        netCDF 3, or of nothing but elements, for which `shape` and `dtype` are given.
    target : Group, str, path-like, mutable mapping or Store
    name : str, optional
        Path in the target; in a group by default the file's name without its ending.
    overwrite : bool
        Replace a node that is there.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each part.
    offset : int
        Bytes before the first element of a raw file.
    **keywords
        As of `create_array`, for each array: ``chunks``, ``compressors`` and so on.

    Returns
    -------
    Array or Group

    Raises
    ------
    NodeExistsError
        When there is a node at the target and `overwrite` is false.
    MetadataError
        When the format of the file is not known, or there is something in it that Zarr has not.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "a.npy"
    >>> np.save(path, np.arange(6).reshape(2, 3))
    >>> import_from(path, {})[1]
    array([3, 4, 5])
    >>> folder.cleanup()
    """
    path = Path(source)
    store, where = _place(path, target, name)
    head = _head(path)
    if keywords.get("shape") is not None or keywords.get("dtype") is not None:
        data = _raw(path, offset, keywords)
        made = create_array.steps(store, name=where, data=data, overwrite=overwrite, **keywords)
        return (yield from elsewhere(store, made))
    if head.startswith(_NPY):
        data = np.load(path, mmap_mode="r", allow_pickle=False)
        made = create_array.steps(store, name=where, data=data, overwrite=overwrite, **keywords)
        return (yield from elsewhere(store, made))
    if head.startswith(_ZIP):
        return (yield from _archive(path, store, where, overwrite, keywords))
    reader = _reader(path, head)
    with reader(path) as found:
        steps = _hierarchy(found, store, where, overwrite, progress, keywords)
        return (yield from elsewhere(store, steps))


def _place(path: Path, target: Any, name: str | None) -> tuple[Store, str]:
    if not isinstance(target, Group):
        return as_store(target), check_path(name) if name else ""
    target._check_writable("store into")
    return target.store, key_of(target.path, check_path(name or path.stem))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _raw(path: Path, offset: int, keywords: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Look at a file of elements in C order; its shape and data type leave the keywords."""
    shape, dtype = keywords.pop("shape", None), keywords.pop("dtype", None)
    if dtype is None:
        raise MetadataError("raw bytes need a dtype", field="dtype")
    dtype = np.dtype(dtype)
    if shape is None:
        shape = (max(path.stat().st_size - offset, 0) // dtype.itemsize,)
    needed = int(np.prod(shape)) * dtype.itemsize + offset
    if path.stat().st_size < needed:
        raise MetadataError(
            f"{path} has {path.stat().st_size} bytes; {needed} are needed for {shape} of {dtype}",
            field="shape",
        )
    if not np.prod(shape):
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", offset, shape)


def _archive(
    path: Path, store: Store, where: str, overwrite: bool, keywords: dict[str, Any]
) -> Steps[Group]:
    """Store the arrays of a .npz file in a group."""
    with np.load(path, allow_pickle=False) as found:
        nodes: dict[str, Any] = {"": None}
        nodes |= {name: {"data": found[name], **keywords} for name in found.files}
    yield from elsewhere(store, create_all(store, where, nodes, overwrite=overwrite))
    return Group(store, where, (yield from _metadata(store, where)))


def _metadata(store: Store, where: str) -> Steps[Any]:
    from zarrpy.engine.nodes import require_node

    return (yield from elsewhere(store, require_node(where)))


def _reader(path: Path, head: bytes) -> Callable[[Path], Any]:
    """Choose by its first bytes who reads a file."""
    if head == _HDF5:
        from zarrpy.ops.hdf5 import HDF5

        return HDF5
    if head.startswith(_CLASSIC):
        from zarrpy.ops.netcdf3 import NetCDF3

        return NetCDF3
    raise MetadataError(
        f"{path} is no .npy, .npz, HDF5 or netCDF file",
        hint="raw bytes need dtype=, and shape=",
    )


def _hierarchy(
    found: Foreign, store: Store, where: str, overwrite: bool, progress: Any, keywords: Any
) -> Steps[Group]:
    """Store groups and arrays; the hierarchy is there when all of it is."""
    from zarrpy.metadata.attributes import normalise
    from zarrpy.metadata.model import GroupMetadata

    number = chosen_number(keywords)
    arrays = list(found.arrays())
    told = Progress(progress, None, "parts")

    def content(root: str) -> Steps[None]:
        for path, attributes in found.groups():
            if path:
                made = GroupMetadata(normalise(attributes, path=path), number)
                yield from create_node(key_of(root, path), made, overwrite=False)
        for each in arrays:
            metadata, _ = array_metadata(**(each.keywords(number) | keywords))
            target = Array(store, key_of(root, each.path), metadata)
            yield from create_node(target.path, metadata, overwrite=False)
            yield from _filled(target, each.read, told)

    top = dict(found.groups()).get("", {})
    made = GroupMetadata(normalise(top, path=where), number)
    try:
        yield from create_node(where, made, overwrite=overwrite, content=content)
    finally:
        told.close()
    return Group(store, where, made)


def chosen_number(keywords: dict[str, Any]) -> int:
    """Give the number of the format that is written."""
    from zarrpy.creation import chosen_format

    return chosen_format(keywords.get("zarr_format"), keywords.get("compat"))


def _filled(target: Array, read: Callable[..., Any], told: Progress) -> Steps[None]:
    for region in _regions(target):
        values = read(region)
        yield from target.write.steps(region, values)
        told.advance(1, values.nbytes, values.nbytes)


def _regions(target: Array) -> Iterator[tuple[slice, ...]]:
    for region in regions(target):
        yield tuple(
            slice(each.start, min(each.stop, n))
            for each, n in zip(region, target.shape, strict=True)
        )
