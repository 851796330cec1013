"""One field for many readers: written for them, and read by those that are installed.

    pip install zarr tensorstore xarray
    python examples/interoperability.py

xarray is asked by zarrpy's engine, the others by their own code. `compat=` refuses what a reader
could not open, or open rightly, before anything is written.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import zarrpy
from zarrpy.data import OCEAN_TEMPERATURE


def by_zarr_python(path):
    """Read with zarr-python, of either format."""
    import zarr

    return zarr.open_array(path, mode="r")[...]


def by_tensorstore(path):
    """Read with tensorstore."""
    import tensorstore

    driver = "zarr3" if (path / "zarr.json").exists() else "zarr"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": f"{path}/"}}
    return tensorstore.open(spec).result().read().result()


def by_xarray(path):
    """Read with xarray; where zarrpy is installed engine="zarrpy" is the same."""
    import xarray

    from zarrpy.xarray.backend import ZarrpyBackend

    return xarray.open_dataset(path.parent, engine=ZarrpyBackend)[path.name].values


READERS = {"zarr": by_zarr_python, "tensorstore": by_tensorstore, "xarray": by_xarray}


def main():
    """Write in both formats, read back by all, and bring the older one up to date."""
    field = np.load(OCEAN_TEMPERATURE)[0]
    names = {"dimension_names": ("lat", "lon")}
    in_v2 = {"attributes": {"_ARRAY_DIMENSIONS": ["lat", "lon"]}}  # as xarray has them there
    with tempfile.TemporaryDirectory() as folder:
        for reader, named in (("tensorstore", names), ("zarr-2.18", in_v2)):
            path = Path(folder, f"for-{reader}.zarr")
            root = zarrpy.create_group(path, compat=reader)
            array = root.create_array("sst", data=field, chunks=(60, 120), compat=reader, **named)
            tell(f"for {reader}, v{array.metadata.zarr_format}", path, field)

        try:  # what a reader does not know is refused, with the reason
            root.create_array("x", data=field, shards=(180, 360), compat="zarr-2.18")
        except zarrpy.ZarrError as error:
            print("refused:", error)

        zarrpy.convert(f"{folder}/for-zarr-2.18.zarr", zarr_format=3)  # no chunk is touched
        tell("converted, v3", Path(folder, "for-zarr-2.18.zarr"), field)


def tell(what, path, field):
    """Read an array with every library that is there."""
    for name, read in READERS.items():
        if find_spec(name) is None:
            print(f"{what}: {name} is not installed")
        else:
            same = np.array_equal(read(path / "sst"), field, equal_nan=True)
            print(f"{what}: {name} reads {'the same numbers' if same else 'OTHERS'}")


if __name__ == "__main__":
    main()
