"""A hierarchy as it was found by walking it, to be drawn or written as JSON."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from zarrpy.cli.facts import is_array, node_kind
from zarrpy.display.tree import Branch
from zarrpy.errors import MetadataError
from zarrpy.info import array_facts, unreadable

T = TypeVar("T")


@dataclass(slots=True)
class Found:
    """One node, and the members that were visited."""

    name: str
    node: Any
    depth: int
    members: list["Found"] = field(default_factory=list)
    unknown: bool = False
    cut: bool = False


def walk(
    node: Any, path: str | Path, *, max_depth: int | None = None, max_nodes: int | None = None
) -> Found:
    """Visit the nodes below a path, near ones first, so that a limit keeps the upper levels.

    Parameters
    ----------
    node : Array or Group
    path : str or Path
        Where it is.
    max_depth : int, optional
        How many levels below the path to visit; a group whose members were not looked for is
        marked `Found.unknown`.
    max_nodes : int, optional
        How many nodes to visit at most; where it was not enough the root is marked `Found.cut`.
    """
    name = Path(path).name or str(path)
    root = Found(name, node, depth=0)
    waiting = deque([] if is_array(root.node) else [root])
    count = 1
    while waiting:
        group = waiting.popleft()
        if (max_depth is not None and group.depth >= max_depth) or root.cut:
            group.unknown = True
            continue
        for member_name, node in group.node.members_or_errors():
            if max_nodes is not None and count >= max_nodes:
                root.cut = group.unknown = True
                break
            member = Found(member_name, node, group.depth + 1)
            group.members.append(member)
            count += 1
            if not isinstance(node, MetadataError) and not is_array(node):
                waiting.append(member)
        group.members.sort(key=lambda member: member.name)
    return root


def branch(root: Found) -> Branch:
    """Turn what was found into branches to draw."""
    return _fold(root, _branch)


def document(root: Found) -> dict[str, Any]:
    """Turn what was found into JSON."""
    return _fold(root, _document)


def _fold(root: Found, make: Callable[[Found, list[T]], T]) -> T:
    """Make members before their groups, without recursion: hierarchies may be deep."""
    order: list[Found] = []
    waiting = [root]
    while waiting:
        found = waiting.pop()
        order.append(found)
        waiting.extend(found.members)
    made: dict[int, T] = {}
    for found in reversed(order):
        made[id(found)] = make(found, [made.pop(id(member)) for member in found.members])
    return made[id(root)]


def _branch(found: Found, members: list[Branch]) -> Branch:
    if isinstance(found.node, MetadataError):
        return Branch(found.name, [unreadable(found.node)])
    if is_array(found.node):
        return Branch(found.name, array_facts(found.node))
    facts = [node_kind(found.node)] if found.depth == 0 else []
    return Branch(found.name, facts, members, group=True, unknown=found.unknown)


def _document(found: Found, members: list[dict[str, Any]]) -> dict[str, Any]:
    if isinstance(found.node, MetadataError):
        return {"name": found.name, "kind": "unreadable", "error": str(found.node)}
    metadata = found.node.metadata
    head = {"name": found.name, "kind": "array" if is_array(found.node) else "group"}
    head["zarr_format"] = metadata.zarr_format
    if is_array(found.node):
        return head | {
            "data_type": metadata.data_type.name,
            "shape": list(metadata.shape),
            "chunk_shape": metadata.chunk_grid.listed(),
            "dimension_names": metadata.dimension_names and list(metadata.dimension_names),
        }
    return head | {"members": members, "complete": not found.unknown}
