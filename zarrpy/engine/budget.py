"""How many chunks may be in work at a time, so that they keep within a bound of memory.

A worker needs room for a chunk as stored, decoded, and twice between the steps of its chain.  A
store that is not made of files hands over its chunks in windows, whose stored bytes lie in memory
until the window is done: twice for a chunk that is read, changed and written again.  Stored bytes
are taken to be no more than decoded ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zarrpy.errors import LimitError

if TYPE_CHECKING:
    from zarrpy.engine.requests import Run

#: Chunks of decoded size that a worker, and each chunk of a window, has in memory.
PER_WORKER = 4
PER_TASK = 2

#: Without a bound: chunks of a window, as many as these bytes hold decoded, within these limits.
WINDOW_NBYTES = 256 << 20
FEWEST, WINDOW = 16, 1024


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run over chunks may use.

    Parameters
    ----------
    workers : int
        Threads at most.
    window : int
        Chunks whose stored bytes are in memory at the same time, for stores not made of files.
    """

    workers: int
    window: int

    @classmethod
    def of(cls, request: Run, workers: int, *, of_files: bool) -> Budget:
        """Share out the memory that a request may take.

        Raises
        ------
        LimitError
            When not even one chunk at a time keeps within the bound.
        """
        chunk, most = max(request.chunk_nbytes, 1), request.max_memory
        if most is None:
            return cls(workers, max(FEWEST, min(WINDOW, WINDOW_NBYTES // chunk)))
        least = chunk * (PER_WORKER if of_files else PER_WORKER + PER_TASK)
        if most < least:
            raise LimitError(
                f"one chunk of {chunk} bytes in work takes up to {least}, but max_memory is {most}",
                limit=most,
                asked=least,
                hint="raise max_memory, or store smaller chunks",
            )
        if of_files:
            return cls(min(workers, most // least), WINDOW)
        workers = min(workers, max(1, most // 2 // (PER_WORKER * chunk)))
        window = (most - workers * PER_WORKER * chunk) // (PER_TASK * chunk)
        return cls(workers, min(WINDOW, window))
