"""From what users of xarray give to a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api import open_group
from zarrpy.group import Group
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.names import normalise_path
from zarrpy.stores import Store, as_store
from zarrpy.xarray.store import GroupStore

if TYPE_CHECKING:
    from collections.abc import Iterator


def opened(
    place: Any,
    *,
    mode: str,
    group: str | None = None,
    consolidated: bool | None = None,
    storage_options: dict[str, Any] | None = None,
    zarr_format: int | None = None,
) -> Group:
    """Open, or create, the group that a call of xarray names.

    Parameters
    ----------
    place : str, path-like, Group, mutable mapping or Store
    mode : {"r", "r+", "a", "a-", "w", "w-"}
    group : str, optional
        Path below `place`.
    consolidated : bool, optional
        As ``use_consolidated`` of `zarrpy.open_group`.
    storage_options : dict, optional
    zarr_format : {3, 2}, optional
    """
    path = normalise_path(group or "")
    if isinstance(place, Group):
        path = normalise_path(f"{place.path}/{path}")
        place = place.store
    store = as_store(place, storage_options=storage_options)
    return open_group(
        store,
        path=path,
        mode="a" if mode == "a-" else mode,
        use_consolidated=consolidated,
        zarr_format=zarr_format,
    )


def group_store(group: Group, place: Any, **options: Any) -> GroupStore:
    """Make of a group what xarray works with.

    Parameters
    ----------
    group : Group
    place : object
        What the user gave; a store of the user's own stays open.
    **options
        As of `xarray.backends.ZarrStore`.
    """
    masks = options.pop("use_zarr_fill_value_as_mask", None)
    if masks is None:
        masks = format_of(group.metadata.zarr_format).undefined_fill
    theirs = isinstance(place, Store | Group)
    return GroupStore(
        group,
        use_zarr_fill_value_as_mask=masks,
        close_store_on_close=not theirs,
        **options,
    )


def groups_below(group: Group) -> Iterator[tuple[str, Group]]:
    """Give a group and all groups below it, with their paths as xarray writes them."""
    yield "/", group
    for path, member in group.members(None):
        if isinstance(member, Group):
            yield f"/{path}", member
