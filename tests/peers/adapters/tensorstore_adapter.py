"""TensorStore: its drivers ``zarr`` (v2) and ``zarr3``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts

from peers.adapters.base import Adapter, Document, write_rows

#: Members of a v3 document that the driver fills in by itself.
FIXED = ("zarr_format", "node_type")


class Library(Adapter):
    """TensorStore with its default context: all cores, no chunk cache."""

    distributions = ("tensorstore", "numpy")

    def memory(self) -> Any:
        return {"kvstore": {"driver": "memory"}, "context": ts.Context()}

    def create(self, location: Any, document: Document) -> Any:
        driver = "zarr" if document["zarr_format"] == 2 else "zarr3"
        keep = document if driver == "zarr" else drop(document)
        if isinstance(location, dict):
            location["driver"] = driver
        return self._open(location, driver, metadata=keep, create=True)

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        kvstore, context = place(location)
        spec = {"driver": "zarr3", "kvstore": kvstore}
        return ts.open(
            spec, create=True, shape=shape, dtype=ts.dtype(dtype), context=context
        ).result()

    def open(self, location: Any) -> Any:
        if isinstance(location, dict):
            return self._open(location, location["driver"])
        return self._open(location, "zarr" if Path(location, ".zarray").exists() else "zarr3")

    def open_cached(self, location: Any) -> Any:
        cache = {"cache_pool": {"total_bytes_limit": 1 << 30}}
        return self._open(location, "zarr3", context=ts.Context(cache))

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        view = array if selection is ... else array[selection]
        return np.asarray(view.read().result())

    def points(self, array: Any, places: tuple[np.ndarray, ...]) -> np.ndarray:
        return np.asarray(array.vindex[places].read().result())

    def view(self, array: Any) -> Any:
        return array

    def read_view(self, view: Any) -> np.ndarray:
        return np.asarray(view.read().result())

    def write(self, array: Any, values: np.ndarray) -> None:
        array.write(values).result()

    def update(self, array: Any, selection: Any, values: np.ndarray) -> None:
        array[selection].write(values).result()

    def append(self, array: Any, values: np.ndarray) -> Any:
        end = array.shape[0] + len(values)
        array = array.resize(exclusive_max=[end, *array.shape[1:]]).result()
        array[end - len(values) :].write(values).result()
        return array

    def fill(self, array: Any, pieces: list[np.ndarray]) -> None:
        with ts.Transaction() as transaction:
            write_rows(array.with_transaction(transaction), pieces)

    def _open(
        self,
        location: Any,
        driver: str,
        metadata: Document | None = None,
        create: bool = False,
        context: Any = None,
    ) -> Any:
        kvstore, kept = place(location)
        context = context or kept
        spec: dict[str, Any] = {"driver": driver, "kvstore": kvstore}
        if metadata is not None:
            spec["metadata"] = metadata
        return ts.open(spec, create=create, open=not create, context=context).result()


def place(location: Any) -> tuple[dict[str, Any], Any]:
    """Return the key-value store of a location, and the context that keeps memory stores."""
    if isinstance(location, dict):
        return location["kvstore"], location["context"]
    return {"driver": "file", "path": f"{location}/"}, None


def drop(document: Document) -> Document:
    """Leave out what the driver does not take in a specification."""
    return {key: value for key, value in document.items() if key not in FIXED}
