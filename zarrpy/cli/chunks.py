"""``zarrpy chunks``: which chunks are stored, and how large."""

from __future__ import annotations

import argparse
import sys

from zarrpy.cli.exits import DIFFERENT, OK
from zarrpy.cli.output import print_json, print_lines
from zarrpy.cli.place import opened_array

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "chunks",
        parents=[common],
        description="Tell sizes of chunks, and which are missing; those in shards by the shards' "
        "indexes. Exit code 1 when --verify finds damage.",
    )
    verb.add_argument("path", metavar="PATH", help="an array")
    verb.add_argument("--map", action="store_true", help="draw them, dark where much is stored")
    verb.add_argument("--verify", action="store_true", help="decode each chunk, to find damage")
    verb.set_defaults(run=chunks)


def chunks(arguments: argparse.Namespace) -> int:
    """Tell about chunks."""
    array = opened_array(arguments.path, arguments)
    found = array.chunk_map(verify=arguments.verify)
    if arguments.json:
        print_json(
            {
                "name": array.name,
                "chunk_grid_shape": list(found.sizes.shape),
                "stored_nbytes": found.nbytes,
                "sizes": found.sizes.tolist(),
                "missing": found.missing,
                "damaged": found.damaged,
            }
        )
    else:
        print_lines(found)
        if arguments.map:
            _draw(found)
    return DIFFERENT if found.damaged else OK


def _draw(found: Any) -> None:
    import numpy as np

    from zarrpy.display.picture import draw_picture
    from zarrpy.display.terminal import Terminal

    field = found.field()
    if field.size and np.isfinite(field).any():
        for line in draw_picture(field, Terminal.of(sys.stdout)):
            print(line)
