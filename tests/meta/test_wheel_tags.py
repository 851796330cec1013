"""Which wheels would be published, as cibuildwheel reads pyproject.toml; nothing is built."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("cibuildwheel", reason="cibuildwheel is missing: pip install 'zarrpy[test]'")

PYTHONS = ("cp311", "cp312", "cp313", "cp314", "cp314t")
PLATFORMS = {
    "linux": (
        "manylinux_x86_64", "manylinux_aarch64", "musllinux_x86_64", "musllinux_aarch64"
    ),
    "macos": ("macosx_x86_64", "macosx_arm64"),
    "windows": ("win_amd64", "win_arm64"),
}  # fmt: skip


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_python_has_a_wheel_for_every_machine(repository, platform):
    """The identifiers are the product of Pythons and machines: no more, no fewer."""
    command = [sys.executable, "-m", "cibuildwheel", "--print-build-identifiers"]
    run = subprocess.run(
        [*command, "--platform", platform], cwd=repository, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stderr
    wanted = {f"{python}-{machine}" for python in PYTHONS for machine in PLATFORMS[platform]}
    assert set(run.stdout.split()) == wanted
