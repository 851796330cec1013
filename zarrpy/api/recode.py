"""Store the values of an array anew, in another format, region by region."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from zarrpy.array import Array
from zarrpy.config import config
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.stores.base import Store

__all__ = ["in_place", "regions", "values"]

#: Bytes of values that are in memory at once, unless `config.max_memory` says less.
_REGION_NBYTES = 64 << 20


def in_place(store: Store, path: str, old: ArrayMetadata, new: ArrayMetadata) -> Steps[None]:
    """Put an array of the same values in the place of another.

    It is written beside the old one, which is there until all of the new one is.
    """

    def content(where: str) -> Steps[None]:
        yield from values(Array(store, path, old), Array(store, where, new))

    yield from create_node(path, new, overwrite=True, content=content)


def values(source: Array, target: Array) -> Steps[None]:
    """Copy the values of one array into another, in whose store these steps are taken."""
    for region in regions(target):
        read = yield from elsewhere(source.store, source.read.steps(region))
        yield from target.write.steps(region, read)


def regions(array: Array) -> Iterator[tuple[slice, ...]]:
    """Cut an array into regions of whole chunks that go into memory.

    Examples
    --------
    >>> import zarrpy
    >>> array = zarrpy.create_array({}, shape=(4, 4), chunks=(2, 4), dtype="int8")
    >>> len(list(regions(array)))
    1
    """
    limit = min(config.max_memory or _REGION_NBYTES, _REGION_NBYTES)
    lengths = list(array.metadata.chunk_grid.largest(array.shape))
    nbytes = array.dtype.itemsize
    for n in lengths:
        nbytes *= max(n, 1)
    for axis in reversed(range(array.ndim)):
        fits = max(limit // max(nbytes, 1), 1)
        several = max(min(-(-array.shape[axis] // max(lengths[axis], 1)), fits), 1)
        lengths[axis] *= several
        nbytes *= several
    starts = [range(0, n, max(step, 1)) for n, step in zip(array.shape, lengths, strict=True)]
    for corner in product(*starts):
        yield tuple(slice(i, i + n) for i, n in zip(corner, lengths, strict=True))
