"""Chunks as one list: the elements, nested as the axes are, then the data type, then the shape.

So the codecs that write documents, `json2` and `msgpack2`, store an array.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.config import config
from zarrpy.errors import CodecError, CorruptChunkError

if TYPE_CHECKING:
    from zarrpy.codecs.base import ChunkSpec

__all__ = ["check_items", "from_items", "to_items"]

_MOST_AXES = 64  # NumPy's limit


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
    if (
        not isinstance(shape, list)
        or len(shape) > _MOST_AXES
        or not all(type(n) is int and n >= 0 for n in shape)
    ):
        raise CorruptChunkError("the list does not end in a data type and a shape", codec=codec)
    if prod(shape) != prod(spec.shape):
        raise CorruptChunkError(
            f"the list holds a shape {tuple(shape)}, but the chunk has {spec.shape}", codec=codec
        )
    assert isinstance(items, list)
    elements = _elements(items[:-2], shape, codec)
    if spec.dtype.hasobject:
        return elements.reshape(spec.shape)
    array = np.array(elements.tolist(), spec.dtype)
    if array.ndim != 1:
        raise CorruptChunkError("the list is nested deeper than the chunk has axes", codec=codec)
    return array.reshape(spec.shape)


def _elements(rows: list[Any], shape: list[int], codec: str) -> np.ndarray[Any, Any]:
    """Take what is nested as the shape out of its lists, into an array of one axis."""
    elements: np.ndarray[Any, Any] | None
    if "native" in config.disable:
        elements = _flat(rows, shape)
    else:
        from zarrpy._native.items import flattened

        elements = flattened(rows, shape or [1], prod(shape))
    if elements is None:
        raise CorruptChunkError(f"the list is not nested as the shape {shape}", codec=codec)
    return elements


def _flat(rows: list[Any], shape: list[int]) -> np.ndarray[Any, Any] | None:
    """Do the same without native code."""
    level = [rows]
    for n in shape or [1]:
        if not all(isinstance(row, list) and len(row) == n for row in level):
            return None
        level = [each for row in level for each in row]
    elements = np.empty(len(level), object)
    for i, each in enumerate(level):
        elements[i] = each
    return elements
