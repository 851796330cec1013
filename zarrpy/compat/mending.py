"""Documents of arrays that are not valid, as older releases of zarr-python wrote some of them.

zarrpy refuses them. zarr-python reads them, so while zarrpy is served in its place they are read in
the same way, and a valid document is stored before chunks are written by it.

================================ ===================================================================
what is stored                   what it is read as
================================ ===================================================================
a length 0 or ``false``          1, or the length of the chunks in the shard: no chunk can be stored
a length ``true``                1
``4.0`` in a rectilinear grid    4
lengths and lists in a regular   the rectilinear grid that they describe
grid
================================ ===================================================================
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any
from warnings import warn

from zarrpy.compat.errors import ZarrUserWarning
from zarrpy.engine import nodes
from zarrpy.engine.parsing import understood
from zarrpy.engine.requests import Update
from zarrpy.errors import MetadataError

if TYPE_CHECKING:
    from zarrpy.array import Array
    from zarrpy.engine.parsing import Metadata

__all__ = ["before_writing", "mend", "mended"]

_EMPTY = (
    "Nothing can be stored in such an array, so it may be made anew, in chunks of another shape: "
    "`zarr.from_array(array.store, name=array.path, data=array, chunks=<chunk shape>, "
    "overwrite=True, write_data=False)`. "
)
_SAVE = (
    "`array.update_attributes({})` stores a valid document; `zarr.consolidate_metadata` of the "
    "group then repeats it"
)


class _Mended(dict[str, Any]):
    """A document that was made valid; `moves` where its chunks lie elsewhere than it said."""

    moves = False


def mend(path: str, documents: Mapping[str, Any]) -> Metadata | None:
    """Make an array of documents that are not valid; None where nobody knows how.

    Parameters
    ----------
    path : str
        Of the node, for the warning.
    documents : mapping
        By their file names.
    """
    name = "zarr.json" if "zarr.json" in documents else ".zarray"
    document = documents.get(name)
    if not isinstance(document, dict) or not _is_lengths(document.get("shape")):
        return None
    found = _Mended(document)
    told = _mend_v2(found) if name == ".zarray" else _mend_v3(found)
    if found == document and repr(found) == repr(document):  # True == 1
        return None
    try:
        made = understood(path, {**documents, name: found})
    except MetadataError:
        return None  # it is told of what is stored
    if told:
        warn(f"Array {path or '/'!r}: {' '.join(told)}{_SAVE}", ZarrUserWarning, stacklevel=3)
    return made


def mended(metadata: Metadata) -> bool:
    """Whether chunks by these metadata lie elsewhere than the stored document says."""
    document = metadata.document.get(".zarray", metadata.document)
    return isinstance(document, _Mended) and document.moves


def before_writing(array: Array) -> Generator[Any, Any, None]:
    """Store the valid document of an array, if the one that is stored is not.

    Raises
    ------
    MetadataError
        When another writer stored other chunks meanwhile.
    """
    path, metadata = array.path, array.metadata

    def valid(value: Any) -> Any:
        found = nodes.parse_array(path, key, value)
        if (found.chunk_grid, found.codecs) != (metadata.chunk_grid, metadata.codecs):
            raise MetadataError(
                "has changed since this array was opened; reopen it", field="chunk_grid", path=path
            )
        return nodes.array_document(path, found) if mended(found) else bytes(value)

    key = nodes.array_key(path, metadata.zarr_format)
    yield Update(key, valid)


def _mend_v2(document: _Mended) -> list[str]:
    return _shape(document, document, "chunks", document["shape"], ())


def _mend_v3(document: _Mended) -> list[str]:
    codecs = document.get("codecs")
    if isinstance(codecs, list):
        document["codecs"] = [_codec(each) for each in codecs]
    grid = document.get("chunk_grid")
    if not isinstance(grid, dict) or not isinstance(grid.get("configuration"), dict):
        return []
    said = dict(grid["configuration"])
    told: list[str] = []
    if grid.get("name") == "regular":
        units = _units(document.get("codecs"))
        if units is not None:
            told = _shape(document, said, "chunk_shape", document["shape"], units)
        document["chunk_grid"] = {**grid, "configuration": said}
        told += _uneven(document, said.get("chunk_shape"))
    elif grid.get("name") == "rectilinear" and isinstance(said.get("chunk_shapes"), list):
        said["chunk_shapes"] = [_lengths(each) for each in said["chunk_shapes"]]
        document["chunk_grid"] = {**grid, "configuration": said}
    return told


def _shape(
    document: _Mended, said: dict[str, Any], name: str, shape: list[int], units: Any
) -> list[str]:
    """Mend the shape of chunks in what a document says, and tell what was read otherwise."""
    stored = said.get(name)
    if not isinstance(stored, list) or len(stored) != len(shape):
        return []
    found: list[Any] = []
    empty = False
    for length, span, unit in zip(stored, shape, chain(units, repeat(1)), strict=False):
        if isinstance(length, list) or (isinstance(length, int) and length >= 1):
            found.append(length if isinstance(length, list) else int(length))
        elif isinstance(length, int) and length == 0:
            found.append(unit)
            document.moves = True
            empty |= span > 0
        else:
            return []
    said[name] = found
    if not empty:
        return []
    return [f"The stored chunk shape {_short(stored)} is read as {_short(found)}. {_EMPTY}"]


def _uneven(document: _Mended, stored: Any) -> list[str]:
    """Read lengths and lists of lengths of a regular grid as what they describe."""
    if not isinstance(stored, list):
        return []
    lists = [axis for axis, each in enumerate(stored) if isinstance(each, list)]
    flat = not any(isinstance(each, list) for axis in lists for each in stored[axis])
    if not lists or len(lists) == len(stored) or not flat:
        return []
    shapes = [_lengths(each) for each in stored]
    configuration = {"kind": "inline", "chunk_shapes": shapes}
    document["chunk_grid"] = {"name": "rectilinear", "configuration": configuration}
    document.moves = True
    words = (
        f"The stored chunk grid is regular, and lists the lengths of chunks in dimensions {lists}; "
        "it is read as that rectilinear chunk grid. "
    )
    return [words]


def _codec(codec: Any) -> Any:
    """Mend the shapes of chunks in shards, also of shards in shards: ``true`` is 1."""
    if not isinstance(codec, dict) or codec.get("name") != "sharding_indexed":
        return codec
    said = dict(codec.get("configuration") or {})
    if isinstance(said.get("chunk_shape"), list):
        said["chunk_shape"] = [1 if each is True else each for each in said["chunk_shape"]]
    if isinstance(said.get("codecs"), list):
        said["codecs"] = [_codec(each) for each in said["codecs"]]
    return {**codec, "configuration": said}


def _units(codecs: Any) -> list[int] | None:
    """Give the shape of the chunks in a shard: none where there is no shard, None if unknown."""
    for codec in codecs if isinstance(codecs, list) else ():
        if isinstance(codec, dict) and codec.get("name") == "sharding_indexed":
            inner = codec.get("configuration", {}).get("chunk_shape")
            return inner if _is_lengths(inner) and min(inner, default=1) >= 1 else None
    return []


def _lengths(axis: Any) -> Any:
    if not isinstance(axis, list):
        return axis
    return [
        [_length(each[0]), *each[1:]] if isinstance(each, list) and each else _length(each)
        for each in axis
    ]


def _length(value: Any) -> Any:
    whole = isinstance(value, float) and value.is_integer() and value >= 1
    return int(value) if value is True or whole else value


def _is_lengths(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, int) for each in value)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
