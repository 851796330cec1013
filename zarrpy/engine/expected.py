"""Refuse a node of another kind than is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.errors import NodeKindError
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from zarrpy.engine.parsing import Metadata


def check_kind(path: str, found: Metadata, kind: type[Metadata] | None) -> None:
    """Refuse an array where a group is meant, and the other way about."""
    if kind is not None and not isinstance(found, kind):
        is_array = isinstance(found, ArrayMetadata)
        raise NodeKindError(
            f"there is {'an array' if is_array else 'a group'} at {path or '/'!r}, "
            f"not {'a group' if is_array else 'an array'}",
            path=path,
            found="array" if is_array else "group",
            hint=f"use open_{'array' if is_array else 'group'}, or open for either",
        )
