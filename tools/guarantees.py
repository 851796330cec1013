"""Write the table of guarantees into the README, from tests/guarantees.toml."""

from __future__ import annotations

import re
import sys
import tomllib

from tree import ROOT

LIST = ROOT / "tests" / "guarantees.toml"
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- guarantees:begin -->\n).*?(<!-- guarantees:end -->)", re.DOTALL)


def guarantees() -> list[dict[str, str]]:
    """Return what is promised, each with the test that proves it."""
    found: list[dict[str, str]] = tomllib.loads(LIST.read_text(encoding="utf-8"))["guarantee"]
    return found


def table() -> str:
    """Return the guarantees as a table of Markdown."""
    rows = ["| promise | proved by |", "|---|---|"]
    for each in guarantees():
        path, _, name = each["test"].partition("::")
        words = name.removeprefix("test_").replace("_", " ")
        rows.append(f"| {each['promise']} | [{words}](tests/{path}) |")
    return "".join(f"{row}\n" for row in rows)


def with_table(page: str) -> str:
    """Return a page with the table put between its marks."""
    return BLOCK.sub(lambda match: match[1] + table() + match[2], page)


def main() -> int:
    """Write the README anew."""
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
