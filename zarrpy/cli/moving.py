"""``zarrpy cp``, ``mv`` and ``rm``."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress

from zarrpy.cli.bulk import add_bulk, bulk
from zarrpy.cli.exits import OK
from zarrpy.cli.making import told
from zarrpy.cli.output import print_done
from zarrpy.cli.place import located, opened, store_of
from zarrpy.cli.undoing import nothing_half_made

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any

    from zarrpy.stores.base import Store


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    copying = verbs.add_parser(
        "cp",
        parents=[common],
        description="Copy between any two stores, as it is stored: nothing is decoded.",
    )
    copying.add_argument(
        "--if-exists",
        choices=("raise", "replace", "skip"),
        default="raise",
        help="when there is something at the target (default: %(default)s)",
    )
    copying.add_argument("--zarr-format", type=int, choices=(2, 3), help="write the copy in it")
    add_bulk(copying)
    copying.set_defaults(run=cp)
    moving = verbs.add_parser(
        "mv",
        parents=[common],
        description="Move a node; within a store nothing is read or written again.",
    )
    add_bulk(moving)
    moving.set_defaults(run=mv)
    for verb in (copying, moving):
        verb.add_argument("source", metavar="SOURCE", help="a store, or a group or array in it")
        verb.add_argument("target", metavar="TARGET", help="where it goes; its new name")
    removing = verbs.add_parser(
        "rm",
        parents=[common],
        description="Delete nodes; files that are not Zarr stay, and are named.",
    )
    removing.add_argument("path", nargs="+", metavar="PATH", help="a group or array")
    removing.set_defaults(run=rm)


def cp(arguments: argparse.Namespace) -> int:
    """Copy a node."""
    import zarrpy

    node = opened_any(arguments.source, arguments)
    store, path = located(arguments.target, arguments)
    wanted = bulk(arguments)
    wanted |= {"if_exists": arguments.if_exists, "zarr_format": arguments.zarr_format}
    with nothing_half_made(store, arguments):
        made = zarrpy.copy(node, store, path or None, **wanted)
    told(made, arguments)
    return OK


def mv(arguments: argparse.Namespace) -> int:
    """Move a node."""
    import zarrpy
    from zarrpy.errors import NodeNotFoundError

    store, path = located(arguments.target, arguments)
    try:
        source = opened_any(arguments.source, arguments, write=True)
    except NodeNotFoundError:
        if arguments.journal is None or not os.path.isdir(arguments.journal):
            raise
        source = store_of(arguments.source, arguments)  # it was being deleted when it was killed
    own: Store = getattr(source, "store", source)
    if own.place_of("") == store.place_of(""):
        store = own  # within a store it is a matter of names
    with nothing_half_made(store, arguments):
        moved = zarrpy.move(source, store, path or None, **bulk(arguments))
    _leave_no_directory(arguments.source)
    told(moved, arguments)
    return OK


def rm(arguments: argparse.Namespace) -> int:
    """Delete nodes."""
    import zarrpy

    for place in arguments.path:
        store, path = located(place, arguments)
        zarrpy.delete(store, path)
        _leave_no_directory(place)
    print_done(arguments, {"removed": arguments.path})
    return OK


def _leave_no_directory(place: str) -> None:
    """Remove the directory of a store that is empty now, as one of a node within it is."""
    with suppress(OSError):  # there is none, or something is in it
        os.rmdir(place)


def opened_any(place: str, arguments: argparse.Namespace, *, write: bool = False) -> Any:
    """Open a node, though its chunks may be of a codec that is not known here."""
    from zarrpy.errors import UnsupportedExtensionError

    try:
        return opened(place, arguments, write=write)
    except UnsupportedExtensionError:
        import zarrpy

        store, path = located(place, arguments, read_only=not write)
        if not path:
            raise
        above, _, name = path.rpartition("/")
        group = zarrpy.open_group(store, path=above, mode="r+" if write else "r")
        return dict(group.members())[name]
