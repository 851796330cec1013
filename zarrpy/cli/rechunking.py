"""``zarrpy rechunk``: an array in other chunks, within a bound of memory."""

from __future__ import annotations

import argparse

from zarrpy.cli.bulk import add_bulk, bulk
from zarrpy.cli.exits import OK
from zarrpy.cli.making import add_layout, layout, told
from zarrpy.cli.output import print_json
from zarrpy.cli.place import located, opened_array, size_of
from zarrpy.cli.undoing import nothing_half_made

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "rechunk",
        parents=[common],
        description="Write an array anew, within a bound of memory, in two passes where one would "
        "decode chunks too often.",
    )
    verb.add_argument("source", metavar="SOURCE", help="an array")
    verb.add_argument("target", metavar="TARGET", help="where it goes; may be SOURCE itself")
    add_layout(verb)
    verb.add_argument(
        "--max-memory", type=size_of, metavar="SIZE", help="such as 2GiB (default: 1GiB)"
    )
    add_bulk(verb)
    verb.add_argument("--overwrite", action="store_true", help="replace what is at the target")
    verb.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and change nothing"
    )
    verb.set_defaults(run=rechunk)


def rechunk(arguments: argparse.Namespace) -> int:
    """Rechunk an array."""
    import zarrpy

    source = opened_array(arguments.source, arguments)
    store, path = located(arguments.target, arguments)
    try:
        with nothing_half_made(store, arguments):
            done: Any = zarrpy.rechunk(
                source,
                store,
                path or None,
                max_memory=arguments.max_memory,
                if_exists="replace" if arguments.overwrite else "raise",
                dry_run=arguments.dry_run,
                **bulk(arguments),
                **layout(arguments),
            )
    except zarrpy.NodeExistsError as error:
        error.hint = (error.hint or "").replace("if_exists='replace'", "--overwrite") or None
        raise
    if not arguments.dry_run:
        told(done, arguments)
    elif arguments.json:
        print_json(_document(done))
    else:
        print(done)
    return OK


def _document(plan: Any) -> dict[str, Any]:
    between = plan.between
    return {
        "passes": [
            {"box": list(each.shape), "boxes": each.count, "decoded": each.decoded}
            for each in plan.passes
        ],
        "between": None if between is None else [list(lengths) for lengths in between],
        "target": list(plan.target),
        "nbytes": plan.nbytes,
        "peak_nbytes": plan.peak_nbytes,
        "max_memory": plan.max_memory,
    }
