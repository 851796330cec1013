"""``zarrpy verify`` and ``zarrpy repair``."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_whole_data_are_ok(run: Run, hierarchy: Path) -> None:
    """One line, and exit code 0."""
    found = run("verify", "--deep", hierarchy.name)

    assert found.stdout.startswith("ok: 2 arrays, 2 groups")
    assert (found.returncode, found.stderr) == (0, "")


def test_damage_is_named_and_is_exit_code_1(run: Run, hierarchy: Path) -> None:
    """As text and as a document."""
    chunk = next(path for path in hierarchy.rglob("c/*") if path.is_file())
    chunk.write_bytes(b"")

    text = run("verify", hierarchy.name)
    document = run("verify", "--json", hierarchy.name)

    key = chunk.relative_to(hierarchy).as_posix()
    assert (text.returncode, document.returncode) == (1, 1)
    assert f"corrupt    {key}" in text.stdout
    found = json.loads(document.stdout)
    assert not found["ok"]
    assert [finding["key"] for finding in found["findings"]] == [key]


def test_damage_is_set_aside(run: Run, hierarchy: Path) -> None:
    """After that all is well."""
    chunk = next(path for path in hierarchy.rglob("c/*") if path.is_file())
    chunk.write_bytes(b"")

    done = run("repair", "--json", hierarchy.name)

    assert done.returncode == 0
    ((key, _),) = json.loads(done.stdout)["quarantined"]
    assert key == chunk.relative_to(hierarchy).as_posix()
    assert not chunk.exists()
    assert run("verify", "--deep", hierarchy.name).returncode == 0


def test_nothing_there_is_exit_code_3(run: Run, hierarchy: Path) -> None:
    """As everywhere."""
    assert run("verify", "nowhere.zarr").returncode == 3
