"""Run the suites of other projects over zarrpy, and write how many of their tests pass.

``make compat`` runs it. The suites are those that the projects ship in their wheels; zarrpy is
served to them in the place of zarr-python, which is not installed. The counts go to
docs/compatibility.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXCLUDED = ROOT / "tests" / "ecosystem" / "excluded.toml"
PAGE = ROOT / "docs" / "compatibility.md"


@dataclass(frozen=True)
class Suite:
    """Tests of one project.

    Parameters
    ----------
    project : str
    modules : tuple of str
    chosen : str
        Which of their tests, as of ``pytest -k``.
    least : float
        Of the tests that are run, how many must pass.
    options : tuple of str
    """

    project: str
    modules: tuple[str, ...]
    chosen: str
    least: float
    options: tuple[str, ...] = ()


SUITES = (
    Suite(
        "xarray",
        ("xarray.tests.test_backends", "xarray.tests.test_backends_datatree"),
        "zarr or Zarr",
        0.99,
        ("-o", "asyncio_default_fixture_loop_scope=function"),
    ),
    Suite(
        "dask",
        ("dask.array.tests.test_array_core",),
        "zarr",
        0.99,
        ("-W", "error::dask.array.core.PerformanceWarning"),
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What became of the tests of a suite."""

    suite: Suite
    passed: int
    failed: tuple[str, ...]
    skipped: int
    excluded: int

    @property
    def share(self) -> float:
        """Part of the tests that pass, of those that are not skipped; excluded ones fail."""
        return self.passed / max(self.passed + len(self.failed) + self.excluded, 1)


def run(suite: Suite) -> Outcome:
    """Run one suite in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        variables = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tools"))),
            "ZARRPY_COMPAT_EXCLUDED": str(EXCLUDED),
            "ZARRPY_COMPAT_COUNT": str(Path(folder) / "excluded"),
        }
        command = [
            *(sys.executable, "-m", "pytest", "-p", "compat_plugin", "-q", "--tb=short"),
            *("-p", "no:cacheprovider", f"--junitxml={report}", "-k", suite.chosen),
            *suite.options,
            *("--pyargs", *suite.modules),
        ]
        done = subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, check=False
        )
        if not report.exists():
            raise SystemExit(f"{suite.project}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        if done.returncode not in (0, 1):
            raise SystemExit(f"{suite.project}: pytest ended with {done.returncode}")
        cases = list(ET.parse(report).iter("testcase"))
        excluded = int((Path(folder) / "excluded").read_text())
    failed = [case for case in cases if any(case.find(kind) is not None for kind in _BAD)]
    skipped = [case for case in cases if case.find("skipped") is not None]
    names = tuple(sorted(_name(case) for case in failed))
    if names:
        print(done.stdout[-6000:])
    passed = len(cases) - len(failed) - len(skipped)
    return Outcome(suite, passed, names, len(skipped), excluded)


_BAD = ("failure", "error")


def _name(case: ET.Element) -> str:
    """Name a test as the list of exclusions does."""
    *_, module, owner = ("." + case.get("classname", "")).split(".")
    file, parts = (module, [owner]) if owner[:1].isupper() else (owner, [])
    places = [f"{file}.py"] if file else []  # not told for what lies outside the folder
    return "::".join([*places, *parts, case.get("name", "")])


def page(outcomes: list[Outcome]) -> str:
    """Write the page of the counts."""
    excluded = tomllib.loads(EXCLUDED.read_text(encoding="utf-8"))["excluded"]
    lines = [
        "# Tests of other projects over zarrpy",
        "",
        "`make compat` runs the tests that these projects ship in their wheels, with zarrpy",
        "served in the place of zarr-python by `zarrpy.compat.install()`, and writes this page.",
        "zarr-python is not installed. Skipped are tests that the projects themselves skip, as",
        "what they need is not there. Excluded tests count as failed.",
        "",
        "| project | tests run | pass | fail | excluded | skipped | share that passes |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in outcomes:
        total = each.passed + len(each.failed) + each.excluded
        lines.append(
            f"| {each.suite.project} {version(each.suite.project)}, `-k '{each.suite.chosen}'` | "
            f"{total} | {each.passed} | {len(each.failed)} | {each.excluded} | {each.skipped} | "
            f"{each.share:.2%} |"
        )
    lines += ["", "## Excluded tests", "", "| test | reason |", "|---|---|"]
    lines += [f"| `{each['test']}` | {each['reason']} |" for each in excluded]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run all suites, write the page, and say whether enough tests pass."""
    outcomes = [run(suite) for suite in SUITES]
    PAGE.write_text(page(outcomes), encoding="utf-8")
    for each in outcomes:
        print(
            f"{each.suite.project}: {each.passed} pass, {len(each.failed)} fail, {each.share:.2%}"
        )
        for name in each.failed:
            print(f"  failed: {name}")
    return int(any(each.failed or each.share < each.suite.least for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
