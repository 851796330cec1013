"""zarr-python 3, with its default pipeline, its fused pipeline, or the one of zarrs-python."""

from __future__ import annotations

from typing import Any

import numpy as np
import zarr
from zarr.codecs import ShardingCodec
from zarr.dtype import VariableLengthBytes, VariableLengthUTF8
from zarr.storage import MemoryStore, ZipStore

from peers.adapters.base import (
    Adapter,
    Document,
    chunk_shape,
    fill_scalar,
    holds,
    is_small,
    native_dtype,
    split_codecs,
    structure,
    write_rows,
)

PIPELINES = {
    "fused": "zarr.core.codec_pipeline.FusedCodecPipeline",
    "zarrs": "zarrs.ZarrsCodecPipeline",
}


class Library(Adapter):
    """zarr-python 3.

    Parameters
    ----------
    pipeline : str
        "" for the default pipeline, else "fused" or "zarrs".
    strict : bool
        Whether zarrs refuses what it cannot do, instead of handing it to zarr-python.
    """

    distributions = ("zarr", "numcodecs", "numpy")

    def __init__(self, pipeline: str = "", strict: bool = False) -> None:
        if "array" in zarr.config.config and "rectilinear_chunks" in zarr.config.get("array"):
            zarr.config.set({"array.rectilinear_chunks": True})
        if pipeline:
            zarr.config.set({"codec_pipeline.path": PIPELINES[pipeline]})
        if pipeline == "zarrs":
            self.distributions = ("zarrs", *self.distributions)
            zarr.config.set({"codec_pipeline.strict": strict})

    def memory(self) -> Any:
        return MemoryStore()

    def zip_file(self, path: Any, mode: str) -> Any:
        return ZipStore(path, mode=mode)

    def create(self, location: Any, document: Document) -> Any:
        make = create_v2 if document["zarr_format"] == 2 else create_v3
        return make(location, document)

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        return zarr.create_array(location, shape=shape, dtype=dtype)

    def open(self, location: Any) -> Any:
        return zarr.open_array(location, mode="r")

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        return np.asarray(array[selection])

    def points(self, array: Any, places: tuple[np.ndarray, ...]) -> np.ndarray:
        return np.asarray(array.vindex[places])

    def write(self, array: Any, values: np.ndarray) -> None:
        array[...] = values

    def update(self, array: Any, selection: Any, values: np.ndarray) -> None:
        array[selection] = values

    def append(self, array: Any, values: np.ndarray) -> Any:
        array.append(values)
        return array

    def fill(self, array: Any, pieces: list[np.ndarray]) -> None:
        write_rows(array, pieces)


def data_type(document: Document) -> Any:
    """Return the data type of a document as the library names it."""
    kind = holds(document)
    if kind:
        return VariableLengthUTF8() if kind == "text" else VariableLengthBytes()
    if is_small(document.get("data_type", document.get("dtype"))):
        return document.get("data_type", document.get("dtype"))
    return structure(document["dtype"]) if "dtype" in document else native_dtype(document)


def fill_of(document: Document) -> Any:
    """Return the fill value; of a data type that the library does not know, as it stands."""
    small = is_small(document.get("data_type", document.get("dtype")))
    return document["fill_value"] if small else fill_scalar(document)


def create_v3(location: Any, document: Document) -> Any:
    """Create a v3 array from its document."""
    filters, serializer, compressors = split_codecs(document)
    if serializer["name"] == "sharding_indexed":
        serializer = ShardingCodec.from_dict(serializer)
    return zarr.create_array(
        location,
        shape=tuple(document["shape"]),
        dtype=data_type(document),
        chunks=chunk_shape(document),
        filters=filters,
        serializer=serializer,
        compressors=compressors,
        fill_value=fill_of(document),
        zarr_format=3,
        chunk_key_encoding={
            "name": document["chunk_key_encoding"]["name"],
            **document["chunk_key_encoding"]["configuration"],
        },
        dimension_names=document.get("dimension_names"),
        attributes=document.get("attributes"),
    )


def create_v2(location: Any, document: Document) -> Any:
    """Create a v2 array from its document."""
    import numcodecs

    filters = [numcodecs.get_codec(dict(item)) for item in document["filters"] or []]
    compressor = document["compressor"]
    return zarr.create_array(
        location,
        shape=tuple(document["shape"]),
        dtype=data_type(document),
        chunks=chunk_shape(document),
        filters=filters or None,
        compressors=None if compressor is None else numcodecs.get_codec(dict(compressor)),
        fill_value=None if document["fill_value"] is None else fill_of(document),
        order=document["order"],
        zarr_format=2,
        chunk_key_encoding={
            "name": "v2",
            "separator": document.get("dimension_separator", "."),
        },
    )
