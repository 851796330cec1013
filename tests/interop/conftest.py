"""One exchange of all arrays with all peers, shared by the tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from report import tell

from interop.cases import all_cases
from interop.exchange import Exchange, scratch
from interop.results import Results, hold


@pytest.fixture(scope="session")
def results() -> Results:
    """Exchange every case with every peer, once."""
    with scratch() as directory:
        found = hold(Exchange(directory, all_cases()))
    tell("arrays exchanged with peers, compared bit for bit", found.summary())
    return found
