"""One adapter a library: the same few verbs for tests and measurements.

zarrita has none: its worker is written in JavaScript.

An adapter module is imported only by the interpreter of its library's environment.  It has a
class ``Library`` that derives from :class:`peers.adapters.base.Adapter`.
"""

from __future__ import annotations

import importlib

from peers.adapters.base import Adapter

#: Name of a library as tables show it -> adapter module, keyword arguments of its class.
LIBRARIES: dict[str, tuple[str, dict[str, object]]] = {
    "zarrpy": ("zarrpy_adapter", {}),
    "zarr-python": ("zarr3_adapter", {}),
    "zarr-python fused": ("zarr3_adapter", {"pipeline": "fused"}),
    "zarrs-python": ("zarr3_adapter", {"pipeline": "zarrs"}),
    "zarrs-python strict": ("zarr3_adapter", {"pipeline": "zarrs", "strict": True}),
    "zarr-python 3.0": ("zarr30_adapter", {}),
    "zarr 2": ("zarr2_adapter", {}),
    "zarr 2 with packages": ("zarr2_adapter", {}),
    "tensorstore": ("tensorstore_adapter", {}),
    "zarrista": ("zarrista_adapter", {}),
    "z5py": ("z5py_adapter", {}),
    "GDAL": ("gdal_adapter", {}),
    "netCDF-C": ("netcdf_adapter", {}),
}

#: Name of a library -> name of the environment that holds it; zarrpy runs where the tests run.
ENVIRONMENT_OF = {
    "zarr-python": "zarr3",
    "zarr-python fused": "zarr3",
    "zarrs-python": "zarr3",
    "zarrs-python strict": "zarr3",
    "zarr-python 3.0": "zarr30",
    "zarr 2": "zarr2",
    "zarr 2 with packages": "zarr2packages",
    "tensorstore": "tensorstore",
    "zarrista": "zarrista",
    "z5py": "z5py",
    "GDAL": "rasterio",
    "netCDF-C": "netcdf",
    "zarrita": "zarrita",
}


def load(name: str) -> Adapter:
    """Import the adapter of a library, in the library's own interpreter."""
    module_name, arguments = LIBRARIES[name]
    module = importlib.import_module(f"peers.adapters.{module_name}")
    adapter: Adapter = module.Library(**arguments)
    return adapter
