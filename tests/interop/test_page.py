"""The page of interoperability says what is kept of the exchange."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_as_it_would_be_written() -> None:
    """After a change of the kept results: `python tools/interoperability.py --page`."""
    if not (ROOT / "tools" / "interoperability.py").exists():
        pytest.skip("the source tree is missing: run from a clone of the repository")
    command = [sys.executable, "tools/interoperability.py", "--check"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


def test_a_stale_page_is_noticed(tmp_path: Path) -> None:
    """The comparison can fail."""
    code = (
        "import sys; sys.path.insert(0, 'tools'); import interoperability as made, pathlib;"
        f"made.PAGE = pathlib.Path({str(tmp_path / 'page.md')!r});"
        "made.PAGE.write_text(made.BEGIN + made.END); sys.exit(made.main(['--check']))"
    )

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)

    assert run.returncode == 1
