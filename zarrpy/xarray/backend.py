"""The engine ``"zarrpy"`` of xarray."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from xarray import DataTree
from xarray.backends import BackendEntrypoint
from xarray.backends.store import StoreBackendEntrypoint

from zarrpy.group import Group
from zarrpy.stores import Store
from zarrpy.xarray.opening import group_store, groups_below, opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xarray import Dataset

#: Parameters that say how variables are decoded; they are xarray's own.
_DECODERS = (
    "mask_and_scale",
    "decode_times",
    "concat_characters",
    "decode_coords",
    "use_cftime",
    "decode_timedelta",
)


class ZarrpyBackend(BackendEntrypoint):
    """Opens groups of Zarr arrays as datasets and trees of datasets."""

    description = "Open Zarr stores with zarrpy"
    supports_groups: ClassVar[bool] = True

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Tell by its name or class whether something is a Zarr store."""
        if isinstance(filename_or_obj, str | os.PathLike):
            return os.fspath(filename_or_obj).rstrip("/").endswith((".zarr", ".zarr.zip"))
        return isinstance(filename_or_obj, Store | Group)

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        mask_and_scale: Any = True,
        decode_times: Any = True,
        concat_characters: Any = True,
        decode_coords: Any = True,
        drop_variables: str | Iterable[str] | None = None,
        use_cftime: Any = None,
        decode_timedelta: Any = None,
        group: str | None = None,
        mode: str = "r",
        consolidated: bool | None = None,
        storage_options: dict[str, Any] | None = None,
        zarr_format: int | None = None,
        use_zarr_fill_value_as_mask: bool | None = None,
    ) -> Dataset:
        """Open one group; parameters as of the engine ``"zarr"``."""
        given = locals()
        found = opened(
            filename_or_obj,
            mode=mode,
            group=group,
            consolidated=consolidated,
            storage_options=storage_options,
            zarr_format=zarr_format,
        )
        decoders = {name: given[name] for name in (*_DECODERS, "drop_variables")}
        return _dataset(found, filename_or_obj, decoders, use_zarr_fill_value_as_mask)

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,
        *,
        mask_and_scale: Any = True,
        decode_times: Any = True,
        concat_characters: Any = True,
        decode_coords: Any = True,
        drop_variables: str | Iterable[str] | None = None,
        use_cftime: Any = None,
        decode_timedelta: Any = None,
        group: str | None = None,
        mode: str = "r",
        consolidated: bool | None = None,
        storage_options: dict[str, Any] | None = None,
        zarr_format: int | None = None,
        use_zarr_fill_value_as_mask: bool | None = None,
    ) -> dict[str, Dataset]:
        """Open a group and all groups below it, by path."""
        given = locals()
        root = opened(
            filename_or_obj,
            mode=mode,
            group=group,
            consolidated=consolidated,
            storage_options=storage_options,
            zarr_format=zarr_format,
        )
        decoders = {name: given[name] for name in (*_DECODERS, "drop_variables")}
        return {
            path: _dataset(found, filename_or_obj, decoders, use_zarr_fill_value_as_mask)
            for path, found in groups_below(root)
        }

    def open_datatree(self, filename_or_obj: Any, **parameters: Any) -> DataTree:
        """Open a group and all groups below it as a tree."""
        datasets = self.open_groups_as_dict(filename_or_obj, **parameters)
        tree = DataTree.from_dict(datasets)
        for path, dataset in datasets.items():
            tree[path].set_close(dataset._close)
        return tree


def _dataset(group: Group, place: Any, decoders: dict[str, Any], masks: bool | None) -> Dataset:
    store = group_store(group, place, mode="r", use_zarr_fill_value_as_mask=masks)
    return StoreBackendEntrypoint().open_dataset(store, **decoders)
