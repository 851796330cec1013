"""The share of a selection that falls on one chunk, seen as a selection of that chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy._native.plan import ChunkPlan
from zarrpy.selection.record import Points
from zarrpy.selection.table import PointTable

if TYPE_CHECKING:
    from zarrpy.selection.table import Numbers


def plan_inside(plan: ChunkPlan, task: int, chunk_shape: tuple[int, ...]) -> ChunkPlan:
    """Plan the chunks inside a shard, which is an array of its own; at the edge a smaller one.

    Parameters
    ----------
    plan : ChunkPlan
        Over the shards.
    task : int
        Number of the shard in the plan.
    chunk_shape : tuple of int
        Shape of the chunks inside.
    """
    pieces = plan.pieces(task)
    shape = tuple(piece[2] for piece in pieces)
    start = [piece[3] for piece in pieces]
    count = [piece[4] for piece in pieces]
    tables = []
    for group in plan.groups:
        first = group.axes[0]
        taken = slice(start[first], start[first] + count[first])
        rows: list[Numbers] = [row[taken] for row in group.positions]
        tables.append(PointTable.of(Points(group.axes, tuple(rows)), shape, chunk_shape))
        for axis in group.axes:
            start[axis], count[axis] = 0, 0
    steps = [plan.step(axis) for axis in range(plan.ndim)]
    return ChunkPlan(shape, chunk_shape, start, count, steps, tables)
