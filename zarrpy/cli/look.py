"""``zarrpy tree`` and ``zarrpy info``: look at what is stored without reading the data."""

from __future__ import annotations

import argparse
import sys

from zarrpy.cli.exits import OK
from zarrpy.cli.output import print_json
from zarrpy.cli.place import opened

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any

MAX_NODES = 500


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    tree_verb = verbs.add_parser(
        "tree",
        parents=[common],
        description="Draw the groups and arrays below a path, from their metadata alone.",
    )
    tree_verb.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    tree_verb.add_argument(
        "-L", "--level", type=_count, metavar="N", help="descend at most N levels"
    )
    tree_verb.add_argument(
        "--max-nodes",
        type=_count,
        default=MAX_NODES,
        metavar="N",
        help="stop after N nodes (default: %(default)s)",
    )
    tree_verb.set_defaults(run=tree)
    info_verb = verbs.add_parser(
        "info",
        parents=[common],
        description="Tell shape, data type, chunks, codecs and attributes of one node.",
    )
    info_verb.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    info_verb.add_argument(
        "--stored",
        action="store_true",
        help="also look at every stored chunk, and tell how many there are and how large",
    )
    info_verb.set_defaults(run=info)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up")
    return int(text)


def tree(arguments: argparse.Namespace) -> int:
    """Draw a hierarchy."""
    from zarrpy.cli.hierarchy import branch, document, walk
    from zarrpy.display.terminal import Terminal
    from zarrpy.display.tree import draw_tree

    node = opened(arguments.path, arguments)
    root = walk(node, arguments.path, max_depth=arguments.level, max_nodes=arguments.max_nodes)
    if arguments.json:
        print_json(document(root))
        return OK
    terminal = Terminal.of(sys.stdout)
    # a pipe gets whole lines, whatever their length
    width = terminal.width if sys.stdout.isatty() else None
    for line in draw_tree(branch(root), width=width, unicode=terminal.unicode):
        print(line)
    if root.cut:
        print(f"the first {arguments.max_nodes} nodes; --max-nodes draws more", file=sys.stderr)
    return OK


def info(arguments: argparse.Namespace) -> int:
    """Tell about one node."""
    from zarrpy.cli.facts import lines, node_facts, stored_facts

    node = opened(arguments.path, arguments)
    facts = node_facts(node, arguments.path)
    if arguments.stored:
        facts |= stored_facts(node)
    if arguments.json:
        print_json(facts)
        return OK
    for line in lines(facts):
        print(line)
    return OK
