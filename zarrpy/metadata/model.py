"""The one model of metadata, for Zarr v2 and v3 alike.

v3 is the canon: a v2 document is translated into it when it is parsed (`zarrpy.metadata.v2`).
The raw documents travel along, so that writing them again changes only what changed: members
that zarrpy does not know, another spelling of what it knows, the order of members all stay.

The model holds what documents say about codecs, never the codecs themselves.
"""

from dataclasses import dataclass, field, replace
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

    __hash__ = None  # type: ignore[assignment]  # it holds dicts


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
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    zarr_format: int = 3
    document: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def consolidated_metadata(self) -> Any:
        """What is consolidated in the group's own document; None where nothing is."""
        documents = [self.document, *self.document.values()]
        found = [each for each in documents if isinstance(each, dict)]
        return next((each[_KEPT] for each in found if each.get(_KEPT) is not None), None)

    def with_attributes(self, attributes: dict[str, Any]) -> Self:
        """Give the metadata with other attributes."""
        return replace(self, attributes=attributes)


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
