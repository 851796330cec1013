"""Bring a hierarchy from one format of Zarr into the other, in place.

Stored chunks stay as they are, because both formats store the same bytes for the same codecs.
Only where their keys have no form in the other format are they stored again, under other keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zarrpy.array import Array
from zarrpy.creation import named_codecs
from zarrpy.engine import consolidate
from zarrpy.engine.copy import chunk_keys
from zarrpy.engine.drive import drive
from zarrpy.engine.nodes import (
    documents_of,
    key_of,
    read_children,
    read_node,
    replace_format,
    require_node,
)
from zarrpy.errors import MetadataError, ZarrError
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import normalise_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.engine.nodes import Metadata
    from zarrpy.metadata.formats import Format
    from zarrpy.stores.base import Store


@dataclass(frozen=True, slots=True)
class Conversion:
    """One node that gets documents of another format.

    Parameters
    ----------
    path : str
        In the store.
    moves_chunks : bool
        Whether its chunks are stored under other keys.
    """

    path: str
    moves_chunks: bool
    _old: Metadata = field(repr=False, compare=False)
    _new: Metadata = field(repr=False, compare=False)


def convert(
    store: Any,
    path: str | None = None,
    *,
    zarr_format: int,
    dry_run: bool = False,
    storage_options: dict[str, Any] | None = None,
) -> tuple[Conversion, ...]:
    """Convert an array, or a group with all that is below it, to another format, in place.

    Nothing is changed unless all of it can be. Chunks stay as they are stored; from keys that Zarr
    v2 does not have (``c/0/1``) they are moved. Consolidated metadata are made anew.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of the node within the store.
    zarr_format : {2, 3}
        To convert to; nodes of that format stay as they are.
    dry_run : bool
        Only tell what would be done.
    storage_options : dict, optional

    Returns
    -------
    tuple of Conversion
        Each with the `path` of a node, and whether it `moves_chunks`.

    Raises
    ------
    MetadataError
        When a node says what the other format has no words for; names the node and the feature.

    Examples
    --------
    >>> from zarrpy import create_array, open
    >>> store = {}
    >>> array = create_array(store, data=[1, 2], zarr_format=2)
    >>> [(each.path, each.moves_chunks) for each in convert(store, zarr_format=3)]
    [('', False)]
    >>> open(store).metadata.zarr_format
    3
    """
    target = format_of(zarr_format)
    opened = as_store(store, storage_options=storage_options)
    where = normalise_path(path or "")
    root = drive(opened, require_node(where))
    changes = tuple(_changes(opened, where, root, target))
    if dry_run or not changes:
        return changes
    opened.check_writable("convert", where)
    _refuse_within_consolidated(opened, where)
    consolidated = _is_consolidated(opened, where, root)
    for change in reversed(changes):  # members before their groups
        _apply(opened, change)
    if consolidated:
        drive(opened, consolidate.consolidate(where, zarr_format))
    return changes


def _is_consolidated(store: Store, path: str, node: Metadata | None) -> bool:
    if not isinstance(node, GroupMetadata):
        return False
    return drive(store, consolidate.index_of(path, node.zarr_format, node.document)) is not None


def _refuse_within_consolidated(store: Store, path: str) -> None:
    """Refuse to make a node invisible to a group above it that consolidates another format."""
    parts = path.split("/") if path else []
    for above in ("/".join(parts[:i]) for i in range(len(parts))):
        if _is_consolidated(store, above, drive(store, read_node(above))):
            raise MetadataError(
                f"the group at {above or '/'!r} has consolidated metadata, which name nodes of its "
                f"own format only",
                path=path,
                hint="convert that group, or remove its consolidated metadata first",
            )


def _changes(store: Store, path: str, node: Metadata, target: Format) -> Iterator[Conversion]:
    """Say what becomes of a node and of all below it; what cannot be said is an error."""
    if node.zarr_format != target.number:
        try:
            new = _converted(store, path, node, target)
            documents_of(path, new)
        except ZarrError as error:
            error.add_note(f"in {store.place_of(path)}; nothing was converted")
            raise
        moves = isinstance(node, ArrayMetadata) and _keys(node) != _keys(new)
        yield Conversion(path, moves, node, new)
    if isinstance(node, GroupMetadata):
        for name, child in drive(store, read_children(path, node.zarr_format)).items():
            yield from _changes(store, key_of(path, name), child, target)


def _keys(metadata: Metadata) -> ChunkKeyEncoding | None:
    return metadata.chunk_keys if isinstance(metadata, ArrayMetadata) else None


def _converted(store: Store, path: str, node: Metadata, target: Format) -> Metadata:
    """Say in the other format what a node is."""
    if isinstance(node, GroupMetadata):
        return GroupMetadata(node.attributes, target.number)
    chain = Array(store, path, node).codecs
    keys = node.chunk_keys
    if target.only_its_chunk_keys and keys.name != target.chunk_keys:
        keys = ChunkKeyEncoding(target.chunk_keys, keys.separator)
    attributes = dict(node.attributes)
    if node.dimension_names is not None and node.dimension_attribute is not None:
        attributes.pop(node.dimension_attribute, None)  # they have a member of their own
    return replace(
        node,
        chunk_keys=keys,
        codecs=tuple(named_codecs(chain.codecs, target)),
        attributes=attributes,
        zarr_format=target.number,
        document={},
        fill_defined=True,
        dimension_attribute=None,
    )


def _apply(store: Store, change: Conversion) -> None:
    """Chunks first, then the documents: who opens the node meanwhile finds all of it."""
    old, new, moved = change._old, change._new, []
    if change.moves_chunks:
        assert isinstance(old, ArrayMetadata)
        assert isinstance(new, ArrayMetadata)
        for key in list(chunk_keys(store, change.path, old)):
            value = store.get(key_of(change.path, key))
            if value is not None:
                target = new.chunk_keys.key(old.chunk_keys.grid_index(key, old.ndim))
                store.set(key_of(change.path, target), value)
                moved.append(key_of(change.path, key))
    drive(store, replace_format(change.path, new))
    for key in moved:
        store.delete(key)
