"""Write the table of guarantees into the README, from tests/guarantees.toml.

    python tools/guarantees.py         write it
    python tools/guarantees.py --run   run the tests first, and note which of them passed
    python tools/guarantees.py --new   run those that have not passed yet

A promise whose test has not been run, or has not passed, is shown as untested.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from xml.etree import ElementTree

from tree import ROOT

LIST = ROOT / "tests" / "guarantees.toml"
#: The tests of the list that passed when they were run last.
PASSED = ROOT / "tests" / "guarantees.passed"
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- guarantees:begin -->\n).*?(<!-- guarantees:end -->)", re.DOTALL)


def guarantees() -> list[dict[str, str]]:
    """Return what is promised, each with the test that proves it."""
    found: list[dict[str, str]] = tomllib.loads(LIST.read_text(encoding="utf-8"))["guarantee"]
    return found


def run(known: set[str]) -> int:
    """Run the tests that prove something, but for known ones, and note those that passed."""
    listed = {each["test"] for each in guarantees()}
    tests = sorted(listed - known)
    record = ROOT / "build" / "guarantees.xml"
    names = [f"tests/{test}" for test in tests]
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={record}", *names]
    code = subprocess.run(command, cwd=ROOT).returncode
    good, bad = set(), set()
    for case in ElementTree.parse(record).getroot().iter("testcase"):
        path = case.attrib["classname"].removeprefix("tests.").replace(".", "/")
        test = f"{path}.py::{case.attrib['name'].partition('[')[0]}"
        (good if len(case) == 0 else bad).add(test)
    kept = sorted((good - bad | known) & listed)
    PASSED.write_text("".join(f"{test}\n" for test in kept), encoding="utf-8")
    return code


def passed() -> set[str]:
    """Return the tests that passed."""
    return set(PASSED.read_text(encoding="utf-8").splitlines()) if PASSED.exists() else set()


def table() -> str:
    """Return the guarantees as a table of Markdown."""
    good = passed()
    rows = ["| promise | proved by |", "|---|---|"]
    for each in guarantees():
        path, _, name = each["test"].partition("::")
        words = name.removeprefix("test_").replace("_", " ")
        proof = f"[{words}](tests/{path})"
        if each["test"] not in good:
            proof = f"**untested**: {proof} did not pass"
        rows.append(f"| {each['promise']} | {proof} |")
    return "".join(f"{row}\n" for row in rows)


def with_table(page: str) -> str:
    """Return a page with the table put between its marks."""
    return BLOCK.sub(lambda match: match[1] + table() + match[2], page)


def main() -> int:
    """Write the README anew."""
    code = 0
    if {"--run", "--new"} & set(sys.argv[1:]):
        code = run(passed() if "--new" in sys.argv[1:] else set())
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
