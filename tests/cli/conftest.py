"""The command line is tested as its users meet it: as a process, with its real output."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import zarrpy

Run = Callable[..., subprocess.CompletedProcess[str]]
Environment = Callable[..., dict[str, str]]


@pytest.fixture
def environment() -> Environment:
    """Give a child the zarrpy that is under test, and an encoding that does not depend on us."""

    def make(**environ: str) -> dict[str, str]:
        found = str(Path(zarrpy.__file__).resolve().parent.parent)
        return os.environ | {"PYTHONPATH": found, "PYTHONIOENCODING": "utf-8"} | environ

    return make


@pytest.fixture
def run(tmp_path: Path, environment: Environment) -> Run:
    """Run ``zarrpy`` with arguments in an empty directory."""

    def run_command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "zarrpy", *arguments],
            cwd=tmp_path,
            env=environment(**environ),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run_command


@pytest.fixture
def hierarchy(tmp_path: Path) -> Path:
    """Store a v3 hierarchy with two arrays, one of them nested."""
    path = tmp_path / "run.zarr"
    group = zarrpy.create_group(path, attributes={"title": "a run"})
    group.create_array("grid/lat", data=np.linspace(-89.5, 89.5, 180), compressors="gzip:1")
    group.create_array(
        "t2m",
        data=np.arange(24, dtype="float32").reshape(2, 3, 4),
        chunks=(1, 3, 4),
        compressors="zstd:5",
        dimension_names=("time", "lat", "lon"),
        attributes={"units": "K"},
    )
    return path
