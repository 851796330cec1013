"""Copy nodes between stores as stored bytes, nothing decoded, one value in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.engine.consolidate import record
from zarrpy.engine.drive import drive
from zarrpy.engine.lifecycle import create_node, documents_below
from zarrpy.engine.nodes import documents_of, key_of, read_children
from zarrpy.engine.requests import Put
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.engine.nodes import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store


def copy_node(
    source: tuple[Store, str],
    metadata: Metadata,
    target: tuple[Store, str],
    *,
    overwrite: bool = False,
) -> None:
    """Copy an array, or a group with all that is below it.

    Parameters
    ----------
    source, target : tuple of Store and str
        Where the node is, and where its copy goes.
    metadata : ArrayMetadata or GroupMetadata
        Of the source.
    overwrite : bool
        Replace what is at the target.
    """
    _refuse_overlap(source, target)
    store, path = target

    def content(where: str) -> Steps[None]:
        yield from _copy_content(source, metadata, where)

    drive(store, create_node(path, metadata, overwrite=overwrite, content=content))
    if isinstance(metadata, GroupMetadata):
        drive(store, _record_below(path, metadata))


def _record_below(path: str, metadata: Metadata) -> Steps[None]:
    """Say in consolidated documents above what was copied."""
    yield from record(path, (yield from documents_below(path, metadata)))


def _copy_content(source: tuple[Store, str], metadata: Metadata, where: str) -> Steps[None]:
    """Copy the chunks of an array, or the members of a group."""
    store, path = source
    if isinstance(metadata, ArrayMetadata):
        for key in chunk_keys(store, path, metadata):
            value = store.get(key_of(path, key))
            if value is not None:
                yield Put(((key_of(where, key), value),))
        return
    for name, child in drive(store, read_children(path, metadata.zarr_format)).items():
        yield Put(documents_of(key_of(where, name), child))
        yield from _copy_content((store, key_of(path, name)), child, key_of(where, name))


def _refuse_overlap(source: tuple[Store, str], target: tuple[Store, str]) -> None:
    """Refuse to make a node a part of itself, or to replace what it is a part of."""
    if not source[0].overlaps(source[1], target[0], target[1]):
        return
    raise NodeExistsError(
        f"cannot copy {source[1] or '/'!r} of {source[0]!r} to {target[1] or '/'!r} of "
        f"{target[0]!r}: one lies within the other",
        path=target[1],
    )


def chunk_keys(store: Store, path: str, metadata: ArrayMetadata) -> Iterator[str]:
    """Yield the keys of the chunks that an array has stored, relative to the array."""
    encoding = metadata.chunk_keys
    start = path + "/" if path else ""
    grid_shape = metadata.grid_shape
    for full in store.list(start + (encoding.prefix if metadata.ndim else "")):
        key = full[len(start) :]
        try:
            index = encoding.grid_index(key, metadata.ndim)
        except MetadataError:
            continue  # metadata, or a stranger's file
        if all(i < n for i, n in zip(index, grid_shape, strict=True)):
            yield key
