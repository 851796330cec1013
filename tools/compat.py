"""Run the suites of other projects over zarrpy, and write how many of their tests pass.

    python tools/compat.py [PROJECT ...]   all, or some; the counts of others are kept

``make compat`` runs all of them. zarrpy is served to them in the place of zarr-python, which is not
installed. The counts go to docs/compatibility.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from compat_suites import ROOT, SUITES, TREE, Suite, python

EXCLUDED = ROOT / "tests" / "ecosystem" / "excluded.toml"
COUNTS = ROOT / "tests" / "ecosystem" / "counts.json"
PAGE = ROOT / "docs" / "compatibility.md"


def run(suite: Suite, interpreter: Path) -> dict[str, Any]:
    """Run one suite in a process of its own, and count what became of its tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = folder / "report.xml"
        place = folder if suite.source is None else suite.source.fetch(interpreter)
        command = [
            *(str(interpreter), "-m", "pytest", "-p", suite.plugin, "-q", "--tb=short"),
            *("-p", "no:cacheprovider", f"--junitxml={report}", f"--basetemp={folder / 'tmp'}"),
            *(("-k", suite.chosen) if suite.chosen else ()),
            *suite.options,
            *(("--pyargs", *suite.tests) if suite.source is None else suite.tests),
        ]
        done = subprocess.run(
            command,
            cwd=place,
            env=_variables(suite, folder),
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists() or done.returncode not in (0, 1):
            raise SystemExit(
                f"{suite.project}: pytest ended with {done.returncode}\n"
                f"{done.stdout[-3000:]}{done.stderr[-2000:]}"
            )
        cases = list(ET.parse(report).iter("testcase"))
        left_out = json.loads((folder / "left_out.json").read_text())
    bad = [_name(case) for case in cases if _has(case, "failure", "error")]
    skipped = sum(_has(case, "skipped") for case in cases)
    if bad:
        print(done.stdout[-6000:])
    return {
        "version": suite.version(interpreter),
        "passed": len(cases) - len(bad) - skipped,
        "failed": len(bad),
        "failing": sorted({name.partition("[")[0] for name in bad}),
        "skipped": skipped,
        **left_out,
    }


def _variables(suite: Suite, folder: Path) -> dict[str, str]:
    source = "" if suite.source is None else str(suite.source.folder)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(TREE), str(ROOT / "tools"))),
        "HYPOTHESIS_PROFILE": "ci",
        "ZARRPY_COMPAT_EXCLUDED": str(EXCLUDED),
        "ZARRPY_COMPAT_PROJECT": suite.project,
        "ZARRPY_COMPAT_SOURCE": source,
        "ZARRPY_COMPAT_LEFT_OUT": str(folder / "left_out.json"),
        # Processes of a Dask cluster, which import the libraries that are tested.
        "DASK_DISTRIBUTED__WORKER__PRELOAD": "import zarrpy.compat; zarrpy.compat.install()",
    }


def _has(case: ET.Element, *kinds: str) -> bool:
    return any(case.find(kind) is not None for kind in kinds)


def _name(case: ET.Element) -> str:
    """Name a test as the list of exclusions does: file, class and function."""
    *_, module, owner = ("." + case.get("classname", "")).split(".")
    file, parts = (module, [owner]) if owner[:1].isupper() else (owner, [])
    places = [f"{file}.py"] if file else []  # not told for what lies outside the folder
    return "::".join([*places, *parts, case.get("name", "")])


def share(counts: dict[str, Any]) -> float:
    """Part of the tests that pass, of those that are not skipped; excluded ones fail."""
    total = counts["passed"] + counts["failed"] + counts["excluded"]
    return float(counts["passed"] / max(total, 1))


def page(counts: dict[str, dict[str, Any]]) -> str:
    """Write the page of the counts."""
    lines = [
        "# Tests of other projects over zarrpy",
        "",
        "`make compat` runs the tests that these projects ship in their wheels and source",
        "distributions, with zarrpy served in the place of zarr-python by",
        "`zarrpy.compat.install()`, and writes this page. zarr-python is not installed.",
        "",
        "| project | tests run | pass | fail | excluded | skipped | share that passes |",
        "|---|---|---|---|---|---|---|",
    ]
    for suite in SUITES:
        if suite.project not in counts:
            continue
        each = counts[suite.project]
        total = each["passed"] + each["failed"] + each["excluded"]
        lines.append(
            f"| {suite.project} {each['version']}, {suite.told} | {total} | {each['passed']} | "
            f"{each['failed']} | {each['excluded']} | {each['skipped']} | {share(each):.2%} |"
        )
    lines += [
        "",
        "Skipped are tests that the projects themselves skip, as what they need is not there.",
        "Excluded tests are those of the table below; they count as failed. The tests of",
        "zarr-python that fail are counted only: some are gone through, the others are not yet,",
        "and the share may not fall below what it was.",
        *_of_private(counts),
        "",
        "## Excluded tests",
        "",
        "| project | test | reason |",
        "|---|---|---|",
    ]
    excluded = tomllib.loads(EXCLUDED.read_text(encoding="utf-8"))["excluded"]
    for each in excluded:
        test = each["test"].replace("|", "\\|")  # which else would end the cell
        lines.append(f"| {each['project']} | `{test}` | {each['reason']} |")
    return "\n".join(lines) + "\n"


def _of_private(counts: dict[str, dict[str, Any]]) -> list[str]:
    """Say which tests of zarr-python are left out, and why: by a rule."""
    private = counts.get("zarr", {}).get("private")
    if private is None:
        return []
    lines = [
        "",
        "Of zarr-python's tests those of its public interface are run. That is decided by a rule",
        "(`tools/compat_public.py`): a test is left out when it, or a helper or fixture that it",
        "uses, says a name that zarr-python keeps to itself, or is given one: one with an",
        "underscore, or one below `zarr.core` that no documented module exports and zarrpy does",
        "not serve. Tests of GPUs are skipped by zarr-python itself.",
        "",
        "| file of zarr-python | of the public interface | left out |",
        "|---|---|---|",
    ]
    return lines + [f"| `{file}` | {run} | {out} |" for file, (run, out) in private.items()]


def main(projects: list[str]) -> int:
    """Run suites, write the page, and say whether enough tests pass."""
    counts = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}
    interpreter = python()
    good = True
    for suite in SUITES:
        if projects and suite.project not in projects:
            continue
        found = counts[suite.project] = run(suite, interpreter)
        COUNTS.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(counts), encoding="utf-8")
        print(f"{suite.project}: {found['passed']} pass, {share(found):.2%}")
        for name in found["failing"]:
            print(f"  failed: {name}")
        good &= share(found) >= suite.least and not (suite.settled and found["failed"])
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
