"""Shards: read in parts, changed without decoding what is not touched.

`PythonShardBatch` says in Python what csrc/shard.c does; `fetch_stored` gets from a store that can
give parts of values no more of each shard than the selection needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrpy._native.shards import NativeShard
from zarrpy.codecs.shard_index import NAME
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
    from zarrpy.codecs.chain import CodecChain
    from zarrpy.codecs.shard_index import Entries, IndexFormat
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


def python_body(
    chain: CodecChain, regular: bool, writing: bool, noting: bool = False
) -> type[PythonBatch]:
    """Choose what reads or writes chunks in Python."""
    if regular and chain.shard is not None:
        return PythonShardBatch
    if noting and chain.shard is not None:
        return PythonUnevenShardBatch
    if writing and (chain.shard or chain.wrapped) is not None:
        return PythonWholeShardBatch
    return PythonBatch


class PythonShardBatch(PythonBatch):
    """Shards to read or write; as `PythonBatch`, which has the parameters."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._layout: ShardLayout = self._layout_of(self.chain)
        self._missing: list[Missing] = []

    def _layout_of(self, chain: CodecChain) -> ShardLayout:
        assert chain.shard is not None
        return chain.shard

    @property
    def index_range(self) -> tuple[int, int] | None:
        """Where the index lies in a shard: offset, negative from the end, and length."""
        return self._layout.index.range

    def ranges(self, task: int, index: Bytes) -> Ranges:
        """Where the chunks lie that a task of the window reads: offset and length, ascending."""
        shard = self._shard(task + self._first)
        entries = self._placed(shard, None, lambda: shard.layout.index.decode(index))
        found = [
            entry
            for position in _positions(shard, self._inner(shard.task))
            if (entry := self._entry(shard, entries, position, None)) is not None
        ]
        return np.array(sorted(found), "int64").reshape(-1, 2)

    # -------------------------------------------------------------------------------- parts

    def _shard(self, task: int) -> _Shard:
        return _Shard(task, self._layout, self.plan.grid_index(task))

    def _inner(self, task: int) -> ChunkPlan:
        """Plan the chunks of one shard, which is an array of its own; at the edge a smaller one."""
        return plan_inside(self.plan, task, self._layout.chunk_shape)

    def _block_of(self, task: int) -> np.ndarray[Any, Any]:
        """View the place of a shard in the block, without axes too."""
        return self._part(self._selections(task)[1])

    def _entry(
        self, shard: _Shard, entries: Entries, position: int, nbytes: int | None
    ) -> tuple[int, int] | None:
        found: tuple[int, int] | None = self._placed(
            shard, position, lambda: shard.layout.index.entry(entries, position, nbytes)
        )
        return found

    def _placed(self, shard: _Shard, position: int | None, work: Callable[[], Any]) -> Any:
        """Do something with one chunk, or with the shard; an error names it."""
        try:
            return work()
        except ChunkError as error:
            chunk = shard.place if position is None else shard.chunk_index(position)
            error.message = shard.trail_to(position) + error.message
            error.fill(chunk=chunk, key=self._key(shard.task))
            raise

    # -------------------------------------------------------------------------------- tasks

    def _read(self, task: int) -> None:
        block = self._block_of(task)
        self._read_into(task, block)
        self._put_back(block, self._selections(task)[1])

    def _read_into(self, task: int, block: np.ndarray[Any, Any]) -> None:
        stored = self._load(task)
        inner = self._inner(task)
        if stored is not None:
            self._read_shard(self._shard(task), stored, inner, block)
            return
        if not self._leaving:
            block[...] = self.fill_value
        self._note_missing(task)
        self._count(chunks_absent=inner.ntasks)
        for k in range(inner.ntasks):
            self._note_missing_inside(task, inner, k)

    def _read_shard(
        self, shard: _Shard, stored: Bytes, inner: ChunkPlan, block: np.ndarray[Any, Any]
    ) -> None:
        cut = self._placed(shard, None, lambda: _Cut.of(stored, shard.layout.index))
        for k, position in enumerate(_positions(shard, inner)):
            entry = self._entry(shard, cut.entries, position, cut.nbytes)
            if entry is not None:
                self._read_inner(shard, position, cut, entry, inner, k, block)
                continue
            block[selections(inner, k)[1]] = self._one_fill
            self._count(chunks_absent=1)
            if not shard.within:
                self._note_missing_inside(shard.task, inner, k)

    @property
    def _one_fill(self) -> Any:
        """The fill value, for places named one by one: NumPy takes an array of a text for none."""
        return self.fill_value[()] if self.fill_value.dtype.kind == "T" else self.fill_value

    def _read_inner(
        self,
        shard: _Shard,
        position: int,
        cut: _Cut,
        entry: tuple[int, int],
        inner: ChunkPlan,
        k: int,
        block: np.ndarray[Any, Any],
    ) -> None:
        """Read one chunk of a shard; of a shard in a shard no more than the selection needs."""
        inside, place = selections(inner, k)
        try:
            data = cut.bytes(*entry)
            deeper = shard.deeper(position)
            if deeper is None:
                block[place] = self._decode_inner(shard, position, data)[inside]
                return
            part = block[(*place, ...)]
            plan = plan_inside(inner, k, deeper.layout.chunk_shape)
            self._read_shard(deeper, data, plan, part)
            if inner.groups:  # points made a copy of it
                block[place] = part
        except ChunkError as error:
            if not shard.within:
                error.fill(offset=entry[0])
            raise

    def _note_missing_inside(self, task: int, inner: ChunkPlan, k: int) -> None:
        shard = self._shard(task)
        chunk = shard.chunk_index(shard.layout.position(inner.grid_index(k)))
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

    def _decode_inner(self, shard: _Shard, position: int, data: Bytes) -> np.ndarray[Any, Any]:
        chain, shape = shard.layout.chain, shard.layout.chunk_shape
        chunk = shard.chunk_index(position)
        decoded: np.ndarray[Any, Any] = self._placed(
            shard,
            position,
            lambda: self._named(shard.task, chain.decode, data, shape, chain=chain, chunk=chunk),
        )
        return decoded

    def _encode(self, task: int, stored: Any) -> bytes | None:
        """Encode the chunks that the selection touches; the others stay as they are stored."""
        marks = self._marked(self._selections(task)[1])
        shard, block = self._shard(task), self._block_of(task)
        return self._encode_shard(shard, stored, self._inner(task), block, marks)

    def _encode_shard(
        self,
        shard: _Shard,
        stored: Bytes | None,
        inner: ChunkPlan,
        block: np.ndarray[Any, Any],
        marks: np.ndarray[Any, Any] | None,
    ) -> bytes | None:
        chunks: list[Any] = [None] * shard.layout.index.count
        if stored is not None:
            self._keep_stored(shard, stored, chunks)
        for k, position in enumerate(_positions(shard, inner)):
            inside, place = selections(inner, k)
            marked = None if marks is None else marks[(*place, ...)]
            if marked is not None and not marked.any():
                continue
            covered = self._fields is None and inner.covered(k)
            if covered and (marked is None or marked.all()):
                chunks[position] = None
            values = block[(*place, ...)]
            deeper = shard.deeper(position)
            if deeper is not None:
                plan = plan_inside(inner, k, deeper.layout.chunk_shape)
                chunks[position] = self._encode_shard(
                    deeper, chunks[position], plan, values, marked
                )
                continue
            if chunks[position] is None:
                chunk = np.full(shard.layout.chunk_shape, self.fill_value, self.block.dtype)
            else:
                chunk = np.array(self._decode_inner(shard, position, chunks[position]))
            self._merge(chunk, inside, values, marked)
            chunks[position] = self._encode_chunk(
                shard.layout.chain, chunk, shard.chunk_index(position), shard.task, inner.pieces(k)
            )
        return shard.layout.index.assemble(chunks, sequence_of(shard.layout))

    def _keep_stored(self, shard: _Shard, stored: Bytes, chunks: list[Any]) -> None:
        cut = self._placed(shard, None, lambda: _Cut.of(stored, shard.layout.index))
        for position in range(len(chunks)):
            entry = self._entry(shard, cut.entries, position, cut.nbytes)
            if entry is not None:
                chunks[position] = cut.bytes(*entry)


class PythonUnevenShardBatch(PythonShardBatch):
    """Shards that differ in shape, fetched whole, of which is noted which chunks are missing."""

    _begin: Callable[[Sequence[int]], Sequence[int]]

    def _layout_of(self, chain: CodecChain) -> ShardLayout:
        layout = chain.shard or chain.wrapped
        assert layout is not None
        self._layouts = {chain.spec.shape: layout}
        return layout

    def place_shards(self, begin: Callable[[Sequence[int]], Sequence[int]]) -> None:
        """Say where in the array a shard begins, given its place among all shards."""
        self._begin = begin

    @property
    def index_range(self) -> None:
        """Where the index lies is not known before the shard is."""
        return

    def _shaped(self, task: int) -> ShardLayout:
        shape = self._extent(task)
        layout = self._layouts.get(shape)
        if layout is None:
            layout = self._layouts[shape] = self.chain.shard_of(shape)
        return layout

    def _shard(self, task: int) -> _Shard:
        layout, place = self._shaped(task), self.plan.grid_index(task)
        columns = zip(self._begin(place), layout.chunk_shape, strict=True)
        return _Shard(task, layout, place, before=tuple(start // n for start, n in columns))


class PythonWholeShardBatch(PythonUnevenShardBatch):
    """Shards that are read whole, but written chunk by chunk.

    Those behind codecs of bytes, which are undone and done around each, and those of grids whose
    shards differ in shape.
    """

    def _shard(self, task: int) -> _Shard:
        return _Shard(task, self._shaped(task), self.plan.grid_index(task), within=True)

    def _encode(self, task: int, stored: Any) -> bytes | None:
        if stored is not None:
            stored = self._named(task, self.chain.unwrap, stored, self._extent(task))
        data = super()._encode(task, stored)
        return None if data is None else bytes(memoryview(self.chain.wrap(data)))


class _Shard(NamedTuple):
    """A shard that a task reads or writes, or one within it.

    Attributes
    ----------
    task : int
    layout : ShardLayout
    place : tuple of int
        Its place among all shards; of one within another, that of the chunk which it is.
    within : bool
        Whether it lies in a shard.
    trail : str
        Where it lies in the chunk that errors name, in words.
    before : tuple of int, optional
        Chunks that lie before it along each axis, where shards differ in shape.
    """

    task: int
    layout: ShardLayout
    place: tuple[int, ...]
    within: bool = False
    trail: str = ""
    before: tuple[int, ...] | None = None

    def chunk_index(self, position: int) -> tuple[int, ...]:
        """Place among all chunks of the array of the chunk at a position, or in which that is."""
        if self.within:
            return self.place
        if self.before is None:
            return self.layout.chunk_index(self.place, position)
        inner = self.layout.inner_index(position)
        return tuple(n + i for n, i in zip(self.before, inner, strict=True))

    def trail_to(self, position: int | None) -> str:
        """Say in words where a chunk lies in the one that errors name."""
        if position is None or not self.within:
            return self.trail
        return f"{self.trail}chunk {self.layout.inner_index(position)} of the shard: "

    def deeper(self, position: int) -> _Shard | None:
        """Give the shard that the chunk at a position is; None when it is none."""
        layout = self.layout.chain.shard
        if layout is None:
            return None
        place, trail = self.chunk_index(position), self.trail_to(position)
        return _Shard(self.task, layout, place, within=True, trail=trail)


def _positions(shard: _Shard, inner: ChunkPlan) -> list[int]:
    return [shard.layout.position(inner.grid_index(k)) for k in range(inner.ntasks)]


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
