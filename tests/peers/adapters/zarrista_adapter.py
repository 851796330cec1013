"""zarrista: thin Python bindings of the Rust library zarrs."""

from __future__ import annotations

from typing import Any

import numpy as np
import zarrista
from zarrista.store import FilesystemStore, MemoryStore

from peers.adapters.base import Adapter, Document


class Library(Adapter):
    """zarrista; it has no defaults of its own for chunks and codecs."""

    distributions = ("zarrista", "numpy")

    def memory(self) -> Any:
        return MemoryStore()

    def create(self, location: Any, document: Document) -> Any:
        array = zarrista.Array.from_metadata(document, place(location), "/")
        array.store_metadata()
        return array

    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        raise NotImplementedError("zarrista has no default chunks and codecs")

    def open(self, location: Any) -> Any:
        return zarrista.Array.open(place(location), "/")

    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        return np.asarray(array[selection].to_numpy())

    def write(self, array: Any, values: np.ndarray) -> None:
        # What has no DLPack form is taken as bytes, unchecked.
        plain = values.dtype.kind in "biufTO" and values.dtype.isbuiltin == 1
        array[...] = values if plain or values.dtype.kind in "TO" else values.tobytes()


def place(location: Any) -> Any:
    """Return the store of a location."""
    return FilesystemStore(location) if isinstance(location, str) else location
