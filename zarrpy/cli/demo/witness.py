"""Another process, and perhaps another implementation, that reads what was stored.

Run as ``python -m zarrpy.cli.demo.witness``: one JSON document on standard input tells who
shall read (`Reader`), which arrays, and what they hold; one JSON document on standard output
answers. The same code measures every reader, each in a process of its own.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any

from zarrpy.cli.demo.proof import digest

REPEATS = 5
ENOUGH_SECONDS = 0.2  # slow codecs need no repetition, and the demonstration shall be short


@dataclass(frozen=True, slots=True)
class Reader:
    """How one implementation opens, reads and writes a whole array."""

    version: str
    open: Callable[[str, int, str], Any]
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]


def _zarrpy() -> Reader:
    import zarrpy

    def write(array: Any, values: Any) -> None:
        array[...] = values

    return Reader(
        version=zarrpy.__version__,
        open=lambda path, _format, mode: zarrpy.open_array(path, mode=mode),
        read=lambda array: array[...],
        write=write,
    )


def _zarr() -> Reader:
    zarr = import_module("zarr")

    def write(array: Any, values: Any) -> None:
        array[...] = values

    return Reader(
        version=zarr.__version__,
        open=lambda path, _format, mode: zarr.open_array(path, mode=mode),
        read=lambda array: array[...],
        write=write,
    )


def _zarrs() -> Reader:
    zarr, _zarrs = import_module("zarr"), import_module("zarrs")
    zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
    reader = _zarr()
    return Reader(metadata.version("zarrs"), reader.open, reader.read, reader.write)


def _tensorstore() -> Reader:
    tensorstore = import_module("tensorstore")

    def open_array(path: str, zarr_format: int, mode: str) -> Any:
        spec = {
            "driver": "zarr3" if zarr_format == 3 else "zarr",
            "kvstore": {"driver": "file", "path": path + "/"},
        }
        return tensorstore.open(spec, read=True, write=mode != "r").result()

    return Reader(
        version=metadata.version("tensorstore"),
        open=open_array,
        read=lambda array: array.read().result(),
        write=lambda array, values: array.write(values).result(),
    )


READERS = {"zarrpy": _zarrpy, "zarr": _zarr, "zarrs": _zarrs, "tensorstore": _tensorstore}


def testify(task: dict[str, Any]) -> dict[str, Any]:
    """Read and write every array of a task with its reader."""
    import numpy as np

    try:
        reader = READERS[task["reader"]]()
    except Exception as error:  # a broken installation is an answer too
        return {"unusable": f"{type(error).__name__}: {error}"}
    values = np.load(task["values"], allow_pickle=False)
    arrays = [_testimony(reader, array, values) for array in task["arrays"]]
    return {"version": reader.version, "arrays": arrays}


def _testimony(reader: Reader, array: dict[str, Any], values: Any) -> dict[str, Any]:
    place = {"path": array["path"]}
    try:
        opened = reader.open(array["path"], array["zarr_format"], "r")
        found = digest(reader.read(opened))
        read_seconds = _best(lambda: reader.read(opened))
        blank = reader.open(array["blank"], array["zarr_format"], "r+")
        write_seconds = _best(lambda: reader.write(blank, values))
    except Exception as error:  # whatever a reader raises is its testimony
        return place | {"error": f"{type(error).__name__}: {error}"}
    return place | {
        "digest": found,
        "read_seconds": read_seconds,
        "write_seconds": write_seconds,
    }


def _best(act: Callable[[], Any]) -> float:
    """Return the shortest of a few runs, which disturbances lengthen and nothing shortens."""
    times: list[float] = []
    while len(times) < REPEATS and sum(times) < ENOUGH_SECONDS:
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a reader's warnings are not about what was stored
    json.dump(testify(json.load(sys.stdin)), sys.stdout)
