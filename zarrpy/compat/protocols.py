"""What zarr-python's stores and codecs may be able to do, to be asked for by ``isinstance``."""

from __future__ import annotations

from abc import ABC
from typing import Any, Protocol, runtime_checkable

from zarrpy.codecs.base import Codec

__all__ = [
    "SupportsDeleteSync",
    "SupportsGetSync",
    "SupportsSetSync",
    "SupportsSyncCodec",
    "SupportsSyncStore",
    "SyncByteGetter",
    "SyncByteSetter",
    "set_or_delete",
]


@runtime_checkable
class SupportsGetSync(Protocol):
    """A store that can be read without being awaited."""

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Read a value or a part of it; None when the key does not exist."""


@runtime_checkable
class SupportsSetSync(Protocol):
    """A store that can be written without being awaited."""

    def set_sync(self, key: str, value: Any) -> Any:
        """Replace a value."""


@runtime_checkable
class SupportsDeleteSync(Protocol):
    """A store whose keys can be deleted without awaiting it."""

    def delete_sync(self, key: str) -> Any:
        """Delete a key."""


@runtime_checkable
class SupportsSyncStore(SupportsGetSync, SupportsSetSync, SupportsDeleteSync, Protocol):
    """A store of which nothing need be awaited."""


class SupportsSyncCodec(ABC):  # noqa: B024 - it is asked about, never made
    """A codec that need not be awaited: all of ours."""


SupportsSyncCodec.register(Codec)

SyncByteGetter = SyncByteSetter = object


async def set_or_delete(byte_setter: Any, value: Any) -> None:
    """Keep a value at a place of a store; None deletes it."""
    if value is None:
        await byte_setter.delete()
    else:
        await byte_setter.set(value)
