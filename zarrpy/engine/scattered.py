"""Arrays with storage transformers, which alone know under which keys chunks are stored.

Names of chunks may be made of the whole path of the array, or lie apart from it.  So chunks of such
an array are reached through its transformers, by the keys of the whole grid: what a listing has
may be something else, and to rename a directory would leave them behind.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, TypeAlias

from zarrpy.engine.nodes import dump, key_of, read_node, try_children
from zarrpy.engine.requests import Delete
from zarrpy.errors import MetadataError
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zarrpy.engine.consolidate import Documents
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

    Scattered: TypeAlias = list[tuple[str, ArrayMetadata]]

__all__ = [
    "delete_scattered",
    "documents_below",
    "is_scattered",
    "refuse_scattered",
    "refuse_self",
    "scattered_arrays",
    "scattered_keys",
]

#: Keys that one request deletes.
_BATCH = 1024


def is_scattered(metadata: Metadata) -> bool:
    """Whether a node is an array with storage transformers."""
    return isinstance(metadata, ArrayMetadata) and bool(metadata.storage_transformers)


def scattered_keys(metadata: ArrayMetadata) -> Iterator[str]:
    """Give the keys of all chunks that an array may have, relative to it."""
    return map(metadata.chunk_keys.key, product(*map(range, metadata.grid_shape)))


def refuse_scattered(path: str, metadata: Metadata) -> Steps[None]:
    """Refuse to rename a node where one of its arrays has storage transformers."""
    if isinstance(metadata, ArrayMetadata):
        if metadata.storage_transformers:
            raise _not_renamed(path)
        return
    for name, child in (yield from try_children(path, metadata.zarr_format)).items():
        where = key_of(path, name)
        if not isinstance(child, MetadataError):
            yield from refuse_scattered(where, child)
        elif getattr(child, "kind", None) == "storage transformer":
            raise _not_renamed(where)


def refuse_self(
    source: tuple[Store, str], target: tuple[Store, str], metadata: ArrayMetadata
) -> None:
    """Refuse to replace an array by one that is made of it, and written when it is gone."""
    if metadata.storage_transformers and source[0].overlaps(source[1], *target):
        raise MetadataError(
            "may name chunks by the path, so that the new array cannot be written beside the old",
            path=target[0].place_of(target[1]),
            field="storage_transformers",
            hint="store it under another name; delete the old array when that is right",
        )


def _not_renamed(path: str) -> MetadataError:
    return MetadataError(
        "may keep chunks under names that are made of its path, so that a rename would lose them",
        path=path,
        field="storage_transformers",
        hint="zarrpy.copy(...) takes them along; delete the old array when the copy is right",
    )


def scattered_arrays(path: str, folders: Iterable[str]) -> Steps[Scattered]:
    """Read arrays with storage transformers, as far as those are known.

    Parameters
    ----------
    path : str
    folders : iterable of str
        Of the arrays, relative to the path.

    Returns
    -------
    list of tuple of str and ArrayMetadata
        Each with its path in the store.
    """
    arrays = []
    for folder in folders:
        where = key_of(path, folder) if folder else path
        try:
            found = yield from read_node(where)
        except MetadataError:
            continue  # nobody here knows where its chunks are
        if isinstance(found, ArrayMetadata):
            arrays.append((where, found))
    return arrays


def delete_scattered(arrays: Scattered) -> Steps[None]:
    """Delete the chunks of arrays through their transformers, wherever they are."""
    for path, metadata in arrays:
        keys = (key_of(path, key) for key in scattered_keys(metadata))
        while some := tuple(islice(keys, _BATCH)):
            yield Delete(some, metadata.storage_transformers)


def documents_below(
    path: str, metadata: Metadata, *, restore: bool = False
) -> Steps[dict[str, Documents]]:
    """Collect the documents of a node and of all below it, by path; as `try_children`."""
    found = {path: dump(metadata)}
    if isinstance(metadata, GroupMetadata):
        children = yield from try_children(path, metadata.zarr_format, restore=restore)
        for name, child in children.items():
            if not isinstance(child, MetadataError):
                below = documents_below(key_of(path, name), child, restore=restore)
                found |= yield from below
    return found
