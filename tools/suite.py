"""Run the test-suite and count what ran, from its JUnit record."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Result:
    """How a run of the suite ended."""

    exit_code: int
    tests: int
    skipped: int


def run(
    tree: Path,
    *,
    python: str = sys.executable,
    launcher: tuple[str, ...] = (),
    pytest: tuple[str, ...] = ("-m", "pytest"),
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Result:
    """Run pytest in `tree`, importing zarrpy from nowhere but its environment says."""
    record = tree / "junit.xml"
    record.unlink(missing_ok=True)
    command = [*launcher, python, *pytest, "-q", f"--junitxml={record}", *arguments]
    code = subprocess.run(command, cwd=tree, env={**os.environ, **(environment or {})}).returncode
    if not record.exists():
        return Result(code or 1, 0, 0)
    (suite,) = ElementTree.parse(record).getroot().iter("testsuite")
    return Result(code, int(suite.attrib["tests"]), int(suite.attrib["skipped"]))


def collected(tree: Path, python: str = sys.executable) -> int:
    """Return how many tests ``make test`` runs in `tree`."""
    command = [python, "-m", "pytest", "--collect-only", "-qq", "--no-header"]
    listing = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    if listing.returncode != 0:
        raise SystemExit(f"the tests of {tree} cannot be collected:\n{listing.stdout[-3000:]}")
    return sum(map(int, re.findall(r"^\S+\.py: (\d+)$", listing.stdout, re.MULTILINE)))
