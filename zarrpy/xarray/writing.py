"""Write datasets, arrays and trees of xarray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xarray import DataArray, Dataset, DataTree, conventions
from xarray.backends.api import DATAARRAY_NAME, DATAARRAY_VARIABLE
from xarray.backends.common import ArrayWriter

from zarrpy.group import Group
from zarrpy.xarray.opening import group_store, opened

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from zarrpy.xarray.store import GroupStore

_MODES = ("w", "w-", "a", "a-", "r+")


def to_zarr(
    data: Dataset | DataArray | DataTree,
    store: Any,
    *,
    mode: str | None = None,
    group: str | None = None,
    encoding: Mapping[Any, Any] | None = None,
    compute: bool = True,
    consolidated: bool | None = None,
    append_dim: Hashable | None = None,
    region: Any = None,
    safe_chunks: bool = True,
    align_chunks: bool = False,
    storage_options: dict[str, Any] | None = None,
    zarr_format: int | None = None,
    write_empty_chunks: bool | None = None,
    write_inherited_coords: bool = False,
) -> Any:
    """Write a dataset, an array or a tree, as ``Dataset.to_zarr`` does with zarr-python.

    Parameters
    ----------
    data : Dataset, DataArray or DataTree
    store : str, path-like, Group, mutable mapping or Store
        Where it goes.
    mode : {"w", "w-", "a", "a-", "r+"}, optional
        "w" replaces what is there, "w-" refuses to; "a" adds variables and writes those that are
        there anew, "a-" leaves alone those without the dimension that is appended along; "r+"
        only writes into what is there. By default "a" with `append_dim`, "r+" with `region`, "w-"
        otherwise.
    group : str, optional
        Path of the group below `store`.
    encoding : mapping, optional
        How variables are stored, by name: ``chunks``, ``shards``, ``compressors``, ``filters``,
        ``serializer``, ``dtype``, ``units`` and so on; for a tree by path of the group, then name.
    compute : bool
        Write data of Dask now; otherwise something to compute later is returned.
    consolidated : bool, optional
        Consolidate metadata; by default unless the mode is "r+".
    append_dim : hashable, optional
        Dimension along which the variables are appended to those that are there.
    region : dict of slice, or "auto", optional
        Which part of the arrays that are there is written, by dimension; "auto" finds it by the
        coordinates.
    safe_chunks : bool
        Refuse chunks of Dask of which several lie in one chunk, or shard, of the store.
    align_chunks : bool
        Rechunk them, instead.
    storage_options : dict, optional
    zarr_format : {3, 2}, optional
    write_empty_chunks : bool, optional
    write_inherited_coords : bool
        Of a tree, also write coordinates where they are inherited.

    Returns
    -------
    Group or Delayed
        The group that was written; with ``compute=False`` something that gives it.

    Raises
    ------
    NodeExistsError
        A FileExistsError, when something is there and the mode is "w-".
    ValueError
        When the data do not fit what is there.

    Examples
    --------
    >>> import xarray
    >>> dataset = xarray.Dataset({"depth": ("x", [3.0, 4.0])})
    >>> group = to_zarr(dataset, {})
    >>> group["depth"].dimension_names
    ('x',)
    """
    mode = _mode(mode, append_dim, region)
    own = opened(
        store,
        mode=mode,
        group=group,
        consolidated=consolidated if mode == "r+" else False,
        storage_options=storage_options,
        zarr_format=zarr_format,
    )
    consolidates = mode != "r+" and consolidated is not False
    target = group_store(
        own,
        store,
        mode=mode,
        consolidate_on_close=consolidates,
        append_dim=append_dim,
        write_region=region,
        safe_chunks=safe_chunks,
        align_chunks=align_chunks,
        write_empty=write_empty_chunks,
    )
    writer = ArrayWriter()
    try:
        for path, dataset in _datasets(data, write_inherited_coords):
            child = target.get_child_store(path) if path else target
            _dump(dataset, child, writer, _encoding_of(encoding, data, path))
        writes = writer.sync(compute=compute)
    finally:
        if compute:
            target.close()
    if not compute:
        import dask

        return dask.delayed(_finished)(writes, own)
    return own


def _mode(mode: str | None, append_dim: Hashable | None, region: Any) -> str:
    """Choose the mode by what is asked for, and check it."""
    if mode is None:
        mode = "a" if append_dim is not None else "r+" if region is not None else "w-"
    if mode not in _MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, _MODES))}, not {mode!r}")
    if append_dim is not None and mode not in ("a", "a-"):
        raise ValueError(f"append_dim needs mode='a' or 'a-', not {mode!r}")
    if region is not None and mode in ("w", "w-"):
        raise ValueError(f"region needs mode='r+', 'a' or 'a-', not {mode!r}")
    return mode


def _datasets(data: Any, inherited: bool) -> Iterator[tuple[str, Dataset]]:
    """Give what is to be written, group by group, with paths below the first."""
    if isinstance(data, DataTree):
        for path, node in data.subtree_with_keys:
            path = "" if path == "." else path
            yield path, node.to_dataset(inherit=inherited or not path)
    elif isinstance(data, DataArray):
        yield "", _as_dataset(data)
    elif isinstance(data, Dataset):
        yield "", data
    else:
        raise TypeError(f"a Dataset, a DataArray or a DataTree is written, not {type(data)}")


def _as_dataset(array: DataArray) -> Dataset:
    """Put an array in a dataset, from which ``open_dataarray`` takes it again, with its name."""
    if array.name is not None and array.name not in (*array.coords, *array.dims):
        return array.to_dataset()
    # xarray's own name for such begins with two underscores, which Zarr keeps for itself
    dataset = array.to_dataset(name=DATAARRAY_VARIABLE.strip("_"))
    dataset.attrs[DATAARRAY_NAME] = DATAARRAY_VARIABLE if array.name is None else array.name
    return dataset


def _encoding_of(encoding: Mapping[Any, Any] | None, data: Any, path: str) -> dict[Any, Any]:
    """Take the encoding of one group."""
    if not isinstance(data, DataTree):
        return dict(encoding or {})
    unknown = set(encoding or ()) - set(data.groups)
    if unknown:
        raise ValueError(f"encoding names groups that are not in the tree: {sorted(unknown)}")
    own = data[path].path if path else data.path
    return dict((encoding or {}).get(own, {}))


def _dump(dataset: Dataset, target: GroupStore, writer: Any, encoding: dict[Any, Any]) -> None:
    """Store one dataset; data of Dask wait in the writer."""
    for name in (*dataset.variables, *dataset.attrs):
        if not isinstance(name, str):
            raise TypeError(f"names of variables and attributes are texts, not {name!r}")
    for variable in dataset.variables.values():
        if variable.size == 0:  # nothing to compute, and nothing would be stored of it
            variable.load()
    dataset = target._validate_and_autodetect_region(dataset)
    target._validate_encoding(encoding)
    variables, attributes = conventions.encode_dataset_coordinates(dataset)
    for name, given in encoding.items():
        if name not in variables:
            raise ValueError(f"encoding names {name!r}, which is no variable of the dataset")
        variables[name].encoding = dict(given)
    target.store(variables, attributes, set(encoding), writer)


def _finished(writes: Any, group: Group) -> Group:
    group.close()
    return group
