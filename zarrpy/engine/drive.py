"""Run an operation: answer its requests from a store, blocking or awaiting.

An operation does no I/O of its own.  Errors of the store are thrown into it, so that it can clean
up or try again; when it is cancelled, it hears of that in the same way.  That is once, and only
before it commits: what it still asks for then is its cleaning up, or what must not be left half
done, and is done however often the cancellation is repeated.
"""

from __future__ import annotations

from contextlib import suppress
from errno import ENOENT
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from zarrpy.engine import pool
from zarrpy.engine.between import Between, ends
from zarrpy.engine.budget import Budget
from zarrpy.engine.changes import note
from zarrpy.engine.elsewhere import ABOUT_NODES
from zarrpy.engine.locks import Held, hold_of, wait_below
from zarrpy.engine.moves import move, restore
from zarrpy.engine.nodes import VANISHED
from zarrpy.engine.profile import is_on, note_brought, observed
from zarrpy.engine.recent import recent, recently
from zarrpy.engine.requests import (
    Bring,
    Close,
    Commit,
    Delete,
    DeletePrefix,
    Elsewhere,
    Enclosing,
    Fetch,
    Flush,
    Foretell,
    IsFar,
    Later,
    ListEmpty,
    ListEntries,
    ListKeys,
    ListNames,
    ListSizes,
    Lock,
    Move,
    Present,
    Publish,
    Put,
    PutNew,
    Quiet,
    ReadAbove,
    Recover,
    Request,
    Restore,
    Run,
    Settle,
    Size,
    State,
    Steps,
    Sync,
    Take,
    Tidy,
    Update,
)
from zarrpy.engine.source import state_of
from zarrpy.engine.windows import read_windows, write_windows
from zarrpy.errors import (
    ArrayNotFoundError,
    ChunkError,
    ConflictError,
    NodeNotFoundError,
    StoreError,
)
from zarrpy.metadata.names import DOCUMENTS
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.transformer import transformed

if TYPE_CHECKING:
    from asyncio import CancelledError
    from collections.abc import Callable, Iterable

    from zarrpy.engine.scheduler import Results
    from zarrpy.engine.stream import Taken
    from zarrpy.stores.base import Store

#: Keys that are locked and deleted together, where that takes few requests.
DELETED_TOGETHER = 1000

P = ParamSpec("P")
A = TypeVar("A")
T = TypeVar("T")


def drive(store: Store | None, steps: Steps[T]) -> T:
    """Run an operation to its end in this thread.

    Parameters
    ----------
    store : Store, optional
        Where the requests go; none, when each of them says where.
    steps : generator
    """
    error: BaseException | None = None
    try:
        while True:
            try:
                # Ctrl-C is heard after any call and where a loop jumps back: whatever is raised
                # here goes into the operation, unless that has ended
                request = next(steps) if error is None else steps.throw(error)
                while True:
                    request = steps.send(answer(store, request))
            except BaseException as raised:
                if steps.gi_frame is None:  # type: ignore[attr-defined]
                    raise
                error = raised
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        error = None  # it holds this frame, which would hold it, and with it results


async def drive_async(store: Store | None, steps: Steps[T]) -> T:
    """Run an operation to its end, as `drive` does; the event loop is never blocked."""
    from asyncio import CancelledError

    late: list[CancelledError] = []
    committed = False
    try:
        request = next(steps)
        while True:
            committed = committed or isinstance(request, Commit)
            try:
                given = await _answer_async(store, request, late if committed else None)
            except BaseException as error:
                committed = committed or isinstance(error, CancelledError)
                request = steps.throw(error)
            else:
                request = steps.send(given)
    except StopIteration as stop:
        result: T = stop.value
    if late:
        raise late[0]
    return result


async def _answer_async(
    store: Store | None, request: Request, late: list[CancelledError] | None
) -> Any:
    """Answer in a thread; what has begun is finished before a cancellation goes on.

    It goes into `late`, where there is that list, instead of into the operation.
    """
    if isinstance(request, Commit | Foretell | Later):
        return None
    inner = request.request if isinstance(request, Elsewhere) else request
    cancel: Callable[[], None] | None = None
    if isinstance(inner, Run):
        cancel = inner.batch.cancel
    elif isinstance(inner, Take):
        cancel = inner.stream.cancel
    elif isinstance(inner, Lock):
        cancel = inner.cancel
    return await _in_thread(partial(answer, store, request), cancel, late)


async def call_async(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a thread; it is finished before a cancellation goes on."""
    return await _in_thread(partial(function, *args, **kwargs))


async def take_async(stream: Results[A, T]) -> Taken[A, T] | None:
    """Wait for the next result of a stream without blocking the event loop."""
    return await _in_thread(stream.take, stream.cancel)


async def _in_thread(
    work: Callable[[], T],
    cancel: Callable[[], None] | None = None,
    late: list[CancelledError] | None = None,
) -> T:
    import asyncio
    from contextvars import copy_context

    # a thread has settings of its own, but this work goes by those of the caller
    run = copy_context().run
    future = asyncio.get_running_loop().run_in_executor(None, run, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError as error:
        if late is None and cancel is not None:
            cancel()
        while not future.done():
            with suppress(asyncio.CancelledError):  # a second one finds us waiting already
                await asyncio.wait([future])
        if late is not None:
            late.append(error)
            return future.result()
        # an exception that is looked at is one that nobody warns of
        if not future.cancelled() and future.exception() is None:
            answered: Any = future.result()
            if isinstance(answered, Held):  # nobody else knows of it
                answered.release()
        raise


def answer(store: Store | None, request: Request) -> Any:
    """Do what one request asks."""
    if isinstance(request, Commit | Foretell):
        return None
    if isinstance(request, Elsewhere):
        return answer(request.store, request.request)
    assert store is not None  # an operation without a store says of each request where it goes
    given = None
    try:
        work = _ANSWERS[type(request)]
        given = observed(store, request, work) if is_on() else work(store, request)
    except StoreError as error:
        error.fill(store=repr(store))
        raise
    finally:
        note(store, request, given)
        recent.note(request, given)
    return given


def _fetch(store: Store, request: Fetch) -> list[Any]:
    if request.max_age:
        return recent.fetch(store, request)
    if request.ranges is None:
        return store.get_many(request.keys)
    pairs = list(zip(request.keys, request.ranges, strict=True))
    return in_flight(lambda pair: store.get(*pair), pairs, store.requests)


def _present(store: Store, request: Present) -> list[bool]:
    return store.present(request.keys)


def _is_far(store: Store, request: IsFar) -> bool:
    return store.requests > 1


def _later(store: Store, request: Later) -> Callable[[Steps[Any]], Any] | None:
    if store.requests <= 1:
        return None

    def go_on(steps: Steps[T]) -> T:
        try:
            return drive(store, recently(request.max_age, steps))
        except ABOUT_NODES as error:
            store.locate(error)
            raise

    return go_on


def _put(store: Store, request: Put) -> None:
    for key, value in request.items:
        with hold_of(store, [key]):
            store.set(key, value)


def _put_new(store: Store, request: PutNew) -> bool:
    with hold_of(store, [request.key]):
        request.done = store.set_new(request.key, request.value)
        return request.done


def _bring(store: Store, request: Bring) -> list[int | None] | None:
    if not request.pairs:
        return []
    directories = ends(request.source, store)
    if directories is None:
        return None
    keys = [new for _, new in request.pairs]
    store.check_writable("set", keys[0])
    batch = Between(request.source, store, directories, request.pairs, unmet=request.unmet)
    with hold_of(store, keys):
        pool.run(batch, pool.workers())
        batch.check()
    note_brought(batch.sizes)
    return batch.sizes


def _update(store: Store, request: Update) -> None:
    with hold_of(store, [request.key]):
        store.update(request.key, request.change)


def _lock(store: Store, request: Lock) -> Held:
    store.check_writable("lock", request.key)
    return Held(store, request.key, request)


def _publish(store: Store, request: Publish) -> None:
    request.held.commit(request.value)


def _quiet(store: Store, request: Quiet) -> None:
    wait_below(store, request.path)


def _delete(store: Store, request: Delete) -> None:
    _delete_keys(transformed(store, request.transformers), request.keys)


def _delete_keys(store: Store, keys: Iterable[str]) -> None:
    if store.requests > 1:
        _delete_together(store, keys)
        return
    for key in keys:
        with hold_of(store, [key]):
            if key.endswith("/"):  # a link, which is not followed
                store.delete_prefix(key)
            else:
                store.delete(key)


def _delete_together(store: Store, keys: Iterable[str]) -> None:
    """Delete many keys with each request, but documents one by one: their order counts."""
    for alone, run in groupby(keys, lambda key: key.rpartition("/")[2] in DOCUMENTS):
        most = 1 if alone else DELETED_TOGETHER
        while some := list(islice(run, most)):
            with hold_of(store, some):
                store.set_many(some, [None] * len(some))


def _delete_prefix(store: Store, request: DeletePrefix) -> None:
    if store.of_files:
        store.delete_prefix(request.prefix)  # under the locks of the files themselves
    else:
        _delete_keys(store, list(store.list(request.prefix)))


def _list_keys(store: Store, request: ListKeys) -> list[str]:
    return list(store.list(request.prefix))


def _list_entries(store: Store, request: ListEntries) -> list[str]:
    return list(store.list_entries(request.prefix, follow=request.follow))


def _list_empty(store: Store, request: ListEmpty) -> list[str]:
    return list(store.list_empty(request.prefix))


def _list_sizes(store: Store, request: ListSizes) -> list[tuple[str, int]]:
    return list(store.list_sizes(request.prefix))


def _size(store: Store, request: Size) -> list[int | None] | None:
    return in_flight(store.size, request.keys, store.requests) if store.tells_sizes else None


def _read_above(store: Store, request: ReadAbove) -> list[tuple[str, Any]]:
    return store.read_above(request.names)


def _enclosing(store: Store, request: Enclosing) -> list[tuple[Store, str]]:
    return list(store.enclosing(request.names))


def _tidy(store: Store, request: Tidy) -> None:
    store.tidy(request.prefix)


def _move(store: Store, request: Move) -> bool:
    return move(store, request, partial(drive, store))


def _list_names(store: Store, request: ListNames) -> list[str]:
    look = partial(store.list_folders if request.folders else store.list_dir, request.prefix)
    return recent.names(store, request, look) if request.max_age else look()


def _recover(store: Store, request: Recover) -> bool:
    found = [store.complete(path) for path in request.paths]
    return any(found)


def _settle(store: Store, request: Settle) -> None:
    store.settle()


def _sync(store: Store, request: Sync) -> None:
    store.sync(request.path)


def _run(store: Store, request: Run) -> None:
    batch, watch = request.batch, request.watch
    chunks = transformed(store, request.transformers) if request.transformers else store
    if batch.writing:
        chunks.check_writable("write", request.path)
    directory = chunks.directory(request.path, create=batch.writing and request.unborn)
    if directory is None and batch.writing and chunks.of_files:
        raise store.locate(_vanished(request.path))
    budget = Budget.of(
        request,
        pool.workers(),
        of_files=directory is not None,
        one_by_one=chunks.requests <= 1 and not chunks.in_memory,
    )
    reads = watch if not batch.writing else None
    if reads is not None:
        reads.begin(batch, store, directory)
    try:
        if directory is not None:
            batch.use_directory(directory)
            if watch is not None and batch.writing:
                watch.guard(batch, store, directory)
            pool.run(batch, budget.workers)
            batch.check()
        else:
            look = None if watch is None else partial(watch.look, store)
            if look is not None and batch.writing and not batch.ntasks:
                look()  # that nothing is to be written may be due to an old shape
            if request.step is not None:
                request.step.follow(chunks)
            if batch.writing:
                write_windows(chunks, request, budget, look)
            else:
                read_windows(chunks, request, budget)
    except (ChunkError, StoreError) as error:
        if isinstance(error, StoreError) and directory is not None:
            error.fill(store=store.place_of(request.path))
        if watch is not None:
            watch.explain(error, store, directory)
            if batch.writing and getattr(error, "errno", None) == ENOENT:
                raise _moved_away(request.path) from error
        raise
    if watch is None or watch.looked or (batch.writing and batch.watched):
        return
    if batch.writing or store.requests == 1:  # elsewhere a look takes as long as a chunk
        watch.look(store, directory)
    if reads is not None and batch.nabsent:
        reads.end(store, directory)


def _vanished(path: str) -> NodeNotFoundError:
    """Chunks are not written where there is no array: nobody would find them."""
    return ArrayNotFoundError(f"no array at {path or '/'!r}", path=path, hint=VANISHED)


def _moved_away(path: str) -> ConflictError:
    """Directories do not vanish by themselves: there is an array just like that one by now."""
    return ConflictError(
        f"the array at {path or '/'!r} was replaced while it was written",
        operation="write",
        hint="open it again",
    )


def _flush(store: Store, request: Flush) -> None:
    request.work(partial(drive, store))


def _take(store: Store, request: Take) -> Any:
    return request.stream.take()


def _close(store: Store, request: Close) -> None:
    request.stream.close()


_ANSWERS: dict[type, Callable[[Store, Any], Any]] = {
    Fetch: _fetch,
    Present: _present,
    IsFar: _is_far,
    Later: _later,
    Put: _put,
    PutNew: _put_new,
    Bring: _bring,
    Update: _update,
    Lock: _lock,
    Publish: _publish,
    Quiet: _quiet,
    Delete: _delete,
    DeletePrefix: _delete_prefix,
    ListNames: _list_names,
    ListKeys: _list_keys,
    ListEntries: _list_entries,
    ListEmpty: _list_empty,
    ListSizes: _list_sizes,
    Size: _size,
    State: state_of,
    ReadAbove: _read_above,
    Enclosing: _enclosing,
    Tidy: _tidy,
    Move: _move,
    Restore: restore,
    Recover: _recover,
    Settle: _settle,
    Sync: _sync,
    Run: _run,
    Flush: _flush,
    Take: _take,
    Close: _close,
}
