"""How an array of a store is a variable of xarray: names, attributes, fill values, encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xarray import Variable
from xarray.backends.zarr import FillValueCoder
from xarray.core import indexing

from zarrpy.codecs import document
from zarrpy.codecs.base import Codec
from zarrpy.metadata.formats import DIMENSIONS, format_of
from zarrpy.xarray.lazy import LazyArray

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.array import Array
    from zarrpy.metadata.formats import Format

#: Members of v2 documents in which NCZarr names them, relative to its groups.
_NCZARR = ("_NCZARR_ARRAY", "_nczarr_array")
_FILL = "_FillValue"


def variable_of(array: Array, *, masks: bool) -> Variable:
    """Make a variable whose elements are read when they are needed.

    Parameters
    ----------
    array : Array
    masks : bool
        Whether elements equal to the fill value are missing.
    """
    names = dimension_names(array)
    attributes = _attributes(array)
    encoding = _encoding(array, names)
    fill = array.metadata.fill_value if array.metadata.fill_defined else None
    if masks:
        if fill is not None:
            attributes[_FILL] = fill
    else:
        if not format_of(array.metadata.zarr_format).undefined_fill:
            encoding["fill_value"] = fill
        if _FILL in attributes:
            attributes[_FILL] = _decoded_fill(attributes[_FILL], array)
    data = indexing.LazilyIndexedArray(LazyArray(array))
    return Variable(names, data, attributes, encoding)


def dimension_names(array: Array) -> tuple[Any, ...]:
    """Find the names of an array's dimensions.

    Raises
    ------
    KeyError
        When there are none: xarray cannot tell which arrays belong together.
    """
    names = array.dimension_names
    if names is None:
        names = _nczarr_names(array)
    if len(names) != array.ndim:
        raise KeyError(
            f"array {array.name!r} of {array.ndim} dimensions does not name them, and xarray needs "
            "names -> open it by zarrpy.open, or create it with dimension_names="
        )
    return names


def _nczarr_names(array: Array) -> tuple[str, ...]:
    documents = array.metadata.document.values()
    for each in documents:
        for member in _NCZARR:
            found = each.get(member) if isinstance(each, dict) else None
            if isinstance(found, dict) and "dimrefs" in found:
                return tuple(name.rpartition("/")[2] for name in found["dimrefs"])
    return ()


def _attributes(array: Array) -> dict[str, Any]:
    """Give the attributes that are the user's own."""
    found = array.attrs.asdict()
    if array.metadata.dimension_attribute is not None:
        found.pop(array.metadata.dimension_attribute, None)
    if format_of(array.metadata.zarr_format).undefined_fill:
        found.pop(DIMENSIONS, None)
        found = {name: value for name, value in found.items() if not _of_nczarr(name)}
    return found


def _of_nczarr(name: str) -> bool:
    return name.lower().startswith("_nc")


def _encoding(array: Array, names: tuple[Any, ...]) -> dict[str, Any]:
    """Tell how an array is stored, in words that zarrpy and zarr-python both take."""
    zarr = format_of(array.metadata.zarr_format)
    chunks, shards = _chunks(array)
    encoding: dict[str, Any] = {
        "chunks": chunks,
        "preferred_chunks": dict(zip(names, chunks, strict=True)),
        "shards": shards,
        "compressors": _documents(array.compressors, zarr),
        "filters": _documents(array.filters, zarr),
    }
    if zarr.shards:
        encoding["serializer"] = _documents([array.serializer], zarr)[0]
    if array.dtype.kind == "T":
        encoding["dtype"] = array.dtype
    return encoding


def _chunks(array: Array) -> tuple[tuple[Any, ...], tuple[Any, ...] | None]:
    """Give lengths of chunks and shards, one number for an axis where they are equal."""
    try:
        chunks: tuple[Any, ...] = array.chunks
    except NotImplementedError:
        return tuple(map(_one_length, array.read_chunk_sizes)), None
    try:
        return chunks, array.shards
    except NotImplementedError:
        return chunks, tuple(map(_one_length, array.write_chunk_sizes))


def _one_length(lengths: tuple[int, ...]) -> int | tuple[int, ...]:
    regular = len(set(lengths[:-1])) <= 1 and (not lengths or lengths[-1] <= lengths[0])
    if regular and lengths:
        return lengths[0]
    return lengths or (0,)


def _documents(codecs: Iterable[Codec], zarr: Format) -> tuple[dict[str, Any], ...]:
    """Write codecs as their format does; those that it says otherwise are left out."""
    found = []
    for codec in codecs:
        if zarr.fitted_codecs:
            named = document(codec)
            found.append({"name": named.name, "configuration": named.configuration})
        elif codec.v2_id is not None:
            named = document(codec, zarr.number)
            found.append({"id": named.name, **named.configuration})
    return tuple(found)


def _decoded_fill(value: Any, array: Array) -> Any:
    """Read a fill value from an attribute, as xarray writes it there."""
    if array.dtype.kind == "T":
        return str(value)
    if array.dtype.kind == "O":
        return FillValueCoder.decode(value, "bytes")
    return FillValueCoder.decode(value, array.dtype)
