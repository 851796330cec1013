"""Writing parts of chunks where other processes write to the same chunks.

Each such chunk is changed by an update of its store, which keeps others out or begins again when
one of them was faster.  So nobody's part is lost, whatever part of the chunk it is.  A chunk that
becomes nothing but the fill value is deleted, unless the store cannot compare it before that.
"""

from __future__ import annotations

from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Any

from zarrpy.engine import pool
from zarrpy.stores.in_flight import in_flight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.engine.requests import Batch
    from zarrpy.stores.base import Bytes, Store


def write_guarded(
    store: Store, batch: Batch, keys: Sequence[str], nworkers: int, first: int
) -> None:
    """Write the chunks of a window: whole ones together, others each by an update.

    Parameters
    ----------
    store : Store
        Whose updates keep others out.
    batch : Batch
        With an open window.
    keys : sequence of str
        Of the chunks of the window.
    nworkers : int
        Threads that encode whole chunks.
    first : int
        Number of the first chunk of the window.
    """
    covered = batch.covered()
    _write_whole(store, batch, keys, covered, nworkers, first)
    one_at_a_time = Lock()  # a batch has one window, though many requests are under way

    def write(number: int) -> None:
        def change(value: Bytes | None) -> Any:
            window = first + number, first + number + 1
            with one_at_a_time:
                new = _encoded(batch, *window, [value], 1)[0]
                if new is None and value is not None and not store.guards_deletions:
                    new = _kept(batch, *window, value)
            return new

        store.update(keys[number], change)

    parts = [number for number, whole in enumerate(covered) if not whole]
    in_flight(write, parts, store.requests, finish=True)


def _write_whole(
    store: Store,
    batch: Batch,
    keys: Sequence[str],
    covered: Sequence[bool],
    nworkers: int,
    first: int,
) -> None:
    done: list[str] = []
    values: list[Any] = []
    for whole, run in groupby(range(len(keys)), covered.__getitem__):
        numbers = list(run)
        if whole:
            begin, end = first + numbers[0], first + numbers[-1] + 1
            values += _encoded(batch, begin, end, [None] * len(numbers), nworkers)
            done += [keys[number] for number in numbers]
    if done:
        store.set_many(done, values)


def _kept(batch: Batch, begin: int, end: int, stored: Bytes) -> Any:
    """Encode a chunk of nothing but the fill value, which is not kept otherwise."""
    before, batch.keep_empty = batch.keep_empty, True
    try:
        return _encoded(batch, begin, end, [stored], 1)[0]
    finally:
        batch.keep_empty = before


def _encoded(
    batch: Batch, begin: int, end: int, stored: list[Bytes | None], nworkers: int
) -> list[Any]:
    """Encode some chunks, into what was stored of each."""
    batch.open_window(begin, end)
    batch.feed(stored)
    pool.run(batch, nworkers)
    batch.check()
    return list(batch.results())
