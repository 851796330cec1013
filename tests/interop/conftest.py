"""One exchange of all arrays with all peers, shared by the tests of this folder."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from interop.cases import all_cases
from interop.exchange import Exchange
from interop.results import Results, hold

SUMMARY: list[str] = []


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """Exchange every case with every peer, once."""
    directory = tmp_path_factory.mktemp("exchange")
    found = hold(Exchange(directory, all_cases()))
    SUMMARY.extend(found.summary())
    yield found
    shutil.rmtree(directory, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many arrays went each way."""
    if SUMMARY:
        terminalreporter.section("arrays exchanged with peers, compared bit for bit")
        for text in SUMMARY:
            terminalreporter.write_line(text)
