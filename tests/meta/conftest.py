"""The repository that these tests are about."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def repository() -> Path:
    """The root of the source tree."""
    if not (ROOT / "vendor" / "pins.txt").exists():
        pytest.skip("the source tree is missing: run from a clone of the repository")
    return ROOT
