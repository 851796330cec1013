"""Points, sorted by the chunks that hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy._native.sorting import sort_points
from zarrpy.config import config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy._native.plan import Runs
    from zarrpy.selection.record import Points

    Numbers = np.ndarray[Any, np.dtype[np.int64]]

# Columns of a piece, as the engine has them (zp_piece).
CHUNK, EXTENT, INSIDE, START, COUNT, OUT, COVERS = range(7)


@dataclass(frozen=True, slots=True, eq=False)
class PointTable:
    """The points of a group of axes, those of one chunk next to each other.

    Points of one chunk keep the order in which they were given, so that of two that name the same
    element the later one is written last.

    Attributes
    ----------
    axes : tuple of int
    pieces : ndarray of int64, shape (axes, chunks, 7)
        Of each axis and each chunk: grid index, extent, elements inside the array, number of the
        first point, how many points there are, 0, and whether they are all elements of the chunk.
    positions : ndarray of int64, shape (axes, points)
        Of each point within its chunk.
    places : ndarray of int64, shape (points,)
        Which one each point is in the order of the user.
    """

    axes: tuple[int, ...]
    pieces: Numbers
    positions: Numbers
    places: Numbers

    @property
    def nbytes(self) -> int:
        """Bytes of the tables."""
        return self.pieces.nbytes + self.positions.nbytes + self.places.nbytes

    @classmethod
    def of(
        cls,
        points: Points,
        shape: tuple[int, ...],
        spacing: tuple[int | Runs, ...],
        inner: tuple[int, ...] | None = None,
    ) -> PointTable:
        """Sort points by chunk.

        Parameters
        ----------
        points : Points
        shape : tuple of int
            Of the array.
        spacing : tuple
            Its chunk grid, as `ChunkPlan` takes it.
        inner : tuple of int, optional
            Shape of the chunks inside its shards, by which points of one shard are sorted.
        """
        if "native" not in config.disable:
            found = _sorted_by_regular_chunks(points, shape, spacing, inner)
            if found is not None:
                return found
        located = [
            _locate(positions, shape[axis], spacing[axis])
            for axis, positions in zip(points.axes, points.positions, strict=True)
        ]
        chunks = np.array([chunk for chunk, *_ in located]).reshape(len(located), -1)
        positions = np.array([inside for _, inside, *_ in located]).reshape(chunks.shape)
        places = _sorting(chunks, positions, inner and [inner[axis] for axis in points.axes])
        first = _first_of_each(chunks[:, places])
        counts = np.diff(first, append=len(places))
        positions = np.ascontiguousarray(positions[:, places])
        pieces = np.zeros((len(located), len(first), 7), np.int64)
        of_first = places[first]
        for row, (chunk, _, extent, inside) in zip(pieces, located, strict=True):
            row[:, CHUNK] = chunk[of_first]
            row[:, EXTENT] = extent[of_first]
            row[:, INSIDE] = inside[of_first]
            row[:, START], row[:, COUNT] = first, counts
        pieces[1:, :, COVERS] = 1
        pieces[0, :, COVERS] = _covering(pieces, positions)
        return cls(points.axes, pieces, positions, places)


def _sorted_by_regular_chunks(
    points: Points,
    shape: tuple[int, ...],
    spacing: tuple[int | Runs, ...],
    inner: tuple[int, ...] | None,
) -> PointTable | None:
    """Sort points in C; None where that is not possible."""
    lengths = tuple(shape[axis] for axis in points.axes)
    chunks = tuple(n for axis in points.axes if isinstance(n := spacing[axis], int))
    if len(chunks) < len(lengths):
        return None
    given = [np.ascontiguousarray(each, np.int64) for each in points.positions]
    inside = None if inner is None else tuple(inner[axis] for axis in points.axes)
    sorted_ = sort_points(given, lengths, chunks, inside)
    if sorted_ is None:
        return None
    pieces, positions, places = sorted_
    pieces[1:, :, COVERS] = 1
    pieces[0, :, COVERS] = _covering(pieces, positions)
    return PointTable(points.axes, pieces, positions, places)


def _locate(
    positions: Numbers, length: int, spacing: int | Runs
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Give for each position its chunk, its place there, the chunk's extent and what is inside."""
    if isinstance(spacing, int):
        chunk = positions // spacing
        within = positions - chunk * spacing
        extent = np.broadcast_to(np.int64(spacing), chunk.shape)
        return chunk, within, extent, np.minimum(spacing, length - chunk * spacing)
    ends, extents, firsts = (np.array(column, np.int64) for column in spacing)
    run = np.searchsorted(ends, positions, side="right")
    begins = np.concatenate([np.zeros(1, np.int64), ends[:-1]])[run]
    extent = extents[run]
    number = (positions - begins) // extent
    begins = begins + number * extent
    return firsts[run] + number, positions - begins, extent, np.minimum(extent, length - begins)


def _sorting(chunks: Numbers, positions: Numbers, inner: Sequence[int] | None) -> Numbers:
    """Order of points by chunk, C order of the grid; points of one chunk stay as they are."""
    if chunks.shape[1] == 0:
        return np.zeros(0, np.int64)
    if inner is not None:
        chunks = np.concatenate([chunks, positions // np.array(inner)[:, None]])
    low = chunks.min(axis=1)
    sizes = [int(n) for n in chunks.max(axis=1) - low + 1]
    if math.prod(sizes) >= 1 << 62:
        return np.lexsort(chunks[::-1]).astype(np.int64, copy=False)
    number = np.zeros(chunks.shape[1], np.int64)
    for row, begin, size in zip(chunks, low, sizes, strict=True):
        number = number * size + (row - begin)
    if math.prod(sizes) <= 1 << 16:
        number = number.astype(np.uint16)  # sorted by radix, in linear time
    return np.argsort(number, kind="stable").astype(np.int64, copy=False)


def _first_of_each(chunks: Numbers) -> Numbers:
    """Where the points of each chunk begin, given the chunks of sorted points."""
    if chunks.shape[1] == 0:
        return np.zeros(0, np.int64)
    changes = (chunks[:, 1:] != chunks[:, :-1]).any(axis=0)
    return np.concatenate([np.zeros(1, np.int64), np.flatnonzero(changes) + 1])


def _covering(pieces: Numbers, positions: Numbers) -> Numbers:
    """Tell which chunks have each of their elements among their points."""
    covers = np.zeros(pieces.shape[1], np.int64)
    sizes = pieces[:, :, INSIDE].prod(axis=0, dtype=np.float64)  # may be over any integer
    for i in np.flatnonzero(pieces[0, :, COUNT] >= sizes).tolist():
        start, count = pieces[0, i, START : COUNT + 1].tolist()
        number = np.zeros(count, np.int64)
        for row, inside in zip(positions, pieces[:, i, INSIDE].tolist(), strict=True):
            number = number * inside + row[start : start + count]
        seen = np.zeros(int(sizes[i]), bool)
        seen[number] = True
        covers[i] = seen.all()
    return covers
