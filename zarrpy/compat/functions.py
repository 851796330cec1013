"""The functions of zarr-python, with its signatures, and its meaning where that is another one.

They differ from those of the same names in `zarrpy`: `open` and `open_group` create a group where
there is nothing, `open_array` takes ``mode="a"``, and the codecs of new arrays are zarr-python's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from warnings import warn

from zarrpy import api
from zarrpy.api import copy, copy_all, copy_store, load
from zarrpy.array import Array
from zarrpy.cli.versions import print_debug_info
from zarrpy.compat.errors import ZarrDeprecationWarning, ZarrUserWarning
from zarrpy.compat.grids import check_allowed
from zarrpy.compat.ineffective import (
    in_order,
    order_of_v2,
    told_of,
    warn_of_padding,
    warn_of_shards,
)
from zarrpy.compat.likes import empty_like, full_like, ones_like, open_like, zeros_like
from zarrpy.compat.mending import mended
from zarrpy.compat.places import check_mode, placed, plain, store_of
from zarrpy.config import config as process
from zarrpy.creation import DEFAULT
from zarrpy.errors import (
    ArrayNotFoundError,
    GroupNotFoundError,
    MetadataError,
    NodeExistsError,
    NodeKindError,
    NodeNotFoundError,
    ReadOnlyStoreError,
)
from zarrpy.group import Group
from zarrpy.keywords import refuse_chunk_store
from zarrpy.metadata.formats import format_of
from zarrpy.stores import Store

if TYPE_CHECKING:
    from zarrpy.container import Member

__all__ = [
    "array",
    "consolidate_metadata",
    "copy",
    "copy_all",
    "copy_store",
    "create",
    "create_array",
    "create_group",
    "create_hierarchy",
    "empty",
    "empty_like",
    "from_array",
    "full",
    "full_like",
    "group",
    "load",
    "ones",
    "ones_like",
    "open",
    "open_array",
    "open_consolidated",
    "open_group",
    "open_like",
    "print_debug_info",
    "save",
    "save_array",
    "save_group",
    "tree",
    "zeros",
    "zeros_like",
]


def open(
    store: Any = None,
    *,
    mode: str | None = None,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    config: Any = None,
    **kwargs: Any,
) -> Member:
    """Open an array or a group; a group is created where there is nothing, unless it may not be."""
    place, where = placed(store, path, storage_options)
    mode = mode or ("r" if place.read_only else "a")
    check_mode(place, mode)
    if "shape" in kwargs or "data" in kwargs:
        return open_array(
            place, mode=mode, zarr_format=zarr_format, path=where, config=config, **kwargs
        )
    if mode in ("a", "r", "r+"):
        try:
            found = _read(place, where, mode, zarr_format)
        except NodeNotFoundError:
            found = None
        if isinstance(found, Array):
            return in_order(found, config)
    if config is not None:
        raise TypeError(f"config is of arrays, and {where or '/'!r} resolves to a group")
    return open_group(place, mode=mode, zarr_format=zarr_format, path=where, **kwargs)


def _read(store: Store, path: str, mode: str, zarr_format: int | None) -> Member:
    mode = "r" if mode == "r" else "r+"
    found = api.open(store, mode=mode, path=path, zarr_format=zarr_format)
    if not mended(found.metadata):
        check_allowed(found.metadata)
    return found


def open_array(
    store: Any = None,
    *,
    zarr_format: int | None = None,
    path: str = "",
    storage_options: dict[str, Any] | None = None,
    config: Any = None,
    **kwargs: Any,
) -> Array:
    """Open an array; it is created where there is nothing, if keywords say of which shape."""
    place, where = placed(store, path, storage_options)
    mode = kwargs.pop("mode", None) or ("r" if place.read_only else "a")
    check_mode(place, mode)
    keywords = plain(kwargs)
    if mode in ("r", "r+", "a"):
        try:
            found = _read(place, where, mode, zarr_format)
        except NodeNotFoundError as error:
            if mode != "a" or not ("shape" in keywords or "data" in keywords):
                words = f"No array found in store: {error.message}"
                raise ArrayNotFoundError(words, path=error.path, nearest=error.nearest) from error
        else:
            if not isinstance(found, Array):
                raise NodeKindError(f"there is a group at {where or '/'!r}", path=where)
            return in_order(found, config)
    if mode == "a":
        check_mode(place, mode, creating=True)
    keywords.pop("overwrite", None)
    return create(
        store=place,
        path=where,
        zarr_format=zarr_format,
        overwrite=mode == "w",
        config=config,
        **keywords,
    )


def open_group(
    store: Any = None,
    *,
    mode: str = "a",
    cache_attrs: bool | None = None,
    synchronizer: Any = None,
    path: str | None = None,
    chunk_store: Any = None,
    storage_options: dict[str, Any] | None = None,
    zarr_format: int | None = None,
    meta_array: Any = None,
    attributes: dict[str, Any] | None = None,
    use_consolidated: bool | str | None = None,
) -> Group:
    """Open a group; it is created where there is nothing, unless `mode` is "r" or "r+"."""
    refuse_chunk_store(chunk_store)
    place, where = placed(store, path, storage_options)
    if mode == "a" and place.read_only:
        mode = "r"
    check_mode(place, mode)
    wanted: Any = bool(use_consolidated) if isinstance(use_consolidated, str) else use_consolidated
    if wanted and not getattr(place, "supports_consolidated_metadata", True):
        raise ValueError(f"{place!r} doesn't support consolidated metadata, which is asked for")
    try:
        return api.open_group(
            place,
            mode=mode,
            path=where,
            zarr_format=zarr_format,
            attributes=attributes,
            use_consolidated=wanted,
        )
    except NodeNotFoundError as error:
        words = f"No group found in store: {error.message}"  # libraries look for the first words
        raise GroupNotFoundError(words, path=error.path, nearest=error.nearest) from error


def open_consolidated(*args: Any, use_consolidated: Any = True, **kwargs: Any) -> Group:
    """Open a group that has consolidated metadata."""
    if use_consolidated is not True:
        raise TypeError("open_consolidated reads consolidated metadata: leave use_consolidated out")
    return open_group(*args, use_consolidated=True, **kwargs)


def consolidate_metadata(
    store: Any, path: str | None = None, zarr_format: int | None = None
) -> Group:
    """Collect the metadata of a hierarchy in one document of its topmost group.

    Warns, as programs expect it, that Zarr v3 has no words for it yet.
    """
    place, where = placed(store, path, None)
    if not getattr(place, "supports_consolidated_metadata", True):
        raise TypeError(f"{type(place).__name__} doesn't support consolidated metadata")
    made = api.consolidate_metadata(place, path=where, zarr_format=zarr_format)
    if not format_of(made.metadata.zarr_format).ordered_types:
        warn(
            # programs filter warnings by these words
            "Consolidated metadata is currently not part in the Zarr format 3 specification. Other "
            "readers may not look at it",
            ZarrUserWarning,
            stacklevel=2,
        )
    return made


def tree(grp: Any, expand: bool | None = None, level: int | None = None) -> Any:
    """Draw a group; `Group.tree` does it as well, and will stay."""
    warn("zarr.tree will go: call Group.tree instead.", ZarrDeprecationWarning, stacklevel=2)
    return grp.tree(expand=expand, level=level)


def group(
    store: Any = None,
    *,
    overwrite: bool = False,
    chunk_store: Any = None,
    cache_attrs: bool | None = None,
    synchronizer: Any = None,
    path: str | None = None,
    zarr_format: int | None = None,
    meta_array: Any = None,
    attributes: dict[str, Any] | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Group:
    """Open a group; create it when it is missing."""
    refuse_chunk_store(chunk_store)
    place, where = placed(store, path, storage_options)
    return api.group(
        place, path=where, overwrite=overwrite, zarr_format=zarr_format, attributes=attributes
    )


def create_group(
    store: Any,
    *,
    path: str | None = None,
    zarr_format: int | None = None,
    overwrite: bool = False,
    attributes: dict[str, Any] | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Group:
    """Create a group."""
    place, where = placed(store, path, storage_options)
    return api.create_group(
        place, path=where, zarr_format=zarr_format, overwrite=overwrite, attributes=attributes
    )


def create_hierarchy(
    *, store: Any, nodes: Mapping[str, Any], overwrite: bool = False
) -> Iterator[tuple[str, Member]]:
    """Create several nodes: all of them, or none."""
    place, where = store_of(store)
    below = {f"{where}/{path}".strip("/"): node for path, node in nodes.items()}
    made = api.create_hierarchy(place, below, overwrite=overwrite)
    yield from dict(made).items()


def create_array(
    store: Any,
    *,
    name: str | None = None,
    shape: Any = None,
    dtype: Any = None,
    data: Any = None,
    chunks: Any = "auto",
    shards: Any = None,
    filters: Any = "auto",
    compressors: Any = "auto",
    serializer: Any = "auto",
    fill_value: Any = DEFAULT,
    order: str | None = None,
    zarr_format: int | None = 3,
    attributes: dict[str, Any] | None = None,
    chunk_key_encoding: Any = None,
    dimension_names: Iterable[str | None] | None = None,
    storage_options: dict[str, Any] | None = None,
    overwrite: bool = False,
    config: Any = None,
    write_data: bool = True,
) -> Array:
    """Create an array; parameters as of `zarrpy.create_array`."""
    place, where = placed(store, name, storage_options)
    warn_of_shards(shards)
    warn_of_padding(dtype, data)
    order, config = order_of_v2(order, config, zarr_format or process.array.zarr_format)
    made = api.create_array(
        place,
        name=where or None,
        shape=shape,
        dtype=dtype,
        data=data,
        chunks=chunks,
        shards=shards,
        filters=filters,
        compressors=compressors,
        serializer=serializer,
        fill_value=fill_value,
        order=order,
        zarr_format=zarr_format,
        attributes=attributes,
        chunk_key_encoding=chunk_key_encoding,
        dimension_names=dimension_names,
        overwrite=overwrite,
        config=config,
        write_data=write_data,
    )
    return in_order(made, config)


def create(
    shape: Any = None,
    *,
    chunks: Any = None,
    dtype: Any = None,
    compressor: Any = "auto",
    fill_value: Any = DEFAULT,
    order: str | None = None,
    store: Any = None,
    synchronizer: Any = None,
    overwrite: bool = False,
    path: str | None = None,
    chunk_store: Any = None,
    filters: Any = "auto",
    cache_metadata: bool | None = None,
    cache_attrs: bool | None = None,
    read_only: bool | None = None,
    object_codec: Any = None,
    dimension_separator: str | None = None,
    write_empty_chunks: bool | None = None,
    zarr_format: int | None = None,
    meta_array: Any = None,
    attributes: dict[str, Any] | None = None,
    chunk_shape: Any = None,
    chunk_key_encoding: Any = None,
    codecs: Any = None,
    dimension_names: Iterable[str | None] | None = None,
    storage_options: dict[str, Any] | None = None,
    config: Any = None,
    mode: str | None = None,
    data: Any = None,
    **more: Any,
) -> Array:
    """Create an array, by default of float64 in memory; parameters as of `zarrpy.create`."""
    place, where = placed(store, path, storage_options)
    check_mode(place, mode)
    if mode == "r":
        raise ReadOnlyStoreError("mode 'r' is read-only: it creates nothing", store=repr(place))
    warn_of_padding(dtype, data)
    number = zarr_format or process.array.zarr_format
    order, config = order_of_v2(told_of(locals(), number), config, number)
    given: dict[str, Any] = {
        "chunks": chunks if chunk_shape is None else chunk_shape,
        "compressors": more.pop("compressors", compressor),
        "filters": filters,
        "fill_value": fill_value,
        "order": order,
        "object_codec": object_codec,
        "attributes": attributes,
        "chunk_key_encoding": chunk_key_encoding,
        "dimension_names": dimension_names,
        "zarr_format": zarr_format,
        "data": data,
        "shape": shape,
        "config": config,
        **more,
    }
    if given["chunks"] is None:
        given["chunks"] = "auto"
    if dtype is not None or data is None:
        given["dtype"] = "float64" if dtype is None else dtype
    if codecs is not None:
        given["codecs"] = codecs
        del given["compressors"], given["filters"]
    if dimension_separator is not None:
        given["dimension_separator"] = dimension_separator
    if write_empty_chunks is not None:
        given["config"] = {**dict(config or {}), "write_empty_chunks": write_empty_chunks}
    if chunk_store is not None:
        given["chunk_store"] = chunk_store
    if chunk_shape is not None and chunks is not None:
        raise MetadataError("chunk_shape is a name for chunks: give only one of them")
    if isinstance(chunk_key_encoding, tuple):
        given["chunk_key_encoding"] = dict(
            zip(("name", "separator"), chunk_key_encoding, strict=True)
        )
    try:
        made = api.create_array(
            place,
            name=where or None,
            overwrite=mode == "w" or (overwrite and mode != "w-"),
            **given,
        )
    except NodeExistsError as error:
        if mode == "w-":
            error.hint = "mode 'w-' replaces nothing"
        raise
    return in_order(made, config)


def array(data: Any, **kwargs: Any) -> Array:
    """Create an array of data, by default in memory."""
    return create(data=data, **kwargs)


def empty(shape: Any, **kwargs: Any) -> Array:
    """Create an array; what is never written reads as the fill value."""
    return create(shape, **kwargs)


def zeros(shape: Any, **kwargs: Any) -> Array:
    """Create an array of zeros; nothing is stored."""
    return create(shape, fill_value=0, **kwargs)


def ones(shape: Any, **kwargs: Any) -> Array:
    """Create an array of ones; nothing is stored."""
    return create(shape, fill_value=1, **kwargs)


def full(shape: Any, fill_value: Any, **kwargs: Any) -> Array:
    """Create an array of one value; nothing is stored."""
    return create(shape, fill_value=fill_value, **kwargs)


def from_array(
    store: Any,
    *,
    data: Any,
    write_data: bool = True,
    name: str | None = None,
    chunks: Any = "keep",
    shards: Any = "keep",
    filters: Any = "keep",
    compressors: Any = "keep",
    serializer: Any = "keep",
    fill_value: Any = DEFAULT,
    order: str | None = None,
    zarr_format: int | None = None,
    attributes: dict[str, Any] | None = None,
    chunk_key_encoding: Any = None,
    dimension_names: Any = None,
    storage_options: dict[str, Any] | None = None,
    overwrite: bool = False,
    config: Any = None,
) -> Array:
    """Create an array of another one's values and layout; as `zarrpy.from_array`."""
    place, where = placed(store, name, storage_options)
    return api.from_array(
        place,
        data=data,
        name=where or None,
        write_data=write_data,
        overwrite=overwrite,
        chunks=chunks,
        shards=shards,
        filters=filters,
        compressors=compressors,
        serializer=serializer,
        fill_value=fill_value,
        order=order,
        zarr_format=zarr_format,
        attributes=attributes,
        chunk_key_encoding=chunk_key_encoding,
        dimension_names=dimension_names,
        config=config,
    )


def save(
    store: Any,
    *args: Any,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """Save an array, or several in a group."""
    if not args and not kwargs:
        raise ValueError("nothing to save: at least one array must be provided")
    if len(args) == 1 and not kwargs:
        save_array(
            store, args[0], zarr_format=zarr_format, path=path, storage_options=storage_options
        )
        return
    save_group(
        store, *args, zarr_format=zarr_format, path=path, storage_options=storage_options, **kwargs
    )


def save_array(
    store: Any,
    arr: Any,
    *,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """Save an array; what was there goes."""
    place, where = placed(store, path, storage_options)
    mode = kwargs.pop("mode", "w")
    check_mode(place, mode)
    kwargs.setdefault("overwrite", mode == "w")
    api.save_array(place, arr, zarr_format=zarr_format, path=where or None, **kwargs)


def save_group(
    store: Any,
    *args: Any,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """Save several arrays in a group, which may be there."""
    place, where = placed(store, path, storage_options)
    if not args and not kwargs:
        raise ValueError("nothing to save: at least one array must be provided")
    check_mode(place, "w")
    for name, each in (*((f"{i}", each) for i, each in enumerate(args)), *kwargs.items()):
        if not (hasattr(each, "shape") and hasattr(each, "dtype")):
            raise TypeError(
                f"Keyword argument {name!r} must be a numpy or other NDArrayLike array, "
                f"not {each!r}"
            )
    made = group(place, path=where, zarr_format=zarr_format)
    named = {f"arr_{i}": each for i, each in enumerate(args)}
    for name in named.keys() & kwargs.keys():
        raise NodeExistsError(f"{name!r} is taken by an array without a name", path=name)
    for name, each in (named | kwargs).items():
        made[name] = each
