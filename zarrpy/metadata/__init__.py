"""Metadata as pure data: documents in, one model out, and back without loss."""

from zarrpy.metadata.model import ArrayMetadata, GroupMetadata, NamedConfig

__all__ = ["ArrayMetadata", "GroupMetadata", "NamedConfig"]
