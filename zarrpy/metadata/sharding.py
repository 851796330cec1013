"""What metadata say about chunks inside shards, read without making a codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.metadata.members import integers, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.metadata.model import NamedConfig

__all__ = ["NAME", "inner_chunk_shape"]

#: Name of the codec that puts chunks into shards.
NAME = "sharding_indexed"


def inner_chunk_shape(codecs: Sequence[NamedConfig], ndim: int) -> tuple[int, ...] | None:
    """Shape of the chunks inside a shard, along the axes of the array.

    Parameters
    ----------
    codecs : sequence of NamedConfig
        Of the array.
    ndim : int
        Number of its axes.

    Returns
    -------
    tuple of int or None
        None when chunks are stored one by one.

    Raises
    ------
    MetadataError
        For lengths that are not positive, or of another number.

    Examples
    --------
    >>> from zarrpy.metadata.model import NamedConfig
    >>> turned = NamedConfig("transpose", {"order": [1, 0]})
    >>> inner_chunk_shape([turned, NamedConfig(NAME, {"chunk_shape": [3, 5]})], 2)
    (5, 3)
    """
    order = list(range(ndim))
    for codec in codecs:
        if codec.name == "transpose":
            order = _turned(order, codec.configuration.get("order"))
        elif codec.name == NAME:
            field = f"{NAME}.chunk_shape"
            stored = integers(require(codec.configuration, "chunk_shape"), field, 1, count=ndim)
            lengths = dict(zip(order, stored, strict=True))
            return tuple(lengths[axis] for axis in range(ndim))
    return None


def _turned(order: list[int], turn: object) -> list[int]:
    """Give the axes of the array behind one more transpose; nonsense is the codec's to refuse."""
    if turn == "F":
        return order[::-1]
    if not isinstance(turn, list) or sorted(turn, key=repr) != sorted(range(len(order)), key=repr):
        return order
    return [order[axis] for axis in turn]
