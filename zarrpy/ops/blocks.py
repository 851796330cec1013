"""Blocks that the shape of an array determines, whatever its chunks: read by many workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from zarrpy.display.progress import Progress
from zarrpy.engine.drive import drive
from zarrpy.engine.requests import Close, Take
from zarrpy.engine.scheduler import begun, count_of

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
        Makes something of a box and of that block of each array; pickled for other processes.
    workers : int, optional
    told : Progress
        Who hears of each.
    scheduler : optional
        Who works, as `zarrpy.engine.scheduler` knows them.
    """

    arrays: tuple[Any, ...]
    work: Callable[..., Any]
    workers: int | None = None
    told: Progress = field(default_factory=Progress)
    scheduler: Any = None

    def results(self, take: Callable[[Any], object]) -> Steps[None]:
        """Give what was made of each block to a function, in C order of the blocks."""
        shape = self.arrays[0].shape
        steps = zip(shape, block_shape(shape), strict=True)
        self.told.expect(prod(-(-n // max(step, 1)) for n, step in steps))
        stream = begun(
            self.scheduler,
            boxes(shape),
            _Done(self.arrays, self.work),
            workers=self.workers,
            ahead=count_of(self.scheduler, self.workers) + 2,
            reads=[each.store for each in self.arrays],
        )
        try:
            while (taken := (yield Take(stream))) is not None:
                if taken.error is not None:
                    raise taken.error
                take(taken.value)
                self.told.advance(1, _nbytes(taken.task, self.arrays))
        finally:
            yield Close(stream)


@dataclass(frozen=True)
class _Done:
    """Reads one block of each array, and makes something of them."""

    arrays: tuple[Any, ...]
    work: Callable[..., Any]

    def __call__(self, box: Box, begin: Callable[[Any], None]) -> Any:
        blocks = [drive(each.store, each.read.steps((*box, ...))) for each in self.arrays]
        return self.work(box, *blocks)


def _nbytes(box: Box, arrays: tuple[Any, ...]) -> int:
    """Count the bytes of a block of each array."""
    n = prod(each.stop - each.start for each in box)
    return sum(n * each.dtype.itemsize for each in arrays)
