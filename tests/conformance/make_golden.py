"""Have another implementation write the arrays of golden_documents.py.

Run by the interpreter of an environment that has zarr (2 or 3), tensorstore, zarrista or
netCDF4::

    .venvs/zarr3/bin/python tests/conformance/make_golden.py

It writes ``golden/NAME-VERSION.json`` beside itself: the versions of all that took part, and for
each array every stored value and the elements as the implementation itself reads them back.
What it does not support is listed with the class of its error.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from golden_documents import Document, Order, orders

Write = Callable[[Path, Order], np.ndarray]

INVOLVED = ("zarr", "numcodecs", "tensorstore", "zarrista", "netCDF4", "numpy", "ml_dtypes")


def main() -> None:
    name, write = next(
        (name, write) for name, write in WRITERS.items() if version(name) is not None
    )
    chosen = list(NETCDF) if name == "netCDF4" else list(orders())
    if version("zarr") and version("zarr") < "3":
        chosen = [order for order in chosen if order.name.startswith("v2")]
    written, refused = {}, {}
    for order in chosen:
        try:
            written[order.name] = record(order, write)
        except Exception as error:  # an implementation refuses in ways of its own
            refused[order.name] = type(error).__name__
    path = Path(__file__).parent / "golden" / f"{name}-{version(name)}.json"
    path.parent.mkdir(exist_ok=True)
    versions = {each: version(each) for each in INVOLVED if version(each)}
    kept = {"versions": versions, "refused": refused, "written": written}
    path.write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{path}: {len(written)} arrays, {len(refused)} refused")


def version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def record(order: Order, write: Write) -> dict[str, Any]:
    """Let an array be written into an empty folder, and collect what is there then."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        root = Path(folder) / "node"
        root.mkdir()
        found = write(root, order)
        files = sorted(each for each in root.rglob("*") if each.is_file())
        stored = {each.relative_to(root).as_posix(): told(each) for each in files}
    return {"shape": list(found.shape), **elements(found), "stored": stored}


def told(file: Path) -> Any:
    """Give a document as it is, and a chunk in base64."""
    data = file.read_bytes()
    return json.loads(data) if file.name[0] in ".z" else base64.b64encode(data).decode()


def elements(found: np.ndarray) -> dict[str, Any]:
    """Give elements in base64; of variable length as a list, bytes in base64."""
    if found.dtype.kind in "OT":
        binary = isinstance(found.flat[0], bytes)
        values = [base64.b64encode(each).decode() if binary else str(each) for each in found.flat]
        return {"dtype": "bytes" if binary else "str", "values": values}
    native = np.ascontiguousarray(found.astype(found.dtype.newbyteorder("<")))
    return {"dtype": native.dtype.str, "elements": base64.b64encode(native.tobytes()).decode()}


def put(root: Path, document: Document) -> None:
    name = "zarr.json" if document["zarr_format"] == 3 else ".zarray"
    (root / name).write_text(json.dumps(document))


def by_zarr(root: Path, order: Order) -> np.ndarray:
    import zarr

    put(root, order.document)
    if not zarr.__version__.startswith("2."):
        zarr.config.set({"array.rectilinear_chunks": True})
    array = zarr.open_array(str(root), mode="r+")
    array[...] = order.values
    return np.asarray(zarr.open_array(str(root), mode="r")[...])


def by_tensorstore(root: Path, order: Order) -> np.ndarray:
    import tensorstore as ts

    put(root, order.document)
    driver = "zarr3" if order.document["zarr_format"] == 3 else "zarr"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": f"{root}/"}}
    array = ts.open(spec).result()
    array.write(order.values).result()
    return np.asarray(ts.open(spec).result().read().result())


def by_zarrista(root: Path, order: Order) -> np.ndarray:
    import zarrista
    from zarrista.store import FilesystemStore

    if order.values.dtype.kind == "O":
        raise NotImplementedError("elements of variable length")
    put(root, order.document)
    array = zarrista.Array.open(FilesystemStore(str(root)), "/")
    array[...] = order.values
    return np.asarray(zarrista.Array.open(FilesystemStore(str(root)), "/")[...].to_numpy())


NETCDF = (
    Order("nczarr/shuffle and zlib", {"zlib": True, "shuffle": True}, np.arange(60, dtype="i4")),
    Order("nczarr/zlib", {"zlib": True, "shuffle": False}, np.arange(60, dtype="f8") / 7),
    Order("nczarr/plain", {}, np.arange(60, dtype="i2")),
)


def by_netcdf(root: Path, order: Order) -> np.ndarray:
    import netCDF4

    with netCDF4.Dataset(f"file://{root}#mode=nczarr,file", "w") as dataset:
        dataset.createDimension("x", order.values.size)
        made = dataset.createVariable("v", order.values.dtype, ("x",), chunksizes=(16,),
                                      **order.document)  # fmt: skip
        made[:] = order.values
    return order.values


# The order counts: the environment of one may hold another, too.
WRITERS: dict[str, Write] = {
    "zarrista": by_zarrista,
    "tensorstore": by_tensorstore,
    "netCDF4": by_netcdf,
    "zarr": by_zarr,
}

if __name__ == "__main__":
    sys.exit(main())
