"""Values that a peer gets wrong without an error, and documents that it writes wrong.

What a peer refuses is its right and is kept in its own words (`interop.kept`); each case in which
values differ, or in which zarrpy cannot read what a peer wrote, has its reason here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Defect:
    """Cases that a peer gets wrong.

    Parameters
    ----------
    peer : str
        Name of the library.
    direction : str
        ``reads`` or ``written``.
    cases : tuple of str
        Patterns of case names.
    reason : str
        What is wrong.
    """

    peer: str
    direction: str
    cases: tuple[str, ...]
    reason: str

    def covers(self, direction: str, case: str) -> bool:
        """Whether a case, by name, is one of them."""
        return direction == self.direction and any(fnmatchcase(case, one) for one in self.cases)


def needs_reason(direction: str, error: str) -> bool:
    """Whether a failure is a defect, and no refusal."""
    return direction == "written" or error.startswith("Different")


DEFECTS = (
    Defect(
        "zarr 2",
        "written",
        ("v2/fill/float*-minus-zero",),
        "it writes the fill value -0.0 as 0.0",
    ),
    Defect(
        "zarrs-python strict",
        "reads",
        ("v3/*/complex*-big",),
        "it swaps no bytes of complex numbers in chunks that reach over the edge",
    ),
    Defect(
        "tensorstore",
        "reads",
        ("v2/*/ascii", "v2/*/raw", "v3/*/raw"),
        "it gives the bytes of an element an axis of their own",
    ),
    Defect(
        "tensorstore",
        "written",
        ("v3/*/float8_e8m0fnu",),
        "it writes the fill value 0.0, a number that the data type does not have",
    ),
    Defect(
        "z5py",
        "reads",
        ("v3/*/*-big",),
        "it takes big-endian elements of v3 for little-endian",
    ),
    Defect(
        "z5py",
        "reads",
        ("v3/grid/bounded",),
        "it takes the grid, whose last chunks are shorter, for a regular one",
    ),
    Defect("z5py", "reads", ("v3/keys/suffix",), "it looks for chunks under the usual keys"),
    Defect(
        "z5py",
        "reads",
        ("v3/sharding/turned-outside",),
        "it leaves out a transpose around shards",
    ),
    Defect(
        "z5py",
        "reads",
        ("v?/fill/uint64-maximum",),
        "it reads fill values as float64, which does not hold this one",
    ),
    Defect(
        "z5py",
        "written",
        ("v?/fill/uint64-maximum",),
        "it writes fill values as float64: 1.8446744073709552e+19 in v2, 0 in v3",
    ),
    Defect(
        "GDAL",
        "reads",
        ("v?/*/bool", "v?/fill/bool-true"),
        "it has no booleans: they are read as uint8, 0 and 1",
    ),
    Defect(
        "GDAL",
        "reads",
        ("v?/fill/uint64-maximum",),
        "it reads fill values as float64, which does not hold this one",
    ),
    Defect("GDAL", "reads", ("v3/transpose/3d",), "it turns three axes the wrong way"),
    Defect(
        "GDAL",
        "written",
        ("v?/fill/complex*",),
        "its nodata value has no imaginary part",
    ),
    Defect(
        "netCDF-C",
        "reads",
        ("v2/order-f/*",),
        "it reads chunks in F order as if they were in C order",
    ),
    Defect(
        "netCDF-C",
        "written",
        ("v2/shape/0d",),
        "it writes a scalar as an array of one element",
    ),
    Defect(
        "netCDF-C",
        "written",
        ("v2/fill/float*-minus-zero",),
        "it writes the fill value -0.0 as 0",
    ),
    Defect(
        "zarrita",
        "reads",
        ("v3/grid/bounded",),
        "it takes the grid, whose last chunks are shorter, for a regular one",
    ),
    Defect(
        "zarrita",
        "reads",
        ("v3/sharding/turned-outside",),
        "it leaves out a transpose around shards",
    ),
    Defect(
        "zarrita",
        "reads",
        ("v2/delta/int32-narrow-shuffled",),
        "its delta does not widen what was stored in fewer bytes",
    ),
    Defect(
        "zarrita",
        "reads",
        ("v?/fill/uint64-maximum",),
        "JSON.parse of JavaScript knows numbers as float64 only",
    ),
    Defect(
        "zarrita",
        "written",
        ("v3/fill/uint64-maximum", "v3/fill/int64-minimum"),
        "JSON.stringify of JavaScript writes other digits: 18446744073709552000",
    ),
    Defect(
        "zarrita",
        "written",
        ("v3/fill/float*-minus-zero",),
        "JSON.stringify of JavaScript writes -0.0 as 0",
    ),
)


def defects_of(peer: str) -> list[Defect]:
    """Return the defects of a peer."""
    return [defect for defect in DEFECTS if defect.peer == peer]
