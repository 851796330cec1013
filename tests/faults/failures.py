"""Lets each system call, or each allocation, of an operation fail in turn, or be its last.

    failures.py LAYOUT calls|'some calls'|'copied ranges'|kills|'some kills'|allocations PLACE

An operation that fails leaves the old values or the new, says which file it was about, and
leaves no temporary file; the same operation then succeeds.  The number of the call goes up until
the operation does not come that far.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import layouts
import shim

import zarrpy
from zarrpy.errors import StoreError, ZarrError
from zarrpy.stores import LocalStore

#: Errors that the system may give, by the kind of the call; others give EIO.
ERRORS = {
    "open": (errno.EIO, errno.EMFILE, errno.EACCES, errno.ENOSPC),
    "write": (errno.EIO, errno.ENOSPC),
    "sync": (errno.EIO, errno.ENOSPC),
    "mkdir": (errno.EIO, errno.ENOSPC),
    "rename": (errno.EIO, errno.EACCES),
}
KINDS = (
    *("open", "write", "copy", "read", "sync", "truncate", "rename"),
    *("unlink", "mkdir", "close", "lock", "stat"),
)
#: What is no failure: the operation goes on, and succeeds.
HARMLESS = {
    "write": (errno.EINTR, shim.HALF),
    "read": (errno.EINTR, shim.HALF),
    # What the system does not copy by itself goes through memory, whatever its reason.
    "copy": (errno.EINTR, shim.HALF, errno.EXDEV, errno.ENOSPC),
}


class Trial:
    """An operation on a layout, again and again from the same state.

    Parameters
    ----------
    layout : Layout
    place : str
        The directory that is watched.
    """

    def __init__(self, layout: layouts.Layout, place: str) -> None:
        self.layout = layout
        self.folder = place
        self.place = os.path.join(place, "x")
        self.kept = place + "-kept"
        os.makedirs(place)
        layout.create(self.place)
        layout.change_once(self.place, 1)
        shutil.copytree(place, self.kept)
        self.changing = True
        self.counts: Counter[str] = Counter()

    def begin(self) -> None:
        """Bring the old state back."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.kept, self.folder)

    def run(self) -> None:
        """Make the new state, or read the old one."""
        if self.changing:
            self.layout.change_once(self.place, 2)
        else:
            self.layout.read(self.place, 1)

    def check(self, *, done: bool, what: str) -> None:
        """Look at what is left."""
        try:
            found = self.layout.check(self.place, None, 1)
        except Exception as error:
            raise AssertionError(f"after {what}") from error
        assert found == 2 or not done, f"{what}: success was reported, and the old state is there"

    def temporaries(self) -> list[str]:
        """Name the temporary files that are left."""
        return [
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.folder)
            for name in names
            if name.endswith("__lock") and not name.startswith(".__zp")
        ]


class Outcome(NamedTuple):
    """What an operation that met a failure in a process of its own came to."""

    failure: str | None
    #: Whether the failure says where.
    located: bool
    #: Whether it came to the failure.
    fired: bool


def attempt(trial: Trial, arm: Callable[[], Any], fired: Callable[[], bool]) -> Outcome | None:
    """Run the operation in a process of its own; None when that was killed."""
    trial.begin()
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        failure, located = None, True
        arm()
        try:
            trial.run()
        except (StoreError, OSError) as raised:
            failure = repr(raised)
            located = bool(getattr(raised, "key", None)) or trial.folder in str(raised)
        except (ZarrError, MemoryError) as raised:
            failure = repr(raised)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os.write(send, json.dumps([failure, located, fired()]).encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as file:
        told = file.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    assert status == 0, f"the operation died: {status}"
    return Outcome(*json.loads(told))


def calls(trial: Trial, most: int | None = None, kinds: tuple[str, ...] = KINDS) -> None:
    """Let each call of some kinds fail, with each error that it may give, or so many of them."""
    library = shim.loaded()
    of_files = isinstance(trial.layout.store(trial.place), LocalStore)
    if not of_files:  # SQLite waits for a lock that it could not give up
        zarrpy.config.lock_timeout = 1
    for kind in kinds:
        harmless = HARMLESS.get(kind, ())
        for error in (ERRORS.get(kind, (errno.EIO,)) + harmless)[:most]:
            for nth in range(1, 10_000):
                watch = partial(
                    library.shim_watch, trial.folder.encode(), kind.encode(), nth, error
                )
                outcome = attempt(trial, watch, lambda: bool(library.shim_fired()))
                what = f"{kind} {nth} gives {shim.name_of(error)}: {outcome}"
                judge(trial, outcome, what, clean=kind not in ("unlink", "stat", "lock"))
                assert error not in harmless or outcome.failure is None, what
                if not outcome.fired:
                    break
                trial.counts[kind] += 1
                trial.counts["raised"] += outcome.failure is not None


def judge(trial: Trial, outcome: Outcome, what: str, *, clean: bool) -> None:
    """Whether the operation did what it should, given what happened to it."""
    assert outcome.failure is None or outcome.fired, f"failed by itself: {what}"
    assert outcome.located, f"it does not say where: {what}"
    left = trial.temporaries()
    assert not left or not clean, f"{left} is left: {what}"
    trial.check(done=outcome.failure is None and trial.changing, what=what)


def kills(trial: Trial, step: int = 1) -> None:
    """Let each call, or one of so many, be the last thing that the process does."""
    library = shim.loaded()
    for nth in range(1, 10_000, step):
        watch = partial(library.shim_watch, trial.folder.encode(), b"", nth, shim.KILL)
        outcome = attempt(trial, watch, lambda: False)
        trial.check(done=outcome is not None, what=f"killed at call {nth}")
        trial.layout.settle(trial.place, 2)
        if outcome is not None:
            assert outcome.failure is None
            return
        trial.counts["kills"] += 1


def allocations(trial: Trial) -> None:
    """Let each allocation of the engine, and of the libraries in it, fail."""
    library = shim.loaded()
    for nth in range(1, 10_000):
        arm = partial(library.shim_allocations, b"zarrpy/_native", nth)
        outcome = attempt(trial, arm, lambda nth=nth: library.shim_allocated() >= nth)
        judge(trial, outcome, f"allocation {nth}: {outcome}", clean=True)
        if not outcome.fired:
            return
        trial.counts["allocations"] += 1
        trial.counts["raised"] += outcome.failure is not None


WAYS: dict[str, Callable[[Trial], None]] = {
    "calls": calls,
    "some calls": partial(calls, most=1),
    "copied ranges": partial(calls, kinds=("copy",)),
    "kills": kills,
    "some kills": partial(kills, step=17),
    "allocations": allocations,
}


def main(name: str, way: str, place: str) -> dict[str, Any]:
    """Try to write, and to read; what was counted."""
    trial = Trial(layouts.LAYOUTS[name](), place)
    zarrpy.config.workers = 1  # calls come in the same order each time
    for trial.changing in (True, False) if not way.endswith("kills") else (True,):
        WAYS[way](trial)
    return dict(trial.counts)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # files that were not closed say so
    print(json.dumps(main(*sys.argv[1:4])))
