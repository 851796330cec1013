"""How an array is cut: shapes, numbers, places and keys of its chunks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from zarrpy.errors import also_said
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.sharding import inner_chunk_shape
from zarrpy.node import Node

if TYPE_CHECKING:
    from collections.abc import Sequence


class Gridded(Node[ArrayMetadata]):
    """An array that tells of its chunks, of which it reads none."""

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of the chunks, in elements; those inside the shards, where there are some.

        Raises
        ------
        NotImplementedError
            When the chunks have different shapes: `read_chunk_sizes` lists them.
        """
        inner = inner_chunk_shape(self.metadata.codecs, self.metadata.ndim)
        if inner is not None:
            return inner
        if not self.metadata.chunk_grid.regular:
            raise NotImplementedError(
                also_said(f"the chunks of {self.place!r} have different shapes")
                + " -> read_chunk_sizes lists them"
            )
        return self.metadata.chunk_grid.chunk_shape

    @property
    def shards(self) -> tuple[int, ...] | None:
        """Shape of the shards; None when chunks are stored one by one.

        Raises
        ------
        NotImplementedError
            When the shards have different shapes.
        """
        if inner_chunk_shape(self.metadata.codecs, self.metadata.ndim) is None:
            return None
        if not self.metadata.chunk_grid.regular:
            raise NotImplementedError(
                also_said(f"the shards of {self.place!r} have different shapes")
                + " -> write_chunk_sizes lists them"
            )
        return self.metadata.chunk_grid.chunk_shape

    @property
    def cdata_shape(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        inner = inner_chunk_shape(self.metadata.codecs, self.metadata.ndim)
        if inner is None:
            return self.metadata.grid_shape
        return tuple(-(-n // chunk) for n, chunk in zip(self.metadata.shape, inner, strict=True))

    @property
    def nchunks(self) -> int:
        """Number of chunks."""
        return math.prod(self.cdata_shape)

    @property
    def read_chunk_sizes(self) -> tuple[tuple[int, ...], ...]:
        """Lengths of the chunks along each axis, inside the array; of those inside the shards."""
        inner = inner_chunk_shape(self.metadata.codecs, self.metadata.ndim)
        grid = self.metadata.chunk_grid if inner is None else ChunkGrid(inner)
        return grid.sizes(self.metadata.shape)

    @property
    def write_chunk_sizes(self) -> tuple[tuple[int, ...], ...]:
        """Lengths of what is stored under one key along each axis, inside the array."""
        return self.metadata.chunk_grid.sizes(self.metadata.shape)

    def chunk_shape(self, index: int | Sequence[int]) -> tuple[int, ...]:
        """Shape of one chunk as it is stored; at the array's end it may stick out.

        Parameters
        ----------
        index : int or sequence of int
            Place of the chunk in the grid, one number for each axis.

        Raises
        ------
        SelectionError
            An IndexError, when there is no such chunk.
        """
        return tuple(length for _, length in self._chunk(index))

    def chunk_slices(self, index: int | Sequence[int]) -> tuple[slice, ...]:
        """Select the elements of one chunk: ``array[array.chunk_slices((0, 1))]`` reads it.

        Parameters
        ----------
        index : int or sequence of int
            Place of the chunk in the grid.

        Returns
        -------
        tuple of slice
            Of the elements inside the array, one for each axis.

        Raises
        ------
        SelectionError
            An IndexError, when there is no such chunk.
        """
        return tuple(
            slice(start, min(start + length, n))
            for (start, length), n in zip(self._chunk(index), self.metadata.shape, strict=True)
        )

    def chunk_key(self, index: int | Sequence[int]) -> str:
        """Key of one chunk in the store, whether it is stored or not.

        Parameters
        ----------
        index : int or sequence of int
            Place of the chunk in the grid.

        Raises
        ------
        SelectionError
            An IndexError, when there is no such chunk.
        """
        place = self.metadata.chunk_grid.index(self.metadata.shape, index)
        key = self.metadata.chunk_keys.key(place)
        return f"{self.path}/{key}" if self.path else key

    def _chunk(self, index: object) -> tuple[tuple[int, int], ...]:
        grid = self.metadata.chunk_grid
        return grid.chunk(self.metadata.shape, grid.index(self.metadata.shape, index))
