"""Copy, move and delete arrays and groups, between any two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.conversion import Goal, said
from zarrpy.api.open import open as open_node
from zarrpy.array import Array
from zarrpy.display.progress import Progress
from zarrpy.engine.between import ends
from zarrpy.engine.copy import MOST_VALUES, OVERLAP, Manner, copy_node
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.existing import find_to_change
from zarrpy.engine.lifecycle import delete_node, warn_of_foreign
from zarrpy.engine.nodes import key_of, not_found, require_node
from zarrpy.engine.operation import entry, function
from zarrpy.engine.requests import Commit, ListKeys
from zarrpy.engine.scheduler import check_reach
from zarrpy.engine.undo import undone_unless_committed
from zarrpy.engine.units import Carry
from zarrpy.errors import CodecError, MetadataError, NodeExistsError
from zarrpy.group import Group
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import check_path, normalise_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    import os

    from zarrpy.engine.copy import Change
    from zarrpy.engine.parsing import Metadata
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
    progress: Any = None,
    scheduler: Any = None,
    journal: str | os.PathLike[str] | None = None,
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
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each chunk.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who copies: this process, processes of this machine, or the workers of a cluster of Dask,
        named by a client or by the address of its scheduler.
    journal : str or path-like, optional
        A folder that says what is done, for a copy that goes on after it was killed: call again
        with the same arguments. There is no node at the target before all of it is copied. What
        changes in the source after its window was copied is not copied again.

    Returns
    -------
    Array or Group
        The copy, or with "skip" what is there.

    Raises
    ------
    NodeExistsError
        When there is a node at the target, or it lies within the source.
    NodeNotFoundError
        When the source was deleted since it was opened, or, as a `StaleArrayError`, has another
        array in its place; also where that happens while it is copied.
    SelectionError
        An IndexError, when an array is shorter by now than its handle says.
    MetadataError
        When the source has a feature that the other format has no words for.
    ConflictError
        When the journal is about another copy, or the metadata of the source are others by now; or
        when an array is replaced again and again while it is copied.

    Examples
    --------
    >>> from zarrpy import create_array, create_group
    >>> array = create_array({}, name="a", data=[1, 2, 3])
    >>> group = create_group({})
    >>> copy(array, group).name, list(group)
    ('/a', ['a'])
    """
    node = yield from node_of(source)
    yield from elsewhere(node.store, node._settle())
    store, path = target_of(node, target, name)
    if _skips(if_exists):
        there = yield from elsewhere(store, find_to_change(path))
        if there is not None:
            return _handle(store, path, there)
    change = None if zarr_format is None else _into(node.store, zarr_format)
    overwrite = if_exists == "replace"
    if overwrite and journal is not None:
        raise ValueError("with a journal the target is new: if_exists='raise' or 'skip'")
    check_reach(scheduler, (node.store,), (store,))
    how = Manner(Progress(progress), scheduler, journal, not node.read_only)
    ours = (node.store, node.path)
    theirs = (store, path)
    try:
        yield from copy_node(
            ours, node.metadata, theirs, overwrite=overwrite, change=change, how=how
        )
    except NodeExistsError as error:
        if error.hint != OVERLAP:  # that no replacing would help
            error.hint = (
                "if_exists='replace' replaces it with all that is below it, 'skip' leaves it"
            )
        raise
    return (yield from opened(store, path))


@function
def copy_all(
    source: Group,
    target: Any,
    *,
    if_exists: str = "raise",
    zarr_format: int | None = None,
    progress: Any = None,
    scheduler: Any = None,
) -> Steps[tuple[Array | Group, ...]]:
    """Copy every member of a group into another group; parameters as of `copy`."""
    found = []
    keywords: dict[str, Any] = {"if_exists": if_exists, "zarr_format": zarr_format}
    keywords |= {"progress": progress, "scheduler": scheduler}
    for _, member in (yield from elsewhere(source.store, source.members.steps())):
        steps = copy.steps(member, target, member.basename, **keywords)
        found.append((yield from steps))
    return tuple(found)


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
            raise (yield from not_found(where, opening=False))
    yield from deleted(store, where)


def deleted(store: Store, path: str) -> Steps[None]:
    """Delete a node, and say what was left; these steps are taken in its store."""
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
    """Copy every key below a path of a store, whatever it holds.

    Between directories values go from file to file, otherwise one at a time through memory.

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
    steps = _copied(ours, theirs, keys)
    if if_exists == "replace":
        yield Commit()  # what is gone cannot be brought back
    else:
        steps = undone_unless_committed(steps)
    nbytes = yield from elsewhere(theirs, steps)
    return len(keys), len(taken), nbytes


def _copied(source: Store, target: Store, keys: list[tuple[str, str]]) -> Steps[int]:
    carry, nbytes = Carry(source, None), 0
    n = 1 if ends(source, target) is None else MOST_VALUES
    for i in range(0, len(keys), n):
        nbytes += (yield from carry.steps(tuple(keys[i : i + n])))[1]
    return nbytes


def _keys(prefix: str) -> Steps[list[str]]:
    found: list[str] = yield ListKeys(prefix)
    return found


def _prefix(path: str) -> str:
    relative = normalise_path(path)
    return relative + "/" if relative else ""


def _skips(if_exists: str) -> bool:
    if if_exists not in _IF_EXISTS:
        raise ValueError(f"if_exists must be one of {_IF_EXISTS}, not {if_exists!r}")
    return if_exists == "skip"


def node_of(source: Any) -> Steps[Array | Group]:
    """Give the node that somebody names by itself, or by its store."""
    if isinstance(source, Array | Group):
        return source
    store = as_store(source)
    return (yield from opened(store, "", "r" if store.read_only else "r+"))


def opened(store: Store, path: str, mode: str = "r+") -> Steps[Array | Group]:
    """Open a node, though its chunks may be of a codec that is not known here."""
    try:
        return (yield from elsewhere(store, open_node.steps(store, path=path, mode=mode)))
    except (MetadataError, CodecError):
        metadata = yield from elsewhere(store, require_node(path))
        return _handle(store, path, metadata)


def target_of(node: Any, target: Any, name: str | None) -> tuple[Store, str]:
    """Find the store and the path that a node goes to."""
    if isinstance(target, Array):
        raise TypeError(f"an array holds no others: {target!r}")
    if not isinstance(target, Group):
        return as_store(target), check_path(name) if name else ""
    target._check_writable("store into")
    last = check_path(name) if name else getattr(node, "basename", "")
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
