"""Where bytes are kept."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.local import LocalStore
from zarrpy.stores.memory import MemoryStore
from zarrpy.stores.resolve import as_store
from zarrpy.stores.transformer import StorageTransformer

if TYPE_CHECKING:
    from zarrpy.stores.prefix import PrefixStore
    from zarrpy.stores.sqlite import SQLiteStore
    from zarrpy.stores.zip import ZipStore

#: Stores that are loaded when they are asked for.
_LATER = {"PrefixStore": "prefix", "SQLiteStore": "sqlite", "ZipStore": "zip"}

__all__ = [
    "ByteRange",
    "LocalStore",
    "MemoryStore",
    "PrefixStore",
    "SQLiteStore",
    "StorageTransformer",
    "Store",
    "ZipStore",
    "as_store",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = found
    return found
