"""The field that ships with zarrpy is what its page says."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zarrpy.data import OCEAN_TEMPERATURE

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path("/usr/share/ferret-vis/data/levitus_climatology.cdf")


def test_the_field_has_the_checksum_its_page_names() -> None:
    """The page tells the provenance of these bytes and no others."""
    page = (OCEAN_TEMPERATURE.parent / "README.md").read_text(encoding="utf-8")

    assert hashlib.sha256(OCEAN_TEMPERATURE.read_bytes()).hexdigest() in page


def test_the_field_stays_small() -> None:
    """A wheel is no place for large data."""
    assert OCEAN_TEMPERATURE.stat().st_size < 1.2e6


def test_the_field_is_the_ocean() -> None:
    """Warm at the equator, cold at the poles, and nothing where there is land."""
    field = np.load(OCEAN_TEMPERATURE)

    assert (field.shape, field.dtype) == ((4, 180, 360), np.dtype("<f4"))
    assert np.nanmean(field[0, 85:95]) > 25
    assert np.nanmean(field[0, :20]) < 0
    assert np.isnan(field[0, 40, 280])  # central Asia


def test_the_field_is_made_again_from_its_source(tmp_path: Path) -> None:
    """The script beside it makes the same bytes."""
    if not SOURCE.exists():
        pytest.skip(f"{SOURCE} is not here; apt-get install ferret-datasets brings it")
    pytest.importorskip("scipy", reason="scipy is not installed; pip install scipy brings it")

    made = tmp_path / "made.npy"
    script = ROOT / "tools" / "make_field.py"
    subprocess.run([sys.executable, script, SOURCE, "--out", made], check=True, capture_output=True)

    assert made.read_bytes() == OCEAN_TEMPERATURE.read_bytes()
