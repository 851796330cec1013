"""``zarrpy migrate`` and ``zarrpy remove-metadata``: from one format to the other."""

from __future__ import annotations

import argparse

from zarrpy.cli.exits import OK
from zarrpy.cli.output import print_json, print_table
from zarrpy.cli.place import located
from zarrpy.cli.undoing import nothing_half_made

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any

    from zarrpy.stores.base import Store

_DOCUMENTS = {"v3": ("zarr.json",), "v2": (".zarray", ".zgroup", ".zattrs", ".zmetadata")}
_NODE = {"v3": ("zarr.json",), "v2": (".zarray", ".zgroup")}


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    migrating = verbs.add_parser(
        "migrate",
        parents=[common],
        description="Convert a hierarchy in place, or copy it first and convert the copy.",
    )
    migrating.add_argument("format", choices=("v3", "v2"), help="the format to come")
    migrating.add_argument("source", metavar="SOURCE", help="a store, or a node in it")
    migrating.add_argument("target", metavar="TARGET", nargs="?", help="where the copy goes")
    migrating.add_argument("--overwrite", action="store_true", help="replace what is at TARGET")
    migrating.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and change nothing"
    )
    migrating.set_defaults(run=migrate)
    removing = verbs.add_parser(
        "remove-metadata",
        parents=[common],
        description="Remove documents of one format below a path. A node that has no others is "
        "refused, as it would not be found any more, unless --force is given.",
    )
    removing.add_argument("format", choices=("v2", "v3"), help="the format that goes")
    removing.add_argument("path", metavar="PATH", help="a store, or a node in it")
    removing.add_argument("--force", action="store_true", help="also where nothing else is left")
    removing.add_argument(
        "--dry-run", action="store_true", help="tell what would be removed, and change nothing"
    )
    removing.set_defaults(run=remove_metadata)


def migrate(arguments: argparse.Namespace) -> int:
    """Convert a hierarchy, or a copy of it."""
    import zarrpy

    store, path = located(arguments.source, arguments)
    number = int(arguments.format[1:])
    if arguments.target is None or arguments.dry_run:
        done = zarrpy.convert(store, path=path, zarr_format=number, dry_run=arguments.dry_run)
    else:
        target, where = located(arguments.target, arguments)
        with nothing_half_made(target, arguments):
            done = _into_target(arguments, (store, path), (target, where), number)
    rows = [[each.path or "/", each.action, each.reason or ""] for each in done]
    if arguments.json:
        print_json([dict(zip(("path", "action", "reason"), row, strict=True)) for row in rows])
    else:
        print_table(("path", "action", "reason"), rows)
    return OK


def _into_target(
    arguments: argparse.Namespace,
    source: tuple[Store, str],
    into: tuple[Store, str],
    number: int,
) -> Any:
    """Convert on the way: what is at the target goes when all that takes its place is there."""
    import zarrpy
    from zarrpy.api.conversion import refuse
    from zarrpy.api.convert import consolidated_groups
    from zarrpy.engine.drive import drive
    from zarrpy.engine.existing import look_for

    (store, path), (target, where) = source, into
    plan = zarrpy.convert(store, path=path, zarr_format=number, dry_run=True)
    refuse(plan)
    drive(target, look_for(where, arguments.overwrite))
    wanted: dict[str, Any] = {
        "name": where,
        "if_exists": "replace" if arguments.overwrite else "raise",
    }
    if any(each.action == "recode" for each in plan):
        with _folder_beside(target) as folder:
            zarrpy.convert(store, path=path, zarr_format=number, target=folder)
            zarrpy.copy(folder, target, **wanted)
        return plan
    node = zarrpy.open(store, path=path, mode="r")
    zarrpy.copy(node, target, zarr_format=number, **wanted)
    for group in drive(store, consolidated_groups(path, node.metadata, plan)):
        below = group.removeprefix(path).strip("/")
        zarrpy.consolidate_metadata(target, path="/".join(filter(None, (where, below))))
    return plan


def _folder_beside(target: Store) -> AbstractContextManager[str]:
    """Make a folder for values that are stored anew, on the disk that they go to if it is one."""
    from os.path import abspath, dirname, isdir
    from tempfile import TemporaryDirectory

    from zarrpy.metadata.names import OURS

    place = getattr(target, "root", None) or getattr(target, "path", None)
    above = dirname(abspath(place)) if place and isinstance(place, str) else ""
    return TemporaryDirectory(prefix=f"{OURS}migrate-", dir=above if isdir(above) else None)


def remove_metadata(arguments: argparse.Namespace) -> int:
    """Remove documents of one format."""
    from zarrpy.cli.exits import UsageError

    store, path = located(arguments.path, arguments)
    prefix = f"{path}/" if path else ""
    keys = list(store.list(prefix))
    if not any(key.rpartition("/")[2] in (*_DOCUMENTS["v2"], *_DOCUMENTS["v3"]) for key in keys):
        import zarrpy

        zarrpy.open(store, path=path, mode="r")  # says that there is nothing
    other = _NODE["v2" if arguments.format == "v3" else "v3"]
    nodes = {key.rpartition("/")[0] for key in keys if key.rpartition("/")[2] in other}
    going = [key for key in keys if key.rpartition("/")[2] in _DOCUMENTS[arguments.format]]
    alone = [
        key
        for key in going
        if key.rpartition("/")[2] in _NODE[arguments.format] and key.rpartition("/")[0] not in nodes
    ]
    if alone and not arguments.force:
        raise UsageError(
            f"{alone[0]!r} is the only document of its node, which would not be found any more "
            f"-> zarrpy convert --to {3 if arguments.format == 'v2' else 2}, or --force"
        )
    if not arguments.dry_run:
        for key in going:
            store.delete(key)
    if arguments.json:
        print_json(going)
    else:
        for key in going:
            print(f"{'would remove' if arguments.dry_run else 'removed'} {key}")
    return OK
