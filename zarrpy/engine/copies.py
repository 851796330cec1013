"""Copies of many values in memory, made by several threads."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from zarrpy.engine import pool

if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    Block = np.ndarray[Any, Any]

#: Bytes that one thread copies at a time.
_PART_NBYTES = 256 << 10


class Copies:
    """What is to be copied where, as `zarrpy.engine.pool.Tasks`."""

    writing = False

    def __init__(self) -> None:
        self._parts: list[tuple[Block, Block]] = []
        self._cancelled = False
        self._cursor = count()

    def add(self, target: Block, source: Block) -> None:
        """Copy an array to another of its shape, along whose first axis threads may share it."""
        n = target.nbytes // _PART_NBYTES
        if n < 2 or not target.ndim:
            self._parts.append((target, source))
            return
        rows = len(target)
        for part in range(min(n, rows)):
            place = slice(part * rows // min(n, rows), (part + 1) * rows // min(n, rows))
            self._parts.append((target[place], source[place]))

    @property
    def ntasks(self) -> int:
        """Number of parts."""
        return len(self._parts)

    @property
    def nbytes(self) -> int:
        """Bytes that are copied."""
        return sum(target.nbytes for target, _ in self._parts)

    def share(self, nworkers: int) -> None:
        """Nothing depends on how many will call `run`."""

    def run(self, alone: bool = False) -> None:
        """Copy until no part is left; many threads may do so at once."""
        while not self._cancelled:
            number = next(self._cursor)
            if number >= len(self._parts):
                return
            target, source = self._parts[number]
            target[...] = source

    def cancel(self) -> None:
        """Make all workers stop after the part in hand."""
        self._cancelled = True

    def finish(self) -> None:
        """Make the copies, by as many threads as there are for one call."""
        pool.run(self)
