"""What an array takes over from another one that it is to be like."""

from __future__ import annotations

from typing import Any, SupportsIndex

from zarrpy.array import Array


def like(other: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    """Take what was not asked for from another array: shape, data type and chunks."""
    of_ours = isinstance(other, Array)
    keywords.setdefault("dtype", other.metadata.data_type if of_ours else other.dtype)
    if of_ours and "chunks" not in keywords and _is_for(keywords.get("shape"), other):
        keywords["chunks"] = other.metadata.chunk_grid
        if other.shards is not None:
            keywords["chunks"] = other.chunks
            keywords.setdefault("shards", other.shards)
    keywords.setdefault("shape", other.shape)
    return keywords


def _is_for(shape: Any, other: Array) -> bool:
    """Whether the chunks of an array do for a shape; None is its own."""
    if shape is None:
        return True
    ndim = 1 if isinstance(shape, SupportsIndex) else len(shape)
    return other.metadata.chunk_grid.regular and ndim == other.ndim
