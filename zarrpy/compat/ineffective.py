"""Parameters of zarr-python's `create` that do nothing, and the warnings that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any
from warnings import warn

import numpy as np

from zarrpy.array import Array
from zarrpy.compat.errors import ZarrRuntimeWarning, ZarrUserWarning
from zarrpy.metadata.formats import format_of
from zarrpy.settings import chosen

__all__ = ["in_order", "order_of_v2", "told_of", "warn_of_padding", "warn_of_shards"]

_NOT_YET = ("synchronizer", "cache_attrs", "cache_metadata", "meta_array")


def told_of(given: Mapping[str, Any], zarr_format: int) -> str | None:
    """Warn of parameters that do nothing, and give the order of elements, where it does something.

    Parameters
    ----------
    given : mapping
        Parameters by their names.
    zarr_format : {2, 3}
    """
    for name in _NOT_YET:
        if given[name] is not None:
            _warn(f"{name} is not yet implemented")
    if given["write_empty_chunks"] is not None:
        _warn(
            "The `write_empty_chunks` keyword argument is deprecated; say it in `config`, as in "
            "config={'write_empty_chunks': True}"
        )
    order: str | None = given["order"]
    if order is not None and not format_of(zarr_format).ordered_types:
        _warn(
            "The `order` keyword argument has no effect for Zarr format 3 arrays; config={'order': "
            "'F'} says which order elements have in memory"
        )
        return None
    return order


def warn_of_shards(shards: Any) -> None:
    """Warn, as programs expect it, that the shape that is chosen for shards may be another one."""
    if isinstance(shards, str) and shards == "auto":
        words = (
            "Automatic shard shape inference is experimental: another version may choose another "
            "shape"
        )
        warn(words, ZarrUserWarning, stacklevel=3)


def warn_of_padding(dtype: Any, data: Any) -> None:
    """Warn that records are stored without the gaps that they have in memory."""
    given = getattr(data, "dtype", None) if dtype is None else dtype
    if isinstance(given, np.dtype) and _has_gaps(given):
        warn(
            "these records have gaps between fields; they are stored in a packed layout",
            ZarrUserWarning,
            stacklevel=3,
        )


def _has_gaps(dtype: np.dtype[Any]) -> bool:
    if dtype.names is None or dtype.fields is None:
        return dtype.subdtype is not None and _has_gaps(dtype.subdtype[0])
    parts = [dtype.fields[name][0] for name in dtype.names]
    return sum(part.itemsize for part in parts) != dtype.itemsize or any(map(_has_gaps, parts))


def in_order(array: Array, config: Any) -> Array:
    """Give elements in the order that settings ask for, or that Zarr v2 stores them in.

    Parameters
    ----------
    array : Array
    config : mapping or ArrayConfig, optional
    """
    metadata = array.metadata
    if chosen(config).order is None and format_of(metadata.zarr_format).ordered_types:
        stored = "F" if any(codec.name == "transpose" for codec in metadata.codecs) else "C"
        array = array.with_config({"order": stored})
    return array if config is None else array.with_config(config)


def order_of_v2(order: str | None, config: Any, zarr_format: int) -> tuple[str | None, Any]:
    """Give the order in which Zarr v2 stores elements, and settings that read them so."""
    if not format_of(zarr_format).ordered_types:
        return order, config
    order = order or chosen(config).order
    if order is None:
        return None, config
    return order, {**dict(_mapping(config)), "order": order}


def _mapping(config: Any) -> Mapping[str, Any]:
    return asdict(config) if is_dataclass(config) and not isinstance(config, type) else config or {}


def _warn(words: str) -> None:
    warn(words, ZarrRuntimeWarning, stacklevel=4)
