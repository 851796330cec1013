"""Run the suite on an instrumented build and print line coverage by language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import suite
import tree

Lines = dict[str, tuple[int, int]]  # file: lines that can run, lines that did


def build(copy: Path) -> None:
    """Build the modules with Cython's line tracing and gcc's counters."""
    for counters in copy.rglob("*.gcda"):
        counters.unlink()
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(command, cwd=copy, env={**os.environ, "ZARRPY_COVERAGE": "1"}, check=True)


def python_and_cython(copy: Path) -> Lines:
    """Return what coverage.py counted, which includes the ``.pyx`` files."""
    command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", "coverage.json"]
    subprocess.run(command, cwd=copy, check=True)
    files = json.loads((copy / "coverage.json").read_text())["files"]
    return {
        name: (entry["summary"]["num_statements"], entry["summary"]["covered_lines"])
        for name, entry in files.items()
    }


def c(copy: Path) -> Lines:
    """Return what gcov counted in csrc, its headers included."""
    hits: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for notes in sorted(copy.glob("build/native/*/zarrpy_engine/**/*.gcno")):
        command = ["gcov", "--json-format", "--stdout", str(notes)]
        record = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=True)
        for file in json.loads(record.stdout)["files"]:
            if file["file"].startswith("csrc/"):
                for line in file["lines"]:
                    hits[file["file"]][line["line_number"]] += line["count"]
    return {name: (len(lines), sum(map(bool, lines.values()))) for name, lines in hits.items()}


def table(files: Lines) -> str:
    """Return the figures of each file, then of each language."""
    languages = {"py": "Python", "pyx": "Cython", "pxd": "Cython", "c": "C", "h": "C"}
    totals: dict[str, list[int]] = {name: [0, 0] for name in ("Python", "Cython", "C")}
    rows = []
    for name, (lines, covered) in sorted(files.items()):
        total = totals[languages[name.rpartition(".")[2]]]
        total[0] += lines
        total[1] += covered
        rows.append(row(name, lines, covered))
    rows += ["", *(row(name, *total) for name, total in totals.items())]
    return "\n".join([f"{'file':44} {'lines':>6} {'run':>6}", *rows])


def row(name: str, lines: int, covered: int) -> str:
    """Return one line of the table."""
    share = f"{100 * covered / lines:5.1f} %" if lines else "      -"
    return f"{name:44} {lines:6} {covered:6} {share}"


def main() -> int:
    """Build, run, print; the exit code is the suite's."""
    copy = tree.mirror("coverage")
    build(copy)
    # Plug-ins, which Cython's tracing is one of, need the tracer written in C.
    # The programs in C, which the suite builds and runs, count as well.
    environment = {
        "PYTHONPATH": str(copy),
        "ZARRPY_TESTED": str(copy),
        "COVERAGE_CORE": "ctrace",
        "ZARRPY_COVERAGE": "1",
    }
    result = suite.run(
        copy, pytest=("-m", "coverage", "run", "-m", "pytest"), environment=environment
    )
    files = {**python_and_cython(copy), **c(copy)}
    print(table(files))
    missing = [kind for kind in (".py", ".pyx", ".c") if not any(f.endswith(kind) for f in files)]
    if missing:
        print(f"nothing was measured for {', '.join(missing)} files")
    return result.exit_code or bool(missing)


if __name__ == "__main__":
    sys.exit(main())
