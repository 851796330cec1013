"""Copy, move and delete arrays and groups, between any two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.conversion import Goal, said
from zarrpy.api.open import open as open_node
from zarrpy.array import Array
from zarrpy.engine.copy import copy_node
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import delete_node, find_to_change, move_node, warn_of_foreign
from zarrpy.engine.nodes import key_of, not_found, require_node
from zarrpy.engine.operation import entry, function
from zarrpy.engine.requests import Commit, Fetch, ListKeys, Put
from zarrpy.engine.undo import undone_unless_committed
from zarrpy.errors import CodecError, MetadataError, NodeExistsError
from zarrpy.group import Group
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import check_path, normalise_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.copy import Change
    from zarrpy.engine.nodes import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

_IF_EXISTS = ("raise", "replace", "skip")


@function
def copy(
    source: Any,
    target: Any,
    name: str | None = None,
    *,
    if_exists: str = "raise",
    zarr_format: int | None = None,
) -> Steps[Array | Group]:
    """Copy an array, or a group with all that is below it, as it is stored.

    Chunks are copied as bytes, nothing is decoded. Should the copy fail or be cancelled, nothing
    of it is left.

    Parameters
    ----------
    source : Array, Group, str, path-like, mutable mapping or Store
        What to copy; of a store, the node at its root.
    target : Group, str, path-like, mutable mapping or Store
        Where the copy goes: into a group, or into a store.
    name : str, optional
        Path of the copy in the target. In a group it has the name of the source by default; of a
        store it is the root.
    if_exists : {"raise", "replace", "skip"}
        What to do when there is a node at the target already.
    zarr_format : {3, 2}, optional
        Write the copy in this format; by default it has that of the source. Chunks stay as they
        are, under keys that the format has.

    Returns
    -------
    Array or Group
        The copy, or with "skip" what is there.

    Raises
    ------
    NodeExistsError
        When there is a node at the target, or it lies within the source.
    MetadataError
        When the source has a feature that the other format has no words for.

    Examples
    --------
    >>> from zarrpy import create_array, create_group
    >>> array = create_array({}, name="a", data=[1, 2, 3])
    >>> group = create_group({})
    >>> copy(array, group).name, list(group)
    ('/a', ['a'])
    """
    node = yield from _node(source)
    store, path = _target(node, target, name)
    if _skips(if_exists):
        there = yield from elsewhere(store, find_to_change(path))
        if there is not None:
            return _handle(store, path, there)
    change = None if zarr_format is None else _into(node.store, zarr_format)
    overwrite = if_exists == "replace"
    ours = (node.store, node.path)
    theirs = (store, path)
    try:
        yield from copy_node(ours, node.metadata, theirs, overwrite=overwrite, change=change)
    except NodeExistsError as error:
        error.hint = "if_exists='replace' replaces it with all that is below it, 'skip' leaves it"
        raise
    return (yield from _opened(store, path))


@function
def copy_all(
    source: Group, target: Any, *, if_exists: str = "raise", zarr_format: int | None = None
) -> Steps[tuple[Array | Group, ...]]:
    """Copy every member of a group into another group; parameters as of `copy`."""
    found = []
    for _, member in (yield from elsewhere(source.store, source.members.steps())):
        steps = copy.steps(
            member, target, member.basename, if_exists=if_exists, zarr_format=zarr_format
        )
        found.append((yield from steps))
    return tuple(found)


@function
def move(source: Any, target: Any, name: str | None = None) -> Steps[Array | Group]:
    """Move an array, or a group with all that is below it, to another place.

    Within a store it is given its new path, and nothing is read or written again. Between stores
    it is copied as it is stored, and deleted when the copy is complete.

    Parameters
    ----------
    source, target, name
        As of `copy`.

    Returns
    -------
    Array or Group
        The node at its new place.

    Raises
    ------
    NodeExistsError
        When there is a node at the target, or it lies within the source.
    """
    node = yield from _node(source)
    node._check_writable("move")
    store, path = _target(node, target, name)
    if node.path and node.store.lock_scope == store.lock_scope:
        yield from elsewhere(store, move_node(node.path, path))
    else:
        yield from copy_node((node.store, node.path), node.metadata, (store, path))
        yield Commit()
        yield from elsewhere(node.store, _deleted(node.store, node.path))
    return (yield from _opened(store, path))


@entry
def delete(
    store: Store,
    /,
    path: str | None = None,
    *,
    storage_options: dict[str, Any] | None = None,
) -> Steps[None]:
    """Delete an array, or a group with all that is Zarr below it.

    Other files stay; a `ForeignFilesWarning` names them.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of the node within the store; by default the root.
    storage_options : dict, optional

    Raises
    ------
    NodeNotFoundError
        When there is nothing.
    """
    where = normalise_path(path or "")
    store.check_writable("delete", where)
    try:
        found = yield from find_to_change(where)
    except MetadataError:
        pass  # who cannot read it may still delete it
    else:
        if found is None:
            raise (yield from not_found(where))
    yield from _deleted(store, where)


def _deleted(store: Store, path: str) -> Steps[None]:
    warn_of_foreign(store.place_of(path), (yield from delete_node(path)))


@function
def copy_store(
    source: Any,
    target: Any,
    source_path: str = "",
    target_path: str = "",
    *,
    if_exists: str = "raise",
) -> Steps[tuple[int, int, int]]:
    """Copy every key below a path of a store, whatever it holds, one value at a time.

    Parameters
    ----------
    source, target : str, path-like, mutable mapping or Store
    source_path, target_path : str
        Keys below the one become keys below the other.
    if_exists : {"raise", "replace", "skip"}
        What to do when there is a key already; "raise" looks before anything is copied.

    Returns
    -------
    tuple of int
        How many keys were copied, how many skipped, and the bytes copied.

    Raises
    ------
    NodeExistsError
        When there is a key in the target already.
    """
    skips = _skips(if_exists)
    ours, theirs = as_store(source), as_store(target)
    start, new = (_prefix(path) for path in (source_path, target_path))
    names = [key[len(start) :] for key in (yield from elsewhere(ours, _keys(start)))]
    there = set() if if_exists == "replace" else set((yield from elsewhere(theirs, _keys(new))))
    taken = [name for name in names if new + name in there]
    if taken and not skips:
        raise NodeExistsError(
            f"there is a key {new + taken[0]!r} in {theirs!r} already", path=new + taken[0]
        )
    keys = [(start + name, new + name) for name in names if new + name not in there]
    steps = _copied(ours, keys)
    if if_exists == "replace":
        yield Commit()  # what is gone cannot be brought back
    else:
        steps = undone_unless_committed(steps)
    nbytes = yield from elsewhere(theirs, steps)
    return len(keys), len(taken), nbytes


def _copied(source: Store, keys: list[tuple[str, str]]) -> Steps[int]:
    nbytes = 0
    for key, new in keys:
        (value,) = yield from elsewhere(source, _value(key))
        if value is not None:
            yield Put(((new, value),))
            nbytes += len(value)
    return nbytes


def _keys(prefix: str) -> Steps[list[str]]:
    found: list[str] = yield ListKeys(prefix)
    return found


def _value(key: str) -> Steps[list[Any]]:
    found: list[Any] = yield Fetch((key,))
    return found


def _prefix(path: str) -> str:
    relative = normalise_path(path)
    return relative + "/" if relative else ""


def _skips(if_exists: str) -> bool:
    if if_exists not in _IF_EXISTS:
        raise ValueError(f"if_exists must be one of {_IF_EXISTS}, not {if_exists!r}")
    return if_exists == "skip"


def _node(source: Any) -> Steps[Array | Group]:
    if isinstance(source, Array | Group):
        return source
    store = as_store(source)
    return (yield from _opened(store, "", "r" if store.read_only else "r+"))


def _opened(store: Store, path: str, mode: str = "r+") -> Steps[Array | Group]:
    """Open a node, though its chunks may be of a codec that is not known here."""
    try:
        return (yield from elsewhere(store, open_node.steps(store, path=path, mode=mode)))
    except (MetadataError, CodecError):
        metadata = yield from elsewhere(store, require_node(path))
        return _handle(store, path, metadata)


def _target(node: Array | Group, target: Any, name: str | None) -> tuple[Store, str]:
    """Find the store and the path that a node goes to."""
    if isinstance(target, Array):
        raise TypeError(f"an array holds no others: {target!r}")
    if not isinstance(target, Group):
        return as_store(target), check_path(name) if name else ""
    target._check_writable("store into")
    last = check_path(name) if name else node.basename
    if not last:
        raise MetadataError("a copy of the root of a store needs a name in a group: name='...'")
    return target.store, key_of(target.path, last)


def _handle(store: Store, path: str, metadata: Metadata) -> Array | Group:
    if isinstance(metadata, ArrayMetadata):
        return Array(store, path, metadata)
    return Group(store, path, metadata)


def _into(store: Store, zarr_format: int) -> Change:
    """Say of every node what it is in another format."""
    target = format_of(zarr_format)

    def change(path: str, metadata: Metadata) -> Metadata:
        if metadata.zarr_format == target.number:
            return metadata
        return said(store, path, metadata, Goal(target))

    return change
