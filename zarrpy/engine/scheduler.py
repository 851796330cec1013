"""Who does the tasks of long work: threads of this process, processes, or the workers of a cluster.

All give results as a `Stream` does.  Tasks that go to other processes are few words each: where to
read and where to write.  The work itself, with its arrays and stores, is pickled once and kept by
each worker.  A task that was lost with its worker is done again, so tasks must be such that doing
one twice stores the same; as each has what is stored under some keys for itself, they are.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections import deque
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from zarrpy.config import Settings, config
from zarrpy.engine.bell import Bell
from zarrpy.engine.stream import Stream, Taken, thread_count
from zarrpy.errors import MissingDependencyError, StoreError, ZarrError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zarrpy.stores.base import Store

A = TypeVar("A")
T = TypeVar("T")

#: What gives results, whoever works them out.
Results: TypeAlias = "Stream[A, T] | Scattered[A, T]"

#: Workers that may end one after the other without a result before that is an error.
_MOST_LOSSES = 3
_POLL_SECONDS = 0.05
_CHOICES = "'threads', 'processes', a client of Dask, or the address of a scheduler of Dask"


def is_local(scheduler: Any) -> bool:
    """Whether work stays in this process; refuses what is no scheduler."""
    if scheduler is None or scheduler == "threads":
        return True
    if isinstance(scheduler, str):
        if scheduler == "processes" or ":" in scheduler:
            return False
        raise ValueError(f"scheduler must be {_CHOICES}, not {scheduler!r}")
    if not hasattr(scheduler, "submit") or not hasattr(scheduler, "scheduler_info"):
        raise TypeError(f"scheduler must be {_CHOICES}, not {scheduler!r}")
    if getattr(scheduler, "asynchronous", False):
        raise TypeError("a client that is asynchronous cannot be waited for: give another one")
    return False


def begun(
    scheduler: Any,
    tasks: Iterable[A],
    work: Callable[[A, Callable[[Any], None]], T],
    *,
    ahead: int,
    reads: Iterable[Store] = (),
    writes: Iterable[Store] = (),
    workers: int | None = None,
    ordered: bool = True,
    timeout: float | None = None,
) -> Results[A, T]:
    """Begin to do tasks, by whoever a user has chosen.

    Parameters
    ----------
    scheduler : None, str or a client of Dask
    tasks, work, ahead, workers, ordered, timeout
        As of `Stream`.
    reads, writes : iterable of Store
        What the work reads and writes, which must be in reach of those who do it.

    Raises
    ------
    StoreError
        When other processes cannot reach one of the stores.
    """
    if is_local(scheduler):
        return Stream(tasks, work, workers=workers, ahead=ahead, ordered=ordered, timeout=timeout)
    if timeout is not None:
        raise ValueError("timeout= is for threads: other processes keep no time")
    check_reach(scheduler, reads, writes)
    payload = packed(work)
    return Scattered(_hands(scheduler, workers), tasks, payload, ahead=ahead, ordered=ordered)


def check_reach(scheduler: Any, reads: Iterable[Store], writes: Iterable[Store]) -> None:
    """Refuse stores that other processes would see other values in."""
    if is_local(scheduler):
        return
    for wanted, stores in (("read", reads), ("write", writes)):
        for store in stores:
            if store.other_processes not in (wanted, "write"):
                can = "be reached" if store.other_processes == "none" else "be written"
                raise StoreError(
                    f"{store.label} cannot {can} by other processes, so not with "
                    f"scheduler={shown(scheduler)}",
                    operation=wanted,
                    hint="use scheduler='threads', or a store of files, such as a directory; a "
                    "store of yours says by other_processes what they may do",
                )


def shown(scheduler: Any) -> str:
    """Name a scheduler in a message."""
    return repr(scheduler) if isinstance(scheduler, str) else f"<{type(scheduler).__name__}>"


def count_of(scheduler: Any, workers: int | None = None) -> int:
    """Count the tasks that are worked on at a time."""
    if is_local(scheduler) or isinstance(scheduler, str):
        return thread_count(workers)
    return max(1, sum(_threads(scheduler)))


def share_of_memory(scheduler: Any, limit: int) -> int:
    """Tell how much memory each task may use, of what all of a machine or of a worker may."""
    if is_local(scheduler):
        return limit
    if scheduler == "processes":
        return limit // count_of(scheduler)
    return limit // max(1, 1, *_threads(scheduler))


def _threads(client: Any) -> list[int]:
    """Tell the threads of each worker of a cluster, of which an address is enough."""
    if isinstance(client, str):
        with _connected(client) as made:
            return _threads(made)
    return [int(count) for count in client.nthreads().values()]


# ------------------------------------------------------------------------------- other processes


def packed(work: Any) -> bytes:
    """Pickle what workers do, together with the settings that hold here.

    Raises
    ------
    TypeError
        When it cannot be pickled.
    """
    current = config.current
    settings = {each.name: getattr(current, each.name) for each in fields(Settings)}
    dumps: Callable[[Any], bytes] = pickle.dumps
    with suppress(ImportError):
        import cloudpickle

        dumps = cloudpickle.dumps  # also functions that have no place in a module
    try:
        return dumps((work, settings | {"workers": 1}))
    except StoreError:
        raise
    except Exception as error:
        raise TypeError(
            f"other processes cannot be told what to do: {error}; functions must stand in a "
            "module, or cloudpickle be installed"
        ) from error


@lru_cache(maxsize=8)
def _unpacked(payload: bytes) -> tuple[Any, dict[str, Any]]:
    work, settings = pickle.loads(payload)
    return work, settings


def done(payload: bytes, task: Any) -> Any:
    """Do a task; called where the workers are, each of which works alone."""
    work, settings = _unpacked(payload)
    with config.set(settings):
        return work(task, _unheard)


def _unheard(part: object) -> None:
    """Take what a task says of its parts."""


class Hands(Protocol):
    """Who does tasks elsewhere."""

    @property
    def count(self) -> int:
        """How many tasks are worked on at a time."""

    @property
    def generation(self) -> int:
        """How often others came in the place of those who were lost."""

    def submit(self, payload: bytes, task: Any) -> Any:
        """Have a task done; gives a future."""

    def lost(self, error: BaseException) -> bool:
        """Whether an error says that who had the task is lost, and another may do it."""

    def renew(self, generation: int) -> None:
        """Replace those of a generation that was lost, unless somebody has."""

    def end(self, futures: list[Any], *, wait: bool) -> None:
        """Let all go, after what they have in hand."""


def _hands(scheduler: Any, workers: int | None) -> Hands:
    if scheduler == "processes":
        return _processes(thread_count(workers))
    if not isinstance(scheduler, str):
        return Cluster(scheduler)
    return Cluster(_connected(scheduler), own=True)


def _connected(address: str) -> Any:
    """Make a client of the scheduler at an address."""
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingDependencyError(
            "Dask's scheduler is not installed", extra="dask", hint="pip install 'zarrpy[dask]'"
        ) from error
    try:
        client: Any = Client  # it says nothing of types
        return client(address, set_as_default=False)
    except OSError as error:
        raise StoreError(
            f"no scheduler of Dask answers at {address!r}", operation="connect to"
        ) from error


class Scattered(Generic[A, T]):
    """Results of tasks that others do, in their order or as they come.

    Parameters
    ----------
    hands : Hands
    tasks : iterable
        Iterated by the thread that takes the results.
    payload : bytes
        What is done with each.
    ahead : int
        Results that are worked out before somebody takes them; there are two for each worker, if
        that is more.
    ordered : bool
    """

    def __init__(
        self, hands: Hands, tasks: Iterable[A], payload: bytes, *, ahead: int, ordered: bool
    ) -> None:
        self._hands = hands
        self._tasks: Iterator[A] = iter(tasks)
        self._payload = payload
        self._ahead = max(ahead, 2 * hands.count)
        self._ordered = ordered
        self._slots: deque[Taken[A, T]] = deque()
        self._changed = Bell()
        self._closed = False
        self._losses = 0

    def take(self) -> Taken[A, T] | None:
        """Wait for the next result; None when there are no more, or this was closed."""
        while not self._closed:
            for task in islice(self._tasks, self._ahead - len(self._slots)):
                slot: Taken[A, T] = Taken(task)
                self._submit(slot)
                self._slots.append(slot)
            if not self._slots:
                return None
            found = next((each for each in self._in_turn() if each.at[0].done()), None)
            if found is None:
                with self._changed.lock:
                    sleeper = self._changed.sleeper()
                self._changed.wait(sleeper)
            elif self._settle(found):
                self._slots.remove(found)
                return found
        return None

    def _in_turn(self) -> list[Taken[A, T]]:
        return [self._slots[0]] if self._ordered else list(self._slots)

    def _settle(self, slot: Taken[A, T]) -> bool:
        """Take what came of a task; False where it has to be done again."""
        future, generation = slot.at
        try:
            slot.value = future.result()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if self._hands.lost(error):
                self._renew(generation, error)
                self._submit(slot)
                return False
            slot.error = error
        self._losses = 0
        return True

    def _submit(self, slot: Taken[A, T]) -> None:
        while True:
            generation = self._hands.generation
            try:
                future = self._hands.submit(self._payload, slot.task)
            except RuntimeError as error:
                if not self._hands.lost(error):
                    raise
                self._renew(generation, error)
            else:
                slot.at = future, generation
                future.add_done_callback(self._notify)
                return

    def _renew(self, generation: int, error: BaseException) -> None:
        """Have others come, but not for ever: what kills one may kill all."""
        if generation == self._hands.generation:
            self._losses += 1
        if self._losses > _MOST_LOSSES:
            raise ZarrError(
                f"worker processes were killed {self._losses} times, and gave nothing in between",
                hint="there may be too little memory for so many: give fewer workers",
            ) from error
        self._hands.renew(generation)

    def _notify(self, future: object) -> None:
        with self._changed.lock:
            self._changed.ring()

    def cancel(self) -> None:
        """Begin no other task, and let `take` return."""
        self._closed = True
        self._notify(None)

    def close(self) -> None:
        """End; waits for tasks in hand."""
        self._end(wait=True)

    def abandon(self) -> None:
        """End because nobody has it any more."""
        self._end(wait=False)

    def _end(self, *, wait: bool) -> None:
        self.cancel()
        futures = [slot.at[0] for slot in self._slots]
        self._slots.clear()
        self._tasks = iter(())
        self._hands.end(futures, wait=wait)

    @property
    def closed(self) -> bool:
        """Whether results are wanted no more."""
        return self._closed


class Processes:
    """Processes of this machine, which stay for the next call and end with this process.

    Parameters
    ----------
    count : int
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.generation = 0
        self._lock = threading.Lock()
        self._pool: Any = None
        self._first: Any = None

    def submit(self, payload: bytes, task: Any) -> Any:
        """Have a task done; gives a future."""
        with self._lock:
            if self._pool is None:
                self._begin()
            return self._pool.submit(done, payload, task)

    def _begin(self) -> None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        spawned = get_context("spawn")
        self._pool = ProcessPoolExecutor(self.count, mp_context=spawned, initializer=_enter)
        self._first = self._pool.submit(_unheard, None)

    def lost(self, error: BaseException) -> bool:
        """Whether an error says that a process was killed, with which all are lost."""
        from concurrent.futures import BrokenExecutor

        return isinstance(error, BrokenExecutor)

    def renew(self, generation: int) -> None:
        """Begin other processes."""
        with self._lock:
            if generation != self.generation:
                return
            began = self._first.done() and self._first.exception() is None
            self._pool.shutdown(wait=False)
            self._pool = None
            self.generation += 1
        if not began:
            raise ZarrError(
                "worker processes ended before they had done anything",
                hint="a program keeps what it does below if __name__ == '__main__': when it uses "
                "scheduler='processes'",
            )

    def end(self, futures: list[Any], *, wait: bool) -> None:
        """Let all go, after what they have in hand."""
        for each in futures:
            each.cancel()
        while wait and any(not each.done() for each in futures):
            threading.Event().wait(_POLL_SECONDS)


#: By their number; of this process.
_standing: dict[int, Processes] = {}


def _processes(count: int) -> Processes:
    return _standing.setdefault(count, Processes(count))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_standing.clear)


def _enter() -> None:
    """Begin as a worker process: Ctrl-C is for the parent, and with the parent it ends."""
    import signal
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_leave_after, args=(parent,), daemon=True).start()


def _leave_after(parent: Any) -> None:
    parent.join()
    os._exit(1)


class Cluster:
    """The workers of a cluster of Dask.

    Parameters
    ----------
    client : distributed.Client
    own : bool
        Whether it was made for this work, and ends with it.
    """

    generation = 0

    def __init__(self, client: Any, *, own: bool = False) -> None:
        self._client = client
        self._own = own
        self.count = count_of(client)

    def submit(self, payload: bytes, task: Any) -> Any:
        """Have a task done; gives a future. Dask does again what was lost with a worker."""
        return self._client.submit(
            done, payload, task, key=f"zarrpy-{os.urandom(16).hex()}", pure=False
        )

    def lost(self, error: BaseException) -> bool:
        """Never: Dask does again what was lost."""
        return False

    def renew(self, generation: int) -> None:
        """Replace nobody: Dask does."""

    def end(self, futures: list[Any], *, wait: bool) -> None:
        """Wait for what is in hand, as long as there is anybody who could end it."""
        while wait and any(not each.done() for each in futures):
            if self._client.status != "running" or not self._client.nthreads():
                break
            threading.Event().wait(_POLL_SECONDS)
        for each in futures:
            each.cancel()
        if self._own:
            self._client.close()
