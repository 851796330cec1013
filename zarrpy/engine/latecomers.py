"""Chunks that others have stored beyond the new shape of an array, while a transaction shrinks it.

The transaction deletes what it finds there.  What comes after that would be values of the array
again as soon as it grows, so it must not be committed then.  Few chunks are asked for by name, and
of many only what is stored is listed.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from zarrpy.engine.nodes import key_of
from zarrpy.engine.parsing import parsed
from zarrpy.engine.removal import NAMED, beyond, box_names, count_of, edges
from zarrpy.errors import MetadataError
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.engine.removal import Box
    from zarrpy.stores.base import Bytes, Store
    from zarrpy.stores.transaction import TransactionStore


def latecomers_of(made: TransactionStore) -> Callable[[], list[str]]:
    """Give what names chunks that are stored where a transaction has shrunk arrays.

    Parameters
    ----------
    made : TransactionStore
        Its changes have come to their end.
    """
    changed = frozenset(made.changed_keys())
    looks: list[Callable[[], Iterator[str]]] = []
    for path, name, *values in made.documents():
        before, after = (_array(path, name, value) for value in values)
        if before is not None and after is not None:
            boxes = _lost(before, after)
            looks += [partial(_stored, made.lower, path, before, box) for box in boxes]
    return lambda: [key for look in looks for key in look() if key not in changed]


def _array(path: str, name: str, value: Bytes) -> ArrayMetadata | None:
    try:
        found = parsed(path, {name: value})
    except MetadataError:
        return None
    return found if isinstance(found, ArrayMetadata) else None


def _lost(old: ArrayMetadata, new: ArrayMetadata) -> list[Box]:
    """Tell which chunks an array loses, and which are cut, as boxes of the grid."""
    if old.storage_transformers:
        return []  # only these know which keys they have
    if old.ndim != new.ndim or all(n >= m for n, m in zip(new.shape, old.shape, strict=True)):
        return []
    outer, _ = edges(new.chunk_grid, old.shape, new.shape)
    whole = [
        count - (end > n and n < m)  # the last one of an axis, where its end is lost
        for count, end, n, m in zip(new.grid_shape, outer, new.shape, old.shape, strict=True)
    ]
    return list(beyond(old.grid_shape, whole))


def _stored(store: Store, path: str, metadata: ArrayMetadata, box: Box) -> Iterator[str]:
    """Name the chunks of a box that are stored."""
    keys = metadata.chunk_keys
    if count_of(box) <= NAMED:
        for index in product(*(range(*axis) for axis in box)):
            key = key_of(path, keys.key(index))
            if store.exists(key):
                yield key
        return
    start = len(path) + 1 if path else 0
    names = (key[start:] for key in store.list(key_of(path, keys.prefix)))
    for name in box_names(metadata, box, names):
        yield key_of(path, name)
