"""What others have appended, for a handle that does not know of it.

Of a chunk at the end of an array a handle takes what lies beyond the shape that it knows for fill
values, so a selection that takes all the rest covers the chunk, which is written without being
read.  When others have appended since, their elements are there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zarrpy.engine.nodes import array_key, parse_array
from zarrpy.engine.requests import Fetch

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.selection import Selection


def grown(path: str, metadata: ArrayMetadata, *chosen: Selection) -> Steps[ArrayMetadata]:
    """Give the metadata by which to write selections: with the shape of now, if it matters.

    Only what may cover a chunk that reaches beyond the array costs a look at its document.

    Parameters
    ----------
    path : str
    metadata : ArrayMetadata
        Of the array, as its handle knows it.
    *chosen : Selection
    """
    if not any(_may_cover_an_end(each, metadata) for each in chosen):
        return metadata
    key = array_key(path, metadata.zarr_format)
    (value,) = yield Fetch((key,))
    if value is None:
        return metadata  # the array is being created
    stored = parse_array(path, key, value)
    if stored.ndim != metadata.ndim:
        return metadata  # another array is in its place
    shape = tuple(map(max, stored.shape, metadata.shape))
    if shape == metadata.shape:
        return metadata
    grid = metadata.chunk_grid if metadata.chunk_grid.regular else stored.chunk_grid
    return replace(metadata, chunk_grid=grid.reaching(shape)).with_shape(shape)


def _may_cover_an_end(chosen: Selection, metadata: ArrayMetadata) -> bool:
    """Whether a selection may take all elements of a chunk that reaches beyond the array."""
    shape = metadata.shape
    ends = metadata.chunk_grid.ending(shape, shape)
    return any(
        end > length and chosen.last(axis) == length - 1
        for axis, (length, end) in enumerate(zip(shape, ends, strict=True))
    )
