"""zarr 2.18: the reference of the old format, as many users still run it."""

from __future__ import annotations

from typing import Any

import numcodecs
import numpy as np
import zarr

from peers.adapters.base import Adapter, Document, fill_scalar, structure


class Library(Adapter):
    """zarr 2; it knows the v2 format only."""

    distributions = ("zarr", "numcodecs", "numpy")

    def memory(self) -> Any:
        return zarr.MemoryStore()

    def create(self, location: Any, document: Document) -> Any:
        if document["zarr_format"] != 2:
            raise NotImplementedError("zarr 2 has no v3 format")
        separator = document.get("dimension_separator", ".")
        store = zarr.DirectoryStore(location, dimension_separator=separator)
        compressor = document["compressor"]
        filters = [numcodecs.get_codec(dict(item)) for item in document["filters"] or []]
        return zarr.create(
            shape=tuple(document["shape"]),
            chunks=tuple(document["chunks"]),
            dtype=structure(document["dtype"]),
            compressor=None if compressor is None else numcodecs.get_codec(dict(compressor)),
            filters=filters or None,
            fill_value=None if document["fill_value"] is None else fill_scalar(document),
            order=document["order"],
            store=store,
            dimension_separator=separator,
        )

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        return zarr.create(shape=shape, dtype=dtype, store=zarr.DirectoryStore(location))

    def open(self, location: Any) -> Any:
        return zarr.open_array(location, mode="r")

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        return np.asarray(array[selection])

    def write(self, array: Any, values: np.ndarray) -> None:
        array[...] = values
