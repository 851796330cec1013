"""netCDF-C, which keeps netCDF's data in the v2 format (NCZarr), through netCDF4-python."""

from __future__ import annotations

from typing import Any

import netCDF4
import numpy as np

from peers.adapters.base import Adapter, Document, fill_scalar, refuse, structure
from peers.adapters.lodging import NAME, group_around

#: Compressor of a document -> netCDF4's name of it.
NAMES = {"zlib": "zlib", "zstd": "zstd", "bz2": "bzip2"}
BLOSC = {"lz4": "blosc_lz4", "lz4hc": "blosc_lz4hc", "blosclz": "blosc_lz", "zlib": "blosc_zlib"}
BLOSC["zstd"] = "blosc_zstd"


class Library(Adapter):
    """netCDF-C; its variables lie in groups and have named dimensions."""

    distributions = ("netCDF4", "numpy")

    def versions(self) -> dict[str, str]:
        return {"netcdf-c": netCDF4.__netcdf4libversion__, **super().versions()}

    def memory(self) -> Any:
        raise NotImplementedError("netCDF-C has no store in memory for Zarr")

    def create(self, location: Any, document: Document) -> Any:
        if document["order"] != "C":
            refuse("chunks in F order")
        if document["dimension_separator"] != ".":
            refuse("another separator of keys")
        dtype = structure(document["dtype"])
        if dtype.kind in "SU":
            refuse("texts of this length: it makes them 128 bytes")
        options = compression(document)
        dataset = netCDF4.Dataset(f"file://{location}#mode=zarr,file", "w")
        names = [f"d{axis}" for axis in range(len(document["shape"]))]
        for name, length in zip(names, document["shape"], strict=True):
            dataset.createDimension(name, length or 1)
        if 0 in document["shape"]:
            refuse("a dimension without elements")
        dataset.createVariable(
            NAME,
            dtype.newbyteorder("="),
            names,
            endian="big" if dtype.byteorder == ">" else "native",
            chunksizes=document["chunks"] or None,
            fill_value=False if document["fill_value"] is None else fill_scalar(document),
            **options,
        )
        return dataset

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        raise NotImplementedError("netCDF-C names dimensions")

    def open(self, location: Any) -> Any:
        return netCDF4.Dataset(f"file://{group_around(location)}#mode=zarr,file", "r")

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        if NAME not in array.variables:
            raise LookupError("no such variable in the group")
        variable = array.variables[NAME]
        variable.set_auto_maskandscale(False)
        found = np.asarray(variable[selection])
        array.close()
        return found

    def write(self, array: Any, values: np.ndarray) -> None:
        variable = array.variables[NAME]
        variable.set_auto_maskandscale(False)
        variable[...] = values
        array.close()


def compression(document: Document) -> dict[str, Any]:
    """Return netCDF4's options for filters and compressor."""
    filters = [item["id"] for item in document["filters"] or []]
    compressor = document["compressor"] or {"id": None}
    options: dict[str, Any] = {"shuffle": False}
    if filters not in ([], ["shuffle"]):
        refuse(f"the filters {filters}")
    if filters and compressor["id"] != "zlib":
        refuse("the filter shuffle without zlib")
    if compressor["id"] in NAMES:
        options |= {"compression": NAMES[compressor["id"]], "complevel": compressor["level"]}
        options["shuffle"] = bool(filters)
    elif compressor["id"] == "blosc":
        if compressor["cname"] not in BLOSC:
            refuse(f"blosc with {compressor['cname']}")
        options |= {
            "compression": BLOSC[compressor["cname"]],
            "complevel": compressor["clevel"],
            "blosc_shuffle": compressor["shuffle"],
        }
    elif compressor["id"] == "fletcher32":
        options["fletcher32"] = True
    elif compressor["id"]:
        refuse(f"the codec {compressor['id']}")
    return options
