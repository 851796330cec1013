"""Tests of `zarrpy.engine.pool`: who works on a batch, and what becomes of a failure."""

import threading

import pytest

from zarrpy import config
from zarrpy.engine.pool import SERIAL_NBYTES, Pool


class Work:
    """A batch that notes who runs it and with which settings, and may fail."""

    ntasks = 4
    nbytes = SERIAL_NBYTES

    def __init__(self, failure=None):
        self.failure = failure
        self.threads = []
        self.settings = []

    def run(self):
        """Note, and fail if asked to."""
        self.threads.append(threading.current_thread())
        self.settings.append(config.limits.codecs)
        if self.failure is not None:
            raise self.failure

    def cancel(self):
        """Nothing to stop."""


def test_a_failure_outside_of_the_chunks_reaches_the_caller():
    """A helper that cannot even begin leaves work undone: silence would pass it for done."""
    with pytest.raises(MemoryError, match="no memory for a worker"):
        Pool().run(Work(MemoryError("no memory for a worker")), 2)


def test_a_failed_helper_serves_the_next_batch():
    """Permits are counted by threads: a thread that ended would be waited for for ever."""
    pool, work = Pool(), Work()
    for _ in range(3):
        with pytest.raises(MemoryError):
            pool.run(Work(MemoryError()), 1)

    pool.run(work, 1)

    assert len(work.threads) == 1


def test_the_main_thread_can_be_interrupted_with_one_worker_too():
    """Only a thread that waits in Python hears a signal, so larger work is another thread's."""
    work = Work()

    Pool().run(work, 1)

    assert threading.main_thread() not in work.threads


def test_one_worker_is_the_calling_thread_elsewhere():
    """Another thread than the main one hears no signals: it works itself."""
    work = Work()
    caller = threading.Thread(target=Pool().run, args=(work, 1))

    caller.start()
    caller.join()

    assert work.threads == [caller]


def test_helpers_go_by_the_settings_of_the_caller():
    """A thread has settings of its own unless they are handed over."""
    work = Work()

    with config.set({"limits.codecs": 7}):
        Pool().run(work, 2)

    assert set(work.settings) == {7}


@pytest.mark.parametrize("workers", [1, 2])
def test_where_no_thread_can_be_started_the_caller_works(monkeypatch, workers):
    """At the end of the interpreter, or over a limit of the system, a read is still a read."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    work, pool = Work(), Pool()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        pool.run(work, workers)

    assert work.threads == [threading.main_thread()]
    pool.run(work, workers)
    assert threading.main_thread() not in work.threads[1:]
