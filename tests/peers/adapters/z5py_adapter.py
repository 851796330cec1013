"""z5py: Zarr and N5 in C++, used for segmentations and machine learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import z5py

from peers.adapters.base import (
    Adapter,
    Document,
    as_v2,
    chunk_shape,
    fill_scalar,
    native_dtype,
    refuse,
    split_codecs,
    structure,
)
from peers.adapters.lodging import NAME, group_around

#: Codec of a document -> z5py's name of it.
V2_NAMES = {"zlib": "zlib", "gzip": "gzip", "bz2": "bzip2", "zstd": "zstd", "blosc": "blosc"}
V3_NAMES = {"gzip": "gzip", "zstd": "zstd", "blosc": "blosc"}
KEYS = (("default", "/"), ("v2", "."))
SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}


class Library(Adapter):
    """z5py; its arrays lie in groups whose names end in ``.zarr``."""

    distributions = ("z5py", "numpy")

    def memory(self) -> Any:
        raise NotImplementedError("z5py has no store in memory")

    def create(self, location: Any, document: Document) -> Any:
        options = v2_options(document) if document["zarr_format"] == 2 else v3_options(document)
        separator = document.get("dimension_separator", ".")
        group = z5py.File(
            f"{location}.zarr",
            "w",
            use_zarr_format=True,
            dimension_separator=separator,
            zarr_format=document["zarr_format"],
        )
        Path(location).symlink_to(f"{location}.zarr")
        return group.create_dataset(
            NAME,
            shape=tuple(document["shape"]),
            fillvalue=0 if document["fill_value"] is None else fill_scalar(document).item(),
            **{"chunks": chunk_shape(document), **options},
        )

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        raise NotImplementedError("z5py names its folders itself")

    def open(self, location: Any) -> Any:
        return z5py.File(str(group_around(location)), "r", use_zarr_format=True)[NAME]

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        return np.asarray(array[:] if selection is ... else array[selection])

    def write(self, array: Any, values: np.ndarray) -> None:
        array[:] = values


def v2_options(document: Document) -> dict[str, Any]:
    """Return what z5py takes for a v2 document."""
    if document["filters"]:
        refuse("filters")
    if document["order"] != "C":
        refuse("chunks in F order")
    return {"dtype": structure(document["dtype"]), **compression(document["compressor"], V2_NAMES)}


def v3_options(document: Document) -> dict[str, Any]:
    """Return what z5py takes for a v3 document."""
    filters, serializer, compressors = split_codecs(document)
    keys = document["chunk_key_encoding"]
    if (keys["name"], keys["configuration"].get("separator")) not in KEYS:
        refuse(f"keys {keys}")
    if document.get("dimension_names"):
        refuse("names of dimensions")
    shards: dict[str, Any] = {}
    if serializer["name"] == "sharding_indexed":
        configuration = serializer["configuration"]
        shards = {"shards": chunk_shape(document), "chunks": tuple(configuration["chunk_shape"])}
        inner = {**document, "codecs": configuration["codecs"]}
        if filters or compressors:
            refuse("codecs around shards")
        if configuration["index_location"] != "end" or len(configuration["index_codecs"]) != 2:
            refuse("another index of shards")
        filters, serializer, compressors = split_codecs(inner)
    if filters or serializer["name"] != "bytes" or len(compressors) > 1:
        refuse("these codecs")
    order = serializer.get("configuration", {}).get("endian", "little")
    if order != "little":
        refuse("big-endian elements")
    return {
        "dtype": native_dtype(document),
        "chunk_key_encoding": keys["name"],
        **compression(as_v2(compressors), V3_NAMES),
        **shards,
    }


def compression(codec: Document | None, names: dict[str, str]) -> dict[str, Any]:
    """Return z5py's options for a compressor."""
    if codec is None:
        return {"compression": "raw"}
    if codec["id"] not in names:
        refuse(f"the codec {codec['id']}")
    if codec["id"] != "blosc":
        return {"compression": names[codec["id"]], "level": codec["level"]}
    shuffle = codec["shuffle"]
    level = "level" if "typesize" in codec else "clevel"
    return {
        "compression": "blosc",
        "codec": codec["cname"],
        level: codec["clevel"],
        "shuffle": SHUFFLES.get(shuffle, shuffle),
    }
