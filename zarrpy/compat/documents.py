"""Metadata of arrays by zarr-python's names, which tell formats apart by class."""

from __future__ import annotations

from typing import Any

from zarrpy.engine.nodes import given_array
from zarrpy.metadata.model import ArrayMetadata

__all__ = ["ArrayV2Metadata", "ArrayV3Metadata"]


class _OfFormat(type):
    """A class whose instances are metadata of one format."""

    zarr_format = 0

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, ArrayMetadata) and instance.zarr_format == cls.zarr_format


class ArrayV2Metadata(metaclass=_OfFormat):
    """Metadata of an array of Zarr v2."""

    zarr_format = 2

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ArrayMetadata:
        """Understand a document, with the attributes in it."""
        return given_array("", data)


class ArrayV3Metadata(metaclass=_OfFormat):
    """Metadata of an array of Zarr v3."""

    zarr_format = 3

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ArrayMetadata:
        """Understand a document."""
        return given_array("", data)
