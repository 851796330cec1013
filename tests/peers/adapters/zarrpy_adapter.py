"""zarrpy itself, behind the same verbs as its peers."""

from __future__ import annotations

from typing import Any

import numpy as np

import zarrpy
from peers.adapters.base import (
    Adapter,
    Document,
    chunk_shape,
    fill_scalar,
    holds,
    split_codecs,
    structure,
    write_rows,
)
from zarrpy.metadata.grid import ChunkGrid


class Library(Adapter):
    """zarrpy."""

    distributions = ("zarrpy", "numpy")

    def memory(self) -> Any:
        return {}

    def zip_file(self, path: Any, mode: str) -> Any:
        return zarrpy.ZipStore(path, mode)

    def create(self, location: Any, document: Document) -> Any:
        make = create_v2 if document["zarr_format"] == 2 else create_v3
        return make(location, document)

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        return zarrpy.create_array(location, shape=shape, dtype=dtype)

    def open(self, location: Any) -> Any:
        node = zarrpy.open(location, mode="r")  # some peers write an array into a group
        return node["values"] if isinstance(node, zarrpy.Group) else node

    def open_cached(self, location: Any) -> Any:
        return zarrpy.open_array(location, mode="r", cache="1GiB")

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        return np.asarray(array[selection])

    def points(self, array: Any, places: tuple[np.ndarray, ...]) -> np.ndarray:
        return array.vindex[places]

    def view(self, array: Any) -> Any:
        return array.lazy

    def read_view(self, view: Any) -> np.ndarray:
        return view.read()

    def write(self, array: Any, values: np.ndarray) -> None:
        array[...] = values

    def update(self, array: Any, selection: Any, values: np.ndarray) -> None:
        array[selection] = values

    def append(self, array: Any, values: np.ndarray) -> Any:
        array.append(values)
        return array

    def fill(self, array: Any, pieces: list[np.ndarray]) -> None:
        with array.buffered():
            write_rows(array, pieces)


def data_type(document: Document) -> Any:
    """Return the data type of a document: in its own words, or as NumPy has it."""
    kind = holds(document)
    if kind:
        return {"text": str, "bytes": bytes, "arrays": object}[kind]
    named = document.get("data_type", document.get("dtype"))
    if isinstance(named, list):
        return structure(named)
    return named


def create_v3(location: Any, document: Document) -> Any:
    """Create a v3 array from its document."""
    filters, serializer, compressors = split_codecs(document)
    return zarrpy.create_array(
        location,
        shape=tuple(document["shape"]),
        dtype=data_type(document),
        chunks=ChunkGrid.from_v3(document["chunk_grid"]),
        filters=filters,
        serializer=serializer,
        compressors=compressors,
        fill_value=fill_scalar(document),
        zarr_format=3,
        chunk_key_encoding=document["chunk_key_encoding"],
        dimension_names=document.get("dimension_names"),
        attributes=document.get("attributes"),
    )


def create_v2(location: Any, document: Document) -> Any:
    """Create a v2 array from its document."""
    return zarrpy.create_array(
        location,
        shape=tuple(document["shape"]),
        dtype=data_type(document),
        chunks=chunk_shape(document),
        filters=document["filters"],
        compressors=document["compressor"],
        fill_value=None if document["fill_value"] is None else fill_scalar(document),
        order=document["order"],
        zarr_format=2,
        chunk_key_encoding={
            "name": "v2",
            "separator": document.get("dimension_separator", "."),
        },
    )
