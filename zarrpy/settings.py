"""Settings of one array in this process, which are not stored, by zarr-python's names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, cast

import numpy as np

from zarrpy.config import config as process
from zarrpy.engine.nodes import given_array
from zarrpy.errors import MetadataError, also_said
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.node import Node, api_function, placed

if TYPE_CHECKING:
    from zarrpy.array import Array
    from zarrpy.asynchronous import AsyncArray
    from zarrpy.codecs.base import BytesToBytes


@dataclass(frozen=True, slots=True)
class ArrayConfig:
    """How an array is worked with.

    Attributes
    ----------
    order : str
        Of the elements of what is read, in memory: "C" or "F".
    write_empty_chunks : bool
        Write chunks that hold only the fill value.
    read_missing_chunks : bool
        Read chunks that are not stored as the fill value; it is an error otherwise.
    """

    order: str
    write_empty_chunks: bool
    read_missing_chunks: bool = True


#: Settings of arrays that are those of the process here.
_OF_PROCESS = ("sharding_coalesce_max_gap_bytes", "sharding_coalesce_max_bytes")
_KNOWN = ("order", "write_empty_chunks", "read_missing_chunks", *_OF_PROCESS)


class Chosen(NamedTuple):
    """What settings say; None where they leave it to the process."""

    order: str | None
    keep_empty: bool | None
    missing: str | None


def chosen(config: Mapping[str, Any] | ArrayConfig | None) -> Chosen:
    """Read settings.

    Raises
    ------
    TypeError
        For settings that nobody knows.
    MetadataError
        When a value is none of its setting.
    """
    given = asdict(config) if isinstance(config, ArrayConfig) else dict(config or {})
    if unknown := sorted(set(given) - set(_KNOWN)):
        words = also_said(f"config has no settings {unknown}")
        raise TypeError(f"{words} -> known: {', '.join(_KNOWN)}")
    order = given.get("order")
    if order not in (None, "C", "F"):
        raise MetadataError('must be "C" or "F"', field="order", value=order)
    fills = _truth(given, "read_missing_chunks")
    missing = None if fills is None else "fill" if fills else "error"
    return Chosen(order, _truth(given, "write_empty_chunks"), missing)


def _truth(given: Mapping[str, Any], name: str) -> bool | None:
    value = given.get(name)
    if not isinstance(value, bool | np.bool_ | None):
        raise MetadataError("Expected instance of bool", field=name, value=value)
    return None if value is None else bool(value)


class Configured(Node[ArrayMetadata]):
    """An array with settings of its own."""

    _keep_empty: bool | None
    _memory_order: str
    _missing: str | None = None

    if TYPE_CHECKING:

        @property
        def compressors(self) -> tuple[BytesToBytes, ...]:
            """Bytes-to-bytes codecs of a chunk."""

    # `Array[ArrayV3Metadata]` in annotations that are written for zarr-python
    __class_getitem__: ClassVar[Any] = classmethod(GenericAlias)

    #: Opens an array: `zarrpy.open_array`.
    open: api_function[Array] = api_function("open_array")

    @property
    def async_array(self) -> AsyncArray:
        """The same array, for callers that await, by zarr-python's names."""
        from zarrpy.asynchronous import AsyncArray

        return AsyncArray.of(cast("Array", self))

    _async_array = async_array

    @classmethod
    def from_dict(cls, store_path: Any, data: Mapping[str, Any]) -> Self:
        """Make a handle of an array from its metadata document; nothing is read or written.

        Parameters
        ----------
        store_path : StorePath, or what names a store
            Where the array is.
        data : mapping
            A document ``zarr.json``; or ``.zarray``, with ``attributes`` in it.

        Raises
        ------
        MetadataError
            When it is not the document of an array.
        """
        store, path = placed(store_path)
        return cls(store, path, given_array(path, dict(data)))

    @property
    def config(self) -> ArrayConfig:
        """Settings of this array in this process."""
        empty = self._keep_empty
        return ArrayConfig(
            self._memory_order,
            process.array.write_empty_chunks if empty is None else empty,
            (self._missing or process.missing) != "error",
        )

    def with_config(self, config: Mapping[str, Any] | ArrayConfig) -> Self:
        """Give another handle of the same array, with other settings.

        Parameters
        ----------
        config : mapping or ArrayConfig
            Such as ``{"write_empty_chunks": True}``; what it does not name stays.

        Raises
        ------
        MetadataError
            For settings that nobody knows.
        """
        made = copy(self)
        made._take(chosen(config))
        made.__dict__.pop("_prepared", None)
        made._join()
        return made

    def _take(self, settings: Chosen) -> None:
        """Take over what settings say, and leave what they do not."""
        if settings.keep_empty is not None:
            self._keep_empty = settings.keep_empty
        self._memory_order = settings.order or self._memory_order
        self._missing = settings.missing or self._missing

    @property
    def compressor(self) -> BytesToBytes | None:
        """The one compressor, where there is at most one, as in Zarr v2.

        Raises
        ------
        TypeError
            When there are several: `compressors` lists them.
        """
        found = self.compressors
        if len(found) > 1:
            raise TypeError(f"{self.name!r} has {len(found)} compressors -> compressors lists them")
        return found[0] if found else None
