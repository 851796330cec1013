"""Find the Python interpreters of this machine that can hold a peer's environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Newer minor versions that are looked for, those the pins were made with first.
MINORS = (13, 12, 14, 15, 16, 11)

PROBE = (
    "import ensurepip, sys, sysconfig, venv; "
    "print(*sys.version_info[:3], int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))))"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that was really run, and the version it told."""

    path: str
    version: tuple[int, int, int]

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))} ({self.path})"


def probe(path: str) -> Interpreter | None:
    """Run an interpreter and ask its version; None if it does not run or has no venv."""
    try:
        answer = subprocess.run(
            [path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, check=True
        )
        major, minor, micro, free_threaded = map(int, answer.stdout.split())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # for example a shim for a version that is not selected here
    return None if free_threaded else Interpreter(path, (major, minor, micro))


def candidates() -> Iterator[str]:
    """Paths that may be interpreters, the preferred ones first."""
    for minor in MINORS:
        yield from filter(None, [shutil.which(f"python3.{minor}")])
        yield from pyenv_versions(minor)
    yield sys.executable


def pyenv_versions(minor: int) -> Iterator[str]:
    """The interpreters in the versions folder of pyenv, the newest micro version first."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [path for path in root.glob(f"3.{minor}.*/bin/python") if path.exists()]

    def micro(path: Path) -> int:
        last = path.parent.parent.name.rsplit(".", 1)[1]
        return int(last) if last.isdigit() else -1

    yield from map(str, sorted(found, key=micro, reverse=True))


@cache
def own() -> Interpreter | None:
    """Describe the interpreter that runs this; None when it can hold no environment."""
    return probe(sys.executable)


@cache
def find(minimum: tuple[int, int] = (3, 11)) -> Interpreter | None:
    """Find the preferred interpreter of at least this version.

    Parameters
    ----------
    minimum : tuple of int
        The lowest acceptable version, as ``(3, 12)``.

    Returns
    -------
    Interpreter or None
        None when no such interpreter runs on this machine.
    """
    for path in candidates():
        found = probe(path)
        if found is not None and found.version[:2] >= minimum:
            return found
    return None
