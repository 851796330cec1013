"""The one model of metadata, for Zarr v2 and v3 alike.

v3 is the canon: a v2 document is translated into it when it is parsed (`zarrpy.metadata.v2`).
The raw documents travel along, so that writing them again changes only what changed: members
that zarrpy does not know, another spelling of what it knows, the order of members all stay.

The model holds what documents say about codecs, never the codecs themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from operator import index
from typing import Any, Self, SupportsIndex

import numpy as np

from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.dtypes import DataType
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.members import integers, reject

__all__ = ["ArrayMetadata", "GroupMetadata", "NamedConfig"]


@dataclass(frozen=True, slots=True)
class NamedConfig:
    """A codec as a document names it, known to us or not.

    Parameters
    ----------
    name : str
        The registered name; in dialect 2 the ``id`` of numcodecs.
    configuration : dict
        Its parameters, as JSON.
    must_understand : bool
        Whether a reader that does not know the name has to refuse the array.
    dialect : {3, 2}
        Whose words name and configuration are: those of v3, or those of numcodecs.
    """

    name: str
    configuration: dict[str, Any] = field(default_factory=dict)
    must_understand: bool = True
    dialect: int = 3


@dataclass(frozen=True, eq=False)
class ArrayMetadata:
    """All that is known about an array without reading a chunk of it.

    Parameters
    ----------
    shape : tuple of int
    data_type : DataType
    chunk_grid : ChunkGrid
    chunk_keys : ChunkKeyEncoding
    codecs : tuple of NamedConfig
        In the order of encoding.
    fill_value : numpy scalar
        Of elements never written.
    dimension_names : tuple of (str or None), optional
    attributes : dict
        JSON values; not to be changed in place.
    zarr_format : {3, 2}
    document : dict
        The raw documents: for v3 the ``zarr.json``, for v2 each document by its file name.
        Empty for metadata that was not read.
    fill_defined : bool
        False where a v2 document gives null: elements never written have no value, and we
        take zero.
    dimension_attribute : str, optional
        The attribute that carries the dimension names, where a format has no member for them.
    storage_transformers : tuple of NamedConfig
        Between the chunks and the store, the one nearest to the array first.
    """

    shape: tuple[int, ...]
    data_type: DataType
    chunk_grid: ChunkGrid
    chunk_keys: ChunkKeyEncoding
    codecs: tuple[NamedConfig, ...]
    fill_value: np.generic
    dimension_names: tuple[str | None, ...] | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    zarr_format: int = 3
    document: dict[str, Any] = field(default_factory=dict, repr=False)
    fill_defined: bool = True
    dimension_attribute: str | None = field(default=None, repr=False)
    storage_transformers: tuple[NamedConfig, ...] = ()

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> DataType:
        """The data type, by its other name."""
        return self.data_type

    @property
    def chunks(self) -> tuple[int, ...]:
        """The shape of what is stored under one key, where all have one."""
        return self.chunk_grid.chunk_shape

    @property
    def order(self) -> str:
        """In which order Zarr v2 stores elements: "C" or "F"; "C" of v3, whose codecs tell it."""
        return str(self.to_dict().get("order", "C"))

    @property
    def dimension_separator(self) -> str:
        """What stands between the numbers in keys of chunks."""
        return self.chunk_keys.separator

    def to_dict(self) -> dict[str, Any]:
        """Write the document of the array, with its attributes in it, and tuples for lists."""
        return rendered(_document(self))

    def to_buffer_dict(self, prototype: Any) -> dict[str, Any]:
        """Write the documents of the array, each as a buffer by its file name."""
        return _buffers(self, prototype)

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """How many chunks there are along each dimension."""
        return self.chunk_grid.grid_shape(self.shape)

    def with_shape(self, shape: tuple[int, ...]) -> Self:
        """Give the metadata of the array after a resize.

        Raises
        ------
        MetadataError
            If the shape has another number of dimensions, a length that no array has, goes
            beyond the end of an irregular grid, or changes chunks that end with the array.
        """
        lengths = [n if isinstance(n, int) else _index(n) for n in shape]
        checked = integers(lengths, "shape", 0, count=self.ndim)
        self.chunk_grid.check_resize(self.shape, checked)
        return replace(self, shape=checked)

    def settled(self) -> Self:
        """Say dimension names as the attribute that carries them, or take them from it."""
        attribute, names = self.dimension_attribute, self.dimension_names
        if attribute is None or (names is not None and attribute in self.attributes):
            return self
        if names is None:
            return self.with_attributes(self.attributes)
        return replace(self, attributes={**self.attributes, attribute: list(names)})

    @property
    def attributes_apart(self) -> dict[str, Any]:
        """The attributes without the one that says dimension names."""
        attribute = None if self.dimension_names is None else self.dimension_attribute
        return {name: each for name, each in self.attributes.items() if name != attribute}

    def with_attributes(self, attributes: dict[str, Any]) -> Self:
        """Give the metadata with other attributes."""
        names = self.dimension_names
        if self.dimension_attribute is not None:
            names = names_from(attributes.get(self.dimension_attribute), self.ndim)
        return replace(self, attributes=attributes, dimension_names=names)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same; how their documents spell it does not count."""
        if not isinstance(other, ArrayMetadata):
            return NotImplemented
        return (
            fill.identical(self.fill_value, other.fill_value)
            and self.fill_defined == other.fill_defined
            and self.shape == other.shape
            and self.data_type == other.data_type
            and self.chunk_grid == other.chunk_grid
            and self.chunk_keys == other.chunk_keys
            and self.codecs == other.codecs
            and self.storage_transformers == other.storage_transformers
            and self.dimension_names == other.dimension_names
            and self.attributes == other.attributes
            and self.zarr_format == other.zarr_format
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.data_type.name, self.zarr_format))


#: Member of a document that holds those below.
_KEPT = "consolidated_metadata"


@dataclass(frozen=True)
class GroupMetadata:
    """All that is known about a group itself.

    Parameters
    ----------
    attributes : dict
        JSON values; not to be changed in place.
    zarr_format : {3, 2}
    document : dict
        The raw documents, as for `ArrayMetadata`.
    told : callable, optional
        Says what consolidated metadata tell of the members, or None; by default the group's own
        document does.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    zarr_format: int = 3
    document: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    told: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    @property
    def consolidated_metadata(self) -> Any:
        """What is consolidated, as far as it is used; None where nothing is.

        It is a `zarrpy.engine.told.ConsolidatedMetadata`.
        """
        if self.told is not None:
            return self.told()
        documents = [self.document, *self.document.values()]
        found = [each for each in documents if isinstance(each, dict)]
        member = next((each[_KEPT] for each in found if each.get(_KEPT) is not None), None)
        if member is None:
            return None
        told = import_module("zarrpy.engine.told")  # it is built on this module
        return told.of_member(member)

    @consolidated_metadata.setter
    def consolidated_metadata(self, value: Any) -> None:
        object.__setattr__(self, "told", lambda: value)

    @property
    def extra_fields(self) -> dict[str, Any]:
        """Members of the document that others have put there, and that may be passed over."""
        known = ("zarr_format", "node_type", "attributes", _KEPT)
        return {
            name: each
            for name, each in self.document.items()
            if name not in known and not name.startswith(".")  # of v2 these are documents
        }

    @property
    def tells(self) -> bool:
        """Whether it was said where what is consolidated is to be looked for."""
        return self.told is not None or bool(self.document.get(_KEPT))

    def with_attributes(self, attributes: dict[str, Any]) -> Self:
        """Give the metadata with other attributes."""
        return replace(self, attributes=attributes)

    def to_dict(self) -> dict[str, Any]:
        """Write the document of the group, with its attributes and what is consolidated in it."""
        document = _document(self)
        consolidated = self.consolidated_metadata
        if consolidated is None:
            document.pop(_KEPT, None)
            return document
        return {**document, _KEPT: consolidated.to_dict()}

    def to_buffer_dict(self, prototype: Any) -> dict[str, Any]:
        """Write the documents of the group, each as a buffer by its file name."""
        return _buffers(self, prototype)


def _document(model: ArrayMetadata | GroupMetadata) -> dict[str, Any]:
    dump = import_module(f"zarrpy.metadata.v{model.zarr_format}").dump  # it is built on this module
    documents: dict[str, dict[str, Any]] = dump(model)
    document = next(each for name, each in documents.items() if name != ".zattrs")
    return {**document, "attributes": dict(model.attributes)}


#: Members whose lists are tuples where documents are told.
_TUPLES = ("shape", "chunks", "codecs", "dimension_names", "storage_transformers")
#: Members that documents may leave out, by one that only documents of their format have.
_IMPLIED: dict[str, dict[str, Any]] = {
    "codecs": {"storage_transformers": ()},
    "order": {"dimension_separator": "."},
}


def rendered(document: dict[str, Any]) -> dict[str, Any]:
    """Give a document of an array as zarr-python tells it: tuples for lists, nothing left out."""
    found = dict(document)
    for name in _TUPLES:
        if isinstance(found.get(name), list):
            found[name] = tuple(found[name])
    for name, implied in _IMPLIED.items():
        if name in found:
            found = {**implied, **found}
    grid = found.get("chunk_grid")
    if isinstance(grid, dict) and "chunk_shape" in grid.get("configuration", {}):
        shape = tuple(grid["configuration"]["chunk_shape"])
        found["chunk_grid"] = {**grid, "configuration": {**grid["configuration"]}}
        found["chunk_grid"]["configuration"]["chunk_shape"] = shape
    return found


def _buffers(model: ArrayMetadata | GroupMetadata, prototype: Any) -> dict[str, Any]:
    made: dict[str, Any] = import_module("zarrpy.compat.documents").buffers_of(model, prototype)
    return made


def _index(length: SupportsIndex) -> int:
    try:
        return index(length)
    except TypeError:
        reject("shape", str(length), "a tuple of integers")


def names_from(value: object, ndim: int) -> tuple[str | None, ...] | None:
    """Read dimension names from an attribute; None if it holds something else."""
    if not isinstance(value, list) or len(value) != ndim:
        return None
    if not all(name is None or isinstance(name, str) for name in value):
        return None
    return tuple(value)
