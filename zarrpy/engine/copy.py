"""Copy nodes between stores as stored bytes, nothing decoded, one value in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy.engine.drive import drive
from zarrpy.engine.nodes import create_node, key_of, read_children
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.engine.nodes import Metadata
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
    if isinstance(metadata, ArrayMetadata):
        drive(store, create_node(path, metadata, overwrite=overwrite))
        _copy_chunks(source, metadata, target)
        return
    drive(store, create_node(path, metadata, overwrite=overwrite))
    children = drive(source[0], read_children(source[1], metadata.zarr_format))
    for name, child in children.items():
        copy_node((source[0], key_of(source[1], name)), child, (store, key_of(path, name)))


def _refuse_overlap(source: tuple[Store, str], target: tuple[Store, str]) -> None:
    """Refuse to make a node a part of itself, or to replace what it is a part of."""
    if not source[0].overlaps(source[1], target[0], target[1]):
        return
    raise NodeExistsError(
        f"cannot copy {source[1] or '/'!r} of {source[0]!r} to {target[1] or '/'!r} of "
        f"{target[0]!r}: one lies within the other",
        path=target[1],
    )


def _copy_chunks(
    source: tuple[Store, str], metadata: ArrayMetadata, target: tuple[Store, str]
) -> None:
    for key in chunk_keys(source[0], source[1], metadata):
        value = source[0].get(key_of(source[1], key))
        if value is not None:
            target[0].set(key_of(target[1], key), value)


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
