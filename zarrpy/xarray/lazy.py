"""An array that xarray reads when its elements are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.array import Array


class LazyArray(BackendArray):
    """What xarray asks for parts of an array.

    Parameters
    ----------
    array : Array
    """

    __slots__ = ("_array", "dtype", "shape")

    def __init__(self, array: Array) -> None:
        self._array = array
        self.shape = array.shape
        self.dtype = array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.VECTORIZED, self._reader(key)
        )

    async def async_getitem(self, key: indexing.ExplicitIndexer) -> Any:
        """Read without blocking the event loop, for ``load_async``."""
        adapt = indexing.async_explicit_indexing_adapter
        support = indexing.IndexingSupport.VECTORIZED
        return await adapt(key, self.shape, support, self._reader(key, ahead=True))

    def _reader(
        self, key: indexing.ExplicitIndexer, *, ahead: bool = False
    ) -> Callable[[tuple[Any, ...]], Any]:
        """Choose by the kind of an index how to read, and whether to wait for it."""
        array = self._array
        if isinstance(key, indexing.VectorizedIndexer):
            parse = array.vindex._parse
        elif isinstance(key, indexing.OuterIndexer):
            parse = array.oindex._parse
        else:
            parse = array._chosen
        read = array._read_by.aio if ahead else array._read_by

        def reader(selection: tuple[Any, ...]) -> Any:
            return read(parse(_plain(selection)))

        return reader


def _plain(selection: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give integers of NumPy as those of Python, so that each takes its axis away."""
    return tuple(int(each) if isinstance(each, np.integer) else each for each in selection)
