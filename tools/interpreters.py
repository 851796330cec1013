"""Find the Python interpreters of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")


def find() -> dict[str, str]:
    """Return an interpreter for each version of VERSIONS that is here, by its number."""
    found = {}
    for version in VERSIONS:
        for candidate in candidates(version):
            if runs(candidate, version):
                found[version] = candidate
                break
    return found


def candidates(version: str) -> list[str]:
    """Return what may be that version: the names on PATH, then what pyenv has installed."""
    names = [shutil.which(f"python{version}"), shutil.which("python3"), shutil.which("python")]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = sorted((root / "versions").glob(f"{version}*/bin/python"), reverse=True)
    return [name for name in names if name is not None] + [str(path) for path in installed]


def runs(python: str, version: str) -> bool:
    """Whether it starts and is that version; a shim on PATH may do neither."""
    command = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version
