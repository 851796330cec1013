"""In which boxes an array is read and written, so that memory is bounded and little is done twice.

One pass reads boxes of whole target chunks. A source chunk that several boxes cut is decoded for
each of them. Where that is too often, two passes are made: the first reads boxes of whole source
chunks into an array between, whose chunks end wherever a box of either pass does; the second puts
it together in boxes of whole target chunks. Each source chunk is then decoded once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise, product
from math import prod
from typing import TYPE_CHECKING

from zarrpy.display.sizes import format_nbytes, format_shape
from zarrpy.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["WORK", "RechunkPass", "RechunkPlan", "make_plan"]

Lengths = tuple[tuple[int, ...], ...]

#: A second pass writes and reads everything once more: it pays where the source would be decoded
#: more often than that.
_MOST_DECODED = 3.0
#: Times its bytes that a chunk in work takes at most, encoded and decoded.
WORK = 6
#: Boxes of large arrays, that is, where each takes so many bytes and has so many chunks.
_MANY_BOXES = 32
_LARGE_BOX = 16 << 20
_MANY_CHUNKS = 16
#: Ways to group the chunks of one axis that are looked at; fewer where there are many axes.
_CANDIDATES = {1: 400, 2: 60, 3: 24, 4: 12}
#: Boxes of the two passes that are compared with each other.
_PAIRED = 120


@dataclass(frozen=True)
class RechunkPass:
    """One reading and writing of the whole array.

    Attributes
    ----------
    boxes : tuple of tuple of int
        Lengths of the boxes along each axis.
    decoded : float
        How often an element of what is read is decoded, on average.
    """

    boxes: Lengths
    decoded: float

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the largest box."""
        return tuple(max(lengths, default=0) for lengths in self.boxes)

    @property
    def count(self) -> int:
        """Number of boxes."""
        return prod(len(lengths) for lengths in self.boxes)

    def regions(self) -> Iterator[tuple[slice, ...]]:
        """Give the boxes, in C order."""
        edges = ([0, *accumulate(lengths)] for lengths in self.boxes)
        for box in product(*(list(pairwise(axis)) for axis in edges)):
            yield tuple(slice(start, stop) for start, stop in box)


@dataclass(frozen=True)
class RechunkPlan:
    """How an array is going to be rechunked.

    Attributes
    ----------
    source, target : tuple of int
        Shapes of the largest chunks, of the target of what is stored under one key.
    passes : tuple of RechunkPass
        One, or two with an array between.
    between : tuple of tuple of int or None
        Lengths of the chunks of that array along each axis.
    nbytes : int
        Of all elements.
    peak_nbytes : int
        Of the largest box.
    max_memory : int
        Bytes that were allowed.
    """

    source: tuple[int, ...]
    target: tuple[int, ...]
    passes: tuple[RechunkPass, ...]
    between: Lengths | None
    nbytes: int
    peak_nbytes: int
    max_memory: int

    def __str__(self) -> str:
        first, last = self.passes[0], self.passes[-1]
        told = f"plan: read {format_shape(first.shape)}"
        if self.between is not None:
            chunks = tuple(max(lengths, default=0) for lengths in self.between)
            told += f" → keep {format_shape(chunks)} ({format_nbytes(self.nbytes)})"
            told += f" → read {format_shape(last.shape)}"
        count = " + ".join(str(each.count) for each in self.passes)
        return (
            f"{told} → write {format_shape(self.target)}; {count} boxes of up to "
            f"{format_nbytes(self.peak_nbytes)}, the source is decoded {first.decoded:.3g} times"
        )


def make_plan(
    shape: tuple[int, ...],
    itemsize: int,
    source: Lengths,
    target: Lengths,
    max_memory: int,
    reserve: int = 0,
) -> RechunkPlan:
    """Choose the boxes of one pass or two.

    Parameters
    ----------
    shape : tuple of int
    itemsize : int
    source, target : tuple of tuple of int
        Lengths of the chunks along each axis; of shards those that are decoded, and those that are
        written, at a time.
    max_memory, reserve : int
        Bytes that may be used, and those of them that are not for a box.

    Raises
    ------
    LimitError
        When not even one chunk of the target goes into memory.

    Examples
    --------
    >>> plan = make_plan((100, 100), 8, ((1,) * 100, (100,)), ((100,), (1,) * 100), 1 << 20)
    >>> plan.passes[0].shape
    (100, 100)
    """
    room = (max_memory - reserve) // max(itemsize, 1)
    needed = prod(max(lengths, default=1) for lengths in target)
    if needed > room:
        raise LimitError(
            f"one chunk of the target takes {format_nbytes(needed * itemsize)} beside "
            f"{format_nbytes(reserve)} of chunks in work",
            limit=max_memory,
            asked=needed * itemsize + reserve,
            hint="allow more by max_memory=, or choose smaller chunks or shards",
        )
    single = _best_single(shape, source, target, room)
    if single.decoded <= _MOST_DECODED:
        single = _in_more_boxes(single, shape, itemsize, source, target, room)
        return _plan((single,), None, shape, itemsize, source, target, max_memory)
    pair = _best_pair(shape, source, target, room, reserve // (WORK * max(itemsize, 1)))
    if pair is None:
        return _plan((single,), None, shape, itemsize, source, target, max_memory)
    first, second, between = pair
    passes = (RechunkPass(first, 1.0), RechunkPass(second, 1.0))
    return _plan(passes, between, shape, itemsize, source, target, max_memory)


def _plan(
    passes: tuple[RechunkPass, ...],
    between: Lengths | None,
    shape: tuple[int, ...],
    itemsize: int,
    source: Lengths,
    target: Lengths,
    max_memory: int,
) -> RechunkPlan:
    return RechunkPlan(
        tuple(max(lengths, default=0) for lengths in source),
        tuple(max(lengths, default=0) for lengths in target),
        passes,
        between,
        prod(shape) * itemsize,
        max(prod(each.shape) for each in passes) * itemsize,
        max_memory,
    )


# ------------------------------------------------------------------------------------- one pass


def _best_single(
    shape: tuple[int, ...], source: Lengths, target: Lengths, room: int
) -> RechunkPass:
    """Choose boxes of target chunks by how often source chunks are decoded, and their number."""
    ways = []
    for n, theirs, ours in zip(shape, source, target, strict=True):
        edges = [0, *accumulate(theirs)]
        found = []
        for boxes in _groupings(ours, len(shape)):
            found.append((boxes, max(boxes, default=1), _decoded(n, edges, boxes), len(boxes)))
        ways.append(found)
    best = min(
        (way for way in product(*ways) if prod(axis[1] for axis in way) <= room),
        key=lambda way: (prod(axis[2] for axis in way), prod(axis[3] for axis in way)),
    )
    return RechunkPass(tuple(axis[0] for axis in best), prod(axis[2] for axis in best))


def _in_more_boxes(
    single: RechunkPass,
    shape: tuple[int, ...],
    itemsize: int,
    source: Lengths,
    target: Lengths,
    room: int,
) -> RechunkPass:
    """Take more boxes than memory asks for, so that work tells how far it is, and may go on.

    Each still has work for many threads, and nothing is decoded more often for it.
    """
    chunks = (prod(max(axis, default=1) for axis in lengths) for lengths in (source, target))
    least = max(_MANY_CHUNKS * max(chunks), _LARGE_BOX // max(itemsize, 1))
    wanted = max(prod(shape) // _MANY_BOXES, least)
    while wanted < min(prod(single.shape), room):
        found = _best_single(shape, source, target, wanted)
        if found.decoded <= single.decoded:
            return found
        wanted *= 2
    return single


def _groupings(lengths: tuple[int, ...], ndim: int) -> list[tuple[int, ...]]:
    """Join 1, 2, 3 ... neighbours to boxes, up to all of them."""
    count = len(lengths)
    most = _CANDIDATES.get(ndim, 6)
    if count <= most:
        sizes = list(range(1, count + 1))
    else:
        factor = count ** (1 / (most - 1))
        sizes = sorted({max(1, min(count, round(factor**i))) for i in range(most)} | {1, count})
    return [_joined(lengths, size) for size in sizes] or [()]


def _joined(lengths: tuple[int, ...], size: int) -> tuple[int, ...]:
    return tuple(sum(lengths[i : i + size]) for i in range(0, len(lengths), size))


def _decoded(n: int, edges: Sequence[int], boxes: tuple[int, ...]) -> float:
    """How often an element along one axis is decoded, as chunks are decoded whole."""
    covered = 0
    for start, stop in pairwise([0, *accumulate(boxes)]):
        first = edges[bisect_right(edges, start) - 1]
        covered += edges[bisect_left(edges, stop)] - first
    return covered / n if n else 1.0


# ----------------------------------------------------------------------------------- two passes


def _best_pair(
    shape: tuple[int, ...], source: Lengths, target: Lengths, room: int, most: int
) -> tuple[Lengths, Lengths, Lengths] | None:
    """Choose boxes of both passes so that the array between has few chunks, none too large."""
    firsts, seconds = (_large(lengths, room, len(shape)) for lengths in (source, target))
    best: tuple[int, tuple[Lengths, Lengths]] | None = None
    known: dict[tuple[int, int, int], tuple[int, int]] = {}
    for first, second in product(firsts, seconds):
        count = size = 1
        for axis, (ours, theirs) in enumerate(zip(first, second, strict=True)):
            key = (axis, id(ours), id(theirs))
            if key not in known:
                cut = _cut(ours, theirs)
                known[key] = len(cut), max(cut, default=1)
            count *= max(known[key][0], 1)
            size *= known[key][1]
        if size <= most and (best is None or count < best[0]):
            best = count, (first, second)
    if best is None:
        return None
    first, second = best[1]
    return first, second, tuple(map(_cut, first, second))


def _cut(ours: tuple[int, ...], theirs: tuple[int, ...]) -> tuple[int, ...]:
    """Cut an axis wherever a box of either pass ends."""
    edges = sorted({0, *accumulate(ours), *accumulate(theirs)})
    return tuple(stop - start for start, stop in pairwise(edges))


def _large(lengths: Lengths, room: int, ndim: int) -> list[Lengths]:
    """Give boxes that fill much of the memory, of many proportions."""
    ways = [_groupings(axis, ndim) for axis in lengths]
    fit = [
        (prod(max(axis, default=1) for axis in way), way)
        for way in product(*ways)
        if prod(max(axis, default=1) for axis in way) <= room
    ]
    fit.sort(key=lambda sized: -sized[0])
    return [way for _, way in fit[:_PAIRED]]
