"""What commands print for programs."""

from __future__ import annotations

import argparse
import sys

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


def print_json(document: Any) -> None:
    """Print one JSON document to standard output."""
    import json

    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    print()


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: str = "") -> None:
    """Print rows under their header; `numbers` as of `zarrpy.display.text.table`."""
    from zarrpy.display.text import printable, table

    told = [[printable(cell) for cell in row] for row in rows]
    print("\n".join(table(header, told, numbers=numbers)))


def print_lines(text: object) -> None:
    """Print text that may hold what a terminal would obey."""
    from zarrpy.display.text import printable

    for line in str(text).splitlines():
        print(printable(line))


def bar(arguments: argparse.Namespace) -> str | None:
    """Say how long work tells how far it is: by a bar on a terminal, or not at all."""
    wanted = getattr(arguments, "progress", None)
    if wanted is not None:
        return {"bar": "plain", "json": "json"}.get(wanted)
    quiet = arguments.json or getattr(arguments, "quiet", False)
    return "plain" if not quiet and sys.stderr.isatty() else None


def print_done(arguments: argparse.Namespace, document: Any) -> None:
    """Tell programs what was done; people see that no error was told."""
    if arguments.json:
        print_json(document)
