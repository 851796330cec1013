"""Whether there is a node already, for somebody who creates one or changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.engine.nodes import key_of, read_node
from zarrpy.engine.requests import IsFar, Present, Recover, Restore
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import DOCUMENTS, MOVES

if TYPE_CHECKING:
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps

#: What helps where a node is there already, and its creation could be told so.
OVERWRITE = "overwrite=True replaces it with all that is below it"

#: Names of which there is none where nothing is, or is being replaced.
_SIGNS = (*sorted(DOCUMENTS - {".zattrs"}), MOVES)

#: What there is by the name of its only document, which is not read where that takes a request.
_KINDS = {".zarray": "an array", ".zgroup": "a group", "zarr.json": "an array or a group"}


def find_to_change(path: str, zarr_format: int | None = None) -> Steps[Metadata | None]:
    """Read the node at a path for somebody who may change it.

    A node whose replacement was cut off, by a killed process for one, is put back first.
    """
    found = yield from read_node(path, zarr_format)
    if found is None and (yield Restore(path)):
        found = yield from read_node(path, zarr_format)
    return found


def look_for(path: str, overwrite: bool) -> Steps[bool | None]:
    """Whether there is a node, which may then be replaced; None where there is no sign of one."""
    yield Recover((path,))
    there = yield Present(tuple(key_of(path, name) for name in _SIGNS))
    signs = [name for name, is_there in zip(_SIGNS, there, strict=True) if is_there]
    if not signs:
        return None
    if not overwrite and len(signs) == 1 and signs[0] in _KINDS and (yield IsFar()):
        raise _exists(path, _KINDS[signs[0]])
    only = {3} if "zarr.json" in signs else set()
    if any(name in signs for name in (".zarray", ".zgroup")):
        only.add(2)
    try:
        existing = yield from find_to_change(path, only.pop() if len(only) == 1 else None)
    except MetadataError:
        if not overwrite:
            raise
        return True
    if existing is None:
        return False
    if not overwrite:
        raise exists(path, existing)
    return True


def exists(path: str, metadata: Metadata | None) -> NodeExistsError:
    """Make the error for a node that would have to be replaced."""
    if metadata is None:  # it came and went
        return _exists(path, "a node")
    return _exists(path, "an array" if isinstance(metadata, ArrayMetadata) else "a group")


def _exists(path: str, what: str) -> NodeExistsError:
    return NodeExistsError(
        f"there is {what} at {path or '/'!r} already",
        path=path,
        hint=OVERWRITE,
    )
