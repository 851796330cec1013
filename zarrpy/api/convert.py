"""Bring a hierarchy from one format of Zarr into the other, in place or into another store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.conversion import Conversion, planned, refuse
from zarrpy.api.recode import in_place, regions
from zarrpy.array import Array
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
from zarrpy.engine.requests import Put
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import normalise_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.engine.nodes import Metadata
    from zarrpy.stores.base import Store

__all__ = ["Conversion", "convert"]


def convert(
    store: Any,
    path: str | None = None,
    *,
    zarr_format: int,
    target: Any = None,
    recode: bool = True,
    dry_run: bool = False,
    storage_options: dict[str, Any] | None = None,
) -> tuple[Conversion, ...]:
    """Convert an array, or a group with all that is below it, to another format.

    Nothing is changed unless all of it can be. Chunks stay as they are stored wherever the other
    format has words for them; from keys that Zarr v2 does not have (``c/0/1``) they are moved.
    Where it has none, as v2 has none for shards, the values are stored anew: beside the old array,
    which is replaced when all is there. Consolidated metadata are made anew.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of the node within the store.
    zarr_format : {2, 3}
        To convert to; nodes of that format stay as they are.
    target : str, path-like, mutable mapping or Store, optional
        Write the converted nodes there, at its root, and leave those of `store` as they are.
        Documents come last, those of a group after its members.
    recode : bool
        Whether values may be stored anew; if not, what needs it is refused.
    dry_run : bool
        Only tell what would be done, and what would be refused.
    storage_options : dict, optional

    Returns
    -------
    tuple of Conversion
        Each with the `path` of a node, the `action`, and the `reason` of those that are recoded
        or, in a dry run, refused.

    Raises
    ------
    MetadataError
        When a node says what the other format has no words for; names the node and the feature.
    NodeExistsError
        When there is something at `target`.

    Examples
    --------
    >>> from zarrpy import create_array, open
    >>> store = {}
    >>> array = create_array(store, data=[1, 2], zarr_format=2)
    >>> [(each.path, each.action) for each in convert(store, zarr_format=3)]
    [('', 'metadata')]
    >>> open(store).metadata.zarr_format
    3
    """
    wanted = format_of(zarr_format)
    opened = as_store(store, storage_options=storage_options)
    where = normalise_path(path or "")
    root = drive(opened, require_node(where))
    changes = tuple(planned(opened, where, root, wanted, recode=recode))
    if dry_run:
        return changes
    refuse(changes)
    if target is not None:
        _into(opened, where, root, as_store(target), {each.path: each for each in changes})
        return changes
    if changes:
        opened.check_writable("convert", where)
        _refuse_within_consolidated(opened, where)
        _in_place(opened, where, root, changes, zarr_format)
    return changes


# ---------------------------------------------------------------------------------- in place


def _in_place(
    store: Store, path: str, root: Metadata, changes: tuple[Conversion, ...], zarr_format: int
) -> None:
    consolidated = _is_consolidated(store, path, root)
    if consolidated:  # they name nodes of one format only
        drive(store, consolidate.remove(path, root.zarr_format))
    for change in reversed(changes):  # members before their groups
        _apply(store, change)
    if consolidated:
        drive(store, consolidate.consolidate(path, zarr_format))


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


def _apply(store: Store, change: Conversion) -> None:
    """Chunks first, then the documents: who opens the node meanwhile finds all of it."""
    old, new = change.old, change.new
    assert new is not None
    if change.action == "recode":
        assert isinstance(old, ArrayMetadata)
        assert isinstance(new, ArrayMetadata)
        drive(store, in_place(store, change.path, old, new))
        return
    moved = []
    if change.action == "move":
        for key, value, renamed in _renamed(store, change):
            store.set(key_of(change.path, renamed), value)
            moved.append(key_of(change.path, key))
    drive(store, replace_format(change.path, new))
    for key in moved:
        store.delete(key)


def _renamed(store: Store, change: Conversion) -> Iterator[tuple[str, Any, str]]:
    """Give the key of each chunk, its value, and its key in the new format."""
    old, new = change.old, change.new
    assert isinstance(old, ArrayMetadata)
    assert isinstance(new, ArrayMetadata)
    for key in list(chunk_keys(store, change.path, old)):
        value = store.get(key_of(change.path, key))
        if value is not None:
            yield key, value, new.chunk_keys.key(old.chunk_keys.grid_index(key, old.ndim))


# ------------------------------------------------------------------------ into another store


def _into(
    store: Store, path: str, root: Metadata, target: Store, changes: dict[str, Conversion]
) -> None:
    """Write a node and all below it, converted, into another store."""
    target.check_writable("convert", "")
    if drive(target, read_node("")) is not None or store.overlaps(path, target, ""):
        raise NodeExistsError(
            f"there is a node in {target!r} already, or it overlaps what is converted",
            path="",
            hint="give the converted nodes a place of their own",
        )
    _write(store, path, root, target, "", changes)


def _write(
    store: Store,
    path: str,
    node: Metadata,
    target: Store,
    where: str,
    changes: dict[str, Conversion],
) -> None:
    change = changes.get(path) or Conversion(path, "metadata", old=node, new=node)
    new = change.new
    assert new is not None
    if isinstance(node, GroupMetadata):
        for name, child in drive(store, read_children(path, node.zarr_format)).items():
            below = key_of(path, name), child, target, key_of(where, name), changes
            _write(store, *below)
    elif change.action == "recode":
        assert isinstance(new, ArrayMetadata)
        source, made = Array(store, path, node), Array(target, where, new)
        for region in regions(made):
            made[region] = source[region]
    else:
        for _, value, renamed in _renamed(store, change):
            target.set(key_of(where, renamed), value)
    drive(target, _documents(where, new))


def _documents(path: str, metadata: Metadata) -> Any:
    yield Put(documents_of(path, metadata))
