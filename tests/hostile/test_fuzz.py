"""The fuzzers, for a short time; `make fuzz` runs them for long, under sanitizers."""

import subprocess
import sys
from pathlib import Path

import pytest
from report import tell

ROOT = Path(__file__).resolve().parents[2]


def fuzz(tmp_path, inputs, seed):
    """Try damaged documents, chunks and archives; none may give anything but values or errors."""
    done = subprocess.run(
        [sys.executable, "-m", "hostile.fuzz", str(inputs), str(seed), str(tmp_path)],
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    tell("fuzzing", [done.stdout.splitlines()[-1]])


def test_damaged_documents_chunks_and_archives_are_refused_or_read(tmp_path):
    """Whatever is wrong with them is an error of zarrpy."""
    fuzz(tmp_path, 1000, 1)


@pytest.mark.long
def test_many_damaged_documents_chunks_and_archives_are_refused_or_read(tmp_path):
    """The same for many."""
    fuzz(tmp_path, 200_000, 2)
