"""Bring a hierarchy from one format of Zarr into the other, in place or into another store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.conversion import Conversion, Goal, planned, refuse
from zarrpy.api.in_another import InAnother
from zarrpy.api.in_place import Changes, InPlace
from zarrpy.config import config
from zarrpy.display.progress import Progress
from zarrpy.engine import consolidate
from zarrpy.engine.copy import Manner
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.nodes import read_node, require_node
from zarrpy.engine.obstacles import refuse_lost_members
from zarrpy.engine.operation import entry
from zarrpy.engine.requests import Enclosing
from zarrpy.engine.scheduler import check_reach
from zarrpy.errors import MetadataError
from zarrpy.metadata import profiles
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import GroupMetadata
from zarrpy.metadata.names import normalise_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from zarrpy.engine.parsing import Metadata
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
    progress: Any = None,
    scheduler: Any = None,
    journal: str | os.PathLike[str] | None = None,
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
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each chunk that gets another key, or goes to `target`, and of each part of
        arrays whose values are stored anew.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who does that, as of `zarrpy.rechunk`.
    journal : str or path-like, optional
        A folder that says what is done, for work that goes on after it was killed: call again
        with the same arguments. There is no node at `target` before all of it is stored; in
        place, arrays are converted one after the other, and groups after their members.
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
    ConflictError
        When the journal is about other work, or the metadata of the source are others by now.

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
    goal = Goal(format_of(zarr_format), profile)
    where = normalise_path(path or "")
    how = Manner(Progress(progress, None, "parts"), scheduler, journal)
    asked = [zarr_format, recode, None if profile is None else profile.name]
    try:
        if target is None and not dry_run:
            return (yield from _in_place(store, where, goal, how, asked, recode=recode))
        root = yield from require_node(where)
        restore = not (dry_run or store.read_only)
        found = yield from planned(store, where, root, goal, recode=recode, restore=restore)
        changes = tuple(found)
        if dry_run:
            return changes
        yield from _refuse_lost(where, root, changes)
        refuse(changes)
        into = as_store(target)
        check_reach(scheduler, (store,), (into,))
        consolidated = yield from consolidated_groups(where, root, changes)
        converting = InAnother((store, where), into, changes, how)
        yield from elsewhere(into, converting.done(root, consolidated, asked))
    finally:
        how.told.close()
    return changes


def _in_place(
    store: Store, path: str, goal: Goal, how: Manner, asked: list[Any], *, recode: bool
) -> Steps[tuple[Conversion, ...]]:
    converting = InPlace(store, path, goal, how, asked)
    if converting.is_finished:
        converting.finish()
        return ()
    check_reach(how.scheduler, (store,), (store,))
    what = converting.left(recode=recode)
    if what is None:
        root = yield from require_node(path)
        restore = not store.read_only
        changes = tuple(
            (yield from planned(store, path, root, goal, recode=recode, restore=restore))
        )
        refuse(changes)
        yield from _refuse_lost(path, root, changes)
        if not changes:
            return ()
        store.check_writable("convert", path)
        yield from _refuse_within_consolidated(path)
        what = Changes(changes, (yield from consolidated_groups(path, root, changes)))
    yield from converting.done(what)
    return what.changes


def _refuse_lost(path: str, root: Metadata, changes: Iterable[Conversion]) -> Steps[None]:
    """Refuse links to nothing in groups: what they led to may be members."""
    nodes = {path: root, **{change.path: change.old for change in changes}}
    groups = [each for each, node in nodes.items() if isinstance(node, GroupMetadata)]
    yield from refuse_lost_members(path, groups)


def consolidated_groups(
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
