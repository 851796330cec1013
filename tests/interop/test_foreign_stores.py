"""Stores of others, in an environment where they are: what `tests/foreign` says holds there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from peers import environments
from services import servers

import zarrpy
from tests.services.objects.servers import SERVERS as OBJECTS

pytestmark = pytest.mark.peers

ROOT = Path(__file__).resolve().parents[2]
#: Needs servers, and takes minutes: s3fs needs a hundred times as long as obstore.
BUCKETS = "test_file_systems.py"
FILES = sorted({path.name for path in (ROOT / "tests" / "foreign").glob("test_*.py")} - {BUCKETS})


@pytest.mark.parametrize("name", FILES)
def test_stores_of_others_serve_as_ours_do(name: str, tmp_path: Path) -> None:
    """All tests of the file pass, and none is left out."""
    passes(name, tmp_path, {})


@pytest.mark.services
def test_file_systems_of_buckets_serve_as_ours_do(tmp_path: Path) -> None:
    """s3fs before moto, and gcsfs before an emulator of Google's storage."""
    with servers.moto(tmp_path) as moto, OBJECTS["gcs"].address() as gcs:
        addresses = {"ZARRPY_MOTO_URL": moto, "ZARRPY_GCS_EMULATOR_URL": gcs}
        # without it gcsfs waits a minute for what the emulator does not have
        passes(BUCKETS, tmp_path, {**addresses, "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"})


def passes(name: str, tmp_path: Path, more: dict[str, str]) -> None:
    """Run a file in the environment of the others."""
    try:
        python = environments.ensure(environments.FOREIGN)
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))
    command = [python, "-m", "pytest", "-q", "--confcutdir", "tests/foreign"]
    command += [
        "-o",
        "addopts=",
        "-o",
        "filterwarnings=default",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
    ]
    command += [f"--basetemp={tmp_path / 'base'}", "--tb=short", f"tests/foreign/{name}"]
    installed = Path(zarrpy.__file__).resolve().parents[1]  # or the source tree

    run = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={
            **environments.variables(),
            **more,
            "PYTHONPATH": str(installed),
            "ZARRPY_FOREIGN": "1",
        },
    )

    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    assert re.search(r"^\d+ passed(, \d+ warnings?)? in", run.stdout, re.M), run.stdout[-500:]
