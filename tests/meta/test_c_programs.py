"""The tests of the engine that are written in C, each a program; see tests/c."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "c"
SOURCES = sorted(path.name for path in FOLDER.glob("*.c") if "main(" in path.read_text())


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Paths of the programs, linked with the engine as the modules are."""
    root = FOLDER.parents[1]
    if not (root / "tools" / "c_programs.py").exists():
        pytest.skip("the source tree is missing: run from a clone of the repository")
    command = [sys.executable, "tools/c_programs.py", "build", "tests/c"]
    built = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return {Path(line).name: line for line in built.stdout.splitlines() if "/programs/" in line}


@pytest.mark.parametrize("source", SOURCES)
def test_a_program_finds_nothing_wrong(programs, source):
    """The program ends with exit code 0; what it found wrong is in its output."""
    run = subprocess.run([programs[Path(source).stem]], capture_output=True, text=True, timeout=600)

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
