"""Create arrays and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zarrpy.array import Array
from zarrpy.creation import DEFAULT, check_keyword, chosen_format, created
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.operation import entry, function
from zarrpy.group import Group
from zarrpy.keywords import auto_keyword
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.model import GroupMetadata
from zarrpy.metadata.names import check_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store


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
    object_codec: Any = None,
    storage_transformers: Iterable[Any] = (),
    storage_options: dict[str, Any] | None = None,
    overwrite: bool = False,
    config: Mapping[str, Any] | None = None,
    write_data: bool = True,
    compat: str | None = None,
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
    chunks : tuple of (int or list of int), int, bool or "auto"
        Shape of the chunks; -1 stands for a whole axis, False for one chunk. A list gives the
        length of each chunk along its axis; in it a pair is a length and how often it comes.
    shards : tuple of int, int, "auto" or dict, optional
        Shape of the shards, each of which holds many chunks in one stored value; `chunks` divides
        it, and -1 spans the axis in whole chunks. A dict has it as ``shape``, and
        ``index_location`` ("end" or "start").
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
    object_codec : codec, optional
        Makes bytes of objects in Zarr v2: ``"json2"``, ``"vlen-array:<i4"`` or such.
    storage_transformers : sequence of (str or dict)
        Names of registered transformers, or their documents.
    storage_options : dict, optional
        Parameters of the store.
    overwrite : bool
        Replace a node that is there, with all that is Zarr below it; other files stay. Until the
        new one is complete, the old one is what everybody sees.
    config : dict, optional
        ``{"write_empty_chunks": True}`` writes chunks that hold only the fill value.
    write_data : bool
    compat : {"tensorstore", "zarr-python-3.0", "zarr-2.18", "strict-3.1"}, optional
        Write only what that reader opens; what it does not is an error that names it. By default
        what `config.array.compat` says.

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
        "object_codec": object_codec,
        "storage_transformers": storage_transformers,
        "config": config,
        "compat": compat,
    }
    merged = _merge(keywords, aliases)
    return (yield from created(store, path, merged, overwrite=overwrite, write_data=write_data))


def _merge(keywords: dict[str, Any], aliases: dict[str, Any]) -> dict[str, Any]:
    """Let keywords of older libraries stand in for those that were not given."""
    for name, value in auto_keyword(aliases).items():
        check_keyword(name)
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
    compat: str | None = None,
) -> Steps[Group]:
    """Create a group.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of the group within the store; groups on the way are created.
    zarr_format : {3, 2}
    overwrite : bool
        Replace a node that is there, with all that is Zarr below it; other files stay.
    attributes : mapping, optional
    storage_options : dict, optional
    compat : str, optional
        The reader that it is for, as of `create_array`; it tells the format.

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
    number = chosen_format(zarr_format, compat)
    metadata = GroupMetadata(normalise(attributes or {}, path=where), number)
    yield from create_node(where, metadata, overwrite=overwrite)
    return Group(store, where, metadata)


@function
def create(
    shape: Any, *, store: Any = None, path: str | None = None, **keywords: Any
) -> Steps[Array]:
    """Create an array, by default of float64 in memory; keywords as of `create_array`."""
    if keywords.get("data") is None:
        keywords.setdefault("dtype", "float64")
    keywords.setdefault("name", path)
    return (yield from _create(store, shape=shape, **keywords))


def _create(store: Any, **keywords: Any) -> Steps[Array]:
    opened = as_store(store, storage_options=keywords.get("storage_options"))
    return (yield from elsewhere(opened, create_array.steps(opened, **keywords)))


@function
def full(shape: Any, fill_value: Any, **keywords: Any) -> Steps[Array]:
    """Create an array whose fill value is `fill_value`; nothing is stored.

    Examples
    --------
    >>> full((2, 2), 5, dtype="int8")[:].tolist()
    [[5, 5], [5, 5]]
    """
    return (yield from create.steps(shape, fill_value=fill_value, **keywords))


@function
def zeros(shape: Any, **keywords: Any) -> Steps[Array]:
    """Create an array of zeros; nothing is stored."""
    return (yield from full.steps(shape, 0, **keywords))


@function
def ones(shape: Any, **keywords: Any) -> Steps[Array]:
    """Create an array of ones; nothing is stored."""
    return (yield from full.steps(shape, 1, **keywords))


@function
def empty(shape: Any, **keywords: Any) -> Steps[Array]:
    """Create an array; elements never written read as the fill value."""
    return (yield from create.steps(shape, **keywords))


@function
def array(data: Any, **keywords: Any) -> Steps[Array]:
    """Create an array of data, by default in memory.

    Examples
    --------
    >>> array([[1, 2], [3, 4]])[1].tolist()
    [3, 4]
    """
    keywords.setdefault("name", keywords.pop("path", None))
    return (yield from _create(keywords.pop("store", None), data=data, **keywords))
