"""Results of many tasks, one after the other, worked out ahead by the threads of the pool.

A task is taken from its iterator when there is room for one more, by the thread that takes
results, so that no more than a fixed number of results is ever in memory.  Nobody waits for room:
a helper that finds nothing to do leaves, and is called again when there is something.  The thread
that takes results works as well, unless it is the main thread, which must hear Ctrl-C, or a time
limit has to be kept.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextvars import copy_context
from numbers import Real
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zarrpy.config import config
from zarrpy.engine.bell import Bell
from zarrpy.engine.pool import Crew, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

A = TypeVar("A")
T = TypeVar("T")

_PATIENCE_SECONDS = 2.0


class Taken(Generic[A, T]):
    """A task with what came of it.

    Attributes
    ----------
    task
    value
        What the work gave; unset when there is an `error`.
    error : BaseException or None
    """

    __slots__ = ("at", "began", "done", "error", "task", "value")

    def __init__(self, task: A) -> None:
        self.task = task
        self.value: T
        self.error: BaseException | None = None
        self.at: Any = None
        self.began: float | None = None
        self.done = False

    def begin(self, part: Any) -> None:
        """Say that the task goes on to one of its parts."""
        self.at, self.began = part, monotonic()


class Stream(Generic[A, T]):
    """Results of tasks, in their order or as they come.

    Parameters
    ----------
    tasks : iterable
        Iterated by the thread that takes the results.
    work : callable
        Makes a result of a task; called by several threads at once. The second argument is a
        function that it may call to say which part of the task it goes on to: each part then has
        the time limit's time.
    workers : int, optional
        Threads at most; by default as many as the settings say.
    ahead : int
        Results that are worked out before somebody takes them.
    ordered : bool
        Give results in the order of the tasks.
    timeout : float, optional
        Seconds that one task may take.
    """

    def __init__(
        self,
        tasks: Iterable[A],
        work: Callable[[A, Callable[[Any], None]], T],
        *,
        workers: int | None = None,
        ahead: int,
        ordered: bool = True,
        timeout: float | None = None,
    ) -> None:
        self._tasks = iter(tasks)
        self._work = work
        self._workers = thread_count(workers)
        self._ahead = ahead
        self._ordered = ordered
        self._timeout = _time_limit(timeout)
        self._context = copy_context()
        # those who work here are many already
        self._context.run(config.set, workers=1)
        self._crew = Crew(self, self._context)
        self._changed = Bell()
        self._slots: deque[Taken[A, T]] = deque()
        self._waiting: deque[Taken[A, T]] = deque()
        self._helping = 0
        self._closed = False
        self._late = False
        self._process = os.getpid()

    # ------------------------------------------------------------------------- who takes results

    def take(self) -> Taken[A, T] | None:
        """Wait for the next result; None when there are no more, or the stream was closed.

        Raises
        ------
        TimeoutError
            When a task takes too long; ``error.task`` is that task, or the part of it that was
            begun last. The thread that does it goes on until the function returns.
        """
        if os.getpid() != self._process:
            raise RuntimeError("a stream ends with the process that began it: begin a new one")
        self._top_up(max(1, self._ahead))
        found = self._wait()
        if found is not None:
            self._top_up(self._ahead)
        return found

    def _top_up(self, room: int) -> None:
        """Take on tasks, and send for helpers to do them."""
        while not self._closed and len(self._slots) < room:
            try:
                slot: Taken[A, T] = Taken(next(self._tasks))
            except StopIteration:
                break
            with self._changed.lock:
                self._slots.append(slot)
                self._waiting.append(slot)
        with self._changed.lock:
            wanted = min(len(self._waiting), self._workers - self._helping)
            at_least = int(not self._takes_part and self._helping == 0)
            if self._closed or wanted <= 0:
                return
            self._helping += wanted
        come = self._crew.call(wanted, at_least)
        with self._changed.lock:
            self._helping -= wanted - come

    @property
    def _takes_part(self) -> bool:
        """Whether the thread that takes results works, too."""
        main = threading.current_thread() is threading.main_thread()
        return not main and self._timeout is None

    def _wait(self) -> Taken[A, T] | None:
        """Wait for a result, and do what nobody else would."""
        while True:
            with self._changed.lock:
                if self._closed:
                    return None
                found = self._pop()
                if found is not None or not self._slots:
                    return found
                mine = None
                if not self._helping or (self._takes_part and self._helping < self._workers):
                    mine = self._claim()
                sleeper = self._changed.sleeper() if mine is None else None
            if mine is not None:
                self._context.copy().run(self._do, mine)
                continue
            if sleeper is not None:
                self._changed.wait(sleeper)
            if self._timeout is not None:
                self._check_time(self._timeout)

    def _pop(self) -> Taken[A, T] | None:
        """Take the next result out, where there is one."""
        for slot in self._slots:
            if slot.done:
                self._slots.remove(slot)
                return slot
            if self._ordered:
                break
        return None

    def _check_time(self, timeout: float) -> None:
        now = monotonic()
        for slot in list(self._slots):
            if slot.began is not None and not slot.done and now - slot.began > timeout:
                self._late = True
                error = TimeoutError(f"took longer than {timeout:g} s")
                error.task = slot.task if slot.at is None else slot.at  # type: ignore[attr-defined]
                raise error

    def cancel(self) -> None:
        """Begin no other task, and let `take` return."""
        self._closed = True
        with self._changed.lock:
            self._waiting.clear()
            self._changed.ring()

    def close(self) -> None:
        """End; waits for tasks in hand, but for those that took too long."""
        self.cancel()
        if os.getpid() == self._process:
            self._crew.dismiss(wait=not self._late)
        self._slots.clear()
        self._tasks = iter(())

    def abandon(self) -> None:
        """End because nobody has it any more; waits for tasks in hand, but not for ever.

        Who collects garbage may hold a lock that a helper waits for.
        """
        self.cancel()
        if os.getpid() == self._process and not self._late:
            self._crew.wait(_PATIENCE_SECONDS)

    @property
    def closed(self) -> bool:
        """Whether results are wanted no more."""
        return self._closed

    # -------------------------------------------------------------------------- who works

    def run(self) -> None:
        """Do what there is to do; called by helpers."""
        while True:
            with self._changed.lock:
                slot = self._claim()
                if slot is None:
                    self._helping -= 1
                    return
            self._do(slot)

    def _claim(self) -> Taken[A, T] | None:
        if not self._waiting:
            return None
        slot = self._waiting.popleft()
        slot.began = monotonic()
        return slot

    def _do(self, slot: Taken[A, T]) -> None:
        try:
            slot.value = self._work(slot.task, slot.begin)
        except BaseException as error:
            slot.error = error
            if not isinstance(error, Exception):
                raise  # Ctrl-C, where this is the main thread
        finally:
            with self._changed.lock:
                slot.done = True
                self._changed.ring()


def thread_count(given: int | None) -> int:
    """Threads of one call, given for it or by the settings.

    Raises
    ------
    ValueError
        When it is no integer of at least 1.
    """
    if given is None:
        return workers()
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise ValueError(f"workers must be an integer of at least 1, not {given!r}")
    return given


def _time_limit(given: Any) -> float | None:
    """Refuse what is no time that one task may take."""
    if given is None or (isinstance(given, Real) and float(given) > 0):
        return None if given is None else float(given)
    raise ValueError(f"timeout must be a number of seconds above 0, not {given!r}")
