"""What an array that shrinks loses: whole chunks, and parts of the chunks at its new edge.

The chunks of an array are a box of the grid.  What is left of it after another box is taken away
is again a few boxes, at most one a dimension, so nothing is ever made for each chunk but the keys
of those that are deleted.  Of very many only what is stored is looked for: a directory is listed
where that is less than naming all keys that could be in it.
"""

from __future__ import annotations

import math
import re
from itertools import islice, product
from typing import TYPE_CHECKING, TypeAlias

from zarrpy.engine.nodes import key_of
from zarrpy.engine.obstacles import chunk_behind
from zarrpy.engine.requests import Delete, ListEntries, ListNames
from zarrpy.metadata.names import LOCK_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.grid import ChunkGrid
    from zarrpy.metadata.model import ArrayMetadata

#: First and end of each dimension, of elements or of chunks.
Box: TypeAlias = "tuple[tuple[int, int], ...]"

#: So many keys are named without looking whether they are stored.
NAMED = 256
#: Keys that one request deletes.
BATCH = 1024

_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)\Z", re.ASCII)


def beyond(old: Sequence[int], new: Sequence[int]) -> Iterator[Box]:
    """Cut into boxes what lies in one box from the origin, but not in another.

    Examples
    --------
    >>> list(beyond((5, 4), (3, 2)))
    [((3, 5), (0, 4)), ((0, 3), (2, 4))]
    """
    for k, (n, end) in enumerate(zip(new, old, strict=True)):
        if n < end:
            yield tuple(
                (n, end) if i == k else (0, min(m, new[i]) if i < k else m)
                for i, m in enumerate(old)
            )


def edges(
    grid: ChunkGrid, extent: Sequence[int], shape: tuple[int, ...]
) -> tuple[tuple[int, ...], list[Box]]:
    """Find the parts beyond an array of the chunks that it cuts.

    Parameters
    ----------
    grid : ChunkGrid
    extent : sequence of int
        How far values may be stored.
    shape : tuple of int
        Of the array.

    Returns
    -------
    tuple of int
        A shape that holds these parts as well.
    list of Box
        Elements, none twice.
    """
    kept = tuple(map(min, extent, shape))
    if not all(kept):
        return shape, []
    ends = grid.ending(shape, kept)
    outer = tuple(
        max(end, n) if n < m else n for end, n, m in zip(ends, shape, extent, strict=True)
    )
    reach = tuple(end if n < m else m for n, m, end in zip(shape, extent, outer, strict=True))
    return outer, list(beyond(reach, kept))


def inside(grid: ChunkGrid, shape: tuple[int, ...], box: Box) -> tuple[Box, list[Box]] | None:
    """Tell the chunks that lie in a box of elements from the rest of it.

    Returns
    -------
    tuple of Box and list of Box, or None
        Whole chunks, as a box of the grid, and parts of others, as boxes of elements; None when
        no chunk lies in it.
    """
    first = grid.grid_shape(tuple(begin for begin, _ in box))
    touched = grid.grid_shape(tuple(end for _, end in box))
    last = grid.chunk(shape, [max(n - 1, 0) for n in touched])
    chunks = []
    whole = []
    for (begin, end), low, n, (at, length), m in zip(box, first, touched, last, shape, strict=True):
        high = n if end >= min(at + length, m) else n - 1
        if high <= low or end <= begin:
            return None
        chunks.append((low, high))
        whole.append((begin, end, end if high == n else at))
    starts = [begin for begin, _ in grid.chunk(shape, [low for low, _ in chunks])]
    parts = list(_around(whole, starts))
    return tuple(chunks), parts


def _around(whole: Sequence[tuple[int, int, int]], starts: Sequence[int]) -> Iterator[Box]:
    """Cut into boxes what of a box is before or behind the chunks inside it."""
    for k, ((begin, end, high), low) in enumerate(zip(whole, starts, strict=True)):
        for part in ((begin, low), (high, end)):
            if part[0] < part[1]:
                yield tuple(
                    part if i == k else ((starts[i], top) if i < k else (first, last))
                    for i, (first, last, top) in enumerate(whole)
                )


def elements(grid: ChunkGrid, shape: tuple[int, ...], chunks: Box) -> Box:
    """Tell which elements of an array lie in some chunks."""
    first = grid.chunk(shape, [low for low, _ in chunks])
    last = grid.chunk(shape, [high - 1 for _, high in chunks])
    return tuple(
        (begin, min(at + length, n))
        for (begin, _), (at, length), n in zip(first, last, shape, strict=True)
    )


def delete_chunks(path: str, metadata: ArrayMetadata, chunks: Box, *, folders: bool) -> Steps[None]:
    """Delete the chunks of a box of the grid, those that are stored.

    Parameters
    ----------
    path : str
        Of the array.
    metadata : ArrayMetadata
    chunks : Box
    folders : bool
        Whether the store has directories, so that one can be listed without the others.
    """
    keys = metadata.chunk_keys
    if folders and keys.plain and keys.separator == "/" and chunks:
        yield from _delete_below(path, metadata, (), chunks)
    elif count_of(chunks) <= NAMED:
        yield from _delete(path, map(keys.key, product(*(range(*axis) for axis in chunks))))
    else:
        start = len(path) + 1 if path else 0
        entries = yield ListEntries(path + "/" if path else "", follow=True)
        names = {entry[start:].removesuffix(LOCK_SUFFIX) for entry in entries}
        yield from _delete(path, box_names(metadata, chunks, names))


def _delete_below(
    path: str, metadata: ArrayMetadata, head: tuple[int, ...], chunks: Box
) -> Steps[None]:
    """Delete the chunks of a box whose first numbers are known."""
    keys = metadata.chunk_keys
    rest = chunks[len(head) :]
    if count_of(rest) <= NAMED:
        tails = product(*(range(*axis) for axis in rest))
        yield from _delete(path, (keys.key((*head, *tail)) for tail in tails))
        return
    folder = keys.prefix + "".join(f"{i}/" for i in head)
    if len(rest) == 1:
        names = yield from _in_folder(key_of(path, folder), keys.suffix)
    else:
        names = yield ListNames(key_of(path, folder))
    found = sorted(int(name) for name in names if _NUMBER.match(name))
    numbers = [i for i in found if rest[0][0] <= i < rest[0][1]]
    if not numbers:
        # a link to nothing, or a file, has no names either: the store tells these from absence
        numbers = [rest[0][0]]
        rest = chunks[-1:]
    if len(rest) == 1:
        tail = tuple(low for low, _ in chunks[len(head) + 1 :])
        yield from _delete(path, (keys.key((*head, i, *tail)) for i in numbers))
        return
    for i in numbers:
        yield from _delete_below(path, metadata, (*head, i), chunks)


def _in_folder(folder: str, suffix: str) -> Steps[set[str]]:
    """Names of the chunks in a directory, those included that somebody is about to write."""
    entries = yield ListEntries(folder, follow=True)
    names = (entry[len(folder) :].partition("/")[0] for entry in entries)
    whole = {name.removesuffix(LOCK_SUFFIX) for name in names}
    return {name.removesuffix(suffix) for name in whole if name.endswith(suffix)}


def box_names(metadata: ArrayMetadata, chunks: Box, names: Iterable[str]) -> Iterator[str]:
    """Choose the keys of chunks in a box, those included that something keeps readers from."""
    found = {chunk_behind(metadata, name, chunks) for name in names}
    for index in sorted(place for place in found if place is not None):
        yield metadata.chunk_keys.key(index)


def _delete(path: str, names: Iterable[str]) -> Steps[None]:
    keys = (key_of(path, name) for name in names)
    while some := tuple(islice(keys, BATCH)):
        yield Delete(some)


def count_of(chunks: Box) -> int:
    """Count the chunks of a box."""
    return math.prod(high - low for low, high in chunks)
