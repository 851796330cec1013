"""Where bytes are kept."""

from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.local import LocalStore
from zarrpy.stores.memory import MemoryStore
from zarrpy.stores.resolve import as_store
from zarrpy.stores.transformer import StorageTransformer

__all__ = ["ByteRange", "LocalStore", "MemoryStore", "StorageTransformer", "Store", "as_store"]
