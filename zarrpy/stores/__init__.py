"""Where bytes are kept."""

from zarrpy.stores.base import ByteRange, Store
from zarrpy.stores.local import LocalStore
from zarrpy.stores.memory import MemoryStore
from zarrpy.stores.resolve import as_store

__all__ = ["ByteRange", "LocalStore", "MemoryStore", "Store", "as_store"]
