"""Make the field that ships with zarrpy from Debian's ``ferret-datasets`` package.

The field is a grid of mean ocean temperatures by NOAA: float32, 4 depths by 180
latitudes by 360 longitudes, NaN on land.  `zarrpy/data/README.md` tells where it comes
from.  This script makes that file again, byte for byte, on a Debian or Ubuntu machine,
without root:

    apt-get download ferret-datasets
    dpkg -x ferret-datasets_*.deb ferret
    pip install numpy
    python tools/make_field.py ferret/usr/share/ferret-vis/data/levitus_climatology.cdf
"""

import argparse
import hashlib
import math
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np

FIELD = Path(__file__).resolve().parent.parent / "zarrpy" / "data" / "ocean_temperature.npy"
SOURCE_SHA256 = "6cf0c43e2b5b790a25547eb90194c0468ab508a40636c1e67b42e892c3b7596b"
DEPTHS = (0.0, 100.0, 400.0, 1000.0)  # metres; four of the twenty in the source
MISSING = -1e10  # what the source stores where there is no sea


class Classic:
    """The header of a netCDF file of the classic format, which is in big-endian order.

    Parameters
    ----------
    content : bytes
        Of the file.

    Attributes
    ----------
    variables : dict
        Name of each variable to its shape, its data type and where its elements begin; those that
        grow with the records of the file are left out.
    """

    _types = (None, "i1", "S1", ">i2", ">i4", ">f4", ">f8")

    def __init__(self, content: bytes) -> None:
        if content[:3] != b"CDF" or content[3] not in (1, 2):
            raise ValueError("is no netCDF file of the classic format")
        self._content, self._at = content, 8  # behind the magic number and the number of records
        self._offset = ">I" if content[3] == 1 else ">Q"
        lengths = [(self._name(), self._number())[1] for _ in range(self._count())]
        self._skip_attributes()
        self.variables = dict(self._variable(lengths) for _ in range(self._count()))
        self.variables = {name: told for name, told in self.variables.items() if 0 not in told[0]}

    def read(self, name: str) -> Any:
        """Read a variable."""
        shape, dtype, begin = self.variables[name]
        flat = np.frombuffer(self._content, dtype, math.prod(shape), begin)
        return flat.reshape(shape).astype(flat.dtype.newbyteorder("="))

    def _number(self, form: str = ">I") -> int:
        (number,) = struct.unpack_from(form, self._content, self._at)
        self._at += struct.calcsize(form)
        return int(number)

    def _count(self) -> int:
        """Read the length of a list, which comes behind a mark of what it lists."""
        return (self._number(), self._number())[1]

    def _name(self) -> str:
        length = self._number()
        name = self._content[self._at : self._at + length].decode()
        self._at += -(-length // 4) * 4
        return name

    def _skip_attributes(self) -> None:
        for _ in range(self._count()):
            self._name()
            size = np.dtype(self._types[self._number()]).itemsize
            nbytes = self._number() * size
            self._at += -(-nbytes // 4) * 4

    def _variable(self, lengths: list[int]) -> tuple[str, tuple[tuple[int, ...], Any, int]]:
        name = self._name()
        shape = tuple(lengths[self._number()] for _ in range(self._number()))
        self._skip_attributes()
        dtype = self._types[self._number()]
        self._number()  # its size, which the shape tells
        return name, (shape, dtype, self._number(self._offset))


def read_source(path: Path) -> list[Any]:
    """Return temperature, depth, latitude and longitude as the source holds them."""
    source = Classic(path.read_bytes())
    return [source.read(name) for name in ("TEMP", "ZAXLEVITR", "YAXLEVITR", "XAXLEVITR")]


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
