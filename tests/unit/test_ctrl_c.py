"""Ctrl-C at any moment loses nothing that was there before, and nobody waits for ever after it."""

import subprocess
import sys
import textwrap
from pathlib import Path

BEGIN = """
    import gc, sys, threading, time

    import numpy as np

    import zarrpy
    from tests.unit.ctrl_c import moments
    from zarrpy.engine import pool

    sys.unraisablehook = lambda raised: None  # where what was interrupted has nobody to tell
    sys.setswitchinterval(1e-4)
    gc.disable()  # what is raised in a finalizer is for nobody
"""


def run(script, timeout=100):
    """Run it in a process of its own, which is killed when it hangs."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BEGIN) + textwrap.dedent(script)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_pieces_that_were_buffered_before_are_stored():
    """The write that is interrupted may be lost, those before it are in memory or stored."""
    run(
        """
        rows = np.arange(8, dtype="i4")
        for ctrl_c in moments("engine/buffer.py", "engine/pieces.py", "engine/locks.py"):
            array = zarrpy.create_array(
                zarrpy.MemoryStore(), shape=(8, 4), chunks=(4, 4), dtype="i4", fill_value=-1
            )
            written = []
            with array.buffered():
                try:
                    with ctrl_c:
                        for i in (0, 4, 1, 7, 2):
                            array[i] = i
                            written.append(i)
                        array.flush()
                        for i in (6, 3):
                            array[i] = i
                            written.append(i)
                except KeyboardInterrupt:
                    pass
            assert (array[...][written] == rows[written, None]).all(), (written, array[...])
        """
    )


def test_locks_are_let_go_of():
    """Those of keys, which others wait for, and that of the table of them."""
    run(
        """
        from zarrpy.engine import locks

        def hold():
            with locks.hold(1, ["a", "b"]):
                pass

        for ctrl_c in moments("engine/locks.py"):
            try:
                with ctrl_c:
                    hold()
                    hold()
            except KeyboardInterrupt:
                pass
            assert not locks._mine.get()
            other = threading.Thread(target=hold, daemon=True)
            other.start()
            other.join(5)
            assert not other.is_alive()
        """
    )


def test_streams_end():
    """Their threads let go of them, and the next one has as many."""
    run(
        """
        values = np.arange(12 * 4).reshape(12, 4)
        array = zarrpy.create_array(zarrpy.MemoryStore(), data=values, chunks=(1, 4))
        for ctrl_c in moments("engine/stream.py", "engine/pool.py", "engine/bell.py"):
            found = []
            try:
                with ctrl_c:
                    for chunk in array.iter_chunks(workers=2, prefetch=2):
                        found.append(chunk.data)
            except KeyboardInterrupt:
                pass
            gc.collect(0)
            assert np.array_equal(np.concatenate(found or [values[:0]]), values[: len(found)])
        assert pool.loans() == {}
        """
    )


def test_scans_are_read_ahead_after_it():
    """No permit of a helper is kept by a handle that lives on, and helpers come again."""
    run(
        """
        class Versions(zarrpy.MemoryStore):
            in_memory = False

            def version(self, key):
                return 1

        def rows(scan, which):
            for i in which:
                assert np.array_equal(scan[i], values[i])

        values = np.arange(24 * 4).reshape(24, 4)
        store = Versions()
        zarrpy.create_array(store, data=values, chunks=(1, 4))
        for ctrl_c in moments("engine/ahead.py", "engine/pool.py", "engine/bell.py"):
            gc.collect(0)
            scan = zarrpy.open_array(store, mode="r", prefetch=3)
            rows(scan, range(2))
            try:
                with ctrl_c:
                    rows(scan, range(2, 4))
            except KeyboardInterrupt:
                pass
            end = time.monotonic() + 5
            while pool._pool._nhelpers and time.monotonic() < end:
                time.sleep(0.001)
            assert pool._pool._nhelpers == 0
            before = scan.prefetch_info.fetched
            while scan.prefetch_info.fetched == before and time.monotonic() < end:
                for i in range(24):
                    rows(scan, [i])
                    time.sleep(0.0002)
            assert scan.prefetch_info.fetched > before
        assert pool.loans() == {}
        """
    )


def test_requests_that_are_interrupted_leave_threads_for_others():
    """Neither they nor who was interrupted wait for a lock that nobody has."""
    run(
        """
        from zarrpy.stores.in_flight import in_flight

        def answer(number):
            time.sleep(0.001)
            return number

        for ctrl_c in moments("stores/in_flight.py"):
            try:
                with ctrl_c:
                    in_flight(answer, range(6), 3)
            except KeyboardInterrupt:
                pass
            assert in_flight(answer, range(6), 3) == list(range(6))
        """
    )
