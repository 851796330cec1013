"""Create and open arrays that are like others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.create import create_array, empty, full, ones, zeros
from zarrpy.api.open import open_array
from zarrpy.api.recode import values
from zarrpy.array import Array
from zarrpy.creation import DEFAULT, array_metadata
from zarrpy.engine.copy import Manner, copy_node
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.operation import entry, function
from zarrpy.engine.scattered import refuse_self
from zarrpy.likeness import like
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import check_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

_LAYOUT = ("chunks", "shards", "filters", "compressors", "serializer")


@function
def empty_like(a: Any, **keywords: Any) -> Steps[Array]:
    """Create an array of another one's shape, data type and chunks."""
    return (yield from empty.steps(**like(a, keywords)))


@function
def zeros_like(a: Any, **keywords: Any) -> Steps[Array]:
    """Create an array of zeros of another one's shape, data type and chunks."""
    return (yield from zeros.steps(**like(a, keywords)))


@function
def ones_like(a: Any, **keywords: Any) -> Steps[Array]:
    """Create an array of ones of another one's shape, data type and chunks."""
    return (yield from ones.steps(**like(a, keywords)))


@function
def full_like(a: Any, fill_value: Any = None, **keywords: Any) -> Steps[Array]:
    """Create an array of one value of another one's shape, data type and chunks."""
    if fill_value is None:
        fill_value = getattr(a, "fill_value", 0)
    return (yield from full.steps(fill_value=fill_value, **like(a, keywords)))


@function
def open_like(a: Any, path: Any, **keywords: Any) -> Steps[Array]:
    """Open an array; create it with another one's shape, data type and chunks when it is missing.

    Parameters
    ----------
    a : Array or array-like
    path : str, path-like, mutable mapping or Store
        Where the array is.
    **keywords
        As of `open_array`; `mode` is "a" by default.

    Raises
    ------
    ShapeMismatchError
        When the array there has another shape.
    """
    keywords.setdefault("mode", "a")
    opened = as_store(path, storage_options=keywords.get("storage_options"))
    return (yield from elsewhere(opened, open_array.steps(opened, **like(a, keywords))))


@entry
def from_array(
    store: Store,
    /,
    *,
    data: Any,
    name: str | None = None,
    write_data: bool = True,
    overwrite: bool = False,
    storage_options: dict[str, Any] | None = None,
    **keywords: Any,
) -> Steps[Array]:
    """Create an array of another one's values, and as far as not said otherwise, of its layout.

    From an `Array` whose layout is kept, the stored bytes are copied as they are; otherwise a part
    of it is in memory at a time.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    data : Array or array-like
    name : str, optional
        Path of the array within the store.
    write_data : bool
        Copy the values, not only what describes them.
    overwrite : bool
        Replace a node that is there.
    storage_options : dict, optional
    **keywords
        As of `create_array`. "keep", as which `chunks`, `shards`, `filters`, `compressors` and
        `serializer` are taken by default, means as in `data`.

    Returns
    -------
    Array

    Raises
    ------
    NodeExistsError
        When there is a node already and `overwrite` is false.

    Examples
    --------
    >>> from zarrpy import create_array
    >>> array = create_array({}, data=[1, 2, 3], chunks=2, compressors="gzip")
    >>> again = from_array({}, data=array, chunks=3)
    >>> again.chunks, again.compressors[0].name, again[:].tolist()
    ((3,), 'gzip', [1, 2, 3])
    """
    path = check_path(name) if name else ""
    given = {key: value for key, value in keywords.items() if not _kept(key, value)}
    if not isinstance(data, Array):
        chunks = getattr(data, "chunks", None)
        if "chunks" not in given and isinstance(chunks, tuple):
            given["chunks"] = chunks
        given |= {"data": data, "write_data": write_data, "overwrite": overwrite}
        return (yield from create_array.steps(store, name=name, **given))
    if not given and write_data:
        yield from elsewhere(data.store, data._settle())
        source = (data.store, data.path)
        copied = yield from copy_node(source, data.metadata, (store, path), overwrite=overwrite)
        assert isinstance(copied, ArrayMetadata)
        return Array(store, path, copied)
    metadata, keep_empty = data.metadata, None
    if given:
        metadata, keep_empty = array_metadata(**in_layout_of(data, given))

    def content(where: str) -> Steps[None]:
        made = Array(store, where, metadata, write_empty_chunks=keep_empty)
        yield from values(data, made, Manner())

    written = content if write_data else None
    beside = store.of_files
    if write_data:
        refuse_self((data.store, data.path), (store, path), metadata)
    yield from create_node(path, metadata, overwrite=overwrite, content=written, beside=beside)
    return Array(store, path, metadata, write_empty_chunks=keep_empty)


def _kept(name: str, value: Any) -> bool:
    """Whether a keyword only says that it is to be as it is."""
    if name in _LAYOUT:
        return isinstance(value, str) and value == "keep"
    return value is None or value is DEFAULT


def in_layout_of(data: Array, given: dict[str, Any]) -> dict[str, Any]:
    """Add to the keywords what is to be as in another array."""
    metadata = data.metadata
    found: dict[str, Any] = {
        "shape": data.shape,
        "dtype": metadata.data_type,
        "filters": list(data.filters),
        "serializer": data.serializer,
        "compressors": list(data.compressors),
        "fill_value": metadata.fill_value if metadata.fill_defined else None,
        "zarr_format": metadata.zarr_format,
        "attributes": metadata.attributes_apart,
        "dimension_names": metadata.dimension_names,
    }
    if "dtype" in given:  # codecs for another data type may be no codecs for this one
        for name in ("filters", "serializer", "compressors", "fill_value"):
            del found[name]
    if "chunks" not in given and "shards" not in given:
        found["chunks"] = metadata.chunk_grid if data.shards is None else data.chunks
        found["shards"] = data.shards
    if given.get("zarr_format") in (None, metadata.zarr_format):
        found["chunk_key_encoding"] = metadata.chunk_keys
    elif "dtype" not in given:
        del found["serializer"]
    return found | given
