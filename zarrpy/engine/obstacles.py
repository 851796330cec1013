"""What stands in the place of chunks or of members, or on the way to them, and is none.

A link to a disk that is not there, a directory or a file: what a listing tells of these looks like
a chunk that was never written.  So whoever lists, counts, copies or deletes asks the store for what
should be there; it knows best whether that is absent, or cannot be told.  In stores that have only
keys nothing stands in the way of another.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

from zarrpy.engine.nodes import key_of, try_nodes
from zarrpy.engine.requests import Fetch, IsFar, ListEmpty
from zarrpy.errors import MetadataError
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import LOCK_SUFFIX, OURS
from zarrpy.stores.base import ByteRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zarrpy.engine.requests import Steps

#: First and end of each dimension of the grid of chunks.
Box: TypeAlias = "tuple[tuple[int, int], ...]"

#: Documents that may be of an array.
_ARRAYS = ("zarr.json", ".zarray")
_NO_BYTES = ByteRange(0, 0)


def refuse_obstacles(path: str, metadata: ArrayMetadata, names: Iterable[str]) -> Steps[None]:
    """Refuse what keeps readers from chunks of an array.

    Parameters
    ----------
    path : str
        Of the array.
    metadata : ArrayMetadata
    names : iterable of str
        Everything listed below the array, relative to it; what is no value ends in "/".

    Raises
    ------
    StoreError
        Of the store, for a chunk that it cannot look for.
    """
    for key in obstructed(metadata, names):
        yield from ask_for(key_of(path, key))


def refuse_unlisted(path: str, metadata: ArrayMetadata, keys: Iterable[str]) -> Steps[None]:
    """Refuse the same where only keys of values were listed, as with their sizes."""
    start = len(path) + 1 if path else 0
    yield from refuse_obstacles(path, metadata, (key[start:] for key in keys))
    for key in (yield ListEmpty(path + "/" if path else "")):
        place = chunk_behind(metadata, key[start:], whole_grid(metadata))
        if place is not None:
            yield from ask_for(key_of(path, metadata.chunk_keys.key(place)))


def refuse_below(names: Iterable[str]) -> Steps[None]:
    """Refuse the same of all arrays of a store, of which everything is listed."""
    known = list(names)
    documents = (name.rpartition("/") for name in known)
    folders = sorted({folder for folder, _, name in documents if name in _ARRAYS})
    found = yield from try_nodes(folders)
    arrays = {
        path: node
        for path, node in zip(folders, found, strict=True)
        if isinstance(node, ArrayMetadata) and not node.storage_transformers
    }
    below: dict[str, list[str]] = {}
    for name in known:
        path = name.rstrip("/")
        while path:
            path = path.rpartition("/")[0]
            if path in arrays:
                below.setdefault(path, []).append(name[len(path) + 1 if path else 0 :])
                break
    for path, inside in below.items():
        yield from refuse_obstacles(path, arrays[path], inside)


def refuse_place(path: str, metadata: ArrayMetadata) -> Steps[None]:
    """Refuse to make an array where something keeps readers from chunks, now or when it grows.

    Behind a link to nothing there may be chunks of another array.
    """
    keys = metadata.chunk_keys
    if metadata.storage_transformers or (yield IsFar()):
        return
    yield from ask_for(key_of(path, keys.key((0,) * metadata.ndim)))
    start = len(path) + 1 if path else 0
    for key in (yield ListEmpty(key_of(path, keys.prefix))):
        place = chunk_behind(metadata, key[start:], ((0, sys.maxsize),) * metadata.ndim)
        if place is not None:
            yield from ask_for(key_of(path, keys.key(place)))


def lost_members(path: str, empty: Iterable[str]) -> Iterator[str]:
    """Tell links to nothing in a group, of what `ListEmpty` told: they may be members."""
    start = path + "/" if path else ""
    for key in empty:
        name = key.removeprefix(start)
        ours = name.startswith(OURS) or name.endswith(LOCK_SUFFIX)
        if key.startswith(start) and "/" not in name and not ours:
            yield key


def refuse_lost_members(path: str, groups: Iterable[str]) -> Steps[None]:
    """Refuse such links in groups at a path and below it."""
    empty: list[str] = yield ListEmpty(path + "/" if path else "")
    for key in dict.fromkeys(key for group in groups for key in lost_members(group, empty)):
        yield from ask_for(key)


def ask_for(key: str) -> Steps[None]:
    """Ask the store for a value, only to hear whether it can tell."""
    yield Fetch((key,), (_NO_BYTES,))


def obstructed(metadata: ArrayMetadata, names: Iterable[str]) -> Iterator[str]:
    """Tell keys of chunks that names may keep readers from, each once."""
    box = whole_grid(metadata)
    seen = set()
    for name in names:
        place = None if is_chunk(metadata, name) else chunk_behind(metadata, name, box)
        if place is not None and place not in seen:
            seen.add(place)
            yield metadata.chunk_keys.key(place)


def is_chunk(metadata: ArrayMetadata, name: str) -> bool:
    """Whether a name is the key of a chunk of an array."""
    place = _place(metadata, name)
    return place is not None and _lies_in(place, whole_grid(metadata))


def chunk_behind(metadata: ArrayMetadata, name: str, box: Box) -> tuple[int, ...] | None:
    """Tell a chunk in a box of the grid that has this name, lies below it, or has it as folder.

    Examples
    --------
    >>> import zarrpy
    >>> metadata = zarrpy.create_array({}, shape=(9, 9), dtype="i1", chunks=3).metadata
    >>> box = whole_grid(metadata)
    >>> [chunk_behind(metadata, name, box) for name in ("c/1/2", "c/1/2/file", "c/1", "notes")]
    [(1, 2), (1, 2), (1, 0), None]
    """
    above = name = name.rstrip("/")
    while above:
        place = _place(metadata, above)
        if place is not None:
            return place if _lies_in(place, box) else None
        above = above.rpartition("/")[0]
    firsts = [str(low) for low, _ in box]
    for n in range(metadata.ndim):
        tail = "/".join(firsts[n:])
        place = _place(metadata, f"{name}/{tail}{metadata.chunk_keys.suffix}")
        if place is not None and _lies_in(place, box):
            return place
    return None


def whole_grid(metadata: ArrayMetadata) -> Box:
    """All chunks of an array."""
    return tuple((0, n) for n in metadata.grid_shape)


def _place(metadata: ArrayMetadata, name: str) -> tuple[int, ...] | None:
    """Tell which chunk a name is the key of, within the array or not."""
    try:
        return metadata.chunk_keys.grid_index(name, metadata.ndim)
    except MetadataError:
        return None


def _lies_in(place: tuple[int, ...], box: Box) -> bool:
    return all(low <= i < high for i, (low, high) in zip(place, box, strict=True))
