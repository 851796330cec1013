"""``zarrpy attrs``: read and change attributes."""

from __future__ import annotations

import argparse

from zarrpy.cli.exits import NOT_FOUND, OK, UsageError
from zarrpy.cli.output import print_done, print_json, print_lines
from zarrpy.cli.place import opened, value_of

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "attrs",
        parents=[common],
        description="Print all attributes of a node as JSON; or: get NAME, set NAME VALUE, "
        "rm NAME. A value that is JSON is stored as what it is, any other as a text.",
    )
    verb.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    verb.add_argument("act", nargs="?", choices=("get", "set", "rm"), help="what to do")
    verb.add_argument("words", nargs="*", metavar="NAME [VALUE]", help="of the attribute")
    verb.set_defaults(run=attrs)


def attrs(arguments: argparse.Namespace) -> int:
    """Read or change attributes."""
    act, words = arguments.act, arguments.words
    wanted = {None: 0, "get": 1, "set": 2, "rm": 1}[act]
    if len(words) != wanted:
        raise UsageError(f"attrs PATH {act or ''} takes {wanted} words after it, not {len(words)}")
    node = opened(arguments.path, arguments, write=act in ("set", "rm"))
    if act is None:
        print_json(node.attrs.asdict())
        return OK
    name = words[0]
    if act == "set":
        node.attrs[name] = value_of(words[1])
        print_done(arguments, node.attrs.asdict())
        return OK
    if name not in node.attrs:
        print_missing(arguments.path, name, node)
        return NOT_FOUND
    if act == "rm":
        del node.attrs[name]
        print_done(arguments, node.attrs.asdict())
    elif isinstance(node.attrs[name], str) and not arguments.json:
        print_lines(node.attrs[name])
    else:
        print_json(node.attrs[name])
    return OK


def print_missing(path: str, name: str, node: Any) -> None:
    """Say that there is no such attribute, and which there are."""
    import sys

    from zarrpy.display.text import printable

    known = ", ".join(map(repr, node.attrs)) or "none"
    message = f"zarrpy: {path} has no attribute {name!r}; it has {known}"
    print(printable(message), file=sys.stderr)
