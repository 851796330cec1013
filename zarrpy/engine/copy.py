"""Copy nodes between stores as stored bytes, nothing decoded, a few values in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from zarrpy.engine.consolidate import document_apart
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import documents_of, key_of, read_children
from zarrpy.engine.requests import Fetch, ListKeys, Put
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import SHRINK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrpy.engine.lifecycle import Members
    from zarrpy.engine.nodes import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

    #: Says what a node, given by its path, becomes in the copy.
    Change: TypeAlias = Callable[[str, Metadata], Metadata]

#: How many values are asked for at once, and how many bytes of chunks those may be.
MOST_VALUES = 64
MOST_NBYTES = 64 * 2**20


def copy_node(
    source: tuple[Store, str],
    metadata: Metadata,
    target: tuple[Store, str],
    *,
    overwrite: bool = False,
    change: Change | None = None,
) -> Steps[None]:
    """Copy an array, or a group with all that is below it.

    Parameters
    ----------
    source, target : tuple of Store and str
        Where the node is, and where its copy goes.
    metadata : ArrayMetadata or GroupMetadata
        Of the source.
    overwrite : bool
        Replace what is at the target.
    change : callable, optional
        Says of every node what its copy is: one of the same chunks, perhaps under other keys.
    """
    refuse_overlap(source, target)
    copy = _Copy(source, change)
    steps = create_node(
        target[1],
        copy.changed("", metadata),
        overwrite=overwrite,
        content=lambda where: copy.content(metadata, where),
    )
    yield from elsewhere(target[0], steps)


def copied_below(source: tuple[Store, str], metadata: Metadata, where: str) -> Steps[Members]:
    """Copy the chunks of an array, or the members of a group, to a node that has its documents.

    Returns
    -------
    dict of str to (ArrayMetadata or GroupMetadata)
        The members, by their paths relative to the node.
    """
    return (yield from _Copy(source, None).content(metadata, where))


class _Copy:
    """One copy on its way, driven in the store that it goes to."""

    def __init__(self, source: tuple[Store, str], change: Change | None) -> None:
        self._store, self._path = source
        self._change = change
        self._members: dict[str, Metadata] = {}

    def changed(self, name: str, metadata: Metadata) -> Metadata:
        """Say what the source, or a node below it, is in the copy."""
        return metadata if self._change is None else self._change(self._at(name), metadata)

    def _at(self, name: str) -> str:
        return key_of(self._path, name) if name else self._path

    def content(self, metadata: Metadata, where: str) -> Steps[Members]:
        """Copy the chunks of an array, or the members of a group; tell what those are."""
        self._members = {}
        yield from self._below("", metadata, where)
        return self._members

    def _below(self, name: str, metadata: Metadata, where: str) -> Steps[None]:
        path = self._at(name)
        if isinstance(metadata, ArrayMetadata):
            yield from self._chunks(path, metadata, self.changed(name, metadata), where)
            return
        yield from self._consolidated(path, metadata, where)
        children = read_children(path, metadata.zarr_format)
        for last, child in (yield from elsewhere(self._store, children)).items():
            new = self._members[key_of(name, last)] = self.changed(key_of(name, last), child)
            yield Put(documents_of(key_of(where, last), new))
            yield from self._below(key_of(name, last), child, key_of(where, last))

    def _consolidated(self, path: str, metadata: Metadata, where: str) -> Steps[None]:
        """Copy what is consolidated in a group; in another format it would not be true."""
        name = document_apart(metadata.zarr_format)
        if name is None or self._change is not None:
            return
        fetched = _asked(Fetch((key_of(path, name),)))
        (value,) = yield from elsewhere(self._store, fetched)
        if value is not None:
            yield Put(((key_of(where, name), value),))

    def _chunks(self, path: str, metadata: ArrayMetadata, new: Metadata, where: str) -> Steps[None]:
        assert isinstance(new, ArrayMetadata)
        (marker,) = yield from elsewhere(self._store, _asked(Fetch((key_of(path, SHRINK),))))
        if marker is not None:  # chunks at the edge may hold what the array has lost
            yield Put(((key_of(where, SHRINK), marker),))
        keys = yield from elsewhere(self._store, chunk_keys(path, metadata))
        n = _at_once(metadata)
        for i in range(0, len(keys), n):
            some = keys[i : i + n]
            fetched = Fetch(tuple(key_of(path, key) for key in some))
            values = yield from elsewhere(self._store, _asked(fetched))
            named = zip((_renamed(key, metadata, new) for key in some), values, strict=True)
            found = tuple((key_of(where, key), value) for key, value in named if value is not None)
            yield Put(found)


def _asked(request: Fetch) -> Steps[list[Any]]:
    values: list[Any] = yield request
    return values


def _at_once(metadata: ArrayMetadata) -> int:
    """How many stored chunks may be in memory: their sizes are guessed from those decoded."""
    nbytes = metadata.data_type.numpy.itemsize
    for n in metadata.chunk_grid.largest(metadata.shape):
        nbytes *= n
    return max(1, min(MOST_VALUES, MOST_NBYTES // max(nbytes, 1)))


def _renamed(key: str, old: ArrayMetadata, new: ArrayMetadata) -> str:
    if old.chunk_keys == new.chunk_keys:
        return key
    return new.chunk_keys.key(old.chunk_keys.grid_index(key, old.ndim))


def refuse_overlap(source: tuple[Store, str], target: tuple[Store, str]) -> None:
    """Refuse to make a node a part of itself, or to replace what it is a part of."""
    if not source[0].overlaps(source[1], target[0], target[1]):
        return
    raise NodeExistsError(
        f"cannot copy {source[1] or '/'!r} of {source[0]!r} to {target[1] or '/'!r} of "
        f"{target[0]!r}: one lies within the other",
        path=target[1],
    )


def chunk_keys(path: str, metadata: ArrayMetadata) -> Steps[Sequence[str]]:
    """List the keys of the chunks that an array has stored, relative to the array."""
    encoding = metadata.chunk_keys
    start = path + "/" if path else ""
    grid_shape = metadata.grid_shape
    found = []
    for full in (yield ListKeys(start + (encoding.prefix if metadata.ndim else ""))):
        key = full[len(start) :]
        try:
            index = encoding.grid_index(key, metadata.ndim)
        except MetadataError:
            continue  # metadata, or a stranger's file
        if all(i < n for i, n in zip(index, grid_shape, strict=True)):
            found.append(key)
    return found
