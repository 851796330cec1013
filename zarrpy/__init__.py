"""Zarr v2 and v3 arrays for Python, with the work done in C.

Examples
--------
>>> import zarrpy
>>> array = zarrpy.create_array({}, shape=(100, 100), dtype="float32")
>>> array[10:20, ::-1] = 1
>>> float(array[...].sum())
1000.0
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

TYPE_CHECKING = False  # importing `typing` would take longer than all the rest of this
if TYPE_CHECKING:
    from typing import Any

    from zarrpy.api import (
        array as array,
    )
    from zarrpy.api import (
        consolidate_metadata as consolidate_metadata,
    )
    from zarrpy.api import (
        convert as convert,
    )
    from zarrpy.api import (
        copy as copy,
    )
    from zarrpy.api import (
        copy_all as copy_all,
    )
    from zarrpy.api import (
        copy_store as copy_store,
    )
    from zarrpy.api import (
        create as create,
    )
    from zarrpy.api import (
        create_array as create_array,
    )
    from zarrpy.api import (
        create_group as create_group,
    )
    from zarrpy.api import (
        create_hierarchy as create_hierarchy,
    )
    from zarrpy.api import (
        delete as delete,
    )
    from zarrpy.api import (
        empty as empty,
    )
    from zarrpy.api import (
        empty_like as empty_like,
    )
    from zarrpy.api import (
        from_array as from_array,
    )
    from zarrpy.api import (
        full as full,
    )
    from zarrpy.api import (
        full_like as full_like,
    )
    from zarrpy.api import (
        group as group,
    )
    from zarrpy.api import (
        is_consolidated as is_consolidated,
    )
    from zarrpy.api import (
        load as load,
    )
    from zarrpy.api import (
        move as move,
    )
    from zarrpy.api import (
        ones as ones,
    )
    from zarrpy.api import (
        ones_like as ones_like,
    )
    from zarrpy.api import (
        open as open,
    )
    from zarrpy.api import (
        open_array as open_array,
    )
    from zarrpy.api import (
        open_consolidated as open_consolidated,
    )
    from zarrpy.api import (
        open_group as open_group,
    )
    from zarrpy.api import (
        open_like as open_like,
    )
    from zarrpy.api import (
        remove_consolidated as remove_consolidated,
    )
    from zarrpy.api import (
        save as save,
    )
    from zarrpy.api import (
        save_array as save_array,
    )
    from zarrpy.api import (
        save_group as save_group,
    )
    from zarrpy.api import (
        tree as tree,
    )
    from zarrpy.api import (
        verify_consolidated as verify_consolidated,
    )
    from zarrpy.api import (
        zeros as zeros,
    )
    from zarrpy.api import (
        zeros_like as zeros_like,
    )
    from zarrpy.array import Array as Array
    from zarrpy.asynchronous import AsyncArray as AsyncArray
    from zarrpy.asynchronous import AsyncGroup as AsyncGroup
    from zarrpy.attributes import Attributes as Attributes
    from zarrpy.chunk_map import ChunkMap as ChunkMap
    from zarrpy.cli.versions import (
        print_debug_info as print_debug_info,
    )
    from zarrpy.codecs import (
        available_codecs as available_codecs,
    )
    from zarrpy.codecs import (
        register_codec as register_codec,
    )
    from zarrpy.codecs import (
        unregister_codec as unregister_codec,
    )
    from zarrpy.config import config as config
    from zarrpy.engine.cache import (
        CacheInfo as CacheInfo,
    )
    from zarrpy.engine.cache import (
        cache_clear as cache_clear,
    )
    from zarrpy.engine.cache import (
        cache_info as cache_info,
    )
    from zarrpy.engine.profile import (
        Profile as Profile,
    )
    from zarrpy.engine.profile import (
        profile as profile,
    )
    from zarrpy.engine.recent import (
        MetadataInfo as MetadataInfo,
    )
    from zarrpy.engine.recent import (
        metadata_info as metadata_info,
    )
    from zarrpy.explanation import Explanation as Explanation
    from zarrpy.group import Group as Group
    from zarrpy.metadata.dtypes import (
        available_data_types as available_data_types,
    )
    from zarrpy.metadata.dtypes import (
        register_data_type as register_data_type,
    )
    from zarrpy.metadata.dtypes import (
        unregister_data_type as unregister_data_type,
    )
    from zarrpy.metadata.key_encoders import ChunkKeyEncoder as ChunkKeyEncoder
    from zarrpy.metadata.key_encoders import (
        available_chunk_key_encodings as available_chunk_key_encodings,
    )
    from zarrpy.metadata.key_encoders import (
        register_chunk_key_encoding as register_chunk_key_encoding,
    )
    from zarrpy.metadata.key_encoders import (
        unregister_chunk_key_encoding as unregister_chunk_key_encoding,
    )
    from zarrpy.metadata.transformers import (
        available_storage_transformers as available_storage_transformers,
    )
    from zarrpy.metadata.transformers import (
        register_storage_transformer as register_storage_transformer,
    )
    from zarrpy.metadata.transformers import (
        unregister_storage_transformer as unregister_storage_transformer,
    )
    from zarrpy.ops.advise import Advice as Advice
    from zarrpy.ops.advise import advise as advise
    from zarrpy.ops.checksum import checksum as checksum
    from zarrpy.ops.diff import Change as Change
    from zarrpy.ops.diff import diff as diff
    from zarrpy.ops.exporting import export_to as export_to
    from zarrpy.ops.importing import import_from as import_from
    from zarrpy.ops.pack import Packed as Packed
    from zarrpy.ops.pack import pack as pack
    from zarrpy.ops.pack import unpack as unpack
    from zarrpy.ops.rechunk import rechunk as rechunk
    from zarrpy.ops.rechunk_plan import RechunkPass as RechunkPass
    from zarrpy.ops.rechunk_plan import RechunkPlan as RechunkPlan
    from zarrpy.ops.repair import Repaired as Repaired
    from zarrpy.ops.repair import repair as repair
    from zarrpy.ops.report import Finding as Finding
    from zarrpy.ops.report import Report as Report
    from zarrpy.ops.syncing import sync as sync
    from zarrpy.ops.verify import verify as verify
    from zarrpy.stores import (
        CacheStore as CacheStore,
    )
    from zarrpy.stores import (
        FsspecStore as FsspecStore,
    )
    from zarrpy.stores import (
        GridFSStore as GridFSStore,
    )
    from zarrpy.stores import (
        HTTPStore as HTTPStore,
    )
    from zarrpy.stores import (
        LMDBStore as LMDBStore,
    )
    from zarrpy.stores import (
        LocalStore as LocalStore,
    )
    from zarrpy.stores import (
        LoggingStore as LoggingStore,
    )
    from zarrpy.stores import (
        MemoryStore as MemoryStore,
    )
    from zarrpy.stores import (
        MetricsStore as MetricsStore,
    )
    from zarrpy.stores import (
        MockStore as MockStore,
    )
    from zarrpy.stores import (
        MongoDBStore as MongoDBStore,
    )
    from zarrpy.stores import (
        ObjectStore as ObjectStore,
    )
    from zarrpy.stores import (
        OverlayStore as OverlayStore,
    )
    from zarrpy.stores import (
        PostgresStore as PostgresStore,
    )
    from zarrpy.stores import (
        PrefixStore as PrefixStore,
    )
    from zarrpy.stores import (
        ReadOnlyStore as ReadOnlyStore,
    )
    from zarrpy.stores import (
        RedisStore as RedisStore,
    )
    from zarrpy.stores import (
        ReferenceStore as ReferenceStore,
    )
    from zarrpy.stores import (
        RetryStore as RetryStore,
    )
    from zarrpy.stores import (
        SharedMemoryStore as SharedMemoryStore,
    )
    from zarrpy.stores import (
        SQLiteStore as SQLiteStore,
    )
    from zarrpy.stores import (
        StorageTransformer as StorageTransformer,
    )
    from zarrpy.stores import (
        Store as Store,
    )
    from zarrpy.stores import (
        WrapperStore as WrapperStore,
    )
    from zarrpy.stores import (
        ZarrPythonStore as ZarrPythonStore,
    )
    from zarrpy.stores import (
        ZipStore as ZipStore,
    )
    from zarrpy.stores import (
        available_stores as available_stores,
    )
    from zarrpy.stores import (
        register_store as register_store,
    )
    from zarrpy.stores import (
        unregister_store as unregister_store,
    )
    from zarrpy.transactions import group_commit as group_commit
    from zarrpy.transactions import transaction as transaction

_API = [
    "array",
    "consolidate_metadata",
    "convert",
    "copy",
    "copy_all",
    "copy_store",
    "create",
    "create_array",
    "create_group",
    "create_hierarchy",
    "delete",
    "empty",
    "empty_like",
    "from_array",
    "full",
    "full_like",
    "group",
    "is_consolidated",
    "load",
    "move",
    "ones",
    "ones_like",
    "open",
    "open_array",
    "open_consolidated",
    "open_group",
    "open_like",
    "remove_consolidated",
    "save",
    "save_array",
    "save_group",
    "tree",
    "verify_consolidated",
    "zeros",
    "zeros_like",
]
_ERRORS = [
    "ArrayNotFoundError",
    "AttributeNotJSONError",
    "ChecksumError",
    "ChunkError",
    "ChunkLimitError",
    "CodecError",
    "ConflictError",
    "CorruptChunkError",
    "GroupNotFoundError",
    "LimitError",
    "LockTimeoutError",
    "MetadataError",
    "MissingChunkError",
    "MissingDependencyError",
    "NodeExistsError",
    "NodeInTheWayError",
    "NodeKindError",
    "NodeNotFoundError",
    "ReadOnlyStoreError",
    "SelectionError",
    "ShapeMismatchError",
    "StoreError",
    "TransactionError",
    "UnsupportedExtensionError",
    "ZarrError",
]

# Where each public name is defined; it is imported when it is first used.
_HOMES = {
    **dict.fromkeys(_API, "zarrpy.api"),
    **dict.fromkeys(_ERRORS, "zarrpy.errors"),
    **dict.fromkeys(("available_codecs", "register_codec", "unregister_codec"), "zarrpy.codecs"),
    **dict.fromkeys(
        ("available_data_types", "register_data_type", "unregister_data_type"),
        "zarrpy.metadata.dtypes",
    ),
    **dict.fromkeys(
        (
            "ChunkKeyEncoder",
            "available_chunk_key_encodings",
            "register_chunk_key_encoding",
            "unregister_chunk_key_encoding",
        ),
        "zarrpy.metadata.key_encoders",
    ),
    **dict.fromkeys(
        (
            "available_storage_transformers",
            "register_storage_transformer",
            "unregister_storage_transformer",
        ),
        "zarrpy.metadata.transformers",
    ),
    **dict.fromkeys(
        (
            "CacheStore",
            "GridFSStore",
            "LMDBStore",
            "FsspecStore",
            "HTTPStore",
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
            "ZipStore",
            "available_stores",
            "register_store",
            "unregister_store",
        ),
        "zarrpy.stores",
    ),
    **dict.fromkeys(("CacheInfo", "cache_clear", "cache_info"), "zarrpy.engine.cache"),
    **dict.fromkeys(("AsyncArray", "AsyncGroup"), "zarrpy.asynchronous"),
    **dict.fromkeys(("Repaired", "repair"), "zarrpy.ops.repair"),
    **dict.fromkeys(("Packed", "pack", "unpack"), "zarrpy.ops.pack"),
    **dict.fromkeys(("Finding", "Report"), "zarrpy.ops.report"),
    **dict.fromkeys(("Change", "diff"), "zarrpy.ops.diff"),
    **dict.fromkeys(("RechunkPass", "RechunkPlan"), "zarrpy.ops.rechunk_plan"),
    **dict.fromkeys(("Advice", "advise"), "zarrpy.ops.advise"),
    "export_to": "zarrpy.ops.exporting",
    "import_from": "zarrpy.ops.importing",
    "rechunk": "zarrpy.ops.rechunk",
    "checksum": "zarrpy.ops.checksum",
    "sync": "zarrpy.ops.syncing",
    "verify": "zarrpy.ops.verify",
    **dict.fromkeys(("Profile", "profile"), "zarrpy.engine.profile"),
    **dict.fromkeys(("MetadataInfo", "metadata_info"), "zarrpy.engine.recent"),
    "Array": "zarrpy.array",
    "Attributes": "zarrpy.attributes",
    "ChunkMap": "zarrpy.chunk_map",
    "Explanation": "zarrpy.explanation",
    "Group": "zarrpy.group",
    "config": "zarrpy.config",
    **dict.fromkeys(("group_commit", "transaction"), "zarrpy.transactions"),
    "print_debug_info": "zarrpy.cli.versions",
}
_MODULES = ("codecs", "errors", "metadata", "stores")
# What needs other packages, or stands in for them: not part of `from zarrpy import *`.
_OPTIONAL = ("compat", "dask", "storage", "xarray")

__all__ = ["__version__", *sorted(_HOMES), *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES or name in _OPTIONAL:
        return import_module(f"zarrpy.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'zarrpy' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return list(__all__)


class _Package(ModuleType):
    """Keeps `zarrpy.array` the function, though a submodule of that name is imported as well."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Name the module to who pickles a function that uses it, as cloudpickle does."""
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Package
