"""What runs the suites of other projects: its rule, its stand-ins, its lists; not the suites."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SUITE = """
import pytest
from zarr.core.buffer import default_buffer_prototype
from zarr.core.chunk_grids import normalize_chunks_nd
from zarr.storage import MemoryStore
import zarr

def helper():
    return normalize_chunks_nd

def test_public():
    assert zarr.create_array(MemoryStore(), shape=3, dtype="i4").shape == (3,)

def test_served():
    default_buffer_prototype()

def test_uses_what_is_not_there():
    zarr.no_such_function()

def test_private_name():
    normalize_chunks_nd((1,), (2,))

def test_by_a_helper():
    helper()

def test_private_attribute():
    MemoryStore()._is_open

def test_said_as_a_text(monkeypatch):
    monkeypatch.setattr("zarr.core.sync._get_loop", None)

@pytest.mark.parametrize("name", ["_get_loop"])
def test_given_a_private_name(name):
    assert False

def test_excluded():
    assert False

TABLE = {
    "public": lambda: zarr.open({}),
    "private": lambda: normalize_chunks_nd,
}

def test_by_a_table():
    TABLE["public"]()

class Test:
    def own(self):
        return normalize_chunks_nd

    def test_by_a_method(self):
        self.own()

    def test_plain(self):
        assert zarr.open({}).path == ""
"""
EXCLUDED = """
[[excluded]]
project = "zarr"
test = "test_of_others.py::test_excluded"
reason = ""
"""


def test_a_rule_chooses_the_tests_and_stand_ins_fail(tmp_path, monkeypatch):
    """Tests of private names are left out; one that needs what is not served fails."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_of_others.py").write_text(SUITE)
    (tmp_path / "excluded.toml").write_text(EXCLUDED)
    testing = tmp_path / "src" / "zarr" / "testing"
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import compat_public

    for module in compat_public.DOCUMENTED:
        place = testing.parent.joinpath(*module.split(".")[1:])
        place.mkdir(parents=True, exist_ok=True)
        (place / "__init__.py").write_text("__all__ = []\n")
    variables = {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tools'}",
        "ZARRPY_COMPAT_EXCLUDED": str(tmp_path / "excluded.toml"),
        "ZARRPY_COMPAT_PROJECT": "zarr",
        "ZARRPY_COMPAT_SOURCE": str(tmp_path),
        "ZARRPY_COMPAT_LEFT_OUT": str(tmp_path / "left_out.json"),
    }
    command = [sys.executable, "-m", "pytest", "-p", "compat_zarr", "-p", "no:cacheprovider"]
    options = ["-p", "no:xdist", "-q", "-rA", "--tb=line", "-W", "ignore", "tests"]
    done = subprocess.run(
        [*command, *options], cwd=tmp_path, env=variables, capture_output=True, text=True
    )

    ran = {line.split()[1].rpartition("::")[2]: line.split()[0] for line in _told(done.stdout)}
    assert ran == {
        "test_public": "PASSED",
        "test_served": "PASSED",
        "test_plain": "PASSED",
        "test_uses_what_is_not_there": "FAILED",
    }, done.stdout + done.stderr
    left_out = (tmp_path / "left_out.json").read_text()
    assert '"excluded": 1' in left_out
    assert "[5, 7]" in left_out


def _told(output):
    return [line for line in output.splitlines() if line.startswith(("PASSED", "FAILED"))]


def test_every_exclusion_has_a_test_and_a_reason(monkeypatch):
    """Of a project whose suite is run, and none twice."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import compat_suites

    listed = tomllib.loads((ROOT / "tests/ecosystem/excluded.toml").read_text())["excluded"]
    names = [(each["project"], each["test"]) for each in listed]
    projects = {suite.project for suite in compat_suites.SUITES}

    assert len(set(names)) == len(names)
    assert {project for project, _ in names} <= projects
    assert all(each["reason"] for each in listed)


def test_the_page_tells_the_kept_counts(monkeypatch):
    """As the program writes it of them."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import json

    import compat

    counts = json.loads(compat.COUNTS.read_text())
    assert compat.PAGE.read_text() == compat.page(counts)


@pytest.mark.parametrize(
    ("counts", "share"),
    [
        ({"passed": 3, "failed": 0, "excluded": 1}, 0.75),
        ({"passed": 2, "failed": 2, "excluded": 0}, 0.5),
    ],
)
def test_what_is_excluded_counts_as_failed(counts, share, monkeypatch):
    """So that the list of exclusions cannot make a share larger."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import compat

    assert compat.share(counts) == share
