"""Make nodes of the documents that describe them, and recall what the same documents said."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from zarrpy.errors import MetadataError
from zarrpy.metadata import json, v2, v3
from zarrpy.metadata.members import document_path
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.recall import Recall

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.engine.consolidate import Documents

__all__ = ["LARGEST_RECALLED", "Metadata", "made", "parsed", "understood"]

Metadata: TypeAlias = ArrayMetadata | GroupMetadata

#: Bytes of documents that are worth recalling; consolidated metadata may have millions.
LARGEST_RECALLED = 1 << 16
_recall: Recall[Metadata] = Recall(256)

#: Makes a node of documents that are not valid, or gives None; set while zarrpy is served in the
#: place of a library that reads such.
mend: Callable[[str, Documents], Metadata | None] | None = None


def parsed(path: str, values: dict[str, Any]) -> Metadata:
    """Parse the documents of a node, or recall what the same documents said."""
    try:
        if sum(map(len, values.values())) > LARGEST_RECALLED:
            return _parse(path, values)
        key = tuple((name, bytes(value)) for name, value in values.items())
        known = _recall.of(key, partial(_parse, path, values))
    except MetadataError:
        if mend is None:
            raise
        return made(path, _loaded(path, values))  # not recalled: it is valid only for now
    return known.with_attributes(deepcopy(known.attributes)) if known.attributes else known


def made(path: str, documents: Documents) -> Metadata:
    """Make a node of documents by their names; also of invalid ones where that is asked for.

    Raises
    ------
    MetadataError
        When they do not describe a node.
    """
    try:
        return understood(path, documents)
    except MetadataError:
        found = None if mend is None else mend(path, documents)
        if found is None:
            raise
        return found


def _parse(path: str, values: dict[str, Any]) -> Metadata:
    return understood(path, _loaded(path, values))


def _loaded(path: str, values: dict[str, Any]) -> Documents:
    return {
        name: json.loads(value, path=document_path(path, name)) for name, value in values.items()
    }


def understood(path: str, documents: Documents) -> Metadata:
    """Make a node of valid documents by their names.

    Raises
    ------
    MetadataError
        When they are not valid.
    """
    if v3.DOCUMENT in documents:
        return v3.parse(documents[v3.DOCUMENT], path)
    attributes = documents.get(v2.ATTRIBUTES)
    if v2.ARRAY in documents:
        return v2.parse(documents[v2.ARRAY], attributes, path)
    return v2.parse_group(documents[v2.GROUP], attributes, path)
