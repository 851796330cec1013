"""Chunks as one list: the elements, nested as the axes are, then the data type, then the shape.

So the codecs that write documents, `json2` and `msgpack2`, store an array.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.errors import CodecError, CorruptChunkError

if TYPE_CHECKING:
    from zarrpy.codecs.base import ChunkSpec

__all__ = ["check_items", "from_items", "to_items"]


def check_items(spec: ChunkSpec, codec: str) -> None:
    """Refuse structures, whose fields would be read as one more axis, if at all."""
    if spec.dtype.names is not None:
        raise CodecError(f"has no form for structures such as {spec.dtype}", codec=codec)


def to_items(array: np.ndarray[Any, Any]) -> list[Any]:
    """Make the list of a chunk."""
    items: list[Any] = np.atleast_1d(array).tolist()
    named = "|O" if array.dtype.hasobject else array.dtype.str  # texts are objects to others
    return [*items, named, list(array.shape)]


def from_items(items: object, spec: ChunkSpec, codec: str) -> np.ndarray[Any, Any]:
    """Make a chunk of its list.

    Parameters
    ----------
    items : object
        What was decoded; nothing about it is known.
    spec : ChunkSpec
    codec : str
        For error messages.
    """
    shape = items[-1] if isinstance(items, list) and len(items) > 1 else None
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise CorruptChunkError("the list does not end in a data type and a shape", codec=codec)
    if prod(shape) != prod(spec.shape):
        raise CorruptChunkError(
            f"the list holds a shape {tuple(shape)}, but the chunk has {spec.shape}", codec=codec
        )
    assert isinstance(items, list)
    elements = _flat(items[:-2], shape, codec)
    if spec.dtype.hasobject:
        array = np.empty(len(elements), spec.dtype)
        for i, each in enumerate(elements):
            array[i] = each
    else:
        array = np.array(elements, spec.dtype)
    if array.ndim != 1:
        raise CorruptChunkError("the list is nested deeper than the chunk has axes", codec=codec)
    return array.reshape(spec.shape)


def _flat(rows: list[Any], shape: list[int], codec: str) -> list[Any]:
    """Take lists out of lists, one level for each axis."""
    level = [rows]
    for n in shape or [1]:
        if not all(isinstance(row, list) and len(row) == n for row in level):
            raise CorruptChunkError(f"the list is not nested as the shape {shape}", codec=codec)
        level = [each for row in level for each in row]
    return level
