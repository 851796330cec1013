"""Bring a hierarchy from one format of Zarr into the other, in place or into another store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.conversion import Conversion, Goal, planned, refuse
from zarrpy.api.recode import in_place, values
from zarrpy.array import Array
from zarrpy.config import config
from zarrpy.engine import consolidate
from zarrpy.engine.copy import chunk_keys
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.nodes import (
    documents_of,
    key_of,
    read_children,
    read_node,
    replace_format,
    require_node,
)
from zarrpy.engine.operation import entry
from zarrpy.engine.requests import Commit, Delete, Enclosing, Fetch, Put
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.metadata import profiles
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import normalise_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.engine.nodes import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

__all__ = ["Conversion", "convert"]


@entry
def convert(
    store: Store,
    /,
    path: str | None = None,
    *,
    zarr_format: int,
    target: Any = None,
    recode: bool = True,
    dry_run: bool = False,
    compat: str | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[tuple[Conversion, ...]]:
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
    compat : {"tensorstore", "zarr-python-3.0", "zarr-2.18", "strict-3.1"}, optional
        Write what this reader opens: arrays that it would not open are stored anew, those that have
        the format already too. By default as `config.array.compat` says.
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
    profile = profiles.find(config.array.compat if compat is None else compat)
    if profile is not None:
        profile.number(zarr_format, zarr_format)
    wanted = Goal(format_of(zarr_format), profile)
    where = normalise_path(path or "")
    root = yield from require_node(where)
    changes = tuple((yield from planned(store, where, root, wanted, recode=recode)))
    if dry_run:
        return changes
    refuse(changes)
    if target is not None:
        there = as_store(target)
        consolidated = yield from _consolidated(where, root, changes)
        steps = _into(store, where, root, there, {each.path: each for each in changes})
        yield from elsewhere(there, steps)
        start = len(where) + 1 if where else 0
        for group in consolidated:
            yield from elsewhere(there, consolidate.consolidate(group[start:], zarr_format))
        return changes
    if changes:
        store.check_writable("convert", where)
        yield from _refuse_within_consolidated(where)
        yield from _in_place(store, where, root, changes, zarr_format)
    return changes


# ---------------------------------------------------------------------------------- in place


def _in_place(
    store: Store, path: str, root: Metadata, changes: tuple[Conversion, ...], zarr_format: int
) -> Steps[None]:
    consolidated = yield from _consolidated(path, root, changes)
    yield Commit()  # a hierarchy of which half is in each format is nobody's wish
    for group, old_format in consolidated.items():  # they name nodes of one format only
        yield from consolidate.remove(group, old_format)
    for change in reversed(changes):  # members before their groups
        yield from _apply(store, change)
    for group in consolidated:
        yield from consolidate.consolidate(group, zarr_format)


def _consolidated(
    path: str, root: Metadata, changes: Iterable[Conversion]
) -> Steps[dict[str, int]]:
    """Find the groups that have consolidated metadata, and the formats of these."""
    found = {}
    for each, node in {path: root, **{change.path: change.old for change in changes}}.items():
        if (yield from _is_consolidated(each, node)):
            found[each] = node.zarr_format
    return found


def _is_consolidated(path: str, node: Metadata | None) -> Steps[bool]:
    if not isinstance(node, GroupMetadata):
        return False
    index = yield from consolidate.index_of(path, node.zarr_format, node.document)
    return index is not None


def _refuse_within_consolidated(path: str) -> Steps[None]:
    """Refuse to make a node invisible to a group above it that consolidates another format."""
    parts = path.split("/") if path else []
    for above in ("/".join(parts[:i]) for i in range(len(parts))):
        if (yield from _is_consolidated(above, (yield from read_node(above)))):
            raise _within_consolidated(path, above or "/")
    for outer, _ in (yield Enclosing(("zarr.json", ".zmetadata"))) or ():
        if (yield from elsewhere(outer, _is_consolidated_around())):
            raise _within_consolidated(path, outer.place_of(""))


def _is_consolidated_around() -> Steps[bool]:
    """Tell of what a store lies in; what cannot be understood names no nodes."""
    try:
        return (yield from _is_consolidated("", (yield from read_node(""))))
    except MetadataError:
        return False


def _within_consolidated(path: str, group: str) -> MetadataError:
    return MetadataError(
        f"the group at {group!r} has consolidated metadata, which name nodes of its own "
        f"format only",
        path=path,
        hint="convert that group, or remove its consolidated metadata first",
    )


def _apply(store: Store, change: Conversion) -> Steps[None]:
    """Chunks first, then the documents: who opens the node meanwhile finds all of it."""
    old, new = change.old, change.new
    assert new is not None
    if change.action == "recode":
        assert isinstance(old, ArrayMetadata)
        assert isinstance(new, ArrayMetadata)
        yield from in_place(store, change.path, old, new)
        return
    moved = []
    if change.action == "move":
        for key, renamed in (yield from _renamed(change)):
            value = yield from _value(key)
            yield Put(((key_of(change.path, renamed), value),))
            moved.append(key)
    if old.zarr_format == new.zarr_format:
        yield Put(documents_of(change.path, new))
    else:
        yield from replace_format(change.path, new)
    yield Delete(tuple(moved))


def _renamed(change: Conversion) -> Steps[list[tuple[str, str]]]:
    """Give the key of each chunk in the store, and its key in the array in the new format."""
    old, new = change.old, change.new
    assert isinstance(old, ArrayMetadata)
    assert isinstance(new, ArrayMetadata)
    keys = yield from chunk_keys(change.path, old)
    return [
        (key_of(change.path, key), new.chunk_keys.key(old.chunk_keys.grid_index(key, old.ndim)))
        for key in keys
    ]


def _value(key: str) -> Steps[Any]:
    (value,) = yield Fetch((key,))
    return value


# ------------------------------------------------------------------------ into another store


def _into(
    store: Store, path: str, root: Metadata, target: Store, changes: dict[str, Conversion]
) -> Steps[None]:
    """Write a node and all below it, converted, into another store, whose steps these are."""
    target.check_writable("convert", "")
    if (yield from read_node("")) is not None or store.overlaps(path, target, ""):
        raise NodeExistsError(
            f"there is a node in {target!r} already, or it overlaps what is converted",
            path="",
            hint="give the converted nodes a place of their own",
        )
    yield Commit()
    yield from _write((store, path), root, (target, ""), changes)


def _write(
    source: tuple[Store, str],
    node: Metadata,
    target: tuple[Store, str],
    changes: dict[str, Conversion],
) -> Steps[None]:
    (store, path), (there, where) = source, target
    change = changes.get(path) or Conversion(path, "metadata", old=node, new=node)
    new = change.new
    assert new is not None
    if isinstance(node, GroupMetadata):
        children = yield from elsewhere(store, read_children(path, node.zarr_format))
        for name, child in children.items():
            places = (store, key_of(path, name)), child, (there, key_of(where, name))
            yield from _write(*places, changes)
    elif change.action == "recode":
        assert isinstance(new, ArrayMetadata)
        unborn = Array(there, where, new)
        unborn._unborn = True
        yield from values(Array(store, path, node), unborn)
    else:
        for key, renamed in (yield from elsewhere(store, _renamed(change))):
            value = yield from elsewhere(store, _value(key))
            yield Put(((key_of(where, renamed), value),))
    yield Put(documents_of(where, new))
