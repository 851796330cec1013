"""Metadata of an array whose attributes are read when somebody asks for them.

Zarr v2 keeps attributes in a document of their own. Reading and writing elements needs none of
them, and behind a network each document is a request.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cached_property
from typing import Any, Self

from zarrpy.metadata.model import ArrayMetadata

__all__ = ["AttributesLater"]


class AttributesLater(ArrayMetadata):
    """All that is known about an array but its attributes, and the dimension names among them."""

    _read: Callable[[], ArrayMetadata]

    @classmethod
    def of(cls, metadata: ArrayMetadata, read: Callable[[], ArrayMetadata]) -> Self:
        """Take metadata that lack attributes, and what reads them with their attributes."""
        made = cls.__new__(cls)
        made.__dict__.update(metadata.__dict__)
        for name in ("attributes", "dimension_names"):
            del made.__dict__[name]
        made.__dict__["_read"] = read
        return made

    @cached_property
    def _whole(self) -> ArrayMetadata:
        return self._read()

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """JSON values; not to be changed in place."""
        return self._whole.attributes

    @cached_property
    def dimension_names(self) -> tuple[str | None, ...] | None:
        """The names that an attribute gives to the dimensions."""
        return self._whole.dimension_names

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as what others can read without the store."""
        return ArrayMetadata, tuple(getattr(self, each.name) for each in fields(ArrayMetadata))
