"""What reading or writing a selection would do, told without doing it.

The batch is made as for the call itself and asked what it would take; nothing runs.  What is stored
is looked at no further than the sizes of values and the indexes of shards.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from zarrpy._native.shards import GAP, RUN
from zarrpy.config import config
from zarrpy.display.sizes import format_nbytes
from zarrpy.engine import pool
from zarrpy.engine.budget import Budget
from zarrpy.engine.cache import cache_for
from zarrpy.engine.operation import operation
from zarrpy.engine.profile import amplification
from zarrpy.engine.requests import Fetch, Run, Size
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.node import Node
from zarrpy.selection import split_fields
from zarrpy.selection.inside import plan_inside
from zarrpy.stores.base import ByteRange
from zarrpy.stores.coalesce import coalesce, coalesce_far

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy._native.batch import Batch
    from zarrpy._native.plan import ChunkPlan
    from zarrpy.array import Array
    from zarrpy.codecs.sharding import ShardLayout
    from zarrpy.engine.requests import Steps
    from zarrpy.engine.twin import PythonBatch
    from zarrpy.selection import Selection
    from zarrpy.selection.fields import Fields

#: Of selections over more values than this nothing is looked up.
MOST_VALUES = 4096
#: Bytes of indexes of shards that are read.
MOST_INDEX_NBYTES = 64 << 20


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """What reading or writing a selection would do.

    Names that `zarrpy.engine.profile.Counts` has too mean the same here and there.

    Attributes
    ----------
    array : str
        Where it is.
    writing : bool
    shape : tuple of int
        Of the selection.
    chunks, chunks_whole : int
        Chunks that the selection touches, those inside the shards where there are some; and of how
        many it takes all elements.
    shards : int or None
        That it touches, where there are some.
    chunks_read, chunks_absent : int or None
        Chunks that would be decoded, and of those to be read how many are not stored; None where
        that is not known.
    chunks_written : int
        Chunks that would be encoded, unless they turn out to hold nothing but the fill value.
    gets, sets : int or None
        Requests to the store.
    bytes_asked : int
        Of the selection in memory.
    bytes_read : int or None
        Of stored values. What would be written is known only when it is encoded.
    bytes_decoded, bytes_encoded : int
    exact : bool
        Whether these are the numbers that a profile of the call would count; otherwise
        `bytes_decoded` is the most, as nobody looked which chunks are stored, the codec can decode
        a part of a chunk, or there is a cache.
    cached : bool
        Whether the cache may have some of the chunks.
    path : {"native", "python"}
        Who does the work.
    reason : str or None
        Why it is not the engine.
    workers : int
        Threads at most.
    values : dict of str to int, or None
        The keys that would be read or replaced, each with its bytes, None for what is not stored;
        nothing where that was not looked up.
    """

    array: str
    writing: bool
    shape: tuple[int, ...]
    chunks: int
    chunks_whole: int
    shards: int | None
    chunks_read: int | None
    chunks_absent: int | None
    chunks_written: int
    gets: int | None
    sets: int
    bytes_asked: int
    bytes_read: int | None
    bytes_decoded: int
    bytes_encoded: int
    exact: bool
    cached: bool
    path: str
    reason: str | None
    workers: int
    values: dict[str, int | None] | None

    @property
    def chunks_partial(self) -> int:
        """Chunks of which the selection takes some elements."""
        return self.chunks - self.chunks_whole

    @property
    def requests(self) -> int | None:
        """Requests to the store of every kind."""
        return None if self.gets is None else self.gets + self.sets

    @property
    def amplification(self) -> float:
        """Bytes that would be decoded and encoded for each byte asked for."""
        return amplification(self.bytes_decoded + self.bytes_encoded, self.bytes_asked)

    def as_dict(self) -> dict[str, Any]:
        """Give everything by its name."""
        names = ("chunks_partial", "requests", "amplification")
        return asdict(self) | {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        verb = "writing" if self.writing else "reading"
        head = f"<zarrpy.Explanation of {verb} {self.shape} of {self.array!r}>"
        facts = self._facts()
        width = max(map(len, facts))
        return "\n".join([head, *(f"{name:{width}}  {text}" for name, text in facts.items())])

    def _facts(self) -> dict[str, str]:
        most = "" if self.exact else "at most "
        facts = {"asked": format_nbytes(self.bytes_asked)}
        facts["chunks"] = f"{self.chunks}, {self.chunks_partial} of them in part"
        if self.shards is not None:
            facts["shards"] = str(self.shards)
        if self.chunks_absent is not None:
            facts["stored"] = f"{self.chunks - self.chunks_absent}, {self.chunks_absent} are not"
        facts["reads"] = f"{_known(self.gets)}, {_known(self.bytes_read, format_nbytes)}"
        if self.writing:
            facts["writes"] = str(self.sets)
        facts["decoded"] = most + format_nbytes(self.bytes_decoded)
        if self.writing:
            facts["encoded"] = format_nbytes(self.bytes_encoded)
        facts["amplification"] = f"{most}{self.amplification:.2f}"
        why = "" if self.reason is None else f": {self.reason}"
        facts["path"] = f"{self.path}{why}"
        facts["workers"] = str(self.workers)
        if self.cached:
            facts["cache"] = "may have some of the chunks"
        return facts


def _known(number: int | None, show: Any = str) -> str:
    return "not known" if number is None else show(number)


class Explainable(Node[ArrayMetadata]):
    """An array that can tell what a call would do."""

    @operation
    def explain(self, selection: Any = Ellipsis, *, write: bool = False) -> Steps[Explanation]:
        """Tell what reading or writing a selection would do, without doing it.

        Parameters
        ----------
        selection : int, slice, ellipsis, newaxis, array, names of fields, or a tuple of them
            As `read` takes it. ``array.lazy`` has an `explain` as well, for selections of other
            kinds.
        write : bool
            Tell about writing.

        Returns
        -------
        Explanation
            Chunks, requests, bytes, and who does the work. The sizes of what is stored are looked
            at, and the indexes of shards, of selections over up to 4096 values; no chunk is read.

        Examples
        --------
        >>> import numpy as np
        >>> import zarrpy
        >>> array = zarrpy.create_array(
        ...     {}, data=np.ones((100, 100)), chunks=(10, 100), compressors=None
        ... )
        >>> told = array.explain(np.s_[:, 0])
        >>> told.chunks, told.gets, told.bytes_asked, told.bytes_decoded, told.amplification
        (10, 10, 800, 80000, 100.0)
        """
        fields, rest = split_fields(selection)
        array = cast("Array", self)
        if fields is not None:
            fields = array._fields(fields)
        return (yield from self._explain(array._chosen(rest), fields, write))

    def _explain(self, chosen: Selection, fields: Fields | None, write: bool) -> Steps[Explanation]:
        array = cast("Array", self)
        batch = array._batch(
            chosen,
            _phantom(chosen.block_shape, array.dtype),
            writing=write,
            noting=not write and (array._missing or config.missing) != "fill",
            fields=fields if write else None,
        )
        array._name_keys(batch)
        forecast = _Forecast(array, chosen, batch, write and fields is not None)
        if batch.ntasks <= MOST_VALUES and not self.metadata.storage_transformers:
            batch.open_window(0, batch.ntasks)
            start = self.path + "/" if self.path else ""
            keys = tuple(start + key for key in batch.window_keys())
            sizes = yield Size(keys)
            if sizes is not None:
                yield from forecast.look(dict(zip(keys, sizes, strict=True)))
        return forecast.explanation(_reason(array, batch, fields if write else None))


def _phantom(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Give an array of any shape that takes the memory of one element."""
    one = np.zeros((), dtype)
    if dtype.kind in "OT":  # which cannot be strided at will
        phantom = np.broadcast_to(one, shape)
        phantom.setflags(write=True)  # as what is read into; nobody writes
        return phantom
    return np.lib.stride_tricks.as_strided(one, shape, (0,) * len(shape))


def _reason(array: Array, batch: Batch | PythonBatch, fields: Fields | None) -> str | None:
    """Tell why a batch is not the engine's."""
    if batch.native:
        return None
    chain = array._chunk_codecs
    missing = chain.python_codecs
    if array.codecs.shard is not None:
        missing += array.codecs.shard.index.chain.python_codecs
    if "native" in config.disable:
        return "the engine is switched off"
    if missing:
        return f"{', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no native form here"
    if fields is not None:
        return "fields are written one by one"
    if not array.metadata.chunk_keys.plain:
        return "the chunk key encoding is a plug-in"
    if batch.index_range is not None and not batch.writing:
        return "chunks that are missing in shards are told apart"
    return "the codecs in this order have no native form"


@dataclass(slots=True)
class _Sums:
    """What was found out by looking, chunk by chunk."""

    gets: int = 0
    bytes_read: int = 0
    chunks_read: int = 0
    chunks_absent: int = 0
    bytes_decoded: int = 0


@dataclass(slots=True)
class _Forecast:
    """Adds up what a batch would cost."""

    array: Array
    chosen: Selection
    batch: Batch | PythonBatch
    by_field: bool
    sums: _Sums | None = None
    values: dict[str, int | None] | None = None
    covered: list[bool] = field(default_factory=list)

    @property
    def _layout(self) -> ShardLayout | None:
        return None if self.batch.index_range is None else self.array.codecs.shard

    # ------------------------------------------------------------------------------- looking

    def look(self, values: dict[str, int | None]) -> Steps[None]:
        """Add up what the batch would read of values of these sizes."""
        self.values = values
        self.covered = self.batch.covered()
        indexes: dict[str, Any] = {}
        if self.batch.index_range is not None:
            wanted = tuple(
                key
                for (key, size), whole in zip(values.items(), self.covered, strict=True)
                if size is not None and not (whole and self.batch.writing)
            )
            if len(wanted) * self.batch.index_range[1] > MOST_INDEX_NBYTES:
                return
            found = yield Fetch(wanted, (ByteRange(*self.batch.index_range),) * len(wanted))
            indexes = dict(zip(wanted, found, strict=True))
        self.sums = _Sums()
        for task, (key, size) in enumerate(values.items()):
            if self.batch.writing and self.covered[task]:
                continue
            if self._layout is None:
                self._take_chunk(task, size)
            else:
                self._take_shard(self._layout, task, size, indexes.get(key))

    def _take_chunk(self, task: int, size: int | None) -> None:
        assert self.sums is not None
        self.sums.gets += 1
        if size is None:
            self.sums.chunks_absent += 1
            return
        self.sums.bytes_read += size
        self.sums.chunks_read += 1
        extents = [piece[1] for piece in self.batch.plan.pieces(task)]
        self.sums.bytes_decoded += self._nbytes(extents)

    def _take_shard(self, layout: ShardLayout, task: int, size: int | None, index: Any) -> None:
        assert self.sums is not None
        inner = plan_inside(self.batch.plan, task, layout.chunk_shape)
        if size is None or index is None:
            self.sums.gets += 1
            self.sums.chunks_absent += inner.ntasks
            return
        ranges = self.batch.ranges(task, index)
        count = len(ranges)
        pieces = self._pieces(task, ranges, len(index))
        if pieces is None:
            pieces = [(0, size)]
        if self.batch.writing:
            count = self._count_changed(layout, task, inner, index)
        else:
            self.sums.chunks_absent += inner.ntasks - count
        self.sums.gets += len(pieces)
        self.sums.bytes_read += sum([length for _, length in pieces])
        self.sums.chunks_read += count
        self.sums.bytes_decoded += count * self._nbytes(layout.chunk_shape)

    def _pieces(self, task: int, ranges: Any, index_nbytes: int) -> list[tuple[int, int]] | None:
        """Give the parts of a shard that are read, its index first; None: all of it."""
        store = self.array.store
        if self.batch.writing:
            return None
        if store.of_files:
            if not self.batch.native:
                return None
            return [(0, index_nbytes), *coalesce(ranges, GAP, RUN)]
        if store.in_memory or self.covered[task] or "partial" in config.disable:
            return None
        return [(0, index_nbytes), *coalesce_far(ranges)]

    def _count_changed(self, layout: ShardLayout, task: int, inner: ChunkPlan, index: Any) -> int:
        """Count the chunks of a shard that have to be decoded, as they are written in part."""
        entries = layout.index.decode(index)
        # the engine does not ask whether points in a shard make up a chunk
        never = self.by_field or (self.batch.native and bool(inner.groups))
        return sum(
            layout.index.entry(entries, layout.position(inner.grid_index(k)), None) is not None
            for k in range(inner.ntasks)
            if never or not inner.covered(k)
        )

    def _nbytes(self, extents: Sequence[int]) -> int:
        nbytes = self.array.dtype.itemsize
        for extent in extents:
            nbytes *= extent
        return nbytes

    # ------------------------------------------------------------------------------- telling

    def explanation(self, reason: str | None) -> Explanation:
        """Put together what is known."""
        array, batch, sums = self.array, self.batch, self.sums
        chunks = batch.plan
        if self._layout is not None:
            chunks = self.chosen.plan(array.shape, self._layout.chunk_shape)
        whole, elements = chunks.census()
        everything = elements * array.dtype.itemsize
        writing = batch.writing
        cached = not writing and batch.native and array.store.of_files
        cached = cached and array.dtype.kind != "T" and cache_for(array.cache) is not None
        native = array._chunk_codecs.native_chain if batch.native else None
        parts = native is not None and native.has_parts and "partial" not in config.disable
        exact = sums is not None and not cached
        if not writing and parts and (whole < chunks.ntasks or self._clipped()):
            exact = False
        if sums is None:
            decoded = 0 if writing and self._gets() == 0 else everything
        else:
            decoded = sums.bytes_decoded
        return Explanation(
            array=array.place,
            writing=writing,
            shape=self.chosen.shape,
            chunks=chunks.ntasks,
            chunks_whole=whole,
            shards=None if self._layout is None else batch.ntasks,
            chunks_read=None if sums is None else sums.chunks_read,
            chunks_absent=None if sums is None or writing else sums.chunks_absent,
            chunks_written=chunks.ntasks if writing else 0,
            gets=self._gets() if sums is None else sums.gets,
            sets=batch.ntasks if writing else 0,
            bytes_asked=batch.asked_nbytes,
            bytes_read=None if sums is None else sums.bytes_read,
            bytes_decoded=decoded,
            bytes_encoded=everything if writing else 0,
            exact=exact,
            cached=cached,
            path="native" if batch.native else "python",
            reason=reason,
            workers=self._workers(),
            values=self.values,
        )

    def _clipped(self) -> bool:
        """Whether the array ends within its last chunk, of which a part may be decoded."""
        metadata, layout = self.array.metadata, self._layout
        if 0 in metadata.grid_shape:
            return False
        last = tuple(n - 1 for n in metadata.grid_shape)
        axes = metadata.chunk_grid.chunk(metadata.shape, last)
        lengths = [length for _, length in axes] if layout is None else layout.chunk_shape
        inside = (n - start for n, (start, _) in zip(metadata.shape, axes, strict=True))
        return any(n % length for n, length in zip(inside, lengths, strict=True))

    def _gets(self) -> int | None:
        """Count the reads without looking at what is stored; None where it depends on that."""
        if self.batch.writing:
            return self.batch.ntasks - (0 if self.by_field else self.batch.plan.census()[0])
        return self.batch.ntasks if self._layout is None else None

    def _workers(self) -> int:
        array, batch = self.array, self.batch
        if pool.is_small(batch):
            return 1
        nbytes, most = array.codecs.spec.nbytes, config.max_memory
        request = Run(batch, array.path, nbytes, array._inside_nbytes, most)
        workers = Budget.of(request, pool.workers(), of_files=array.store.of_files).workers
        return min(workers, batch.ntasks)
