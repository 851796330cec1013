"""``zarrpy ls`` and ``zarrpy stat``: what there is, and how much of it is stored."""

from __future__ import annotations

import argparse

from zarrpy.cli.exits import OK
from zarrpy.cli.output import print_json, print_table
from zarrpy.cli.place import opened

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    listing = verbs.add_parser(
        "ls",
        parents=[common],
        description="List the arrays and groups in a group; groups end in a slash.",
    )
    listing.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    listing.add_argument("-l", "--long", action="store_true", help="tell types and shapes, too")
    listing.add_argument("-R", "--recursive", action="store_true", help="list all levels")
    listing.set_defaults(run=ls)
    counting = verbs.add_parser(
        "stat",
        parents=[common],
        description="Tell bytes stored, ratio, chunks there and missing of each array below a "
        "path. This lists the keys of the store.",
    )
    counting.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    counting.set_defaults(run=stat)


def ls(arguments: argparse.Namespace) -> int:
    """List members."""
    from zarrpy.display.text import printable

    found = list(_listed(arguments))
    if arguments.json:
        print_json([_document(name, node) for name, node in found])
        return OK
    if arguments.long:
        print_table(["name", "type", "shape", "chunks", "codecs"], map(_row, found))
        return OK
    for name, node in found:
        print(printable(name) + ("" if _is_array(node) else "/"))
    return OK


def _listed(arguments: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    node = opened(arguments.path, arguments)
    if _is_array(node):
        yield arguments.path, node
    elif arguments.recursive:
        yield from sorted(node.walk(), key=lambda named: named[0])
    else:
        yield from sorted(node.members_or_errors(), key=lambda named: named[0])


def _is_array(node: Any) -> bool:
    return getattr(node, "kind", "") == "array"


def _document(name: str, node: Any) -> dict[str, Any]:
    if isinstance(node, Exception):
        return {"name": name, "kind": "unreadable", "error": str(node)}
    head: dict[str, Any] = {"name": name, "kind": node.kind}
    if not _is_array(node):
        return head
    metadata = node.metadata
    return head | {
        "data_type": metadata.data_type.name,
        "shape": list(metadata.shape),
        "chunk_shape": metadata.chunk_grid.listed(),
    }


def _row(found: tuple[str, Any]) -> list[str]:
    from zarrpy.display.codecs import chain_label
    from zarrpy.display.sizes import format_chunks, format_named_shape

    name, node = found
    if isinstance(node, Exception):
        return [name, "unreadable", str(node), "", ""]
    if not _is_array(node):
        return [name + "/", "group", "", "", ""]
    metadata = node.metadata
    return [
        name,
        metadata.data_type.name,
        format_named_shape(metadata.shape, metadata.dimension_names),
        format_chunks(metadata.chunk_grid.listed()),
        chain_label(metadata.codecs),
    ]


def stat(arguments: argparse.Namespace) -> int:
    """Tell what is stored."""
    node = opened(arguments.path, arguments)
    if _is_array(node):
        arrays = [("", node)]
    else:
        arrays = [(name, each) for name, each in node.walk() if _is_array(each)]
    facts = [_stored(name or node.name, array) for name, array in sorted(arrays, key=_name)]
    if arguments.json:
        print_json(facts)
        return OK
    print_table(
        ["name", "dtype", "stored", "size", "ratio", "objects", "missing", "chunk", "avg stored"],
        map(_stat_row, facts),
        numbers="llrrrrrrr",
    )
    return OK


def _name(named: tuple[str, Any]) -> str:
    return named[0]


def _stored(name: str, array: Any) -> dict[str, Any]:
    from math import prod

    from zarrpy.info import known_nbytes

    stored = array._stored()
    nobjects = prod(array.metadata.grid_shape)
    largest = prod(array.metadata.chunk_grid.largest(array.shape))
    variable = array.metadata.data_type.variable
    return {
        "name": name,
        "data_type": array.metadata.data_type.name,
        "stored_nbytes": stored.nbytes,
        "chunk_nbytes": stored.chunk_nbytes,
        "nbytes": known_nbytes(array),
        "objects": stored.nvalues,
        "grid": nobjects,
        "missing": nobjects - stored.nvalues,
        "chunks": stored.nchunks,
        "object_nbytes": None if variable else largest * array.itemsize,
    }


def _stat_row(facts: dict[str, Any]) -> list[str]:
    from zarrpy.display.sizes import format_nbytes, format_ratio, format_size

    stored, nbytes, count = facts["stored_nbytes"], facts["nbytes"], facts["objects"]
    return [
        facts["name"],
        facts["data_type"],
        format_nbytes(stored),
        format_size(nbytes),
        "" if nbytes is None or not stored else format_ratio(nbytes, stored),
        f"{count}/{facts['grid']}",
        str(facts["missing"]),
        format_size(facts["object_nbytes"]),
        format_nbytes(facts["chunk_nbytes"] // count) if count else "",
    ]
