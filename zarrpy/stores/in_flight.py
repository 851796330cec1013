"""Several requests at the same time to a store behind a network.

The threads wait for answers, they do not compute: there may be many more of them than cores.  They
are shared by the process, started when first needed, and end with the interpreter.  Whoever asks
waits where Ctrl-C reaches it; reading stops at once then, and writing when what is under way has
come to its end.
"""

from __future__ import annotations

import os
import threading
from _queue import SimpleQueue
from contextvars import copy_context
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextvars import Context

T = TypeVar("T")
R = TypeVar("R")

#: Threads of this process that wait for answers, however many calls ask for some.
MOST = 128
_POLL_SECONDS = 0.05


class _Flight(Generic[T, R]):
    """Calls of one function, made by several threads."""

    def __init__(self, function: Callable[[T], R], items: Sequence[T]) -> None:
        self.failure: BaseException | None = None
        self.answers: list[Any] = [None] * len(items)
        self._function = function
        self._items = items
        self._cursor = count()
        self._working = 0
        self._lock = threading.Lock()
        self._over = False
        # no Event: it is written in Python, and Ctrl-C within it would leave its lock held
        self._landed = threading.Lock()
        self._landed.acquire()

    def run(self) -> None:
        """Make calls until there are none left, or one has failed."""
        with self._lock:
            self._working += 1
        try:
            while self.failure is None:
                number = next(self._cursor)
                if number >= len(self._items):
                    break
                self.answers[number] = self._function(self._items[number])
        except BaseException as error:
            self.stop(error)
        with self._lock:
            self._working -= 1
            if self._working == 0:  # who comes later finds nothing to do
                self._land()

    def stop(self, failure: BaseException) -> None:
        """Begin no other call; the first failure is the one that counts."""
        with self._lock:
            self.failure = self.failure or failure
            if self._working == 0:
                self._land()

    def _land(self) -> None:
        """Let who waits go on; with the lock."""
        if not self._over:
            self._over = True
            self._landed.release()

    def wait(self) -> None:
        """Wait until nobody calls any more.

        It looks up now and then: the system may give Ctrl-C to another thread than this one.
        """
        while not self._over:
            self._landed.acquire(timeout=_POLL_SECONDS)


class _Threads:
    """Threads that wait for flights, started when there are more flights than threads."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[_Flight[Any, Any], Context]] = SimpleQueue()
        self._lock = threading.Lock()
        self._nthreads = 0
        self._wanted = 0

    def send(self, flight: _Flight[Any, Any], nthreads: int) -> None:
        """Let so many threads take part in a flight, as soon as there are some."""
        with self._lock:
            self._wanted += nthreads
            while self._nthreads < min(self._wanted, MOST):
                name = f"zarrpy-io-{self._nthreads + 1}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
                self._nthreads += 1
        for _ in range(nthreads):
            self._jobs.put((flight, copy_context()))

    def _work(self) -> None:
        _mine.flying = True
        while True:
            flight, context = self._jobs.get()
            context.run(flight.run)
            del flight, context  # keep no answer alive while waiting
            with self._lock:
                self._wanted -= 1


_threads = _Threads()
_mine = threading.local()


def in_flight(
    function: Callable[[T], R], items: Sequence[T], most: int, *, finish: bool = False
) -> list[R]:
    """Call a function for each of several items, so many at the same time.

    Parameters
    ----------
    function : callable
    items : sequence
    most : int
        Calls under way at a time; one is made in this thread.
    finish : bool
        When it is interrupted, wait for the calls under way all the same, as they change something.

    Returns
    -------
    list
        What the function gave for each. When a call fails no other is begun, and its error is
        raised when those under way have come to their end.

    Examples
    --------
    >>> in_flight(str.upper, ["a", "b"], 2)
    ['A', 'B']
    """
    nthreads = min(most, len(items))
    if nthreads <= 1 or getattr(_mine, "flying", False):
        return [function(item) for item in items]
    flight = _Flight(function, items)
    try:
        _threads.send(flight, nthreads)
        flight.wait()
    except BaseException as error:
        flight.stop(error)
        if finish:
            _land(flight)
        raise
    if flight.failure is not None:
        raise flight.failure
    return flight.answers


def _land(flight: _Flight[Any, Any]) -> None:
    """Wait for what is under way, however often interrupted."""
    while True:
        try:
            flight.wait()
        except BaseException:
            continue  # the first interrupt goes on to the caller
        return


def _renew() -> None:
    """In a forked child: the threads are gone."""
    global _threads
    _threads = _Threads()
    _mine.__dict__.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
