"""``zarrpy pack`` and ``zarrpy unpack``: hierarchies in one file, and out of it again."""

from __future__ import annotations

import argparse

from zarrpy.cli.bulk import add_bulk, bulk
from zarrpy.cli.exits import OK, UsageError
from zarrpy.cli.output import print_json
from zarrpy.cli.place import located, store_of
from zarrpy.cli.undoing import nothing_half_made

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any

    from zarrpy.stores.base import Store


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
    packing.set_defaults(into_file=True)


def pack(arguments: argparse.Namespace) -> int:
    """Copy a store."""
    import zarrpy
    from zarrpy.display.sizes import format_nbytes
    from zarrpy.display.text import printable

    source, inner = located(arguments.source, arguments, read_only=True)
    if inner:
        raise UsageError(f"{arguments.source} lies in a store: pack takes all of it, or see cp")
    target = store_of(arguments.target, arguments)
    if getattr(arguments, "into_file", False) and _is_no_file(arguments.target, target):
        raise UsageError(
            f"{arguments.target} would be a directory -> give a name that ends in .zip, .sqlite or "
            ".sqlite3; zarrpy unpack and cp make directories"
        )
    with nothing_half_made(target, arguments), source, target:
        done = zarrpy.pack(source, target, overwrite=arguments.overwrite, **bulk(arguments))
    if arguments.json:
        print_json(done._asdict())
    else:
        size = format_nbytes(done.nbytes)
        print(printable(f"{arguments.target}: {done.nkeys} keys, {size}"))
    return OK


def _is_no_file(place: str, store: Store) -> bool:
    """Whether a place that is not there yet has an ending that no file of ours has."""
    from os.path import exists, splitext

    from zarrpy.stores import LocalStore

    ending = splitext(place.rstrip("/"))[1].lower()
    return isinstance(store, LocalStore) and not exists(place) and ending not in ("", ".zarr")
