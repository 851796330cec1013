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
