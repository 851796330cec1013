"""Parts of an array that are made of whole chunks and go into memory."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from zarrpy.config import config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.engine.removal import Box
    from zarrpy.metadata.model import ArrayMetadata

#: Bytes of a region at most, if a chunk is no larger.
REGION_NBYTES = 64 << 20


def regions_of(metadata: ArrayMetadata, box: Box | None = None) -> Iterator[tuple[slice, ...]]:
    """Cut an array into regions of whole chunks, or what of them lies in a box."""
    limit = min(config.max_memory or REGION_NBYTES, REGION_NBYTES)
    shape = metadata.shape
    lengths = list(metadata.chunk_grid.largest(shape))
    nbytes = metadata.data_type.numpy.itemsize
    for n in lengths:
        nbytes *= max(n, 1)
    for axis in reversed(range(len(shape))):
        fits = max(limit // max(nbytes, 1), 1)
        several = max(min(-(-shape[axis] // max(lengths[axis], 1)), fits), 1)
        lengths[axis] *= several
        nbytes *= several
    within = ((0, n) for n in shape) if box is None else box
    columns = zip(metadata.chunk_grid.axes, shape, lengths, within, strict=True)
    cuts = ([*_clipped(_cut(axis, n, length), *part)] for axis, n, length, part in columns)
    yield from product(*cuts)


def _clipped(parts: Iterator[slice], start: int, stop: int) -> Iterator[slice]:
    for part in parts:
        if part.start < stop and part.stop > start:
            yield slice(max(part.start, start), min(part.stop, stop))


def _cut(axis: Any, n: int, length: int) -> Iterator[slice]:
    """Cut an axis where chunks end, into parts that are no longer than that."""
    if isinstance(axis, int):
        yield from (slice(i, min(i + length, n)) for i in range(0, n, max(length, 1)))
        return
    start = end = 0
    for size, count in axis.pairs:
        for _ in range(count):
            if end + size > start + length and end > start:
                yield slice(start, end)
                start = end
            end = min(end + size, n)
    if end > start:
        yield slice(start, end)
