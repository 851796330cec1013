"""Settings of one array in this process, which are not stored, by zarr-python's names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from zarrpy.config import config as process
from zarrpy.engine.nodes import given_array
from zarrpy.errors import MetadataError
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
        Of arrays in memory: always "C".
    write_empty_chunks : bool
        Write chunks that hold only the fill value.
    """

    order: str
    write_empty_chunks: bool


def keep_empty(config: Mapping[str, Any] | ArrayConfig | None) -> bool | None:
    """Read what settings say of empty chunks; None when they leave it to the process.

    Raises
    ------
    MetadataError
        For settings that nobody knows.
    """
    given = asdict(config) if isinstance(config, ArrayConfig) else dict(config or {})
    empty = given.pop("write_empty_chunks", None)
    given.pop("order", None)
    if given:
        raise MetadataError(
            f"unknown settings {sorted(given)} in config", hint="known: write_empty_chunks, order"
        )
    return None if empty is None else bool(empty)


class Configured(Node[ArrayMetadata]):
    """An array with settings of its own."""

    _keep_empty: bool | None

    if TYPE_CHECKING:

        @property
        def compressors(self) -> tuple[BytesToBytes, ...]:
            """Bytes-to-bytes codecs of a chunk."""

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
        return ArrayConfig("C", process.array.write_empty_chunks if empty is None else empty)

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
        empty = keep_empty(config)
        made = copy(self)
        made._keep_empty = self._keep_empty if empty is None else empty
        return made

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
