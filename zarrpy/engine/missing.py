"""Chunks that were never written: which they are, and what they leave unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrpy.engine.twin import selections
from zarrpy.errors import MissingChunkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy._native.batch import Batch
    from zarrpy.engine.twin import PythonBatch
    from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
    from zarrpy.selection import Selection


class Missing(NamedTuple):
    """A chunk that is not stored.

    Attributes
    ----------
    chunk : tuple of int
        In the grid of the array's chunks.
    key : str
        Of the value that would hold it.
    place : tuple of slice or ndarray
        Its elements in the block that was read.
    """

    chunk: tuple[int, ...]
    key: str
    place: tuple[Any, ...]


#: Whether a chunk that the index of a stored shard leaves out is missing; not while zarrpy is
#: served in the place of a library for which only whole shards are.
in_shards = True


def missing_chunks(batch: Batch | PythonBatch, keys: ChunkKeyEncoding) -> list[Missing]:
    """List the chunks of a batch that has run which are not stored, shards taken apart."""
    inside: list[Missing] | None = getattr(batch, "missing", None)
    if inside is not None and in_shards:
        return inside
    found = []
    for task in batch.absent:
        chunk = batch.plan.grid_index(task)
        _, place = selections(batch.plan, task)
        found.append(Missing(chunk, keys.key(chunk), place))
    return found


def missing_error(
    missing: Sequence[Missing], array: str, in_memory: bool = False
) -> MissingChunkError:
    """Name the first of the chunks that are missing, and how many there are."""
    more = len(missing) - 1
    error = MissingChunkError(
        f"so are {more} more of the selection" if more else "",
        array=array,
        chunk=missing[0].chunk,
        key=missing[0].key,
    )
    return error.fill(hint=error.next_step(array, in_memory))


def mask_of(missing: Sequence[Missing], chosen: Selection) -> np.ndarray[Any, Any]:
    """Mark the elements of missing chunks in the shape of the selection."""
    mask = np.zeros(chosen.shape, bool)
    block = chosen.align(mask)
    for each in missing:
        block[each.place] = True
    chosen.take_back(block, mask)
    return mask
