"""The standing threads that work on batches.

Permits are shared by the whole process: every caller may always work, and takes as many helpers as
there are cores that nobody uses.  So a thread pool of the user's own does not multiply with ours.

The main thread leaves larger work to the pool and waits, because only a thread that waits in
Python can be interrupted; on Ctrl-C the batch stops after the chunks in hand.
"""

from __future__ import annotations

import os
import threading
from _queue import SimpleQueue
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from zarrpy.config import config, cpu_quota

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from zarrpy.engine.requests import Batch

#: Below this many decoded bytes handing work to another thread costs more than it saves.
SERIAL_NBYTES = 1 << 20
_POLL_SECONDS = 0.05


class _Latch:
    """Opens when nobody works any more: all who were asked have left, or are not needed."""

    def __init__(self, count: int) -> None:
        self.failure: BaseException | None = None
        self._unclaimed = count
        self._working = 0
        self._lock = threading.Lock()
        self._open = threading.Lock()
        self._open.acquire()

    def claim(self) -> bool:
        """Begin to work; False when that is not needed any more."""
        with self._lock:
            if self._unclaimed == 0:
                return False
            self._unclaimed -= 1
            self._working += 1
            return True

    def arrive(self) -> None:
        """Be done."""
        with self._lock:
            self._working -= 1
            last = self._working == self._unclaimed == 0
        if last:
            self._open.release()

    def withdraw(self) -> int:
        """Ask nobody else; return how many had not begun."""
        with self._lock:
            unclaimed, self._unclaimed = self._unclaimed, 0
        return unclaimed

    def wait(self) -> None:
        """Wait until it is open; again, if a wait before was interrupted."""
        while not self._is_open():
            self._open.acquire(timeout=_POLL_SECONDS)

    def _is_open(self) -> bool:
        with self._lock:
            return self._working == self._unclaimed == 0


class Pool:
    """Threads that wait for batches, started when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[tuple[Batch, _Latch, Context]] = SimpleQueue()
        self._nthreads = 0
        self._ncallers = 0
        self._nhelpers = 0
        self.cores = cpu_quota()

    def run(self, batch: Batch, workers: int) -> None:
        """Run a batch on up to `workers` threads; returns when all of it is done."""
        if batch.ntasks <= 1 or batch.nbytes < SERIAL_NBYTES:
            batch.run(alone=True)
        elif threading.current_thread() is threading.main_thread():
            helpers = self._borrow(min(workers, batch.ntasks), at_least=1)
            self._share(batch, helpers, None if helpers else partial(batch.run, alone=True))
        elif workers <= 1:
            batch.run(alone=True)
        else:
            self._take_part(batch, min(workers, batch.ntasks))

    def _take_part(self, batch: Batch, workers: int) -> None:
        """Work in the calling thread too, with what helpers there are."""
        self._count_caller(1)
        try:
            helpers = self._borrow(workers - 1)
            self._share(batch, helpers, batch.run)
        finally:
            self._count_caller(-1)

    def _share(
        self, batch: Batch, helpers: int, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """Hand a batch to helpers, do something meanwhile, wait for them."""
        latch = _Latch(helpers)
        try:
            for _ in range(helpers):
                self._jobs.put((batch, latch, copy_context()))
            if meanwhile is not None:
                meanwhile()
                self._withdraw(latch)  # every task is taken: who has not begun need not
            latch.wait()
        except BaseException:
            self._abandon(batch, latch)
            raise
        if latch.failure is not None:
            raise latch.failure

    def _abandon(self, batch: Batch, latch: _Latch) -> None:
        """Wait for the helpers, however often interrupted: they write into the caller's memory."""
        while True:
            try:
                batch.cancel()
                self._withdraw(latch)
                latch.wait()
            except BaseException:
                continue  # the first interrupt goes on to the caller
            return

    def _withdraw(self, latch: _Latch) -> None:
        unclaimed = latch.withdraw()
        with self._lock:
            self._nhelpers -= unclaimed

    def _borrow(self, wanted: int, at_least: int = 0) -> int:
        """Take permits for helpers: as many as there are idle cores, and threads to be had."""
        with self._lock:
            idle = self.cores - self._ncallers - self._nhelpers
            granted = max(at_least, min(wanted, idle))
            try:
                self._start(self._nhelpers + granted)
            except RuntimeError:  # over a limit of the system, or the interpreter ends
                granted = max(0, min(granted, self._nthreads - self._nhelpers))
            self._nhelpers += granted
        return granted

    def _give_back(self) -> None:
        """Return the permit of one helper."""
        with self._lock:
            self._nhelpers -= 1

    def _count_caller(self, by: int) -> None:
        with self._lock:
            self._ncallers += by

    def _start(self, nthreads: int) -> None:
        while self._nthreads < nthreads:
            name = f"zarrpy-{self._nthreads + 1}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
            self._nthreads += 1

    def _work(self) -> None:
        while True:
            batch, latch, context = self._jobs.get()
            if not latch.claim():
                del batch, latch, context
                continue
            try:
                context.run(batch.run)
            except BaseException as error:
                latch.failure = error  # the caller's to raise; this thread goes on to serve
            finally:
                self._give_back()
                latch.arrive()
                del batch, latch, context  # keep no array alive while waiting


_pool = Pool()


def workers() -> int:
    """Count the threads that one call may use: those of the settings, or one a core."""
    return config.workers or _pool.cores


def run(batch: Batch, most: int | None = None) -> None:
    """Run a batch with the configured number of workers, or with fewer."""
    _pool.run(batch, workers() if most is None else most)


def _renew() -> None:
    """In a forked child: the threads are gone."""
    global _pool
    _pool = Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
