"""The field that ships with zarrpy is made again from the package of Debian that it comes from."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from peers.cache import CACHE, locked

from zarrpy.data import OCEAN_TEMPERATURE

pytestmark = pytest.mark.peers

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ferret-datasets"
FILE = Path("usr/share/ferret-vis/data/levitus_climatology.cdf")


def source() -> Path:
    """Find the file: installed, or unpacked once beside the environments of the peers."""
    if (Path("/") / FILE).exists():
        return Path("/") / FILE
    kept = CACHE / PACKAGE
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / f"{PACKAGE}.lock"):
        if not (kept / FILE).exists():
            fetch(kept)
    return kept / FILE


def fetch(target: Path) -> None:
    """Download the package and unpack it; nothing is installed."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip("no packages of Debian here: apt-get and dpkg are missing")
    with tempfile.TemporaryDirectory() as folder:
        command = ["apt-get", "download", PACKAGE]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        found = list(Path(folder).glob("*.deb"))
        if run.returncode or not found:
            pytest.skip(f"{PACKAGE} cannot be downloaded; apt-get update may help: {run.stderr}")
        subprocess.run(["dpkg", "-x", str(found[0]), str(target)], check=True)


def test_the_field_is_made_again_from_its_source(tmp_path: Path) -> None:
    """The script makes the same bytes."""
    made = tmp_path / "made.npy"
    script = ROOT / "tools" / "make_field.py"
    if not script.exists():
        pytest.skip("the source tree is missing: run from a clone of the repository")

    subprocess.run(
        [sys.executable, script, source(), "--out", made], check=True, capture_output=True
    )

    assert made.read_bytes() == OCEAN_TEMPERATURE.read_bytes()
