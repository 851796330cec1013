"""Read and write chunks of stores that are not files, with the bytes of some chunks in hand.

A store hands over the values of a window of chunks, and workers decode them; or workers encode the
chunks of a window, and the store takes them.  While one window is decoded the next is brought.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.engine import pool
from zarrpy.engine.guarded import write_guarded
from zarrpy.engine.locks import hold_of
from zarrpy.engine.shards import fetch_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.engine.budget import Budget
    from zarrpy.engine.requests import Batch, Run
    from zarrpy.stores.base import Store


def read_windows(store: Store, request: Run, budget: Budget) -> None:
    """Read chunks, window by window.

    Parameters
    ----------
    store : Store
        That has the chunks.
    request : Run
    budget : Budget
    """
    batch, window = request.batch, budget.window
    ahead = _is_brought_ahead(store, batch, budget)
    values = None
    for first in range(0, batch.ntasks, window):
        last = min(first + window, batch.ntasks)
        batch.open_window(first, last)
        batch.feed(_brought(store, request, first, last) if values is None else values)
        values = None  # which go before others come
        if ahead and last < batch.ntasks:
            bring = partial(_brought, store, request, last, min(last + window, batch.ntasks))
            values = pool.run_meanwhile(batch, budget.workers, bring)
        else:
            pool.run(batch, budget.workers)
        batch.check()


def _brought(store: Store, request: Run, first: int, last: int) -> list[Any]:
    """Read the values of some chunks."""
    keys = _keys(request, first, last)
    if request.step is not None:
        return request.step.values(store, keys)
    return fetch_stored(store, request.batch, keys)


def _is_brought_ahead(store: Store, batch: Batch, budget: Budget) -> bool:
    """Whether it pays to bring values while others are decoded: whole ones, which takes time."""
    if store.in_memory or budget.workers <= 1 or pool.is_small(batch):
        return False
    whole = batch.index_range is None or "partial" in config.disable
    return whole and "prefetch" not in config.disable


def _keys(request: Run, first: int, last: int) -> list[str]:
    """Give the keys of some chunks."""
    prefix = request.path + "/" if request.path else ""
    return [prefix + key for key in request.batch.keys(first, last)]


def write_windows(
    store: Store, request: Run, budget: Budget, look: Callable[[], Any] | None
) -> None:
    """Write chunks, window by window.

    Parameters
    ----------
    store : Store
        That gets the chunks.
    request : Run
    budget : Budget
    look : callable, optional
        Asked under the locks of the chunks whether these are still the right ones.
    """
    batch = request.batch
    for first in range(0, batch.ntasks, budget.window):
        last = min(first + budget.window, batch.ntasks)
        batch.open_window(first, last)
        _write_window(store, batch, _keys(request, first, last), budget, look, first)


def _write_window(
    store: Store,
    batch: Batch,
    keys: list[str],
    budget: Budget,
    look: Callable[[], Any] | None,
    first: int,
) -> None:
    """Whole chunks are encoded before their locks are taken; others are read under them."""
    covered = batch.covered()
    if all(covered):
        batch.feed([None] * len(keys))
        pool.run(batch, budget.workers)
        batch.check()
        with hold_of(store, keys):
            if look is not None:
                look()
            store.set_many(keys, batch.results(store.takes_buffers))
        return
    with hold_of(store, keys):
        if look is not None:
            look()
        if store.guards:
            write_guarded(store, batch, keys, budget.workers, first)
            return
        changed = [key for key, whole in zip(keys, covered, strict=True) if not whole]
        stored: Iterator[Any] = iter(store.get_many(changed))
        batch.feed([None if whole else next(stored) for whole in covered])
        pool.run(batch, budget.workers)
        batch.check()
        store.set_many(keys, batch.results(store.takes_buffers))
