"""Bulk work keeps within the memory that it is given."""

import subprocess
import sys
from pathlib import Path

import pytest
from report import tell

PROGRAM = Path(__file__).resolve().parents[2] / "bench" / "py" / "bounds.py"
LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc tells how much memory was used: run this on Linux"
)


def run(folder: Path, *arguments: str) -> None:
    """Run the program that measures; its exit code says whether all steps kept within the bound."""
    command = [sys.executable, str(PROGRAM), "--folder", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tell("memory of bulk work", done.stdout.splitlines())
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 4


@LINUX
def test_a_copy_and_a_rechunk_keep_within_their_memory(tmp_path):
    """A fifth of a gigabyte in a third of that."""
    run(tmp_path, "--gigabytes", "0.2", "--side", "512", "--max-memory", "64MiB")


@pytest.mark.long
@LINUX
def test_ten_gigabytes_keep_within_one(tmp_path):
    """Copied, and rechunked in one pass and in two, by threads and by processes."""
    run(tmp_path, "--gigabytes", "10", "--max-memory", "1GiB")
