"""``zarrpy verify`` and ``zarrpy repair``: whether stored data are whole, and what to do if not."""

from __future__ import annotations

import argparse

from zarrpy.cli.bulk import add_scheduler
from zarrpy.cli.exits import DIFFERENT, OK
from zarrpy.cli.output import bar, print_json
from zarrpy.cli.place import located

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    looking = verbs.add_parser(
        "verify",
        parents=[common],
        description="Look at documents, keys, sizes and indexes of shards below a path; with"
        " --deep decode every chunk. Exit code 1 when data are damaged.",
    )
    looking.add_argument(
        "--missing", action="store_true", help="report chunks that were never written"
    )
    looking.set_defaults(run=verify)
    mending = verbs.add_parser(
        "repair",
        parents=[common],
        description="Move chunks that cannot be decoded to .__zp-quarantine beside their array, so"
        " that the rest can be read, and remove locks that nobody holds. Deletes no data. Exit"
        " code 1 when something else is wrong with data, which stays.",
    )
    mending.set_defaults(run=repair)
    add_scheduler(looking)
    for verb in (looking, mending):
        verb.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
        verb.add_argument("--deep", action="store_true", help="read and decode every chunk")


def verify(arguments: argparse.Namespace) -> int:
    """Print what is wrong."""
    import zarrpy

    wanted: dict[str, Any] = {"deep": arguments.deep, "missing": arguments.missing}
    store, path = located(arguments.path, arguments, read_only=True)
    wanted |= {"progress": bar(arguments), "scheduler": arguments.scheduler}
    report = zarrpy.verify(store, path=path, **wanted)
    _print(arguments, report, report.as_dict())
    return OK if report.ok else DIFFERENT


def repair(arguments: argparse.Namespace) -> int:
    """Print what was found and done."""
    import zarrpy

    store, path = located(arguments.path, arguments)
    done = zarrpy.repair(store, path=path, deep=arguments.deep, progress=bar(arguments))
    found = {"report": done.report.as_dict(), "left": [each.as_dict() for each in done.left]}
    _print(arguments, f"{done.report}\n{done}", {**done._asdict(), **found})
    return DIFFERENT if done.left else OK


def _print(arguments: argparse.Namespace, text: object, document: dict[str, Any]) -> None:
    if arguments.json:
        print_json(document)
        return
    from zarrpy.display.text import printable

    print("\n".join(printable(line) for line in str(text).splitlines()))
