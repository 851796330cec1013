"""xarray reads and writes Zarr through zarrpy, whether or not zarr-python is installed.

``xarray.open_dataset(path, engine="zarrpy")`` and ``open_datatree`` find the engine by themselves
where zarrpy is installed; `to_zarr` writes.
"""

from __future__ import annotations

from zarrpy.errors import MissingDependencyError

try:
    import xarray  # noqa: F401 - all that follows needs it
except ImportError as error:
    raise MissingDependencyError(
        "xarray is not installed", extra="xarray", hint="pip install 'zarrpy[xarray]'"
    ) from error

from zarrpy.xarray.backend import ZarrpyBackend
from zarrpy.xarray.writing import to_zarr

__all__ = ["ZarrpyBackend", "to_zarr"]
