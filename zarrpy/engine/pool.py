"""The standing threads that work on batches.

Permits are shared by the whole process: every caller may always work, and takes as many helpers as
there are cores that nobody uses.  So a thread pool of the user's own does not multiply with ours.

The main thread takes part in reading, and looks for signals between chunks.  Larger writes it
leaves to the pool and waits, as it could not be interrupted where it waits for the lock of a chunk.
On Ctrl-C the batch stops after the chunks in hand.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from _queue import SimpleQueue
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol, TypeVar

from zarrpy._native.folding import FoldedBatch
from zarrpy.config import config, cpu_quota

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

T = TypeVar("T")


class Job(Protocol):
    """What helpers do."""

    def run(self) -> None:
        """Work until there is nothing left to do."""


class Tasks(Protocol):
    """What several threads do together: a batch of chunks, or files that are copied."""

    @property
    def ntasks(self) -> int:
        """How many there are."""

    @property
    def nbytes(self) -> int:
        """Bytes that all of them are about, in memory."""

    @property
    def writing(self) -> bool:
        """Whether locks may have to be waited for."""

    def share(self, nworkers: int) -> None:
        """Say how many will call `run`, so that they keep out of each other's way."""

    def run(self, alone: bool = False) -> None:
        """Work until no task is left; many threads may do so at once, unless one is alone."""

    def cancel(self) -> None:
        """Make all workers stop after what they have in hand."""


#: Below this many decoded bytes handing work to another thread costs more than it saves.
SERIAL_NBYTES = 1 << 20
_POLL_SECONDS = 0.05


class _Latch:
    """A job that helpers are asked for; opens when nobody works on it any more.

    All who were asked have left then, or are not needed, and nothing here or on a thread holds the
    job: memory of the caller's goes when the caller lets go of it.
    """

    def __init__(self, job: Job, context: Context, count: int = 0) -> None:
        self.failure: BaseException | None = None
        self._work: tuple[Job, Context] | None = (job, context)
        self._unclaimed = count
        self._working = 0
        self._lock = threading.Lock()
        self._open = threading.Lock()
        self._open.acquire()

    @property
    def outstanding(self) -> int:
        """How many work, or may still begin to."""
        with self._lock:
            return self._working + self._unclaimed

    def ask(self, count: int) -> None:
        """Let so many begin; nobody can before."""
        with self._lock:
            self._unclaimed = count
            if count == 0:
                self._work = None

    def claim(self) -> tuple[Job, Context] | None:
        """Begin to work; None when that is not needed any more."""
        with self._lock:
            if self._work is None:
                return None
            job, context = self._work
            self._unclaimed -= 1
            self._working += 1
            if self._unclaimed == 0:
                self._work = None
        return job, context.copy()

    def arrive(self) -> None:
        """Be done."""
        with self._lock:
            self._working -= 1
            last = self._working == self._unclaimed == 0
        if last:
            self._open.release()

    def withdraw(self) -> None:
        """Ask nobody else."""
        with self._lock:
            self._unclaimed = 0
            self._work = None

    def wait(self) -> None:
        """Wait until it is open; again, if a wait before was interrupted."""
        while not self.is_open():
            self._open.acquire(timeout=_POLL_SECONDS)

    def is_open(self) -> bool:
        """Whether nobody works any more."""
        return self.outstanding == 0


class Pool:
    """Threads that wait for batches, started when first needed.

    Parameters
    ----------
    loans : dict, optional
        Where it keeps, for each caller at work by a key of its own, how many helpers that one has
        that are no threads of this pool. To let go, a caller pops its key: a function in Python
        would hear of Ctrl-C before it does anything.

    Notes
    -----
    Helpers at work are counted from their latches and not with a number that goes up and down:
    whatever Ctrl-C comes in between of, none can be left over.
    """

    def __init__(self, loans: dict[object, int] | None = None) -> None:
        self._lock = threading.Lock()
        self._asked: SimpleQueue[_Latch] = SimpleQueue()
        self._nthreads = 0
        self.loans = {} if loans is None else loans
        self._latches: list[weakref.ref[_Latch]] = []
        self.cores = cpu_quota()

    def run(self, batch: Tasks, workers: int) -> None:
        """Run a batch on up to `workers` threads; returns when all of it is done."""
        if is_small(batch):
            batch.run(alone=True)
        elif batch.writing and threading.current_thread() is threading.main_thread():
            self._share(batch, min(workers, batch.ntasks), at_least=1)
        elif workers <= 1:
            batch.run(alone=True)
        else:
            self._take_part(batch, min(workers, batch.ntasks))

    def run_meanwhile(self, batch: Tasks, workers: int, action: Callable[[], T]) -> T:
        """Do something here while helpers run a batch, then take part; return what it gave.

        When that fails, the batch is stopped. Where no helper is free, one comes after the other.
        """
        given: list[T] = []
        self._take_part(batch, min(workers, batch.ntasks), lambda: given.append(action()))
        return given[0]

    def _take_part(
        self, batch: Tasks, workers: int, first: Callable[[], None] | None = None
    ) -> None:
        """Work in the calling thread too, after something else, with what helpers there are."""
        loan = object()
        try:
            self.lend(loan, 0)
            self._share(batch, workers - 1, first=first)
        finally:
            self.loans.pop(loan, None)

    def _share(
        self,
        batch: Tasks,
        wanted: int,
        at_least: int = 0,
        first: Callable[[], None] | None = None,
    ) -> None:
        """Work on a batch together with helpers; leave it to them if there are `at_least` some."""
        latch = _Latch(batch, copy_context())
        try:
            helpers = self._borrow(latch, wanted, at_least)
            takes_part = not (helpers and at_least)
            batch.share(helpers + takes_part)
            for _ in range(helpers):
                self._asked.put(latch)
            if first is not None:
                first()
            if takes_part:
                batch.run(alone=at_least > 0)
                latch.withdraw()  # every task is taken: who has not begun need not
            latch.wait()
        except BaseException:
            self._abandon(batch, latch)
            raise
        if latch.failure is not None:
            raise latch.failure

    def _abandon(self, batch: Tasks, latch: _Latch) -> None:
        """Wait for the helpers, however often interrupted: they write into the caller's memory."""
        while True:
            try:
                batch.cancel()
                latch.withdraw()
                latch.wait()
            except BaseException:
                continue  # the first interrupt goes on to the caller
            return

    def call(
        self, job: Job, wanted: int, at_least: int, context: Context, latches: list[_Latch]
    ) -> int:
        """Send helpers to a job without waiting for them; tell how many, add their latches."""
        come = 0
        while come < wanted or come < at_least:
            latch = _Latch(job, context)
            latches.append(latch)
            try:
                if not self._borrow(latch, 1, int(come < at_least)):
                    break
                self._asked.put(latch)
            except BaseException:
                latch.withdraw()  # nobody may have heard of it, who would then never come
                raise
            come += 1
        return come

    def dismiss(self, latches: list[_Latch], *, wait: bool) -> None:
        """Call nobody else to a job, and wait for those at work, however often interrupted."""
        interrupt: BaseException | None = None
        done = False
        while not done:
            try:
                for latch in latches:
                    latch.withdraw()
                    if wait:
                        latch.wait()
                done = True
            except BaseException as error:
                interrupt = interrupt or error
        if interrupt is not None:
            raise interrupt

    def _borrow(self, latch: _Latch, wanted: int, at_least: int = 0) -> int:
        """Take permits for helpers: as many as there are idle cores, and threads to be had."""
        with self._lock:
            helping = self._nhelpers
            granted = max(at_least, min(wanted, self._idle()))
            try:
                self._start(helping + granted)
            except RuntimeError:  # over a limit of the system, or the interpreter ends
                granted = max(0, min(granted, self._nthreads - helping))
            latch.ask(granted)
            self._latches = [weakref.ref(each) for each in (*self._at_work(), latch)]
        return granted

    @property
    def _nhelpers(self) -> int:
        """How many threads of this pool work or are about to."""
        return sum(latch.outstanding for latch in self._at_work())

    def _at_work(self) -> list[_Latch]:
        latches = (ref() for ref in self._latches)
        return [latch for latch in latches if latch is not None and latch.outstanding]

    def _idle(self) -> int:
        """Tell how many cores nobody works on; with the lock."""
        return self.cores - len(self.loans) - sum(list(self.loans.values())) - self._nhelpers

    def lend(self, loan: object, wanted: int) -> int:
        """Take permits for a caller and for helpers that are no threads of this pool."""
        with self._lock:
            granted = max(0, min(wanted, self._idle() - 1))
            self.loans[loan] = granted
        return granted

    def _start(self, nthreads: int) -> None:
        while self._nthreads < nthreads:
            name = f"zarrpy-{self._nthreads + 1}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
            self._nthreads += 1

    def _work(self) -> None:
        while True:
            self._help(self._asked.get())

    def _help(self, latch: _Latch) -> None:
        """Do the job of a latch, if anybody still needs that."""
        claimed = latch.claim()
        if claimed is None:
            return
        job, context = claimed
        try:
            context.run(job.run)
        except BaseException as error:
            latch.failure = error  # the caller's to raise; this thread goes on to serve
        finally:
            del claimed, job, context  # who waits may rely on it that nothing is held here
            latch.arrive()


_pool = Pool()


def is_small(batch: Tasks) -> bool:
    """Whether a batch is not worth a second thread."""
    return batch.ntasks <= 1 or isinstance(batch, FoldedBatch) or batch.nbytes < SERIAL_NBYTES


def workers() -> int:
    """Count the threads that one call may use: those of the settings, or one a core."""
    return config.workers or _pool.cores


class Crew:
    """Helpers of a job that comes bit by bit: called when there is some, gone when there is none.

    Parameters
    ----------
    job : Job
    context : Context
        The settings that they work by.
    """

    def __init__(self, job: Job, context: Context) -> None:
        self._job = job
        self._context = context
        self._latches: list[_Latch] = []
        self._pool = _pool

    def call(self, wanted: int, at_least: int = 0) -> int:
        """Send for helpers; return how many come."""
        self._latches = [latch for latch in self._latches if not latch.is_open()]
        return self._pool.call(self._job, wanted, at_least, self._context, self._latches)

    @property
    def at_work(self) -> bool:
        """Whether anybody works, or is about to."""
        return not all(latch.is_open() for latch in self._latches)

    def wait(self, seconds: float) -> None:
        """Wait until nobody works, but no longer than that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.at_work:
            time.sleep(0.001)

    def dismiss(self, *, wait: bool = True) -> None:
        """Call nobody else, and wait until nobody works."""
        self._pool.dismiss(self._latches, wait=wait)
        self._latches = []


def lend(loan: object, wanted: int) -> int:
    """Take permits for the caller and for up to so many helpers of its own; tell how many.

    They are the caller's until it pops its key from `loans()`, whatever happens.
    """
    return _pool.lend(loan, wanted)


def loans() -> dict[object, int]:
    """Give the permits of callers at work by their keys, as `Pool` has them."""
    return _pool.loans


def run(batch: Tasks, most: int | None = None) -> None:
    """Run a batch with the configured number of workers, or with fewer."""
    _pool.run(batch, workers() if most is None else most)


def run_meanwhile(batch: Tasks, most: int, action: Callable[[], T]) -> T:
    """Run a batch with up to so many workers, one of which does something else first."""
    return _pool.run_meanwhile(batch, most, action)


def _renew() -> None:
    """In a forked child: the threads are gone, and with them all callers."""
    global _pool
    _pool.loans.clear()
    _pool = Pool(_pool.loans)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
