"""``zarrpy convert`` and ``zarrpy consolidate``: documents written anew."""

from __future__ import annotations

import argparse

from zarrpy.cli.bulk import add_bulk, bulk
from zarrpy.cli.exits import DIFFERENT, OK
from zarrpy.cli.output import print_done, print_json, print_table
from zarrpy.cli.place import located

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    converting = verbs.add_parser(
        "convert",
        parents=[common],
        description="Convert arrays and groups between Zarr v2 and v3, in place. Chunks are left "
        "alone where both formats store the same bytes.",
    )
    converting.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    converting.add_argument(
        "--to", "--zarr-format", type=int, choices=(2, 3), default=3, help="default: 3"
    )
    converting.add_argument(
        "--no-recode", action="store_true", help="refuse where values would be stored anew"
    )
    converting.add_argument(
        "--compat", metavar="PROFILE", help="write what a reader opens, such as zarr-2.18"
    )
    converting.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and change nothing"
    )
    add_bulk(converting)
    converting.set_defaults(run=convert)
    joining = verbs.add_parser(
        "consolidate",
        parents=[common],
        description="Consolidate metadata; or compare those that there are with the store, exit "
        "code 1 when they are stale; or remove them.",
    )
    joining.add_argument("path", metavar="PATH", help="a group")
    acts = joining.add_mutually_exclusive_group()
    acts.add_argument("--verify", action="store_true", help="compare, and change nothing")
    acts.add_argument("--remove", action="store_true", help="remove them")
    joining.set_defaults(run=consolidate)


def convert(arguments: argparse.Namespace) -> int:
    """Convert a hierarchy."""
    import zarrpy

    store, path = located(arguments.path, arguments)
    done = zarrpy.convert(
        store,
        path=path,
        zarr_format=arguments.to,
        recode=not arguments.no_recode,
        dry_run=arguments.dry_run,
        compat=arguments.compat,
        **bulk(arguments),
    )
    if arguments.json:
        print_json([{name: getattr(each, name) for name in _FACTS} for each in done])
        return OK
    rows = [[each.path or "/", each.action, each.reason or ""] for each in done]
    print_table(_FACTS, rows)
    return OK


_FACTS = ("path", "action", "reason")


def consolidate(arguments: argparse.Namespace) -> int:
    """Consolidate metadata."""
    import zarrpy
    from zarrpy.display.text import printable

    store, path = located(arguments.path, arguments)
    if arguments.remove:
        zarrpy.remove_consolidated(store, path=path)
    elif not arguments.verify:
        zarrpy.consolidate_metadata(store, path=path)
    else:
        differences = zarrpy.verify_consolidated(store, path=path)
        if arguments.json:
            print_json([str(each) for each in differences])
        else:
            for each in differences:
                print(printable(str(each)))
        return DIFFERENT if differences else OK
    print_done(arguments, {"path": arguments.path, "removed": arguments.remove})
    return OK
