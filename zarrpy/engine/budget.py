"""How many chunks may be in work at a time, so that they keep within a bound of memory.

A worker needs room for a chunk as stored, decoded, and twice between the steps of its chain.  A
store that is not made of files hands over its chunks in windows, whose stored bytes lie in memory
until the window is done: twice for a chunk that is read, changed and written again, and those of
the next window where it is read.  Stored bytes are taken to be no more than decoded ones.  Values
that come one after the other come no sooner in a long window: it holds a small part of what is
read.

Of a shard that the engine reads, no more than a chunk inside it is decoded at a time; of a file
nor is more of it in memory than a run of such chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zarrpy._native.shards import RUN
from zarrpy.errors import LimitError

if TYPE_CHECKING:
    from zarrpy.engine.requests import Run

#: Chunks of decoded size that a worker, and each chunk of a window, has in memory.
PER_WORKER = 4
PER_TASK = 2
#: For each chunk inside a shard: what its index says, stored and decoded (16 bytes each), where it
#: lies (24), and as much again for memory that grows with some in reserve.
PER_ENTRY = 96

#: Without a bound: chunks of a window, as many as these bytes hold decoded, within these limits.
WINDOW_NBYTES = 128 << 20
FEWEST, WINDOW = 16, 1024
#: The same where values are brought one after the other: a part of what is asked for.
ONE_BY_ONE_PART, ONE_BY_ONE_NBYTES = 64, 2 << 20


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
    def of(cls, request: Run, workers: int, *, of_files: bool, one_by_one: bool = False) -> Budget:
        """Share out the memory that a request may take.

        Parameters
        ----------
        request : Run
        workers : int
            Threads at most.
        of_files : bool
            Whether workers read and write chunks themselves.
        one_by_one : bool
            Whether the store makes values one after the other.

        Raises
        ------
        LimitError
            When not even one chunk at a time keeps within the bound.
        """
        most = request.max_memory
        chunk = max(request.chunk_nbytes, 1)
        if most is None and one_by_one and not request.batch.writing:
            part = max(ONE_BY_ONE_NBYTES, request.batch.asked_nbytes // ONE_BY_ONE_PART)
            return cls(workers, max(workers, min(WINDOW, min(part, WINDOW_NBYTES) // chunk)))
        if most is None:
            return cls(workers, max(FEWEST, min(WINDOW, WINDOW_NBYTES // chunk)))
        worker, task = _in_work(request, chunk, of_files=of_files)
        if most < worker + task:
            kind = "chunk" if request.inside_nbytes is None else "shard"
            raise LimitError(
                f"one {kind} of {chunk} bytes in work takes up to {worker + task}, "
                f"but max_memory is {most}",
                limit=most,
                asked=worker + task,
                hint=f"raise max_memory, or store smaller {kind}s",
            )
        if of_files:
            return cls(min(workers, most // worker), WINDOW)
        workers = min(workers, max(1, most // 2 // worker))
        window = (most - workers * worker) // task
        return cls(workers, min(WINDOW, window))


def _in_work(request: Run, chunk: int, *, of_files: bool) -> tuple[int, int]:
    """Tell the bytes of a worker, and those of each value that a store hands over to it."""
    inside, task = request.inside_nbytes, 0 if of_files else PER_TASK * chunk
    if inside is None or request.batch.writing or not request.batch.native:
        return PER_WORKER * chunk, task
    worker = PER_WORKER * inside
    if of_files:
        worker += RUN
    index = PER_ENTRY * (chunk // max(inside, 1))
    return min(worker, PER_WORKER * chunk) + index, task
