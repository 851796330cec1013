"""Where bytes are kept."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.local import LocalStore
from zarrpy.stores.memory import MemoryStore
from zarrpy.stores.resolve import as_store
from zarrpy.stores.schemes import available_stores, register_store, unregister_store
from zarrpy.stores.transformer import StorageTransformer

if TYPE_CHECKING:
    from zarrpy.stores.cache import CacheStore
    from zarrpy.stores.fsspec import FsspecStore
    from zarrpy.stores.gridfs import GridFSStore
    from zarrpy.stores.http import HTTPStore
    from zarrpy.stores.lmdb import LMDBStore
    from zarrpy.stores.logging import LoggingStore
    from zarrpy.stores.metrics import MetricsStore
    from zarrpy.stores.mock import MockStore
    from zarrpy.stores.mongodb import MongoDBStore
    from zarrpy.stores.obstore import ObjectStore
    from zarrpy.stores.overlay import OverlayStore
    from zarrpy.stores.postgres import PostgresStore
    from zarrpy.stores.prefix import PrefixStore
    from zarrpy.stores.read_only import ReadOnlyStore
    from zarrpy.stores.redis import RedisStore
    from zarrpy.stores.reference import ReferenceStore
    from zarrpy.stores.retry import RetryStore
    from zarrpy.stores.shared_memory import SharedMemoryStore
    from zarrpy.stores.sqlite import SQLiteStore
    from zarrpy.stores.wrapper import WrapperStore
    from zarrpy.stores.zarr_python import ZarrPythonStore
    from zarrpy.stores.zip import ZipStore
    from zarrpy.stores.zip_reader import ZipReaderStore

#: Stores that are loaded when they are asked for.
_LATER = {
    "CacheStore": "cache",
    "GridFSStore": "gridfs",
    "LMDBStore": "lmdb",
    "LoggingStore": "logging",
    "MetricsStore": "metrics",
    "MockStore": "mock",
    "MongoDBStore": "mongodb",
    "FsspecStore": "fsspec",
    "HTTPStore": "http",
    "ObjectStore": "obstore",
    "OverlayStore": "overlay",
    "PostgresStore": "postgres",
    "PrefixStore": "prefix",
    "ReadOnlyStore": "read_only",
    "RedisStore": "redis",
    "ReferenceStore": "reference",
    "RetryStore": "retry",
    "SQLiteStore": "sqlite",
    "SharedMemoryStore": "shared_memory",
    "WrapperStore": "wrapper",
    "ZarrPythonStore": "zarr_python",
    "ZipReaderStore": "zip_reader",
    "ZipStore": "zip",
}

__all__ = [
    "ByteRange",
    "CacheStore",
    "FsspecStore",
    "GridFSStore",
    "HTTPStore",
    "LMDBStore",
    "LocalStore",
    "LoggingStore",
    "MemoryStore",
    "MetricsStore",
    "MockStore",
    "MongoDBStore",
    "ObjectStore",
    "OverlayStore",
    "PostgresStore",
    "PrefixStore",
    "ReadOnlyStore",
    "RedisStore",
    "ReferenceStore",
    "RetryStore",
    "SQLiteStore",
    "SharedMemoryStore",
    "StorageTransformer",
    "Store",
    "WrapperStore",
    "ZarrPythonStore",
    "ZipReaderStore",
    "ZipStore",
    "as_store",
    "available_stores",
    "register_store",
    "unregister_store",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = found
    return found
