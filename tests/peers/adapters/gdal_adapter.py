"""GDAL's Zarr driver, through rasterio: rasters of two axes, or bands of them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning

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
from peers.adapters.lodging import NAME, document_of

warnings.simplefilter("ignore", NotGeoreferencedWarning)

V2_CODECS = ("zlib", "gzip", "zstd", "lzma", "blosc")
V3_CODECS = ("gzip", "zstd", "blosc")
SHUFFLES = {0: "NONE", 1: "BYTE", 2: "BIT", "noshuffle": "NONE", "shuffle": "BYTE"}
SHUFFLES["bitshuffle"] = "BIT"


class Library(Adapter):
    """GDAL; it writes a group with the array in it."""

    distributions = ("rasterio", "numpy")

    def versions(self) -> dict[str, str]:
        return {"gdal": rasterio.__gdal_version__, **super().versions()}

    def memory(self) -> Any:
        raise NotImplementedError("GDAL's memory files hold no directories of ours")

    def create(self, location: Any, document: Document) -> Any:
        options = v2_options(document) if document["zarr_format"] == 2 else v3_options(document)
        shape = document["shape"]
        if len(shape) not in (2, 3):
            refuse(f"arrays of {len(shape)} axes")
        fill = document["fill_value"]
        return rasterio.open(
            location,
            "w",
            driver="Zarr",
            width=shape[-1],
            height=shape[-2],
            count=shape[0] if len(shape) == 3 else 1,
            nodata=None if fill is None else fill_scalar(document),
            ARRAY_NAME=NAME,
            BLOCKSIZE=",".join(map(str, chunk_shape(document))),
            **options,
        )

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        raise NotImplementedError("GDAL takes no more than three axes")

    def open(self, location: Any) -> Any:
        return rasterio.open(f'ZARR:"{location}"'), document_of(location)["shape"]

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        dataset, shape = array
        found = dataset.read()
        dataset.close()
        return found.reshape(shape)[selection]  # it makes bands of every other number of axes

    def write(self, array: Any, values: np.ndarray) -> None:
        array.write(values if values.ndim == 3 else values[None])
        array.close()


def v2_options(document: Document) -> dict[str, Any]:
    """Return creation options of a v2 document."""
    dtype = structure(document["dtype"])
    if dtype.byteorder == ">":
        refuse("big-endian elements")
    options = {
        "FORMAT": "ZARR_V2",
        "dtype": dtype.name,
        "CHUNK_MEMORY_LAYOUT": document["order"],
        "DIM_SEPARATOR": document["dimension_separator"],
    }
    for item in document["filters"] or []:
        if item["id"] != "delta" or len(document["filters"]) > 1:
            refuse(f"the filter {item['id']}")
        options |= {"FILTER": "DELTA", "DELTA_DTYPE": item["dtype"]}
    return options | compression(document["compressor"], V2_CODECS)


def v3_options(document: Document) -> dict[str, Any]:
    """Return creation options of a v3 document."""
    filters, serializer, compressors = split_codecs(document)
    keys = document["chunk_key_encoding"]
    if keys["name"] != "default":
        refuse("keys of the v2 format")
    if document.get("dimension_names"):
        refuse("names of dimensions")
    if serializer["name"] != "bytes" or len(filters) > 1 or len(compressors) > 1:
        refuse("these codecs")
    if serializer.get("configuration", {}).get("endian") == "big":
        refuse("big-endian elements")
    axes = len(document["shape"])
    options = {
        "FORMAT": "ZARR_V3",
        "dtype": native_dtype(document).name,
        "DIM_SEPARATOR": keys["configuration"]["separator"],
    }
    for item in filters:
        order = item["configuration"].get("order")
        if item["name"] != "transpose" or order != list(range(axes))[::-1]:
            refuse(f"the codec {item['name']}")
        options["CHUNK_MEMORY_LAYOUT"] = "F"
    return options | compression(as_v2(compressors), V3_CODECS)


def compression(codec: Document | None, known: tuple[str, ...]) -> dict[str, Any]:
    """Return creation options of a compressor."""
    if codec is None:
        return {}
    name = codec["id"]
    if name not in known:
        refuse(f"the codec {name}")
    if name == "blosc":
        if codec["cname"] == "snappy":
            refuse("blosc with snappy")
        return {
            "COMPRESS": "BLOSC",
            "BLOSC_CNAME": codec["cname"],
            "BLOSC_CLEVEL": codec["clevel"],
            "BLOSC_SHUFFLE": SHUFFLES[codec["shuffle"]],
        }
    options = {"COMPRESS": name.upper()}
    if name != "lzma":
        options[f"{name.upper()}_LEVEL"] = str(codec["level"] or 1)
    if codec.get("checksum"):
        options["ZSTD_CHECKSUM"] = "YES"
    return options
