"""Tests of `zarrpy.engine.pool`: who works, how many, and what happens when it is interrupted."""

import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.pool import SERIAL_NBYTES, Pool, _Latch


class Work:
    """Tasks that take a while each; it notes which threads work, and how many at a time."""

    native = True

    def __init__(self, ntasks=8, nbytes=SERIAL_NBYTES, seconds=0.005, error=None, *, writing=False):
        self.ntasks, self.nbytes, self._seconds, self._error = ntasks, nbytes, seconds, error
        self.writing = writing
        self._left = ntasks
        self._lock = threading.Lock()
        self._cancelled = False
        self.done = 0
        self.threads = set()

    def share(self, nworkers):
        """Any number."""

    def run(self, alone=False):
        """Work until nothing is left."""
        self.threads.add(threading.current_thread())
        if self._error is not None:
            raise self._error
        while not self._cancelled:
            with self._lock:
                if self._left == 0:
                    return
                self._left -= 1
            time.sleep(self._seconds)
            with self._lock:
                self.done += 1

    def cancel(self):
        """Stop after the tasks in hand."""
        self._cancelled = True


@pytest.fixture
def pool():
    """A pool of its own, for a machine of four cores."""
    pool = Pool()
    pool.cores = 4
    return pool


def in_thread(action):
    """Run something in a thread of the user's."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(action).result(60)


def test_small_work_is_done_by_the_caller(pool):
    """Handing it to another thread would cost more."""
    work = Work(nbytes=SERIAL_NBYTES - 1)

    pool.run(work, 4)

    assert work.threads == {threading.main_thread()}
    assert work.done == 8


def test_one_chunk_is_done_by_the_caller(pool):
    """There is nothing to share."""
    work = Work(ntasks=1)

    pool.run(work, 4)

    assert work.threads == {threading.main_thread()}


def test_the_main_thread_leaves_large_writes_to_the_pool(pool):
    """It waits, so that it can be interrupted although others wait for locks."""
    work = Work(ntasks=40, writing=True)

    pool.run(work, 4)

    assert threading.main_thread() not in work.threads
    assert 1 <= len(work.threads) <= 4
    assert work.done == 40


def test_the_main_thread_takes_part_in_reading(pool):
    """It looks for signals between chunks."""
    work = Work(ntasks=40)

    pool.run(work, 4)

    assert threading.main_thread() in work.threads
    assert work.done == 40


def test_another_thread_takes_part(pool):
    """With as many helpers as there are idle cores."""
    work = Work(ntasks=40)

    in_thread(lambda: pool.run(work, 4))

    helpers = {thread for thread in work.threads if thread.name.startswith("zarrpy")}
    assert len(work.threads - helpers) == 1
    assert len(helpers) <= 3
    assert work.done == 40


def test_no_more_work_at_a_time_than_workers_were_asked_for(pool):
    """One worker is one thread, also for the main thread."""
    work = Work(ntasks=10)
    in_thread(lambda: pool.run(work, 1))
    assert len(work.threads) == 1

    work = Work(ntasks=10)
    pool.run(work, 1)
    assert len(work.threads) == 1


def test_a_thread_pool_of_the_users_does_not_multiply_with_ours(pool):
    """Eight callers on four cores: everyone works, and next to nobody is started besides."""
    works = [Work(ntasks=20) for _ in range(8)]

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda work: pool.run(work, 4), works))

    assert [work.done for work in works] == [20] * 8
    helpers = {t for work in works for t in work.threads if t.name.startswith("zarrpy")}
    assert len(helpers) <= pool.cores


def test_permits_come_back(pool):
    """After work that was done and after work that failed, there are as many as before."""
    for i in range(20):
        work = Work(seconds=0, error=ValueError("bad") if i % 2 else None)
        if i % 2:
            with pytest.raises(ValueError, match="bad"):
                pool.run(work, 4)
        else:
            pool.run(work, 4)

    work = Work(ntasks=40)
    pool.run(work, 4)

    assert work.done == 40
    assert len(work.threads) >= 2
    assert sum(t.name.startswith("zarrpy") for t in work.threads) <= 4


def test_a_wait_that_was_interrupted_at_its_end_can_be_repeated():
    """Otherwise an interrupt at the wrong moment would hang the main thread for ever."""
    latch = _Latch(Work(), copy_context(), 2)
    assert latch.claim()
    assert latch.claim()
    latch.arrive()
    latch.arrive()

    in_thread(latch.wait)
    in_thread(latch.wait)


def test_who_has_not_begun_is_not_waited_for_when_it_is_not_needed():
    """And does not begin afterwards."""
    latch = _Latch(Work(), copy_context(), 3)
    assert latch.claim()

    latch.withdraw()
    assert latch.outstanding == 1
    assert not latch.claim()
    latch.arrive()

    in_thread(latch.wait)


def test_nobody_holds_work_that_is_done(pool, monkeypatch):
    """Not even threads that were asked to help and came too late: its memory can be freed."""
    monkeypatch.setattr(pool, "_start", lambda nthreads: None)
    work = Work()
    pool.run(work, 2)
    gone = weakref.ref(work)

    del work

    assert gone() is None


def test_an_interrupt_while_waiting_leaves_nobody_at_work(pool):
    """The error comes out when the tasks in hand are done; permits come back."""
    work = Work(ntasks=100, seconds=0.02)
    handler = signal.signal(signal.SIGALRM, interrupted)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            pool.run(work, 4)
        done = work.done
    finally:
        signal.signal(signal.SIGALRM, handler)

    time.sleep(0.05)
    assert 0 < done < 100
    assert work.done == done
    again = Work(ntasks=40)
    pool.run(again, 4)
    assert len(again.threads) >= 2


def interrupted(number, frame):
    """Do what Control-C does."""
    raise KeyboardInterrupt


def test_work_of_the_whole_process_uses_the_same_threads(tmp_path):
    """Large reads of several threads start no more than there are cores."""
    values = np.arange(1 << 20, dtype="i4").reshape(1024, 1024)
    before = set(threading.enumerate())
    array = zarrpy.create_array(tmp_path / "x", data=values, chunks=(128, 128))

    with ThreadPoolExecutor(6) as executor:
        results = list(executor.map(lambda _: array[...], range(12)))

    assert all(np.array_equal(result, values) for result in results)
    started = set(threading.enumerate()) - before
    assert len(started) <= zarrpy.config.worker_count


def run_script(tmp_path, code, *arguments):
    """Run a script in a process of its own; return what it printed."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    result = subprocess.run(
        [sys.executable, "-W", "ignore", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


INTERRUPTED = """
    import os, signal, sys, threading, time
    import numpy as np
    import zarrpy

    zarrpy.config.disable = sys.argv[2].split()
    zarrpy.config.workers = 2  # that it takes much longer than until the interrupt
    values = np.arange(1 << 25, dtype="i4").reshape(8192, 4096)
    array = zarrpy.create_array(sys.argv[1], data=values, chunks=(128, 128), compressors="gzip:1")
    sent, took = [], []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    for _ in range(4):  # what the machine does besides is in some of them
        threading.Timer(0.02, interrupt).start()
        try:
            while True:
                {action}
        except KeyboardInterrupt:
            took.append(time.monotonic() - sent[-1])
    assert min(took) < float(sys.argv[3]), took
    assert np.array_equal(array[...], values), "the handle does not work"
    array[0, 0] = 5
    assert array[0, 0] == 5
    left = [f for _, _, fs in os.walk(sys.argv[1]) for f in fs if f.endswith("lock")]
    assert left == [], left
    print("ok")
"""


@pytest.mark.parametrize(
    ("action", "disable"),
    [
        ("array[...]", ""),
        ("array[...] = values", ""),
        ("array[1:, 1:] = values[1:, 1:]", "native"),
    ],
)
def test_an_interrupt_comes_back_soon_and_harms_nothing(tmp_path, action, disable, slack):
    """Control-C ends a large read or write within 0.1 s and the chunks in hand, here of 64 KB.

    Handle and files are whole.
    """
    code = INTERRUPTED.replace("{action}", action)

    assert run_script(tmp_path, code, tmp_path / "x", disable, 0.1 * slack) == "ok\n"


def test_a_forked_child_can_read_and_write(tmp_path):
    """It has a pool of its own, and locks that nobody holds."""
    code = """
        import os, sys, threading
        import numpy as np
        import zarrpy

        values = np.arange(1 << 20, dtype="i4").reshape(1024, 1024)
        array = zarrpy.create_array(sys.argv[1], data=values, chunks=(64, 64))
        memory = zarrpy.create_array({}, data=values, chunks=(64, 64))
        assert np.array_equal(array[...], values)  # the pool is running
        stop = threading.Event()

        def churn():
            while not stop.is_set():
                memory[3:70, 3:70] = values[3:70, 3:70]

        threading.Thread(target=churn, daemon=True).start()
        children = []
        for _ in range(10):
            child = os.fork()
            if child == 0:
                ok = np.array_equal(array[...], values) and np.array_equal(memory[...], values)
                memory[3:70, 3:70] = 1
                os._exit(0 if ok and memory[3, 3] == 1 else 1)
            children.append(child)
        codes = [os.waitpid(child, 0)[1] for child in children]
        stop.set()
        assert codes == [0] * 10, codes
        assert np.array_equal(array[...], values)
        print("ok")
    """

    assert run_script(tmp_path, code, tmp_path / "x") == "ok\n"


@pytest.mark.parametrize("attempt", range(4))
@pytest.mark.parametrize("where", ["memory", "files"])
def test_threads_at_work_when_the_interpreter_ends_harm_nothing(tmp_path, where, attempt):
    """They are in C, with scratch memory that must not be taken away from them."""
    code = """
        import sys, threading, time
        import numpy as np
        import zarrpy

        values = np.arange(1 << 20, dtype="i4").reshape(1024, 1024)
        store = {} if sys.argv[1] == "memory" else sys.argv[2]
        array = zarrpy.create_array(store, data=values, chunks=(256, 256), compressors="zstd:9")

        def churn():
            while True:
                array[3:700, 3:700] = values[3:700, 3:700]

        for _ in range(4):
            threading.Thread(target=churn, daemon=True).start()
        time.sleep(0.05)
        print("ok")
    """

    assert run_script(tmp_path, code, where, tmp_path / "x") == "ok\n"


@pytest.mark.parametrize(
    "method", ["fork", "spawn", pytest.param("forkserver", marks=pytest.mark.long)]
)
def test_arrays_go_to_processes_of_multiprocessing(tmp_path, method):
    """However they are started."""
    code = """
        import multiprocessing, sys
        import numpy as np
        import zarrpy

        def total(array):
            return int(array[...].sum())

        if __name__ == "__main__":
            array = zarrpy.create_array(sys.argv[1], data=np.ones((1024, 1024), "i4"), chunks=64)
            assert total(array) == 1 << 20
            with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
                assert pool.map(total, [array] * 4) == [1 << 20] * 4
            print("ok")
    """

    assert run_script(tmp_path, code, tmp_path / "x", method) == "ok\n"


def test_the_interpreter_ends_with_idle_threads(tmp_path):
    """Nothing holds it up."""
    code = """
        import sys
        import numpy as np
        import zarrpy

        zarrpy.create_array(sys.argv[1], data=np.ones((1024, 1024)), chunks=64)
        print("ok")
    """
    before = time.monotonic()

    assert run_script(tmp_path, code, tmp_path / "x") == "ok\n"
    assert time.monotonic() - before < 20


@pytest.mark.long
def test_an_interrupt_at_any_moment_comes_back(tmp_path):
    """A thousand of them, at moments spread over a read; no permit is lost and nothing hangs."""
    code = """
        import faulthandler, os, signal, sys, threading, time
        import numpy as np
        import zarrpy

        faulthandler.dump_traceback_later(50, exit=True)
        values = np.arange(1 << 21, dtype="i4").reshape(2048, 1024)
        array = zarrpy.create_array(sys.argv[1], data=values, chunks=(64, 64), compressors=None)
        took = []
        for i in range(1000):
            sent = []

            def interrupt():
                sent.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)

            timer = threading.Timer(0.005 + 0.0007 * (i % 50), interrupt)
            try:
                timer.start()
                while True:
                    array[...]
            except KeyboardInterrupt:
                took.append(time.monotonic() - sent[0])
        took.sort()
        assert took[-1] < 1, took[-1]
        assert took[-50] < 0.1, took[-50:]  # the last are those of the machine
        assert np.array_equal(array[...], values)
        print("ok")
    """

    assert run_script(tmp_path, code, tmp_path / "x") == "ok\n"
