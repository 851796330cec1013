"""Have another implementation write small arrays of data types that are not plain numbers.

Run by the interpreter of an environment that has zarr (2 or 3) or tensorstore::

    .venvs/zarr3/bin/python tests/golden/make_arrays.py

It writes ``arrays/NAME-VERSION.json`` beside itself: for each case every stored value, and the
elements as they are in memory on a little-endian machine, both in hexadecimal.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from make_documents import MIXED, NESTED, STRUCT, SUBARRAY, SWAPPED, installed

NAT = -(2**63)
VALUES: dict[str, list[Any]] = {
    "M8[ns]": [0, -1, NAT, 1_577_934_245_678_000_000, 1],
    "M8[10us]": [0, -1, NAT, 2**62, 1],
    "m8[s]": [0, -7, NAT, 7, 1],
    "U3": ["", "aé", "xyz", "\U0001f40d", "b"],
    "S3": [b"", b"a", b"a\0b", b"xyz", b"\xff"],
    "V3": [b"\0\0\0", b"\1\2\3", b"\xff\xfe\xfd", b"a\0b", b"xyz"],
}
RECORDS = [
    (0, 0.0, b""),
    (-1, -0.5, b"xyz"),
    (2**31 - 1, 1e300, b"a"),
    (7, 0.1, b"\xff"),
    (1, 2, b"b"),
]
NESTS = [
    (0, (0.0, "")),
    (-1, (-0.5, "é")),
    (2**15 - 1, (1e30, "xy")),
    (7, (0.1, "\U0001f40d")),
    (1, (2, "b")),
]
SMALL = {
    "bfloat16": "00008000803f c07f807f",
    "float8_e5m2": "00807e7c3d",
    "float8_e4m3fn": "00807e7f3d",
    "float8_e4m3fnuz": "00807e7f3d",
    "float8_e5m2fnuz": "00807e7f3d",
    "float8_e4m3b11fnuz": "00807e7f3d",
    "float4_e2m1fn": "0008070f03",
    "int2": "0001fffe01",
    "int4": "0007fff803",
}

Write = Callable[[Path], np.ndarray]


def main() -> None:
    name, cases = next(
        (name, cases)
        for name, cases in (("zarr", zarr_cases), ("tensorstore", tensorstore_cases))
        if installed(name)
    )
    kept = {case: written_by(write) for case, write in cases()}
    folder = Path(__file__).parent / "arrays"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{metadata.version(name)}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(kept)} cases")


def written_by(write: Write) -> dict[str, Any]:
    """Let a case write into an empty folder, and collect what it stored."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        path = Path(folder) / "node"
        values = write(path)
        stored = sorted(each for each in path.rglob("*") if each.is_file())
        return {
            "elements": values.tobytes().hex(),
            "stored": {str(each.relative_to(path)): each.read_bytes().hex() for each in stored},
        }


def arrays(structs: dict[str, tuple[list[Any], list[Any]]]) -> Iterator[tuple[str, np.ndarray]]:
    """Give arrays of five elements in both byte orders."""
    for name, values in VALUES.items():
        dtype = np.dtype(name)
        made = np.array(values, "i8").view(dtype) if name[0] in "Mm" else np.array(values, dtype)
        yield name, made
        if dtype.byteorder != "|":
            yield f"{name} big endian", made.astype(dtype.newbyteorder(">"))
    for name, (fields, values) in structs.items():
        yield f"struct {name}", np.array(values, np.dtype(fields))


def in_memory(values: np.ndarray) -> np.ndarray:
    """Give the elements in native order, or field by field as stored where that is mixed."""
    if values.dtype == np.dtype(MIXED):
        return values
    return values.astype(values.dtype.newbyteorder("="))


def zarr_cases() -> Iterator[tuple[str, Write]]:
    import zarr

    old = zarr.__version__.startswith("2.")
    structs = {"": (STRUCT, RECORDS), "big endian": (SWAPPED, RECORDS), "nested": (NESTED, NESTS)}
    if old:
        blocks = [(i, np.arange(6).reshape(2, 3) / 4) for i in range(5)]
        structs |= {"in two orders": (MIXED, RECORDS), "of arrays": (SUBARRAY, blocks)}
    for zarr_format in (2,) if old else (2, 3):
        for name, values in arrays(structs):

            def write(path: Path, values: np.ndarray = values, n: int = zarr_format) -> np.ndarray:
                options: dict[str, Any] = {"shape": (5,), "chunks": (2,), "dtype": values.dtype}
                if old:
                    missing = None if values.dtype.kind == "V" else 0
                    array = zarr.open_array(
                        str(path), mode="w", compressor=None, fill_value=missing, **options
                    )
                else:
                    array = zarr.create_array(path, compressors=None, zarr_format=n, **options)
                array[...] = values
                return in_memory(values)

            yield f"v{zarr_format} {name}", write


def tensorstore_cases() -> Iterator[tuple[str, Write]]:
    import tensorstore as ts

    for name, digits in SMALL.items():
        for driver, member in (("zarr3", "data_type"), ("zarr", "dtype")):

            def write(
                path: Path, name: str = name, digits: str = digits, driver: str = driver,
                member: str = member,
            ) -> np.ndarray:  # fmt: skip
                chunks = (
                    {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}}}
                    if driver == "zarr3"
                    else {"chunks": [2], "compressor": None}
                )
                spec = {
                    "driver": driver,
                    "kvstore": {"driver": "file", "path": f"{path}/"},
                    "metadata": {"shape": [5], member: name, **chunks},
                }
                dtype = ts.dtype(name).numpy_dtype
                values = np.frombuffer(bytes.fromhex(digits), np.uint8).view(dtype)
                ts.open(spec, create=True).result().write(values).result()
                return values

            yield f"{'v3' if driver == 'zarr3' else 'v2'} {name}", write


if __name__ == "__main__":
    sys.exit(main())
