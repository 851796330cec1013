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
from typing import TYPE_CHECKING
from uuid import uuid4

from zarrpy.engine.above import missing_parents
from zarrpy.engine.consolidate import forget, record
from zarrpy.engine.contents import Contents, contents, covering, in_the_way, late_chunks
from zarrpy.engine.nodes import (
    documents_of,
    dump,
    key_of,
    read_node,
    require_node,
    try_children,
)
from zarrpy.engine.requests import (
    Commit,
    Delete,
    DeletePrefix,
    ListEntries,
    Move,
    Put,
    Restore,
    Tidy,
)
from zarrpy.engine.undo import undone_unless_committed
from zarrpy.errors import ConflictError, MetadataError, NodeExistsError, StoreError
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import DOCUMENTS, OURS
from zarrpy.notice import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zarrpy.engine.consolidate import Documents
    from zarrpy.engine.nodes import Metadata
    from zarrpy.engine.requests import Pairs, Steps

    #: Members of a new node, by their paths relative to it.
    Members = Mapping[str, Metadata]
    #: Writes what belongs to a new node, given the path where it stands for now.
    Content = Callable[[str], Steps[Members | None]]


#: Replacements of this process that have not come to their end.
_at_work: set[str] = set()


class ForeignFilesWarning(UserWarning):
    """Files that are not Zarr were left where a node was deleted."""


def find_to_change(path: str, zarr_format: int | None = None) -> Steps[Metadata | None]:
    """Read the node at a path for somebody who may change it.

    A node whose replacement was cut off, by a killed process for one, is put back first.
    """
    found = yield from read_node(path, zarr_format)
    if found is None and (yield Restore(path)):
        found = yield from read_node(path, zarr_format)
    return found


def create_node(
    path: str, metadata: Metadata, *, overwrite: bool = False, content: Content | None = None
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

    Raises
    ------
    NodeExistsError
        When there is a node already and `overwrite` is false.
    NodeKindError
        When an array stands on the way.
    MetadataError
        When a group on the way has consolidated metadata of another format.
    """
    documents_of(path, metadata)  # what has no words is an error before all else
    existing = yield from _existing(path, overwrite)
    missing = yield from missing_parents(path, metadata.zarr_format)
    steps = _store_node(path, metadata, missing, content, existing=existing)
    yield from undone_unless_committed(steps)


def _store_node(
    path: str,
    metadata: Metadata,
    missing: Sequence[str],
    content: Content | None,
    *,
    existing: bool,
) -> Steps[None]:
    """Store a node and the groups on the way, then name them in consolidated documents."""
    above = GroupMetadata(zarr_format=metadata.zarr_format)
    groups = tuple(item for parent in missing for item in documents_of(parent, above))
    if existing:
        if groups:
            yield Put(groups)
        members = yield from _replace_node(path, metadata, content)
        yield from forget(path)
    else:
        yield Put((*groups, *documents_of(path, metadata)))
        members = None if content is None else (yield from content(path))
        yield Commit()
    new = {path: metadata} | {key_of(path, name): each for name, each in (members or {}).items()}
    new |= dict.fromkeys(missing, above)
    yield from record(path, {each: dump(node) for each, node in new.items()})


def _existing(path: str, overwrite: bool) -> Steps[bool]:
    """Whether there is a node, which may then be replaced."""
    try:
        existing = yield from find_to_change(path)
    except MetadataError:
        if not overwrite:
            raise
        return True
    if existing is None:
        return False
    if not overwrite:
        raise exists(path, existing)
    return True


def exists(path: str, metadata: Metadata) -> NodeExistsError:
    """Make the error for a node that would have to be replaced."""
    is_array = isinstance(metadata, ArrayMetadata)
    return NodeExistsError(
        f"there is {'an array' if is_array else 'a group'} at {path or '/'!r} already",
        path=path,
        hint="overwrite=True replaces it with all that is below it",
    )


def _replace_node(path: str, metadata: Metadata, content: Content | None) -> Steps[Members | None]:
    """Put a new node in the place of an old one; what fails before the end changes nothing."""
    if (yield from contents(path)).is_link:
        yield Commit()
        yield DeletePrefix(path + "/")  # of a link only the link; what it leads to stays
        yield Put(documents_of(path, metadata))
        return None if content is None else (yield from content(path))
    token = uuid4().hex[:12]
    new, old = (key_of(path, f"{OURS}{word}-{token}") for word in ("new", "old"))
    before: list[Contents] = []

    def renames() -> Steps[Pairs]:
        found = yield from contents(path)
        before[:] = [found.without(f"{OURS}{word}" for word in ("guard", *_staged()))]
        _refuse_strangers(path, before[0], metadata)
        entries = yield ListEntries(new + "/")
        return _replacement(path, before[0], new, old, entries, metadata)

    def late() -> Steps[Pairs]:
        names = yield from late_chunks(path, before[0])
        return [(key_of(path, name), key_of(old, name)) for name in names]

    _at_work.add(token)
    try:
        yield Put(documents_of(new, metadata))
        members = None if content is None else (yield from content(new))
        yield Commit()
        yield Move(path, renames, late)
    except GeneratorExit:
        raise  # nobody answers requests any more
    except BaseException:
        with suppress(StoreError):
            yield DeletePrefix(new + "/")
        raise
    else:
        for leftover in (old, new):
            yield DeletePrefix(leftover + "/")
    finally:
        _at_work.discard(token)
    warn_of_foreign(path, [name for name in before[0].foreign if "/" in name.rstrip("/")])
    return members


def _staged() -> list[str]:
    """Name what this process has staged; what else is staged is left over."""
    return [f"{word}-{token}" for token in tuple(_at_work) for word in ("new", "old")]


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
    if not set(documents) <= set(names):
        raise ConflictError(
            f"somebody deleted the new node at {path or '/'!r} while it was written",
            operation="replace",
            hint="what was there before is unchanged; try again",
        )
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
    yield Commit()
    yield from forget(path)
    if found.is_link:
        yield DeletePrefix(path + "/")
        return ()
    others = sorted(found.others, key=lambda name: name.rpartition("/")[2] not in DOCUMENTS)
    yield Delete(tuple(key_of(path, name) for name in (*found.documents, *others)))
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
    """
    if f"{target}/".startswith(f"{source}/"):
        raise MetadataError(f"{source!r} cannot be moved to {target!r}: it would lie in itself")
    metadata = yield from require_node(source)
    try:
        yield from _existing(target, overwrite=False)
    except NodeExistsError as error:
        error.hint = "delete it before, or move to another path"
        raise
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
    yield from record(target, new | (yield from documents_below(target, metadata)))


def documents_below(path: str, metadata: Metadata) -> Steps[dict[str, Documents]]:
    """Collect the documents of a node and of all below it, by path."""
    found = {path: dump(metadata)}
    if isinstance(metadata, GroupMetadata):
        children = yield from try_children(path, metadata.zarr_format)
        for name, child in children.items():
            if not isinstance(child, MetadataError):
                found |= yield from documents_below(key_of(path, name), child)
    return found
