"""``zarrpy checksum`` and ``zarrpy diff``: whether two things are the same."""

from __future__ import annotations

import argparse

from zarrpy.cli.bulk import add_scheduler
from zarrpy.cli.exits import DIFFERENT, OK
from zarrpy.cli.output import bar, print_json
from zarrpy.cli.place import located, opened

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    naming = verbs.add_parser(
        "checksum",
        parents=[common],
        description="Compute a digest of names, shapes, data types, attributes and elements, which"
        " chunks, codecs and formats do not change; with --tree, of keys and stored bytes.",
    )
    naming.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    naming.add_argument("--tree", action="store_true", help="of the stored bytes")
    naming.set_defaults(run=checksum)
    comparing = verbs.add_parser(
        "diff",
        parents=[common],
        description="Compare metadata and elements. Exit code 1 when something differs.",
    )
    for name in ("first", "second"):
        comparing.add_argument(name, metavar="PATH", help="a store, or a group or array in it")
    for name in ("--atol", "--rtol"):
        comparing.add_argument(
            name, type=float, default=0.0, metavar="X", help="take closer numbers for equal"
        )
    comparing.add_argument(
        "--metadata", action="store_true", help="compare metadata only, not elements"
    )
    comparing.set_defaults(run=diff)
    for verb in (naming, comparing):
        add_scheduler(verb)


def checksum(arguments: argparse.Namespace) -> int:
    """Print a digest."""
    import zarrpy

    kind = "tree" if arguments.tree else "content"
    store, path = located(arguments.path, arguments, read_only=True)
    by = {"progress": bar(arguments), "scheduler": arguments.scheduler}
    digest = zarrpy.checksum(store, path=path, kind=kind, **by)
    if arguments.json:
        print_json({"path": arguments.path, "checksum": digest})
    else:
        print(f"{digest}  {arguments.path}")
    return OK


def diff(arguments: argparse.Namespace) -> int:
    """Print what differs."""
    import zarrpy
    from zarrpy.display.text import printable

    changes = zarrpy.diff(
        opened(arguments.first, arguments),
        opened(arguments.second, arguments),
        elements=not arguments.metadata,
        atol=arguments.atol,
        rtol=arguments.rtol,
        progress=bar(arguments),
        scheduler=arguments.scheduler,
    )
    if arguments.json:
        print_json([change.as_dict() for change in changes])
    for change in () if arguments.json else changes:
        print(printable(str(change)))
    return DIFFERENT if changes else OK
