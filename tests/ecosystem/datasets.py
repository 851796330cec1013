"""Datasets of every kind, made alike by the tests and by other programs; needs only xarray.

``python datasets.py write DIRECTORY`` and ``python datasets.py check DIRECTORY`` let xarray with
zarr-python write all of them, and compare what it reads of those that somebody else has written.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr

FORMATS = (2, 3)


def climate() -> xr.Dataset:
    """A field with gaps, coordinates and attributes, two levels of chunks."""
    field = np.arange(6 * 4 * 5, dtype="float32").reshape(6, 4, 5)
    field[1, 2] = np.nan
    made = xr.Dataset(
        {
            "t2m": (("time", "lat", "lon"), field, {"units": "K", "levels": [1, 2]}),
            "station": ("lat", np.array([3, 1, 2, 9], dtype="int16")),
            "mean": ((), 2.5),
        },
        coords={
            "time": np.arange("2001-01-01", "2001-01-07", dtype="datetime64[D]").astype(
                "datetime64[ns]"
            ),
            "lat": np.linspace(-60, 60, 4),
            "height": ("lat", [1.0, 2.0, 3.0, 4.0], {"long_name": "height"}),
        },
        attrs={"title": "a field", "version": 3},
    )
    made["t2m"].encoding = {"chunks": (2, 4, 5)}
    return made


def packed() -> xr.Dataset:
    """Numbers stored as scaled integers, with a value for those that are missing."""
    made = xr.Dataset({"depth": ("x", [0.5, np.nan, 1.5, -2.0])})
    made["depth"].encoding = {
        "dtype": "int16",
        "scale_factor": 0.5,
        "add_offset": 1.0,
        "_FillValue": np.int16(-999),
    }
    return made


def texts() -> xr.Dataset:
    """Texts of any length, of a fixed one, and bytes."""
    return xr.Dataset(
        {
            "name": ("x", np.array(["Ærø", "", "a longer name"], dtype=object)),
            "code": ("x", np.array(["no", "dk", "se"])),
            "raw": ("x", np.array([b"ab", b"c", b"def"])),
        }
    )


def kinds() -> xr.Dataset:
    """Data types that take a way of their own: truth values, complex numbers, dates, durations."""
    return xr.Dataset(
        {
            "flag": ("x", np.array([True, False, True])),
            "wave": ("x", np.array([1 + 2j, 0j, -1j])),
            "lag": ("x", np.array([1, 2, 3], dtype="timedelta64[s]").astype("timedelta64[ns]")),
            "when": (
                "x",
                np.array(["1999-12-31T23:59", "NaT", "2030-01-01"], dtype="datetime64[ns]"),
            ),
            "unsigned": ("x", np.array([0, 2**63, 2**64 - 1], dtype="uint64")),
        }
    )


def empty() -> xr.Dataset:
    """A dimension of no length, and a dataset with attributes only beside it."""
    return xr.Dataset({"none": ("x", np.zeros(0, dtype="float64"))}, attrs={"why": "nothing yet"})


DATASETS = {each.__name__: each for each in (climate, packed, texts, kinds, empty)}


def tree() -> xr.DataTree:
    """Two datasets in a hierarchy."""
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs={"a": 1}), "/fine/day": climate()})


def write(folder: Path) -> None:
    """Write each dataset in each format by zarr-python."""
    for zarr_format in FORMATS:
        for name, make in DATASETS.items():
            make().to_zarr(folder / f"{name}-{zarr_format}.zarr", zarr_format=zarr_format)
        tree().to_zarr(folder / f"tree-{zarr_format}.zarr", zarr_format=zarr_format)


def check(folder: Path) -> None:
    """Read each dataset by zarr-python, and compare it with what it should be."""
    for zarr_format in FORMATS:
        for name, make in DATASETS.items():
            with xr.open_zarr(folder / f"{name}-{zarr_format}.zarr", chunks=None) as found:
                same(found, make())
        path = folder / f"tree-{zarr_format}.zarr"
        with xr.open_datatree(path, engine="zarr") as found:
            same(found["/fine/day"].to_dataset(), climate())


def same(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Compare names, values and attributes; texts may be objects or of NumPy's own type."""
    for name in expected.variables:
        if expected[name].dtype.kind in "OUT":
            found[name] = found[name].astype(object)
            expected[name] = expected[name].astype(object)
    xr.testing.assert_identical(found.load(), expected)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"write": write, "check": check}[sys.argv[1]](Path(sys.argv[2]))
