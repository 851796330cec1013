"""The counts of the corpus and of the matrix, printed when the tests are done."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance.summary import LINES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many cases there are, and how the cells of the matrix went."""
    if LINES:
        terminalreporter.section("conformance with the specifications")
        for text in LINES:
            terminalreporter.write_line(text)
