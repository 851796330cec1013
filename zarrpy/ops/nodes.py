"""A node and all below it, by their paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.array import Array
from zarrpy.engine.nodes import require_node
from zarrpy.group import Group
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store


def nodes_below(store: Store, path: str) -> Steps[list[tuple[str, Array | Group]]]:
    """Give a node, under the name "", and those below it in the order of their relative paths.

    Raises
    ------
    NodeNotFoundError
        When there is none at the path.
    """
    metadata = yield from require_node(path)
    if isinstance(metadata, ArrayMetadata):
        return [("", Array(store, path, metadata, read_only=True))]
    group = Group(store, path, metadata, read_only=True)
    below = yield from group.walk.steps()
    return [("", group), *sorted(below, key=lambda named: named[0])]
