"""Shards: read in parts, changed without decoding what is not touched.

`PythonShardBatch` says in Python what csrc/shard.c does; `fetch_stored` gets from a store that can
give parts of values no more of each shard than the selection needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrpy._native.shards import NativeShard
from zarrpy.codecs.shard_index import NAME, IndexFormat
from zarrpy.config import config
from zarrpy.engine.missing import Missing
from zarrpy.engine.parts import Parts, fetch_parts
from zarrpy.engine.sequence import sequence_of
from zarrpy.engine.twin import PythonBatch, selections
from zarrpy.errors import ChunkError, CorruptChunkError
from zarrpy.selection.inside import plan_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrpy._native.plan import ChunkPlan
    from zarrpy.codecs.shard_index import Entries
    from zarrpy.codecs.sharding import ShardLayout
    from zarrpy.engine.requests import Batch
    from zarrpy.stores.base import Bytes, Store
    from zarrpy.stores.coalesce import Ranges


def fetch_stored(store: Store, batch: Batch, keys: Sequence[str]) -> list[Any]:
    """Read the values of a window; of shards that are read in part only what is needed."""
    if batch.index_range is None or store.in_memory or "partial" in config.disable:
        return list(store.get_many(keys))
    covered = batch.covered()
    shards = [(task, key) for task, key in enumerate(keys) if not covered[task]]
    parts = fetch_parts(store, batch, shards)
    rest = iter(store.get_many([key for task, key in enumerate(keys) if covered[task]]))
    return [next(rest) if whole else parts[task] for task, whole in enumerate(covered)]


def native_shard(layout: ShardLayout) -> NativeShard:
    """Describe a layout to the engine."""
    index = layout.index
    assert index.chain.native_chain is not None
    return NativeShard(
        index.chain.native_chain,
        layout.chunk_shape,
        layout.grid,
        layout.weights,
        index.nbytes,
        index.at_start,
        sequence_of(layout),
    )


class PythonShardBatch(PythonBatch):
    """Shards to read or write; as `PythonBatch`, which has the parameters."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        assert self.chain.shard is not None
        self._layout: ShardLayout = self.chain.shard
        self._sequence = sequence_of(self._layout)
        self._missing: list[Missing] = []

    @property
    def index_range(self) -> tuple[int, int]:
        """Where the index lies in a shard: offset, negative from the end, and length."""
        return self._layout.index.range

    def ranges(self, task: int, index: Bytes) -> Ranges:
        """Where the chunks lie that a task of the window reads: offset and length, ascending."""
        task += self._first
        entries = self._placed(task, None, lambda: self._format.decode(index))
        found = [
            entry
            for position in self._positions(self._inner(task))
            if (entry := self._entry(task, entries, position, None)) is not None
        ]
        return np.array(sorted(found), "int64").reshape(-1, 2)

    # -------------------------------------------------------------------------------- parts

    @property
    def _format(self) -> IndexFormat:
        return self._layout.index

    def _inner(self, task: int) -> ChunkPlan:
        """Plan the chunks of one shard, which is an array of its own; at the edge a smaller one."""
        return plan_inside(self.plan, task, self._layout.chunk_shape)

    def _block_of(self, task: int) -> np.ndarray[Any, Any]:
        """View the place of a shard in the block, without axes too."""
        return self._part(self._selections(task)[1])

    def _positions(self, inner: ChunkPlan) -> list[int]:
        return [self._layout.position(inner.grid_index(k)) for k in range(inner.ntasks)]

    def _entry(
        self, task: int, entries: Entries, position: int, nbytes: int | None
    ) -> tuple[int, int] | None:
        found: tuple[int, int] | None = self._placed(
            task, position, lambda: self._format.entry(entries, position, nbytes)
        )
        return found

    def _placed(self, task: int, position: int | None, work: Callable[[], Any]) -> Any:
        """Do something with one chunk, or with the shard; an error names it."""
        shard = self.plan.grid_index(task)
        chunk = shard if position is None else self._layout.chunk_index(shard, position)
        try:
            return work()
        except ChunkError as error:
            error.fill(chunk=chunk, key=self._key(task))
            raise

    # -------------------------------------------------------------------------------- tasks

    def _read(self, task: int) -> None:
        block = self._block_of(task)
        self._read_into(task, block)
        self._put_back(block, self._selections(task)[1])

    def _read_into(self, task: int, block: np.ndarray[Any, Any]) -> None:
        stored = self._load(task)
        inner = self._inner(task)
        if stored is None:
            if not self._leaving:
                block[...] = self.fill_value
            self._note_missing(task)
            self._count(chunks_absent=inner.ntasks)
            for k in range(inner.ntasks):
                self._note_missing_inside(task, inner, k)
            return
        cut = self._placed(task, None, lambda: _Cut.of(stored, self._format))
        for k, position in enumerate(self._positions(inner)):
            inside, place = selections(inner, k)
            entry = self._entry(task, cut.entries, position, cut.nbytes)
            if entry is None:
                block[place] = self.fill_value
                self._count(chunks_absent=1)
                self._note_missing_inside(task, inner, k)
            else:
                chunk = self._read_inner(task, position, cut, *entry)
                block[place] = chunk[inside]

    def _read_inner(
        self, task: int, position: int, cut: _Cut, offset: int, nbytes: int
    ) -> np.ndarray[Any, Any]:
        try:
            return self._decode_inner(task, position, cut.bytes(offset, nbytes))
        except ChunkError as error:
            error.fill(offset=offset)
            raise

    def _note_missing_inside(self, task: int, inner: ChunkPlan, k: int) -> None:
        chunk = self._layout.chunk_index(
            self.plan.grid_index(task), self._layout.position(inner.grid_index(k))
        )
        place = tuple(
            whole.reshape(-1)[part]
            if isinstance(whole, np.ndarray)
            else slice(whole.start + part.start, whole.start + part.stop)
            for whole, part in zip(self._selections(task)[1], selections(inner, k)[1], strict=True)
        )
        with self._lock:
            self._missing.append(Missing(chunk, self._key(task), place))

    @property
    def missing(self) -> list[Missing]:
        """Chunks read so far that are not stored, shards or not."""
        return sorted(self._missing)

    def _decode_inner(self, task: int, position: int, data: Bytes) -> np.ndarray[Any, Any]:
        chunk = self._layout.chunk_index(self.plan.grid_index(task), position)
        chain = self._layout.chain
        return self._named(
            task, chain.decode, data, self._layout.chunk_shape, chain=chain, chunk=chunk
        )

    def _encode(self, task: int, stored: Any) -> bytes | None:
        """Encode the chunks that the selection touches; the others stay as they are stored."""
        chunks: list[Any] = [None] * self._format.count
        if stored is not None:
            self._keep_stored(task, stored, chunks)
        block = self._block_of(task)
        marks = self._marked(self._selections(task)[1])
        inner = self._inner(task)
        for k, position in enumerate(self._positions(inner)):
            inside, place = selections(inner, k)
            marked = None if marks is None else marks[place]
            if marked is not None and not marked.any():
                continue
            covered = self._fields is None and inner.covered(k)
            if chunks[position] is None or (covered and (marked is None or marked.all())):
                chunk = np.full(self._layout.chunk_shape, self.fill_value, self.block.dtype)
            else:
                chunk = np.array(self._decode_inner(task, position, chunks[position]))
            self._merge(chunk, inside, block[place], marked)
            number = self._layout.chunk_index(self.plan.grid_index(task), position)
            chunks[position] = self._encode_chunk(
                self._layout.chain, chunk, number, task, inner.pieces(k)
            )
        return self._format.assemble(chunks, self._sequence)

    def _keep_stored(self, task: int, stored: Bytes, chunks: list[Any]) -> None:
        cut = self._placed(task, None, lambda: _Cut.of(stored, self._format))
        for position in range(len(chunks)):
            entry = self._entry(task, cut.entries, position, cut.nbytes)
            if entry is not None:
                chunks[position] = cut.bytes(*entry)


class _Cut(NamedTuple):
    """A shard, or what was read of it: entries, its size where that is known, and pieces."""

    entries: Entries
    nbytes: int | None
    pieces: list[tuple[int, Bytes]]

    @classmethod
    def of(cls, stored: Any, index: IndexFormat) -> _Cut:
        if isinstance(stored, Parts):
            return cls(index.decode(stored.stored_index), None, stored.pieces)
        return cls(index.decode(index.cut(stored)), len(stored), [(0, stored)])

    def bytes(self, offset: int, length: int) -> Bytes:
        """Give the stored bytes of one chunk."""
        for start, piece in self.pieces:
            if start <= offset and offset + length <= start + len(piece):
                return memoryview(piece)[offset - start : offset - start + length]
        raise CorruptChunkError("the shard is shorter than its index says", codec=NAME)
