"""Consolidated metadata: made, looked at, compared with the store, and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.open import open_group
from zarrpy.engine import consolidate as engine
from zarrpy.engine.nodes import require_node
from zarrpy.engine.operation import entry
from zarrpy.group import Group
from zarrpy.metadata.model import GroupMetadata
from zarrpy.metadata.names import normalise_path

if TYPE_CHECKING:
    from zarrpy.engine.consolidate import Difference
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store


@entry
def consolidate_metadata(
    store: Store,
    /,
    path: str | None = None,
    *,
    zarr_format: int | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Group]:
    """Collect the metadata of a whole hierarchy in one document of its topmost group.

    Opening the group then takes one request, however many nodes there are. zarrpy keeps what is
    consolidated true when it creates, changes or deletes nodes.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of the group within the store.
    zarr_format : {3, 2}, optional
        By default found out.
    storage_options : dict, optional

    Returns
    -------
    Group
        Opened with what was consolidated.

    Raises
    ------
    GroupNotFoundError
        When there is no group.
    MetadataError
        When the hierarchy holds nodes of another format, which would go missing.

    Examples
    --------
    >>> store = {}
    >>> from zarrpy import create_group
    >>> group = create_group(store)
    >>> array = group.create_array("a", data=[1, 2])
    >>> consolidate_metadata(store).is_consolidated
    True
    """
    where = normalise_path(path or "")
    found = yield from require_node(where, zarr_format, GroupMetadata)
    store.check_writable("consolidate", where)
    yield from engine.consolidate(where, found.zarr_format)
    metadata = yield from require_node(where, found.zarr_format, GroupMetadata)
    assert isinstance(metadata, GroupMetadata)
    index = yield from engine.index_of(where, metadata.zarr_format, metadata.document)
    return Group(store, where, metadata, index=index)


@entry
def open_consolidated(store: Store, /, **keywords: Any) -> Steps[Group]:
    """Open a group that has consolidated metadata; keywords as of `open_group`.

    Raises
    ------
    MetadataError
        A ValueError, when it has none.
    """
    wanted = keywords.pop("use_consolidated", True)
    if wanted is not True:
        raise TypeError(f"use_consolidated is True here, not {wanted!r} -> open_group takes others")
    return (yield from open_group.steps(store, use_consolidated=True, **keywords))


@entry
def is_consolidated(
    store: Store,
    /,
    path: str | None = None,
    *,
    zarr_format: int | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[bool]:
    """Whether a group has consolidated metadata; parameters as of `consolidate_metadata`."""
    where = normalise_path(path or "")
    metadata = yield from require_node(where, zarr_format, GroupMetadata)
    index = yield from engine.index_of(where, metadata.zarr_format, metadata.document)
    return index is not None


@entry
def verify_consolidated(
    store: Store,
    /,
    path: str | None = None,
    *,
    zarr_format: int | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[tuple[Difference, ...]]:
    """Compare consolidated metadata with what the store holds.

    Parameters as of `consolidate_metadata`.

    Returns
    -------
    tuple of Difference
        Each with the `path` of a node and the `problem`: "not consolidated", "not stored" or
        "different". Empty when all is well.

    Raises
    ------
    MetadataError
        When the group has no consolidated metadata.
    """
    where = normalise_path(path or "")
    metadata = yield from require_node(where, zarr_format, GroupMetadata)
    return (yield from engine.verify(where, metadata.zarr_format))


@entry
def remove_consolidated(
    store: Store,
    /,
    path: str | None = None,
    *,
    zarr_format: int | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[None]:
    """Remove consolidated metadata; the nodes stay. Parameters as of `consolidate_metadata`."""
    where = normalise_path(path or "")
    metadata = yield from require_node(where, zarr_format, GroupMetadata)
    store.check_writable("remove consolidated metadata", where)
    yield from engine.remove(where, metadata.zarr_format)
