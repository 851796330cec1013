"""``zarrpy pack`` and ``zarrpy unpack``: hierarchies in one file, and out of it again."""

from __future__ import annotations

import argparse

from zarrpy.cli.bulk import add_bulk, bulk
from zarrpy.cli.exits import OK, UsageError
from zarrpy.cli.output import print_json
from zarrpy.cli.place import located, store_of

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    packing = verbs.add_parser(
        "pack",
        parents=[common],
        description="Copy every key of a store into a file: run.zip or run.sqlite. Nothing is "
        "decoded.",
    )
    unpacking = verbs.add_parser(
        "unpack",
        parents=[common],
        description="Copy every key of a file into a directory, or another store.",
    )
    for verb in (packing, unpacking):
        verb.add_argument("source", metavar="SOURCE", help="a store")
        verb.add_argument("target", metavar="TARGET", help="where it goes; must not hold anything")
        verb.add_argument("--overwrite", action="store_true", help="replace what is at the target")
        add_bulk(verb)
        verb.set_defaults(run=pack)


def pack(arguments: argparse.Namespace) -> int:
    """Copy a store."""
    import zarrpy
    from zarrpy.display.sizes import format_nbytes
    from zarrpy.display.text import printable

    source, inner = located(arguments.source, arguments, read_only=True)
    if inner:
        raise UsageError(f"{arguments.source} lies in a store: pack takes all of it, or see cp")
    target = store_of(arguments.target, arguments)
    with source, target:
        done = zarrpy.pack(source, target, overwrite=arguments.overwrite, **bulk(arguments))
    if arguments.json:
        print_json(done._asdict())
    else:
        size = format_nbytes(done.nbytes)
        print(printable(f"{arguments.target}: {done.nkeys} keys, {size}"))
    return OK
