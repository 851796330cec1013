"""Run an operation: answer its requests from a store, blocking or awaiting.

An operation does no I/O of its own.  Errors of the store are thrown into it, so that it can clean
up or try again; when it is cancelled, it hears of that in the same way.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from zarrpy.engine import pool
from zarrpy.engine.budget import Budget
from zarrpy.engine.locks import hold
from zarrpy.engine.nodes import VANISHED
from zarrpy.engine.requests import (
    Delete,
    DeletePrefix,
    Fetch,
    ListNames,
    Put,
    Request,
    Run,
    Steps,
    Update,
)
from zarrpy.engine.shards import fetch_stored
from zarrpy.errors import ArrayNotFoundError, NodeNotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.engine.requests import Batch
    from zarrpy.stores.base import Store

T = TypeVar("T")


def drive(store: Store, steps: Steps[T]) -> T:
    """Run an operation to its end in this thread."""
    try:
        request = next(steps)
        while True:
            try:
                given = answer(store, request)
            except BaseException as error:
                request = steps.throw(error)
            else:
                request = steps.send(given)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def drive_async(store: Store, steps: Steps[T]) -> T:
    """Run an operation to its end; the event loop is never blocked."""
    try:
        request = next(steps)
        while True:
            try:
                given = await _answer_async(store, request)
            except BaseException as error:
                request = steps.throw(error)
            else:
                request = steps.send(given)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def _answer_async(store: Store, request: Request) -> Any:
    """Answer in a thread; what has begun is finished before a cancellation goes on."""
    import asyncio
    from contextvars import copy_context

    # a thread has settings of its own, but these steps go by those of the caller
    work = copy_context().run
    future = asyncio.get_running_loop().run_in_executor(None, work, answer, store, request)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if isinstance(request, Run):
            request.batch.cancel()
        while not future.done():
            with suppress(asyncio.CancelledError):  # a second one finds us waiting already
                await asyncio.wait([future])
        if not future.cancelled():
            future.exception()  # looked at, so that nobody warns of it
        raise


def answer(store: Store, request: Request) -> Any:
    """Do what one request asks."""
    try:
        return _ANSWERS[type(request)](store, request)
    except StoreError as error:
        error.fill(store=repr(store))
        raise


def _fetch(store: Store, request: Fetch) -> list[Any]:
    return store.get_many(request.keys)


def _put(store: Store, request: Put) -> None:
    for key, value in request.items:
        with hold(store.lock_scope, [key]):
            store.set(key, value)


def _update(store: Store, request: Update) -> None:
    with hold(store.lock_scope, [request.key]):
        store.update(request.key, request.change)


def _delete(store: Store, request: Delete) -> None:
    for key in request.keys:
        with hold(store.lock_scope, [key]):
            store.delete(key)


def _delete_prefix(store: Store, request: DeletePrefix) -> None:
    store.delete_prefix(request.prefix)


def _list_names(store: Store, request: ListNames) -> list[str]:
    return store.list_folders(request.prefix) if request.folders else store.list_dir(request.prefix)


def _run(store: Store, request: Run) -> None:
    batch = request.batch
    if batch.writing:
        store.check_writable("write", request.path)
    directory = store.directory(request.path)
    if directory is None and batch.writing and store.of_files:
        raise store.locate(_vanished(request.path))
    budget = Budget.of(request, pool.workers(), of_files=directory is not None)
    if directory is not None:
        batch.use_directory(directory)
        pool.run(batch, budget.workers)
        try:
            batch.check()
        except StoreError as error:
            error.fill(store=store.place_of(request.path))
            raise
        return
    for first in range(0, batch.ntasks, budget.window):
        batch.open_window(first, min(first + budget.window, batch.ntasks))
        prefix = request.path + "/" if request.path else ""
        keys = [prefix + key for key in batch.window_keys()]
        if batch.writing:
            _write_window(store, batch, keys, budget)
        else:
            batch.feed(fetch_stored(store, batch, keys))
            pool.run(batch, budget.workers)
            batch.check()


def _vanished(path: str) -> NodeNotFoundError:
    """Chunks are not written where there is no array: nobody would find them."""
    return ArrayNotFoundError(f"no array at {path or '/'!r}", path=path, hint=VANISHED)


def _write_window(store: Store, batch: Batch, keys: list[str], budget: Budget) -> None:
    """Whole chunks are encoded before their locks are taken; others are read under them."""
    covered = batch.covered()
    if all(covered):
        batch.feed([None] * len(keys))
        pool.run(batch, budget.workers)
        batch.check()
        with hold(store.lock_scope, keys):
            store.set_many(keys, batch.results())
        return
    with hold(store.lock_scope, keys):
        partial = [key for key, whole in zip(keys, covered, strict=True) if not whole]
        stored: Iterator[Any] = iter(store.get_many(partial))
        batch.feed([None if whole else next(stored) for whole in covered])
        pool.run(batch, budget.workers)
        batch.check()
        store.set_many(keys, batch.results())


_ANSWERS: dict[type, Callable[[Store, Any], Any]] = {
    Fetch: _fetch,
    Put: _put,
    Update: _update,
    Delete: _delete,
    DeletePrefix: _delete_prefix,
    ListNames: _list_names,
    Run: _run,
}
