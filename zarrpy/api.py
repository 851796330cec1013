"""The functions that users call first: create, open, save, load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zarrpy.array import Array
from zarrpy.config import config as settings
from zarrpy.creation import DEFAULT, array_metadata, auto_keyword
from zarrpy.engine.copy import copy_node
from zarrpy.engine.nodes import create_node, read_node, require_node
from zarrpy.engine.operation import entry
from zarrpy.errors import NodeKindError, ReadOnlyStoreError
from zarrpy.group import Group
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import check_path, normalise_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.info import Tree
    from zarrpy.stores.base import Store

_MODES = ("r", "r+", "a", "w", "w-", "x", None)

# ------------------------------------------------------------------------------------ creating


@entry
def create_array(
    store: Store,
    /,
    *,
    name: str | None = None,
    shape: int | Iterable[int] | None = None,
    dtype: Any = None,
    data: Any = None,
    chunks: Any = "auto",
    shards: Any = None,
    filters: Any = "auto",
    compressors: Any = "auto",
    serializer: Any = "auto",
    fill_value: Any = DEFAULT,
    order: str | None = None,
    zarr_format: int | None = None,
    attributes: Mapping[str, Any] | None = None,
    chunk_key_encoding: Any = None,
    dimension_names: Iterable[str | None] | None = None,
    storage_options: dict[str, Any] | None = None,
    overwrite: bool = False,
    config: Mapping[str, Any] | None = None,
    write_data: bool = True,
    **aliases: Any,
) -> Steps[Array]:
    """Create an array.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
        A directory, a dictionary, or a store.
    name : str, optional
        Path of the array within the store; by default its root. Groups on the way are created.
    shape : int or tuple of int
        In elements.
    dtype : NumPy data type or what names one
    data : array-like, optional
        Takes the place of `shape` and `dtype`, and is written unless `write_data` is false.
    chunks : tuple of int, int, bool or "auto"
        Shape of the chunks; -1 stands for a whole axis, False for one chunk.
    shards : None
        Not written by this version.
    filters : codecs, optional
        Array-to-array codecs, run first.
    compressors : codecs, "auto" or None
        Bytes-to-bytes codecs: objects, names such as ``"zstd:9"`` or ``"blosc:lz4:5"``, dicts.
        "auto" chooses by the data type, with a checksum.
    serializer : codec or "auto"
        The array-to-bytes codec.
    fill_value : scalar, optional
        Value of elements never written; zero by default.
    order : {"C", "F"}
        Order of elements within stored chunks.
    zarr_format : {3, 2}
    attributes : mapping, optional
    chunk_key_encoding : dict, optional
        Such as ``{"name": "v2", "separator": "."}``.
    dimension_names : sequence of (str or None), optional
    storage_options : dict, optional
        Parameters of the store.
    overwrite : bool
        Replace a node that is there, with all that is below it.
    config : dict, optional
        ``{"write_empty_chunks": True}`` writes chunks that hold only the fill value.
    write_data : bool

    Returns
    -------
    Array

    Raises
    ------
    NodeExistsError
        When there is a node already and `overwrite` is false.
    MetadataError
        A ValueError, when the arguments do not describe an array.

    Examples
    --------
    >>> array = create_array({}, shape=(4, 6), dtype="float32", chunks=(2, 3))
    >>> array[1] = 7
    >>> float(array[:, 2].sum())
    7.0
    """
    path = check_path(name) if name else ""
    keywords = {
        "shape": shape,
        "dtype": dtype,
        "data": data,
        "chunks": chunks,
        "shards": shards,
        "filters": filters,
        "compressors": compressors,
        "serializer": serializer,
        "fill_value": fill_value,
        "order": order,
        "zarr_format": zarr_format,
        "attributes": attributes,
        "chunk_key_encoding": chunk_key_encoding,
        "dimension_names": dimension_names,
        "config": config,
    }
    metadata, keep_empty = array_metadata(**_merge(keywords, aliases))
    yield from create_node(path, metadata, overwrite=overwrite)
    array = Array(store, path, metadata, write_empty_chunks=keep_empty)
    if data is not None and write_data:
        yield from array.write.steps(Ellipsis, data)
    return array


def _merge(keywords: dict[str, Any], aliases: dict[str, Any]) -> dict[str, Any]:
    """Let keywords of older libraries stand in for those that were not given."""
    for name, value in auto_keyword(aliases).items():
        if name not in keywords:
            raise TypeError(f"create_array() got an unexpected keyword argument {name!r}")
        if keywords[name] not in (None, "auto", DEFAULT):
            raise TypeError(f"{name!r} is given twice, once under an older name")
        keywords[name] = value
    return keywords


@entry
def create_group(
    store: Store,
    /,
    *,
    path: str | None = None,
    zarr_format: int | None = None,
    overwrite: bool = False,
    attributes: Mapping[str, Any] | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Group]:
    """Create a group.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of the group within the store; groups on the way are created.
    zarr_format : {3, 2}
    overwrite : bool
        Replace a node that is there, with all that is below it.
    attributes : mapping, optional
    storage_options : dict, optional

    Returns
    -------
    Group

    Raises
    ------
    NodeExistsError
        When there is a node already and `overwrite` is false.

    Examples
    --------
    >>> group = create_group({}, attributes={"title": "demo"})
    >>> group.attrs["title"]
    'demo'
    """
    where = check_path(path) if path else ""
    format_ = settings.array.zarr_format if zarr_format is None else zarr_format
    metadata = GroupMetadata(normalise(attributes or {}, path=where), format_)
    yield from create_node(where, metadata, overwrite=overwrite)
    return Group(store, where, metadata)


@entry
def group(
    store: Store,
    /,
    *,
    overwrite: bool = False,
    path: str | None = None,
    zarr_format: int | None = None,
    attributes: Mapping[str, Any] | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Group]:
    """Open a group; create it when it is missing."""
    mode = "w" if overwrite else "a"
    return (
        yield from _open_group(store, normalise_path(path or ""), mode, zarr_format, attributes)
    )


def create(shape: Any, *, store: Any = None, path: str | None = None, **keywords: Any) -> Array:
    """Create an array, by default of float64 in memory; keywords as of `create_array`."""
    if keywords.get("data") is None:
        keywords.setdefault("dtype", "float64")
    keywords.setdefault("name", path)
    return create_array(store, shape=shape, **keywords)


def full(shape: Any, fill_value: Any, **keywords: Any) -> Array:
    """Create an array whose fill value is `fill_value`; nothing is stored.

    Examples
    --------
    >>> full((2, 2), 5, dtype="int8")[:].tolist()
    [[5, 5], [5, 5]]
    """
    return create(shape, fill_value=fill_value, **keywords)


def zeros(shape: Any, **keywords: Any) -> Array:
    """Create an array of zeros; nothing is stored."""
    return full(shape, 0, **keywords)


def ones(shape: Any, **keywords: Any) -> Array:
    """Create an array of ones; nothing is stored."""
    return full(shape, 1, **keywords)


def empty(shape: Any, **keywords: Any) -> Array:
    """Create an array; elements never written read as the fill value."""
    return create(shape, **keywords)


def array(data: Any, **keywords: Any) -> Array:
    """Create an array of data, by default in memory.

    Examples
    --------
    >>> array([[1, 2], [3, 4]])[1].tolist()
    [3, 4]
    """
    keywords.setdefault("name", keywords.pop("path", None))
    store = keywords.pop("store", None)
    return create_array(store, data=data, **keywords)


def _like(other: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    """Take what was not asked for from another array."""
    keywords.setdefault("dtype", other.dtype)
    if isinstance(other, Array) and "chunks" not in keywords and "shape" not in keywords:
        keywords["chunks"] = other.chunks
    keywords.setdefault("shape", other.shape)
    return keywords


def empty_like(other: Any, **keywords: Any) -> Array:
    """Create an array of another one's shape, data type and chunks."""
    return empty(**_like(other, keywords))


def zeros_like(other: Any, **keywords: Any) -> Array:
    """Create an array of zeros of another one's shape, data type and chunks."""
    return zeros(**_like(other, keywords))


def ones_like(other: Any, **keywords: Any) -> Array:
    """Create an array of ones of another one's shape, data type and chunks."""
    return ones(**_like(other, keywords))


def full_like(other: Any, fill_value: Any = None, **keywords: Any) -> Array:
    """Create an array of one value of another one's shape, data type and chunks."""
    if fill_value is None:
        fill_value = getattr(other, "fill_value", 0)
    return full(fill_value=fill_value, **_like(other, keywords))


# ------------------------------------------------------------------------------------- opening


def _check_mode(mode: str | None) -> str | None:
    if mode not in _MODES:
        raise ValueError(f"mode must be one of 'r', 'r+', 'a', 'w', 'w-', not {mode!r}")
    return "w-" if mode == "x" else mode


def _node(store: Store, path: str, metadata: Any, read_only: bool) -> Array | Group:
    if isinstance(metadata, ArrayMetadata):
        array = Array(store, path, metadata, read_only=read_only)
        array.codecs  # noqa: B018 - an unknown codec is an error now, not at the first read
        return array
    return Group(store, path, metadata, read_only=read_only)


def _refuse_to_create(store: Store, mode: str | None) -> None:
    if store.read_only:
        raise ReadOnlyStoreError(
            f"mode {mode!r} creates, but the store is read-only", store=repr(store)
        )


@entry
def open(
    store: Store,
    /,
    *,
    mode: str | None = None,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **keywords: Any,
) -> Steps[Array | Group]:
    """Open an array or a group.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    mode : {None, "r", "r+", "a", "w", "w-"}
        "r" reads, "r+" changes what exists, "a" creates what is missing, "w" replaces, "w-"
        creates and fails when something exists. None is "r+", and creates when `shape` or `data`
        is given and nothing exists.
    zarr_format : {3, 2}, optional
        By default found out.
    path : str, optional
        Of the node within the store.
    storage_options : dict, optional
    **keywords
        As of `create_array`, for an array that is created.

    Returns
    -------
    Array or Group

    Raises
    ------
    NodeNotFoundError
        When nothing is there; names what lies nearest.

    Examples
    --------
    >>> store = {}
    >>> array = create_array(store, name="a", data=[1, 2, 3])
    >>> list(open(store))
    ['a']
    """
    mode, where = _check_mode(mode), normalise_path(path or "")
    if keywords.get("shape") is not None or keywords.get("data") is not None:
        return (yield from _open_array(store, where, mode, zarr_format, keywords))
    if mode in ("w", "w-"):
        return (yield from _open_group(store, where, mode, zarr_format, None))
    if mode == "a":
        found = yield from read_node(where, zarr_format)
        if found is None:
            return (yield from _open_group(store, where, mode, zarr_format, None))
    metadata = yield from require_node(where, zarr_format)
    return _node(store, where, metadata, mode == "r")


@entry
def open_array(
    store: Store,
    /,
    *,
    mode: str | None = None,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **keywords: Any,
) -> Steps[Array]:
    """Open an array; parameters as of `open`.

    Raises
    ------
    ArrayNotFoundError
        When nothing is there.
    NodeKindError
        When a group is there.
    """
    where = normalise_path(path or keywords.pop("name", None) or "")
    return (yield from _open_array(store, where, _check_mode(mode), zarr_format, keywords))


def _open_array(
    store: Store,
    path: str,
    mode: str | None,
    zarr_format: int | None,
    keywords: dict[str, Any],
) -> Steps[Array]:
    keywords = auto_keyword(keywords)
    describes = keywords.get("shape") is not None or keywords.get("data") is not None
    if mode not in ("w", "w-"):
        found = yield from read_node(path, zarr_format)
        if found is not None or mode in ("r", "r+") or not describes:
            metadata = yield from require_node(path, zarr_format, ArrayMetadata)
            opened = _node(store, path, metadata, mode == "r")
            assert isinstance(opened, Array)
            return opened
    _refuse_to_create(store, mode)
    overwrite = keywords.pop("overwrite", False) or mode == "w"
    if keywords.get("data") is None:
        keywords.setdefault("dtype", "float64")
    metadata, keep_empty = array_metadata(zarr_format=zarr_format, **keywords)
    yield from create_node(check_path(path), metadata, overwrite=overwrite)
    array = Array(store, path, metadata, write_empty_chunks=keep_empty)
    if keywords.get("data") is not None:
        yield from array.write.steps(Ellipsis, keywords["data"])
    return array


@entry
def open_group(
    store: Store,
    /,
    *,
    mode: str | None = None,
    path: str | None = None,
    zarr_format: int | None = None,
    attributes: Mapping[str, Any] | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Group]:
    """Open a group; parameters as of `open`.

    Raises
    ------
    GroupNotFoundError
        When nothing is there; `mode="a"` creates it then.
    NodeKindError
        When an array is there.
    """
    where = normalise_path(path or "")
    return (yield from _open_group(store, where, _check_mode(mode), zarr_format, attributes))


def _open_group(
    store: Store,
    path: str,
    mode: str | None,
    zarr_format: int | None,
    attributes: Mapping[str, Any] | None,
) -> Steps[Group]:
    if mode not in ("w", "w-"):
        found = yield from read_node(path, zarr_format)
        if found is not None or mode != "a":
            metadata = yield from require_node(path, zarr_format, GroupMetadata)
            opened = _node(store, path, metadata, mode == "r")
            assert isinstance(opened, Group)
            return opened
    _refuse_to_create(store, mode)
    format_ = settings.array.zarr_format if zarr_format is None else zarr_format
    made = GroupMetadata(normalise(attributes or {}, path=path), format_)
    yield from create_node(check_path(path), made, overwrite=mode == "w")
    return Group(store, path, made)


# ----------------------------------------------------------------------------- saving, loading


_SAVE_OPTIONS = {"zarr_format", "path", "storage_options"}


def save(store: Any, *arrays: Any, **named: Any) -> None:
    """Save one array, several, or a live `Array` or `Group` of another store.

    One array is saved at the root. Several go into a group, as ``arr_0``, ``arr_1`` and so on, or
    under the names given. An `Array` or `Group` is copied as stored, without being loaded.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    *arrays, **named : array-like, Array or Group
        Also ``zarr_format``, ``path`` and ``storage_options`` as of `create_array`.

    Raises
    ------
    NodeExistsError
        When something is there already.
    """
    if not arrays and not named.keys() - _SAVE_OPTIONS:
        raise ValueError("nothing to save: give at least one array")
    options = {name: named.pop(name) for name in _SAVE_OPTIONS if name in named}
    if len(arrays) == 1 and not named:
        save_array(store, arrays[0], **options)
    else:
        save_group(store, *arrays, **options, **named)


def save_array(
    store: Any,
    data: Any,
    *,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **keywords: Any,
) -> None:
    """Save one array; keywords as of `create_array`."""
    target = as_store(store, storage_options=storage_options)
    if isinstance(data, Array | Group):
        _save_node(target, data, path, zarr_format, keywords)
        return
    create_array(target, name=path, data=data, zarr_format=zarr_format, **keywords)


def _save_node(
    target: Store,
    node: Array | Group,
    path: str | None,
    zarr_format: int | None,
    keywords: dict[str, Any],
) -> None:
    """Copy a live node; what would change its bytes is refused."""
    if zarr_format not in (None, node.metadata.zarr_format):
        raise NodeKindError(
            f"{node.name!r} is Zarr v{node.metadata.zarr_format} and is saved as it is stored",
            path=node.path,
            hint=f"leave zarr_format out, or save its values: node[...] in v{zarr_format}",
        )
    if keywords.keys() - {"overwrite"}:
        raise TypeError(
            f"{sorted(keywords)} do not apply: a live array or group is saved as it is stored"
        )
    where = check_path(path) if path else ""
    copy_node((node.store, node.path), node.metadata, (target, where), **keywords)


def save_group(
    store: Any,
    *arrays: Any,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **named: Any,
) -> None:
    """Save several arrays into one new group."""
    target = as_store(store, storage_options=storage_options)
    members = {f"arr_{i}": each for i, each in enumerate(arrays)}
    for name in named:
        if name in members:
            raise ValueError(f"the name {name!r} is taken by an array without a name")
    members.update(named)
    parent = create_group(target, path=path, zarr_format=zarr_format)
    for name, each in members.items():
        where = f"{parent.path}/{name}" if parent.path else name
        save_array(target, each, path=where, zarr_format=zarr_format)


def load(
    store: Any,
    path: str | None = None,
    zarr_format: int | None = None,
    *,
    storage_options: dict[str, Any] | None = None,
) -> Any:
    """Read an array, or every array of a group, into memory.

    Returns
    -------
    ndarray or dict of str to ndarray
        For a group, arrays by their path within it.
    """
    node = open(
        store, mode="r", path=path, zarr_format=zarr_format, storage_options=storage_options
    )
    if isinstance(node, Array):
        return node[...]
    members = node.members(max_depth=None)
    return {name: member[...] for name, member in members if isinstance(member, Array)}


def tree(group: Group, level: int | None = None) -> Tree:
    """Draw the hierarchy below a group."""
    return group.tree(level)
