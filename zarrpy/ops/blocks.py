"""Blocks that the shape of an array determines, whatever its chunks: read on many threads."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from zarrpy.engine.drive import drive
from zarrpy.engine.requests import Close, Take
from zarrpy.engine.stream import Stream, thread_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.engine.requests import Steps

#: Elements of a block at most.
NELEMENTS = 1 << 21

Box = tuple[slice, ...]


def block_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Choose the blocks of a shape: as even as possible, of at most 2^21 elements.

    Examples
    --------
    >>> block_shape((10_000, 10_000)), block_shape((5, 10**9))
    ((1024, 2048), (5, 262144))
    """
    room, chosen = NELEMENTS.bit_length() - 1, [0] * len(shape)
    open_axes = list(range(len(shape) - 1, -1, -1))
    while open_axes and room:
        for axis in list(open_axes):
            if 1 << chosen[axis] >= shape[axis]:
                open_axes.remove(axis)
            elif room:
                chosen[axis] += 1
                room -= 1
    return tuple(min(n, 1 << power) for n, power in zip(shape, chosen, strict=True))


def boxes(shape: tuple[int, ...]) -> Iterator[Box]:
    """Give the blocks of a shape, in C order."""
    steps = block_shape(shape)
    starts = (range(0, n, max(step, 1)) for n, step in zip(shape, steps, strict=True))
    for corner in product(*starts):
        yield tuple(
            slice(first, min(first + step, n))
            for first, step, n in zip(corner, steps, shape, strict=True)
        )


@dataclass(frozen=True)
class Blocks:
    """Arrays of one shape, taken block by block.

    Attributes
    ----------
    arrays : tuple of Array
    work : callable
        Makes something of a box and of that block of each array.
    workers : int, optional
    """

    arrays: tuple[Any, ...]
    work: Callable[..., Any]
    workers: int | None = None

    def results(self, take: Callable[[Any], object]) -> Steps[None]:
        """Give what was made of each block to a function, in C order of the blocks."""
        workers = thread_count(self.workers)
        stream: Stream[Box, Any] = Stream(
            boxes(self.arrays[0].shape), self._done, workers=workers, ahead=workers + 2
        )
        try:
            while (taken := (yield Take(stream))) is not None:
                if taken.error is not None:
                    raise taken.error
                take(taken.value)
        finally:
            yield Close(stream)

    def _done(self, box: Box, begin: Callable[[Any], None]) -> Any:
        blocks = [drive(each.store, each.read.steps((*box, ...))) for each in self.arrays]
        return self.work(box, *blocks)
