"""Arrays whose pieces are collected, so that filling a chunk piece by piece encodes it once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from zarrpy.config import check_max_memory, config
from zarrpy.engine.buffer import Part, WriteBuffer
from zarrpy.engine.drive import drive
from zarrpy.engine.operation import operation
from zarrpy.engine.pieces import cost, part_of, payload
from zarrpy.engine.requests import Flush
from zarrpy.engine.together import Together
from zarrpy.engine.twin import selections
from zarrpy.engine.watch import check_reach
from zarrpy.errors import LimitError, SelectionError
from zarrpy.indexing import Indexable
from zarrpy.selection.tiling import Tiling, boxed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self

    import numpy as np

    from zarrpy._native.plan import ChunkPlan
    from zarrpy.array import Array
    from zarrpy.engine.buffer import Index
    from zarrpy.engine.pieces import Pieces
    from zarrpy.engine.requests import Steps
    from zarrpy.engine.watch import Watch
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.selection import Selection
    from zarrpy.selection.fields import Fields

#: Bytes of pieces that are kept where nothing says how many, unless one chunk takes more.
DEFAULT_NBYTES = 256 << 20
_KEPT = "what is not stored yet is kept: flush() of the array writes it"


class Bufferable(Indexable):
    """An array that can keep what is written to it for a while."""

    def buffered(self, *, max_memory: int | str | None = None) -> Buffered:
        """Collect what is written within a ``with`` block, so that chunks are encoded once.

        Pieces stay in memory until their chunk, or their shard, is whole, which is written then
        without being read; or until there is no more room, or the block ends: then what is there
        of a chunk is merged with what is stored. Reading this array shows them at once, other
        handles see what is written. `append`, `resize`, `discard`, reductions and whatever else
        needs what is stored write all pieces first. ``async with`` works as well.

        At the end of the block everything is written, after an exception, too. Where that fails
        the error names the key, the pieces are kept, and `flush` tries again. Pieces of what
        another handle has cut off are dropped, which is an IndexError, at the latest then.

        Parameters
        ----------
        max_memory : int or str, optional
            Bytes that pieces may take, such as ``"1GiB"``; by default half of `config.max_memory`,
            and 256 MiB or a chunk where that is not set. A mark for each element, of a byte,
            counts as well.

        Returns
        -------
        context manager
            Gives the array itself.

        Raises
        ------
        ReadOnlyStoreError
            When the array cannot be written.
        LimitError
            A ValueError, when `max_memory` is less than one chunk or shard takes.
        RuntimeError
            On entering, when the array is buffered already; another handle of it can be.

        Examples
        --------
        >>> import numpy as np
        >>> import zarrpy
        >>> array = zarrpy.create_array({}, shape=(100, 100), dtype="f4", shards=(100, 100))
        >>> with array.buffered():
        ...     for i in range(100):
        ...         array[i] = i
        >>> float(array[99, 0])
        99.0
        """
        self._check_writable("buffer writes to")
        return Buffered(self, self._room(check_max_memory(max_memory), max_memory is not None))

    @operation
    def flush(self) -> Steps[None]:
        """Write what `buffered` has collected; what cannot be written is kept.

        Raises
        ------
        ChunkError, StoreError
            When something cannot be written; all that can be is.
        SelectionError
            An IndexError, when another handle has made the array shorter, and pieces lie beyond
            its end. These are dropped; the others are written.
        """
        buffer = self._buffer
        if buffer is not None and buffer.closing:
            yield from self._finish(buffer)
        else:
            yield from self._settle()

    # -------------------------------------------------------------------------- begin and end

    def _room(self, most: int | None, given: bool) -> int:
        spec = cast("Array", self).codecs.spec
        least = cost(spec.shape, spec.dtype)
        if most is None:
            return max(DEFAULT_NBYTES, least)
        most = most if given else most // 2
        if most < least:
            raise LimitError(
                f"pieces of one chunk of {spec.nbytes} bytes take up to {least}, but "
                f"{'max_memory' if given else 'half of config.max_memory'} is {most}",
                limit=most,
                asked=least,
                hint="raise max_memory, or store smaller chunks or shards",
            )
        return most

    @operation
    def _begin(self, limit: int) -> Steps[None]:
        """Collect from now on; what an earlier block could not write is written first."""
        if self._buffer is not None and self._buffer.closing:
            yield from self._finish(self._buffer)
        if "buffer" in config.disable:
            return
        place = cast("Array", self).place
        made = WriteBuffer(limit, place)
        if self.__dict__.setdefault("_buffer", made) is not made:  # in one step, among threads
            raise RuntimeError(
                f"{place} is buffered already; write in that block, or open the array again"
            )

    @operation
    def _end(self) -> Steps[None]:
        """Write all, and collect no more."""
        buffer = self._buffer
        if buffer is None:
            return
        if not buffer.of_this_process:
            del self._buffer  # what it holds is the other process's to write
            return
        buffer.closing = True
        yield from self._finish(buffer)

    def _finish(self, buffer: WriteBuffer) -> Steps[None]:
        lost: SelectionError | None = None
        while not buffer.close():
            try:
                yield from self._settle()
            except SelectionError as error:  # what it is about is gone, and will not come back
                if lost is not None:
                    raise
                lost = error
        if self._buffer is buffer:
            self.__dict__.pop("_buffer", None)
        if lost is not None:
            raise lost

    def _settle(self) -> Steps[None]:
        """Write what is collected, so that all who look at the store see it."""
        buffer = self._buffer
        if buffer is not None:
            buffer.check_process()
            yield Flush(lambda run: buffer.flush(run, self._write_pieces))

    def _settle_now(self) -> None:
        if self._buffer is not None:
            drive(self.store, self._settle())

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        state = cast("dict[str, Any]", self.__getstate__())
        made.__dict__.update(state)
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._buffer is not None:
            raise TypeError(
                f"cannot pickle {cast('Array', self).place} while it is buffered: the copy would "
                "not have what is not written yet; leave the block of buffered() first"
            )
        return super().__reduce_ex__(protocol)

    # -------------------------------------------------------------------------------- writing

    def _write_buffered(
        self,
        chosen: Selection,
        values: np.ndarray[Any, Any],
        fields: Fields | None,
        max_memory: int | str | None,
    ) -> Steps[None]:
        buffer = self._buffer
        assert buffer is not None
        buffer.check_process()
        plan = self._plan(chosen)
        if fields is not None:  # a part of each element
            yield from self._settle()
        elif not _covers(plan) or buffer.holds(map(plan.grid_index, range(plan.ntasks))):
            block = chosen.align(values)
            if (yield from self._collect(buffer, plan, block, max_memory)):
                return
        yield from self._write_chunks(chosen, values, fields, max_memory)

    def _collect(
        self,
        buffer: WriteBuffer,
        plan: ChunkPlan,
        block: np.ndarray[Any, Any],
        max_memory: int | str | None,
    ) -> Steps[bool]:
        """Keep the share of each chunk; False when the buffer has been closed meanwhile."""
        write = partial(self._write_pieces, max_memory=max_memory)
        parts = [_part(plan, task, block) for task in range(plan.ntasks)]
        while parts:
            put = buffer.put(parts)
            if put.closed:
                return False
            parts = parts[put.ntaken :]
            if put.whole:
                yield _flight(buffer, write, put.whole)
            elif parts:
                needed = cost(parts[0].shape, block.dtype) + payload(parts[0].values)
                yield Flush(lambda run, n=needed: buffer.make_room(run, write, n))  # type: ignore[misc]
        return True

    def _plan(self, chosen: Selection) -> ChunkPlan:
        """Map a selection to what is stored under one key each."""
        shape = self.metadata.shape
        return chosen.plan(shape, self.metadata.chunk_grid.spacing(shape))

    def _write_pieces(
        self,
        taken: list[tuple[Index, Pieces]],
        stored: set[Index],
        max_memory: int | str | None = None,
    ) -> Steps[None]:
        """Write pieces, merged with what is stored; `stored` gets the chunks that are done."""
        # by the shape of now, whatever it is: pieces that fit are written before others are errors
        anywhere = (0,) * len(self.metadata.shape)
        write = partial(self._write_parts, taken, stored, max_memory)
        yield from self._write_as_long(write, anywhere)

    def _write_as_long(
        self,
        write: Callable[[ArrayMetadata, Watch | None], Steps[None]],
        ends: tuple[int, ...],
    ) -> Steps[None]:
        """Write what ends there by the shape of now."""
        raise NotImplementedError

    def _write_parts(
        self,
        taken: list[tuple[Index, Pieces]],
        stored: set[Index],
        max_memory: int | str | None,
        metadata: ArrayMetadata,
        watch: Watch | None,
    ) -> Steps[None]:
        array = cast("Array", self)
        if metadata is not self.metadata:
            known, empty = array, array._keep_empty
            array = type(known)(self.store, self.path, metadata, write_empty_chunks=empty)
            array.given = known.given
        parts, indexes, gone = [], [], []
        for index, pieces in taken:
            room = _room_in(metadata, index, pieces.shape)
            box = pieces.box(room)
            if any(end > n for end, n in zip(pieces.reach(), room, strict=True)):
                gone.append((index, pieces))  # the array has shrunk since, or before
            if box is None:
                continue
            parts.append(
                array._batch(
                    _select(metadata, index, box),
                    part_of(pieces.values, box),
                    writing=True,
                    mask=pieces.gaps(box),
                )
            )
            indexes.append(index)
        together = Together(parts)
        try:
            yield from array._run(together, max_memory, watch)
            stored.update(indexes, (index for index, _ in gone))
        except BaseException:
            stored.update(i for i, done in zip(indexes, together.stored(), strict=True) if done)
            raise
        for index, pieces in gone:
            self._refuse_cut(metadata, index, pieces)

    def _refuse_cut(self, now: ArrayMetadata, index: Index, pieces: Pieces) -> None:
        """Raise an error about pieces that do not fit the array of now."""
        known = self.metadata
        chunk = known.chunk_grid.chunk(known.shape, index)
        ends = [begin + end for (begin, _), end in zip(chunk, pieces.reach(), strict=True)]
        check_reach(self.path, known.shape, now.shape, ends)

    # -------------------------------------------------------------------------------- reading

    def _read_buffered(
        self,
        chosen: Selection,
        out: np.ndarray[Any, Any],
        missing: str,
        max_memory: int | str | None,
    ) -> Steps[np.ndarray[Any, Any] | None]:
        buffer = self._buffer
        assert buffer is not None
        buffer.check_process()
        if missing != "fill":  # which chunks are stored matters
            yield from self._settle()
            return (yield from self._read_chunks(chosen, out, missing, max_memory))
        held = buffer.held()  # before the store is read: what is written meanwhile is in either
        mask = yield from self._read_chunks(chosen, out, missing, max_memory)
        plan = self._plan(chosen)
        block = chosen.align(out)
        for task, index in self._tasks(plan, chosen, held):
            shape = tuple(piece[2] for piece in plan.pieces(task))
            buffer.lay_over(held[index], shape, block, *selections(plan, task))
        chosen.take_back(block, out)
        return mask

    def _tasks(
        self, plan: ChunkPlan, chosen: Selection, held: Iterable[Index]
    ) -> Iterator[tuple[int, Index]]:
        """Find the tasks of a plan that are about some chunks."""
        if chosen.points:
            wanted = set(held)
            for task in range(plan.ntasks if wanted else 0):
                index = plan.grid_index(task)
                if index in wanted:
                    yield task, index
            return
        shape = self.metadata.shape
        spacing = self.metadata.chunk_grid.spacing(shape)
        cut = Tiling(shape, spacing, chosen.start, chosen.count, chosen.step)
        for index in held:
            unit = cut.find(index)
            if unit is not None:
                task = 0
                for i, n in zip(unit, cut.counts, strict=True):
                    task = task * n + i
                yield task, index


class Buffered:
    """A block within which an array collects what is written; made by `Array.buffered`."""

    def __init__(self, array: Bufferable, limit: int) -> None:
        self._array = array
        self._limit = limit

    def __enter__(self) -> Array:
        self._array._begin(self._limit)
        return cast("Array", self._array)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self._array._end()
        except Exception as failure:
            self._tell(failure, error)

    async def __aenter__(self) -> Array:
        await self._array._begin.aio(self._limit)
        return cast("Array", self._array)

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            await self._array._end.aio()
        except Exception as failure:
            self._tell(failure, error)

    def _tell(self, failure: Exception, error: BaseException | None) -> None:
        """Raise what went wrong at the end; an error of the block itself goes on and tells of it.

        Where nothing is kept there is nothing to write again.
        """
        kept = self._array._buffer is not None
        if error is not None:
            more = f"; {_KEPT}" if kept else ""
            error.add_note(f"{type(failure).__name__} at the end of the block: {failure}{more}")
            return
        if kept:
            failure.add_note(_KEPT)
        raise failure


def _part(plan: ChunkPlan, task: int, block: np.ndarray[Any, Any]) -> Part:
    """Tell what of a block goes to a chunk."""
    inside, outside = selections(plan, task)
    shape = tuple(piece[2] for piece in plan.pieces(task))
    return Part(plan.grid_index(task), shape, inside, block[(*outside, ...)])


def _flight(buffer: WriteBuffer, write: Any, indexes: list[Index]) -> Flush:
    return Flush(lambda run: buffer.flush(run, write, indexes))


def _covers(plan: ChunkPlan) -> bool:
    """Whether every chunk of a plan is written whole."""
    return all(map(plan.covered, range(plan.ntasks)))


def _reaches(metadata: ArrayMetadata, index: Index) -> bool:
    """Whether the array still has a chunk."""
    return all(i < n for i, n in zip(index, metadata.grid_shape, strict=True))


def _room_in(metadata: ArrayMetadata, index: Index, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Cut the shape of pieces to what of them lies in the array."""
    if not _reaches(metadata, index):
        return (0,) * len(shape)
    chunk = metadata.chunk_grid.chunk(metadata.shape, index)
    columns = zip(shape, chunk, metadata.shape, strict=True)
    return tuple(min(n, length - begin) for n, (begin, _), length in columns)


def _select(metadata: ArrayMetadata, index: Index, box: tuple[slice, ...]) -> Selection:
    """Select a part of a chunk."""
    chunk = metadata.chunk_grid.chunk(metadata.shape, index)
    start = tuple(begin + part.start for (begin, _), part in zip(chunk, box, strict=True))
    count = tuple(part.stop - part.start for part in box)
    return boxed(start, count, (1,) * len(count))
