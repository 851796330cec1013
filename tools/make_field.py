"""Make the field that ships with zarrpy from Debian's ``ferret-datasets`` package.

The field is a grid of mean ocean temperatures by NOAA: float32, 4 depths by 180
latitudes by 360 longitudes, NaN on land.  `zarrpy/data/README.md` tells where it comes
from.  This script makes that file again, byte for byte, on a Debian or Ubuntu machine,
without root:

    apt-get download ferret-datasets
    dpkg -x ferret-datasets_*.deb ferret
    pip install numpy scipy
    python tools/make_field.py ferret/usr/share/ferret-vis/data/levitus_climatology.cdf
"""

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

FIELD = Path(__file__).resolve().parent.parent / "zarrpy" / "data" / "ocean_temperature.npy"
SOURCE_SHA256 = "6cf0c43e2b5b790a25547eb90194c0468ab508a40636c1e67b42e892c3b7596b"
DEPTHS = (0.0, 100.0, 400.0, 1000.0)  # metres; four of the twenty in the source
MISSING = -1e10  # what the source stores where there is no sea


def read_source(path: Path) -> list[Any]:
    """Return temperature, depth, latitude and longitude as the source holds them."""
    from scipy.io import netcdf_file  # type: ignore[import-untyped, unused-ignore]

    with netcdf_file(str(path), mmap=False) as source:
        names = ("TEMP", "ZAXLEVITR", "YAXLEVITR", "XAXLEVITR")
        return [source.variables[name].data.copy() for name in names]


def make(temperature: Any, depth: Any, latitude: Any, longitude: Any) -> Any:
    """Choose the depths, mark land with NaN, put north first and the date line at the edge."""
    levels = [int(np.flatnonzero(depth == wanted)[0]) for wanted in DEPTHS]
    field = temperature[levels].astype("<f4")
    field[field == np.float32(MISSING)] = np.nan
    north_first = np.argsort(-latitude, kind="stable")
    west_first = np.argsort((longitude + 180.0) % 360.0, kind="stable")
    return np.ascontiguousarray(field[:, north_first][:, :, west_first])


def main() -> int:
    """Write the field; refuse a source other than the one it was made from."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="levitus_climatology.cdf of ferret-datasets")
    parser.add_argument("--out", type=Path, default=FIELD, help="file to write (%(default)s)")
    arguments = parser.parse_args()
    found = hashlib.sha256(arguments.source.read_bytes()).hexdigest()
    if found != SOURCE_SHA256:
        print(
            f"make_field: {arguments.source} has SHA-256 {found}, expected {SOURCE_SHA256};\n"
            "the package has changed: look at the data before changing this script",
            file=sys.stderr,
        )
        return 1
    field = make(*read_source(arguments.source))
    with arguments.out.open("wb") as out:  # the same bytes by any NumPy: format 1.0
        np.lib.format.write_array(out, field, version=(1, 0), allow_pickle=False)
    written = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {field.dtype} {field.shape}, SHA-256 {written}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
