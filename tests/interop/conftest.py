"""One exchange of all arrays with all peers, shared by the tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from interop.cases import all_cases
from interop.exchange import Exchange, scratch
from interop.results import Results, hold

SUMMARY: list[str] = []


@pytest.fixture(scope="session")
def results() -> Results:
    """Exchange every case with every peer, once."""
    with scratch() as directory:
        found = hold(Exchange(directory, all_cases()))
    SUMMARY.extend(found.summary())
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many arrays went each way."""
    if SUMMARY:
        terminalreporter.section("arrays exchanged with peers, compared bit for bit")
        for text in SUMMARY:
            terminalreporter.write_line(text)
