"""Where the environments of peers are kept, and how programs that make them are run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# A copy of the tree below build/ shares the environments of the tree that it was copied from.
OWNER = ROOT.parents[2] if ROOT.parents[1].name == "build" else ROOT
#: Where environments are kept; ``ZARRPY_PEERS`` names another directory, shared by clones.
CACHE = Path(os.environ.get("ZARRPY_PEERS") or OWNER / ".venvs")
#: Variables that are about this process and would disturb another interpreter.
PRIVATE = ("PYTHONPATH", "PYTHONHOME", "PYTHONMALLOC", "LD_PRELOAD", "VIRTUAL_ENV")


class EnvironmentMissingError(RuntimeError):
    """An environment cannot be made here; the message says how to get what is missing."""


class InterpreterMissingError(EnvironmentMissingError):
    """No Python, or Node, of this machine can hold the environment."""


@cache
def notice(text: str) -> None:
    """Say something once."""
    print(f"notice: {text}", file=sys.stderr)


def run(command: list[str], name: str) -> None:
    """Run a command; its output is shown only when it fails."""
    environment = {**variables(), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    if done.returncode:
        raise EnvironmentMissingError(
            f"{name}: `{' '.join(command)}` failed; is a package index reachable?\n{done.stdout}"
        )


def variables() -> dict[str, str]:
    """Return the process environment for another interpreter."""
    kept = {key: value for key, value in os.environ.items() if key not in PRIVATE}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from making the same environment at the same time."""
    with path.open("w") as handle:
        try:
            import fcntl
        except ImportError:  # no such module on Windows: two at once is then the user's care
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
