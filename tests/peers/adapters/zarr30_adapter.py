"""zarr-python 3.0, the first release line of version 3: it is only asked to read."""

from __future__ import annotations

from typing import Any

import numpy as np
import zarr

from peers.adapters.base import Adapter, Document


class Library(Adapter):
    """zarr-python 3.0."""

    distributions = ("zarr", "numcodecs", "numpy")

    def memory(self) -> Any:
        return zarr.storage.MemoryStore()

    def create(self, location: Any, document: Document) -> Any:
        raise NotImplementedError("it only reads")

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        raise NotImplementedError("it only reads")

    def open(self, location: Any) -> Any:
        return zarr.open_array(location, mode="r")

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        return np.asarray(array[selection])

    def write(self, array: Any, values: np.ndarray) -> None:
        raise NotImplementedError("it only reads")
