"""``zarrpy doctor``: what is wrong with a hierarchy, or could be better, and what to do."""

from __future__ import annotations

import argparse
import math

from zarrpy.cli.exits import DIFFERENT, OK
from zarrpy.cli.output import print_json, print_lines
from zarrpy.cli.place import located

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: More objects than these are slow to list, copy and delete, and use up inodes.
_MANY_OBJECTS = 100_000
#: Of chunks smaller than these a read is mostly waiting; larger ones do not fit in caches.
_SMALL_NBYTES, _LARGE_NBYTES = 16 << 10, 512 << 20


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "doctor",
        parents=[common],
        description="Look at documents, keys and sizes below a path, without reading a chunk, and "
        "give advice. Exit code 1 when data are damaged.",
    )
    verb.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    verb.set_defaults(run=doctor)


def doctor(arguments: argparse.Namespace) -> int:
    """Look and tell."""
    from shlex import quote

    import zarrpy

    store, path = located(arguments.path, arguments, read_only=True)
    report = zarrpy.verify(store, path=path)
    advice = list(_of_findings(report, arguments.path))
    for name, below, node in _nodes(store, path):
        place = quote("/".join((arguments.path.rstrip("/"), *below)))
        advice += [f"{name}: {each}" for each in _of_node(node, place)]
    if arguments.json:
        print_json({"report": report.as_dict(), "advice": advice})
    else:
        print_lines(report)
        for each in advice:
            print_lines(f"- {each}")
    return OK if report.ok else DIFFERENT


def _of_findings(report: Any, path: str) -> Iterator[str]:
    kinds = {finding.kind for finding in report.findings}
    if "metadata" in kinds:
        yield "documents cannot be read: mend them, or take them from a copy; repair leaves them"
    if kinds & {"corrupt", "size", "index"}:
        yield f"set damage aside: zarrpy repair {path}"
    if "stale" in kinds:
        yield f"consolidated metadata are stale: zarrpy consolidate {path}"
    if "leftover" in kinds:
        yield f"a writer was killed, or is at work: zarrpy repair {path}"
    if not kinds:
        yield f"documents, keys and sizes are right; chunks: zarrpy verify --deep {path}"


def _nodes(store: Any, path: str) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Give all nodes, each with its name and the path to it from the one that was asked for."""
    import zarrpy
    from zarrpy.errors import ZarrError

    try:
        node: Any = zarrpy.open(store, path=path, mode="r")
    except ZarrError:  # the report tells
        return
    yield from _below(node.name, (), node)


def _below(
    name: str, way: tuple[str, ...], node: Any
) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    yield name, way, node
    if getattr(node, "kind", None) == "group":
        for each, member in node.members_or_errors():
            yield from _below(f"{name.rstrip('/')}/{each}", (*way, each), member)


def _of_node(node: Any, place: str) -> Iterator[str]:
    from zarrpy.display.sizes import format_nbytes
    from zarrpy.errors import ZarrError

    if isinstance(node, Exception):
        yield str(node)
        return
    if node.kind == "group":
        if not node.is_consolidated and len(node) > 20:
            yield f"{len(node)} members without consolidated metadata: zarrpy consolidate {place}"
        return
    try:
        node.codecs  # noqa: B018
    except ZarrError as error:
        yield str(error)
        return
    count, nbytes = math.prod(node.metadata.grid_shape), _chunk_nbytes(node)
    anew, axes = f"zarrpy rechunk {place} TARGET", ",".join("N" * node.ndim)
    if count > _MANY_OBJECTS:
        yield f"{count} objects: shards, or a file: {anew} --shards {axes}, or zarrpy pack"
    if nbytes is not None and nbytes < _SMALL_NBYTES and count > 100:
        yield f"chunks of {format_nbytes(nbytes)} are small: {anew} -c {axes}"
    if nbytes is not None and nbytes > _LARGE_NBYTES:
        yield f"chunks of {format_nbytes(nbytes)} are decoded whole: {anew} -c {axes}"


def _chunk_nbytes(array: Any) -> int | None:
    from zarrpy.metadata.sharding import inner_chunk_shape

    metadata = array.metadata
    if metadata.data_type.variable:
        return None
    inner = inner_chunk_shape(metadata.codecs, metadata.ndim)
    shape = metadata.chunk_grid.largest(metadata.shape) if inner is None else inner
    return math.prod(shape) * int(array.itemsize)
