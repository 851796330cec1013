"""What lies above a new node: groups on the way, and what leaves no room for it.

Nothing lies below an array.  And consolidated metadata name nodes of their own format only, so that
a node of another one would be there for some who open the group, and not for others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.engine.consolidate import FORMS, index_of
from zarrpy.engine.nodes import documents_of, read_groups
from zarrpy.engine.parsing import parsed
from zarrpy.engine.requests import Fetch, PutNew, ReadAbove
from zarrpy.errors import MetadataError, NodeInTheWayError, NodeKindError
from zarrpy.metadata import json
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Set
    from typing import Any

    from zarrpy.engine.consolidate import Form
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps


def paths_above(path: str) -> list[str]:
    """Paths of the groups that a node lies in, the root first."""
    parts = path.split("/")
    return ["/".join(parts[:i]) for i in range(len(parts))] if path else []


def missing_parents(path: str, zarr_format: int, known: str | None = None) -> Steps[list[str]]:
    """Paths on the way to a node of some format where there is no group yet, outermost first.

    Parameters
    ----------
    path : str
    zarr_format : int
    known : str, optional
        Path of a group that is not looked at, nor what it lies in; see `groups_after`.

    Raises
    ------
    NodeKindError
        When an array stands on the way.
    MetadataError
        When a group on the way has consolidated metadata of another format.
    """
    yield from refuse_beyond(path, {zarr_format})
    taken = () if known is None else (*paths_above(known), known)
    parents = [parent for parent in paths_above(path) if parent not in taken]
    there = (yield from read_groups(parents, zarr_format)) if parents else []
    found = dict(zip(parents, there, strict=True))
    for parent, metadata in found.items():
        if isinstance(metadata, ArrayMetadata):
            raise array_on_the_way(path, parent or "/")
    groups = ((parent, each) for parent, each in found.items() if each is not None)
    yield from refuse_unnamed(path, zarr_format, groups)
    return [parent for parent, metadata in found.items() if metadata is None]


def groups_after(path: str, zarr_format: int) -> Steps[tuple[dict[str, Any], list[str]]]:
    """Look at the groups above a node after it was stored, and store those that are missing.

    Returns
    -------
    seen : dict
        The documents that were read, by their keys.
    missing : list of str
        Paths of the groups that had to be stored.

    Raises
    ------
    NodeKindError, MetadataError
        As of `missing_parents`.
    """
    above = GroupMetadata(zarr_format=zarr_format)
    documents = {parent: documents_of(parent, above)[-1] for parent in paths_above(path)}
    keys = tuple(key for key, _ in documents.values())
    seen = dict(zip(keys, (yield Fetch(keys)), strict=True))
    if all(map(_is_group, documents, seen, seen.values())):
        return seen, []
    missing = yield from missing_parents(path, zarr_format)
    for parent in missing:
        yield PutNew(*documents[parent])
    return seen, missing


def refuse_beyond(path: str, formats: Set[int]) -> Steps[None]:
    """Look beyond the root of the store, which may lie in an array or in a consolidated group."""
    names = ["zarr.json", ".zarray"]
    if formats - {2}:
        names.append(".zmetadata")
    for place, value in (yield ReadAbove(tuple(names))) or ():
        try:
            document = json.loads(value, path=place)
        except MetadataError:
            continue  # nobody's node, as far as anybody can tell
        if _is_array(document):
            raise array_on_the_way(path, place)
        if any(_names(form, document) for each, form in FORMS.items() if formats - {each}):
            raise _unnamed(path, place)


def _is_group(path: str, key: str, value: Any) -> bool:
    """Whether there is a document, and it is that of a group."""
    if value is None:
        return False
    return isinstance(parsed(path, {key.rpartition("/")[2]: value}), GroupMetadata)


def _is_array(document: dict[str, Any]) -> bool:
    if "zarr_consolidated_format" in document:
        return False
    return bool(document.get("node_type", "array") == "array")


def _names(form: Form, document: dict[str, Any]) -> bool:
    """Whether a document is one of consolidated metadata in some form."""
    try:
        return form.read(document, "") is not None
    except MetadataError:
        return False


def refuse_unnamed(
    path: str, zarr_format: int, groups: Iterable[tuple[str, Metadata]]
) -> Steps[None]:
    """Refuse a node that consolidated metadata of groups above it could not name."""
    for group, metadata in groups:
        if metadata.zarr_format == zarr_format:
            continue
        index = yield from index_of(group, metadata.zarr_format, metadata.document)
        if index is not None:
            raise _unnamed(path, group or "/")


def _unnamed(path: str, group: str) -> MetadataError:
    return MetadataError(
        f"the group at {group!r} has consolidated metadata, which name nodes of its own "
        f"format only",
        path=path,
        hint="give the node the format of that group, or remove its consolidated metadata first",
    )


def array_on_the_way(path: str, place: str) -> NodeKindError:
    """Make the error for a node that would lie below an array."""
    return NodeInTheWayError(
        f"cannot create {path or '/'!r}: there is an array at {place!r}, not a group",
        path=path,
        found="array",
        hint="nothing lies below an array; create it beside the array",
    )
