"""How much of an array is stored: which chunks, and how many bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zarrpy.codecs.shard_index import EMPTY
from zarrpy.engine.nodes import key_of
from zarrpy.engine.obstacles import refuse_unlisted
from zarrpy.engine.operation import operation
from zarrpy.engine.requests import Fetch, ListSizes
from zarrpy.errors import MetadataError
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.node import Node
from zarrpy.stores.base import ByteRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zarrpy.chunk_map import ChunkMap
    from zarrpy.codecs.chain import CodecChain
    from zarrpy.codecs.shard_index import IndexFormat
    from zarrpy.engine.requests import Steps
    from zarrpy.info import Info

# Shards whose indexes are asked for in one request.
_WINDOW = 256


class Stored(NamedTuple):
    """What the store has of an array.

    Attributes
    ----------
    nbytes : int
        Of all its values, documents included.
    nvalues : int
        Keys with a chunk, or a shard of several.
    nchunks : int
        Chunks in them.
    chunk_nbytes : int
        Of those keys.
    """

    nbytes: int
    nvalues: int
    nchunks: int
    chunk_nbytes: int


class Occupancy(Node[ArrayMetadata]):
    """An array that can look at what is stored of it."""

    if TYPE_CHECKING:

        @property
        def codecs(self) -> CodecChain:
            """The codec chain."""

    @property
    def nchunks_initialized(self) -> int:
        """Number of chunks that are stored; those in shards are counted by the shards' indexes.

        This lists the keys of the array, which takes its time in a large one.
        """
        return self._stored().nchunks

    @operation
    def nbytes_stored(self) -> Steps[int]:
        """Bytes of all that is stored of the array, its documents included."""
        return (yield from self._look()).nbytes

    @operation
    def info_complete(self) -> Steps[Info]:
        """Tell what `info` tells, and how much is stored; this lists the keys of the array."""
        from zarrpy.info import Info

        stored = yield from self._look()
        return Info.of_stored(self, stored)  # type: ignore[arg-type]

    @operation
    def chunk_map(self, *, verify: bool = False) -> Steps[ChunkMap]:
        """Tell how large each chunk is stored, which are missing, and on request which damaged.

        This lists the keys of the array, and reads the indexes of its shards.

        Parameters
        ----------
        verify : bool
            Decode each chunk, to find those that cannot be read.

        Examples
        --------
        >>> import zarrpy
        >>> array = zarrpy.create_array({}, shape=6, dtype="int8", chunks=2, compressors=None)
        >>> array[2:] = 1
        >>> array.chunk_map().sizes
        array([0, 2, 2])
        """
        from zarrpy.chunk_map import look

        yield from self._settle()
        return (yield from look(self, verify))  # type: ignore[arg-type]

    @operation
    def _stored(self) -> Steps[Stored]:
        return (yield from self._look())

    def _look(self) -> Steps[Stored]:
        yield from self._settle()
        sizes: list[tuple[str, int]] = yield ListSizes(key_of(self.path, "") if self.path else "")
        if not self.metadata.storage_transformers:
            yield from refuse_unlisted(self.path, self.metadata, (key for key, _ in sizes))
        start = len(self.path) + 1 if self.path else 0
        of_chunks = {key: nbytes for key, nbytes in sizes if self._is_chunk(key[start:])}
        chunks = list(of_chunks)
        nchunks = len(chunks)
        if self.codecs.shard is not None:
            nchunks = 0
            for index, keys in self._by_index(chunks, start):
                nchunks += yield from _in_shards(keys, index)
        nbytes = sum(nbytes for _, nbytes in sizes)
        return Stored(nbytes, len(chunks), nchunks, sum(of_chunks.values()))

    def _by_index(self, keys: list[str], start: int) -> Iterable[tuple[IndexFormat, Sequence[str]]]:
        """Group shards by how their index is stored: those of one shape have one."""
        grid, shard = self.metadata.chunk_grid, self.codecs.shard
        if grid.regular and shard is not None:
            return [(shard.index, keys)]
        groups: dict[tuple[int, ...], list[str]] = {}
        for key in keys:
            place = self.metadata.chunk_keys.grid_index(key[start:], self.metadata.ndim)
            shape = tuple(length for _, length in grid.chunk(self.metadata.shape, place))
            groups.setdefault(shape, []).append(key)
        return [(self.codecs.shard_of(shape).index, group) for shape, group in groups.items()]

    def _is_chunk(self, key: str) -> bool:
        """Whether a key is one of a chunk that lies in the array."""
        try:
            place = self.metadata.chunk_keys.grid_index(key, self.metadata.ndim)
        except MetadataError:
            return False
        return all(i < n for i, n in zip(place, self.metadata.grid_shape, strict=True))


def _in_shards(keys: Sequence[str], index: IndexFormat) -> Steps[int]:
    """Count what the indexes of shards name."""
    count = 0
    for first in range(0, len(keys), _WINDOW):
        window = tuple(keys[first : first + _WINDOW])
        stored = yield Fetch(window, (ByteRange(*index.range),) * len(window))
        for value in stored:
            if value is not None:
                entries = index.decode(value)
                count += int(np.count_nonzero((entries != EMPTY).any(axis=1)))
    return count
