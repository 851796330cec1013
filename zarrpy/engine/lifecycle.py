"""Create, replace, move and delete nodes.

Replacing never leaves less than there was.  The new node is written in full beside the old one,
under a name that nobody opens; then the old one's documents and chunks are renamed aside, the new
ones are renamed into their place, the document that makes a node last; then the old ones are
deleted.  What is not Zarr stays where it is.  The renames are one request, which is taken back
as a whole when it fails, or when the next writer finds that it never ended.

Whatever is cancelled is as it was, or done: each operation commits just before the first change
that cannot be taken back without a trace.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from os import urandom
from typing import TYPE_CHECKING, Any, TypeVar

from zarrpy.engine.above import groups_after, missing_parents
from zarrpy.engine.consolidate import forget, record
from zarrpy.engine.contents import (
    Contents,
    contents,
    covering,
    in_the_way,
    late_chunks,
    leaves_room,
)
from zarrpy.engine.existing import exists, look_for
from zarrpy.engine.nodes import (
    documents_of,
    dump,
    key_of,
    read_node,
    require_node,
)
from zarrpy.engine.obstacles import refuse_place
from zarrpy.engine.relay import foreseen
from zarrpy.engine.requests import (
    Commit,
    Delete,
    DeletePrefix,
    Fetch,
    Foretell,
    IsFar,
    ListEntries,
    ListNames,
    Move,
    Present,
    Put,
    PutNew,
    Tidy,
)
from zarrpy.engine.scattered import (
    delete_scattered,
    documents_below,
    is_scattered,
    refuse_scattered,
    scattered_arrays,
)
from zarrpy.engine.undo import undone_unless_committed
from zarrpy.errors import ConflictError, MetadataError, NodeExistsError, StoreError
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import DOCUMENTS, GUARD, LONG, MOVES, OURS, STAGE, TRANSACTION, home_of
from zarrpy.notice import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Pairs, Steps

    #: Members of a new node, by their paths relative to it.
    Members = Mapping[str, Metadata]
    #: Writes what belongs to a new node, given the path where it stands for now.
    Content = Callable[[str], Steps[Members | None]]


T = TypeVar("T")

#: What to do where there is something at the new place of what is moved.
IN_THE_WAY = "delete it before, or move to another path"

#: Names of what this process has staged; what else is staged is left over.
_at_work: set[str] = set()


class ForeignFilesWarning(UserWarning):
    """Files that are not Zarr were left where a node was deleted."""


def create_node(
    path: str,
    metadata: Metadata,
    *,
    overwrite: bool = False,
    content: Content | None = None,
    beside: bool = False,
    stage: str | None = None,
    known: str | None = None,
) -> Steps[None]:
    """Create a node and the groups on the way to it.

    Parameters
    ----------
    path : str
    metadata : ArrayMetadata or GroupMetadata
    overwrite : bool
        Replace a node that is there with all that is Zarr below it, readable or not.
    content : callable, optional
        Writes chunks or members; an old node goes only after that.
    beside : bool
        Have content written where nobody looks, and take its place by one rename, as directories
        do; at the root of a store, or where there are files of others, by those of its entries. A
        process that is killed leaves no part of the node, and nobody sees one before. It does not
        count where such files have names that the node may need.
    stage : str, optional
        Name of where it is written within the node, before it takes the place of what is there,
        or its own at the root of a store; by default only what replaces a node is. Begins with
        `STAGE`, or with `LONG` where work goes on there after it was killed, or has failed.
    known : str, optional
        Path of a group above the node that somebody has opened. Where requests count, it is looked
        at once, after the node is stored, and not before that as well.

    Raises
    ------
    NodeExistsError
        When there is a node already and `overwrite` is false.
    NodeKindError
        When an array stands on the way.
    MetadataError
        When a group on the way has consolidated metadata of another format.
    """
    documents = documents_of(path, metadata)  # what has no words is an error before all else
    existing = yield from look_for(path, overwrite)
    if known is not None and (existing or not (yield IsFar())):
        known = None
    if not existing and isinstance(metadata, ArrayMetadata):
        yield from refuse_place(path, metadata)
    missing = yield from missing_parents(path, metadata.zarr_format, known)
    # chunks may lie where only their transformer knows, by their path: nothing there is renamed
    late = is_scattered(metadata)
    early = None if late else content
    steps = _store_node(
        path, metadata, documents, missing, early, existing,
        beside=beside, overwrite=overwrite, stage=stage, look=known is not None,
    )  # fmt: skip
    yield from undone_unless_committed(steps)
    if late and content is not None:
        yield from whole_or_gone(path, content(path), keep=overwrite)


def whole_or_gone(path: str, steps: Steps[T], *, keep: bool) -> Steps[T]:
    """Store what belongs to a node that is there already; where that fails the node goes."""
    try:
        return (yield from steps)
    except GeneratorExit:
        raise  # nobody answers requests any more
    except BaseException:
        if not keep:
            with suppress(StoreError):
                yield from delete_node(path)
        raise


def _store_node(
    path: str,
    metadata: Metadata,
    documents: Sequence[tuple[str, bytes]],
    missing: Sequence[str],
    content: Content | None,
    existing: bool | None,
    *,
    beside: bool,
    overwrite: bool,
    stage: str | None,
    look: bool,
) -> Steps[None]:
    """Store a node and the groups on the way, then name them in consolidated documents.

    With `look`, groups that were not looked at before are, once the node is stored.
    """
    seen: dict[str, Any] = {}
    above = GroupMetadata(zarr_format=metadata.zarr_format)
    groups = tuple(item for parent in missing for item in documents_of(parent, above))
    unseen = content is not None and (beside or (stage is not None and not path))
    where = (yield from _staging(path, metadata)) if unseen and not existing else None
    if existing:
        if groups:
            yield Put(groups)
        members = yield from _replace_node(path, metadata, content, stage)
        yield from forget(path)
    elif content is not None and where == "beside":
        members = yield from _appear(path, metadata, groups, content)
    elif content is not None and where == "within":
        stage = stage or f"{STAGE}{urandom(6).hex()}"
        members = yield from _appear_within(path, metadata, groups, stage, content)
    else:
        yield from _put_first(path, metadata, documents, groups, alone=not overwrite)
        if look:
            seen, gone = yield from groups_after(path, metadata.zarr_format)
            missing = [*missing, *gone]
        members = None if content is None else (yield from content(path))
        yield Commit()
    new = {path: metadata} | {key_of(path, name): each for name, each in (members or {}).items()}
    new |= dict.fromkeys(missing, above)
    # where nothing was, nothing is consolidated but what came with members; in arrays nothing is
    empty = existing is None and not members
    places = home_of(path) if empty or isinstance(metadata, ArrayMetadata) else (path,)
    recording = record(places, {each: dump(node) for each, node in new.items()})
    yield from foreseen(recording, seen)


def _put_first(
    path: str,
    metadata: Metadata,
    documents: Sequence[tuple[str, bytes]],
    groups: Sequence[tuple[str, bytes]],
    *,
    alone: bool,
) -> Steps[None]:
    """Store the documents of a node; when it is to be alone, only where nobody else is first.

    What makes it a node is stored last, and tells that; before attributes only where there are
    some already: left over, or of somebody who is at it as well.
    """
    if not alone:
        yield Put((*groups, *documents))
        return
    if groups:
        yield Put(tuple(groups))
    *attributes, document = documents
    late = []
    asked = [PutNew(*each) for each in attributes]
    for request in asked:
        if not (yield request):
            late.append((request.key, request.value))
    if not (yield PutNew(*document)):
        for request in asked:
            if request.done and (yield Fetch((request.key,))) == [request.value]:
                yield Delete((request.key,))
            request.done = False  # what is there from now on is somebody else's
        raise exists(path, (yield from read_node(path, metadata.zarr_format)))
    yield Foretell(keys=tuple(key for key, _ in documents))
    if late:
        yield Put(tuple(late))


def _appear(
    path: str, metadata: Metadata, groups: Sequence[tuple[str, bytes]], content: Content
) -> Steps[Members | None]:
    """Make a node in a directory of another name, which takes its place at once."""
    new = key_of(path.rpartition("/")[0], f"{STAGE}{urandom(6).hex()}")
    yield Put((*groups, *documents_of(new, metadata)))
    members = yield from content(new)
    yield Commit()
    try:
        yield Move(path.rpartition("/")[0], ((new, path),))
    except StoreError:
        yield DeletePrefix(new + "/")
        found = yield from read_node(path)
        if found is not None:  # somebody else was first
            raise exists(path, found) from None
        raise
    return members


def _appear_within(
    path: str,
    metadata: Metadata,
    groups: Sequence[tuple[str, bytes]],
    stage: str,
    content: Content,
) -> Steps[Members | None]:
    """Make a node in a directory within its place, whose entries get their names together."""
    documents = [key for key, _ in documents_of("", metadata)]
    new = key_of(path, stage)

    def renames() -> Steps[Pairs]:
        there = yield from _names_at(path)
        names = yield ListNames(new + "/")
        if not leaves_room(there, metadata) or there.intersection(names):
            raise exists(path, (yield from read_node(path)) or metadata)  # somebody else was first
        _check_staged(path, documents, names)
        chunks = [name for name in names if name not in documents]
        return [(key_of(new, name), key_of(path, name)) for name in (*chunks, *documents)]

    _at_work.add(stage)
    try:
        yield Put((*groups, *documents_of(new, metadata)))
        members = yield from content(new)
        yield Commit()
        yield Move(path, renames)
    except GeneratorExit:
        raise  # nobody answers requests any more
    except BaseException:
        with suppress(StoreError):
            yield DeletePrefix(new + "/")
        raise
    else:
        yield DeletePrefix(new + "/")
    finally:
        _at_work.discard(stage)
    return members


def _staging(path: str, metadata: Metadata) -> Steps[str | None]:
    """Say where a new node is made before anybody sees it.

    That is "beside" its place where there is nothing; "within" where its names are free, as
    at the root of a store; nowhere in the directory that a link leads to.
    """
    if path:
        entries = yield ListEntries(path + "/")
        if not entries:
            return "beside"
        if entries == [path + "/"]:
            return None
    return "within" if leaves_room((yield from _names_at(path)), metadata) else None


def _names_at(path: str) -> Steps[set[str]]:
    """List what stands in a directory, but for what is left over, or there for a while."""
    names = yield ListNames(path + "/" if path else "")
    return {name for name in names if not name.startswith(OURS)}


def _check_staged(path: str, documents: Sequence[str], names: Sequence[str]) -> None:
    if not set(documents) <= set(names):
        raise ConflictError(
            f"somebody deleted the new node at {path or '/'!r} while it was written",
            operation="replace",
            hint="what was there before is unchanged; try again",
        )


def _replace_node(
    path: str, metadata: Metadata, content: Content | None, stage: str | None
) -> Steps[Members | None]:
    """Put a new node in the place of an old one; what fails before the end changes nothing."""
    known = yield from contents(path)
    if known.is_link:
        yield Commit()
        yield DeletePrefix(path + "/")  # of a link only the link; what it leads to stays
        yield Put(documents_of(path, metadata))
        return None if content is None else (yield from content(path))
    names = replaced_by(stage or f"{STAGE}{urandom(6).hex()}")
    new, old = (key_of(path, name) for name in names)
    before: list[Contents] = []

    def renames() -> Steps[Pairs]:
        found = yield from contents(path)
        # the record that a killed writer left becomes ours: who takes renames back needs it
        before[:] = [found.without((GUARD, MOVES, TRANSACTION, *tuple(_at_work)))]
        _refuse_strangers(path, before[0], metadata)
        entries = yield ListEntries(new + "/")
        return _replacement(path, before[0], new, old, entries, metadata)

    def late() -> Steps[Pairs]:
        names = yield from late_chunks(path, before[0])
        return [(key_of(path, name), key_of(old, name)) for name in names]

    _at_work.update(names)
    try:
        yield Put(documents_of(new, metadata))
        members = None if content is None else (yield from content(new))
        yield Commit()
        yield from delete_scattered((yield from scattered_arrays(path, known.scattered)))
        is_clean = yield Move(path, renames, late)
    except GeneratorExit:
        raise  # nobody answers requests any more
    except BaseException:
        with suppress(StoreError):
            moving = yield Present((key_of(path, MOVES),))  # who goes on needs it
            if not any(moving) and not names[0].startswith(LONG):
                yield DeletePrefix(new + "/")
        raise
    else:
        for leftover in () if is_clean else (old, new):
            yield DeletePrefix(leftover + "/")
    finally:
        _at_work.difference_update(names)
    warn_of_foreign(path, [name for name in before[0].foreign if "/" in name.rstrip("/")])
    return members


def replaced_by(stage: str) -> tuple[str, str]:
    """Name where a new node is written, and where the old one goes when that takes its place."""
    return stage, f"{stage}-old"


def _refuse_strangers(path: str, before: Contents, metadata: Metadata) -> None:
    """Refuse to make a chunk of a file that is not Zarr now."""
    if not isinstance(metadata, ArrayMetadata):
        return
    found = in_the_way(before, metadata)
    if found:
        raise NodeExistsError(
            f"files at {path or '/'!r} would be taken for chunks of the new array: "
            f"{_listed(found)}",
            path=path,
            hint="move or delete them, or choose another chunk_key_encoding",
        )


def _replacement(
    path: str,
    before: Contents,
    new: str,
    old: str,
    entries: Sequence[str],
    metadata: Metadata,
) -> Pairs:
    """Every rename in its order: documents leave first and come last."""
    documents = [key for key, _ in documents_of("", metadata)]
    names = [entry[len(new) + 1 :] for entry in entries]
    _check_staged(path, documents, names)
    chunks = [name for name in names if name not in documents]
    leaving = [*before.documents, *covering(before.others, before.foreign)]
    coming = [*covering(chunks, before.foreign), *documents]
    return (
        *((key_of(path, name.rstrip("/")), key_of(old, name.rstrip("/"))) for name in leaving),
        *((key_of(new, name), key_of(path, name)) for name in coming),
    )


def delete_node(path: str) -> Steps[tuple[str, ...]]:
    """Delete a node and all that is Zarr below it; the documents that make it a node go first.

    Returns
    -------
    tuple of str
        What is not Zarr, and is left.
    """
    found = yield from contents(path)
    scattered = yield from scattered_arrays(path, found.scattered)
    yield Commit()
    yield from forget(path)
    if found.is_link:
        yield DeletePrefix(path + "/")
        return ()
    others = sorted(found.others, key=lambda name: name.rpartition("/")[2] not in DOCUMENTS)
    yield Delete(tuple(key_of(path, name) for name in (*found.documents, *others)))
    if scattered:
        yield from delete_scattered(scattered)
        start = len(path) + 1 if path else 0
        left = {entry[start:] for entry in (yield ListEntries(path + "/" if path else ""))}
        found = replace(found, foreign=tuple(name for name in found.foreign if name in left))
    late = yield from late_chunks(path, replace(found, documents=(), others=()))
    yield Delete(tuple(key_of(path, name) for name in late))
    if path and not found.foreign:
        yield Tidy(path + "/")
    return found.foreign


def warn_of_foreign(place: str, names: Sequence[str]) -> None:
    """Say which files were left because they are not Zarr."""
    if names:
        files = "a file that is" if len(names) == 1 else f"{len(names)} files that are"
        warn(f"left {files} not Zarr at {place or '/'!r}: {_listed(names)}", ForeignFilesWarning)


def _listed(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(map(repr, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def move_node(source: str, target: str) -> Steps[None]:
    """Give a node, with all below it, another path in its store.

    Raises
    ------
    NodeExistsError
        When there is something at the new path.
    MetadataError
        When an array has storage transformers, which may name chunks by its path.
    """
    if f"{target}/".startswith(f"{source}/"):
        raise MetadataError(f"{source!r} cannot be moved to {target!r}: it would lie in itself")
    metadata = yield from require_node(source)
    try:
        yield from look_for(target, overwrite=False)
    except NodeExistsError as error:
        error.hint = IN_THE_WAY
        raise
    yield from refuse_scattered(source, metadata)
    above = GroupMetadata(zarr_format=metadata.zarr_format)
    missing = yield from missing_parents(target, metadata.zarr_format)
    groups = tuple(item for parent in missing for item in documents_of(parent, above))
    yield Commit()
    if groups:
        yield Put(groups)
    try:
        yield Move(source, ((source, target),))
    except StoreError:
        yield Delete(tuple(key for key, _ in reversed(groups)))
        if missing:
            yield Tidy(missing[0] + "/")
        raise
    yield from forget(source)
    new = dict.fromkeys(missing, dump(above))
    yield from record((target,), new | (yield from documents_below(target, metadata)))
