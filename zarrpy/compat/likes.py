"""Arrays like others, as zarr-python makes them: layout and codecs are taken over, too."""

from __future__ import annotations

from typing import Any

from zarrpy.array import Array
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.sharding import inner_chunk_shape

__all__ = ["empty_like", "full_like", "ones_like", "open_like", "zeros_like"]


def empty_like(a: Any, *, zarr_format: int | None = None, **kwargs: Any) -> Array:
    """Create an array of another one's shape, data type, chunks, codecs and fill value."""
    return _alike(a, zarr_format, kwargs)


def zeros_like(a: Any, *, zarr_format: int | None = None, **kwargs: Any) -> Array:
    """As `zeros`, in the shape and layout that another array has."""
    return _alike(a, zarr_format, {**kwargs, "fill_value": 0})


def ones_like(a: Any, *, zarr_format: int | None = None, **kwargs: Any) -> Array:
    """As `ones`, in the shape and layout that another array has."""
    return _alike(a, zarr_format, {**kwargs, "fill_value": 1})


def full_like(a: Any, *, zarr_format: int | None = None, **kwargs: Any) -> Array:
    """Create an array of one value, by default that of the other one, like another one."""
    return _alike(a, zarr_format, kwargs)


def open_like(a: Any, path: str, *, zarr_format: int | None = None, **kwargs: Any) -> Array:
    """Open an array; create it like another one when it is missing."""
    from zarrpy.compat.functions import open_array

    store = kwargs.pop("store", None)
    given = _of(a, {"mode": "a", **kwargs, "zarr_format": zarr_format})
    place = {"store": path} if store is None else {"store": store, "path": path}
    return open_array(**place, **given)


def _alike(a: Any, zarr_format: int | None, keywords: dict[str, Any]) -> Array:
    from zarrpy.compat.functions import create

    given = _of(a, {**keywords, "zarr_format": zarr_format})
    return create(given.pop("shape"), **given)


def _of(a: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    """Take what was not asked for from another array, and from arrays of zarrpy their layout."""
    other = getattr(a, "blocking", a)
    given = dict(keywords)
    given.setdefault("shape", other.shape)
    if not isinstance(other, Array):
        given.setdefault("dtype", other.dtype)
        return given
    if given.get("zarr_format") is None:
        given["zarr_format"] = other.metadata.zarr_format
    same = given.get("dtype") in (None, other.dtype)
    if not {"chunks", "shards", "chunk_shape"} & given.keys():
        given.update(_layout(other, given))
    if same and given["zarr_format"] == other.metadata.zarr_format:
        given.update(_codecs(other, given))
    given.setdefault("dtype", other.metadata.data_type)
    given.setdefault("fill_value", other.fill_value)
    return given


def _layout(other: Array, given: dict[str, Any]) -> dict[str, Any]:
    """Chunks and shards; those of different shapes for the same shape only."""
    grid = other.metadata.chunk_grid
    if grid.regular:
        shards = other.shards if format_of(given["zarr_format"]).shards else None
        return {"chunks": other.chunks, **({} if shards is None else {"shards": shards})}
    whole = tuple(given["shape"]) == other.shape
    if not whole:
        return {}
    in_shards = inner_chunk_shape(other.metadata.codecs, other.ndim)
    return {"chunks": grid} if in_shards is None else {"chunks": in_shards, "shards": grid}


def _codecs(other: Array, given: dict[str, Any]) -> dict[str, Any]:
    if {"filters", "compressors", "compressor", "codecs", "serializer"} & given.keys():
        return {}
    found: dict[str, Any] = {"filters": other.filters, "compressors": other.compressors}
    if format_of(given["zarr_format"]).fitted_codecs:
        found["serializer"] = other.serializer
    return found
