"""Chunks of an array one after the other, read ahead by the threads of the pool."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from zarrpy.config import check_missing, config
from zarrpy.display.progress import Progress
from zarrpy.engine.drive import call_async, drive, take_async
from zarrpy.engine.missing import missing_chunks
from zarrpy.engine.obstacles import refuse_obstacles
from zarrpy.engine.requests import ListEntries, Take
from zarrpy.engine.scheduler import begun
from zarrpy.engine.stream import thread_count
from zarrpy.errors import ChunkError, MetadataError, StoreError
from zarrpy.selection.tiling import Tile, place_of, region, rows, tiling, units_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from zarrpy.array import Array
    from zarrpy.engine.requests import Steps
    from zarrpy.engine.scheduler import Results
    from zarrpy.selection import Selection
    from zarrpy.selection.tiling import Unit

    _Part = tuple[tuple[int, ...], Selection]

#: Smaller chunks are read several at once, neighbours along the fastest axis.
ROW_NBYTES = 1 << 20
#: Larger shards are read by rows of their chunks.
SHARD_NBYTES = 256 << 20

_ORDERS = ("C", "F", "storage")
_ON_ERROR = ("raise", "skip", "yield")
_OF_ONE_CHUNK = (ChunkError, StoreError)


class Chunk(NamedTuple):
    """The selected elements of one chunk.

    Attributes
    ----------
    position : tuple of int
        In the grid of chunks.
    region : tuple of slice
        Where the elements are: ``array[region]`` are the same.
    data : ndarray, or whatever a function made of it
        For ``on_error="yield"`` the error of a chunk that cannot be read.
    """

    position: tuple[int, ...]
    region: tuple[slice, ...]
    data: Any

    @property
    def error(self) -> Exception | None:
        """The error that took the place of the data, if one did."""
        return self.data if isinstance(self.data, _OF_ONE_CHUNK) else None


class ChunkReader:
    """Reads boxes of what is stored under one key each, and takes them apart.

    Parameters
    ----------
    array : Array
    selection : int, slice, ellipsis or a tuple of them
    whole_shards : bool
        Leave shards as they are; otherwise the chunks inside them are told apart.
    missing : {"fill", "error", "mask"}, optional
    stored_only : bool
        Leave out chunks that are not stored.
    """

    def __init__(
        self,
        array: Array,
        selection: Any,
        *,
        whole_shards: bool = False,
        missing: str | None = None,
        stored_only: bool = False,
    ) -> None:
        metadata = array.metadata
        shard = array.codecs.shard
        self.array = array
        self.missing = None if missing is None else check_missing(missing)
        self.stored_only = stored_only
        #: As integers and slices.
        self.selection = array._positional(selection)
        spacing = metadata.chunk_grid.spacing(array.shape)
        self.tiling = array._naming(tiling, self.selection, array.shape, spacing)
        self.inner = None if shard is None or whole_shards else shard.chunk_shape
        self.unit_nbytes = max(array.codecs.spec.nbytes, 1)
        if self.inner is not None and shard is not None and self.unit_nbytes > SHARD_NBYTES:
            self.tiling = self.tiling.regridded(self.inner)
            self.unit_nbytes = max(shard.chain.spec.nbytes, 1)
            self.inner = None

    @property
    def nchunks(self) -> int:
        """Number of chunks that the selection touches."""
        if self.inner is None:
            return self.tiling.nunits
        return self.tiling.regridded(self.inner).nunits

    # ----------------------------------------------------------------------- which, and in order

    def tiles(self, order: str, wanted: Callable[[Any], Any] | None, most: int) -> Iterator[Tile]:
        """Give boxes of at most so many chunks each, in an order, of the chunks wanted."""
        units = self._units(order)
        if wanted is not None and self.inner is None:
            units = (unit for unit in units if wanted(self.tiling.position(unit)))
        ndim = len(self.tiling.shape)
        if self.inner is not None or ndim == 0 or most <= 1:
            return map(Tile.of, units)
        return rows(units, 0 if order == "F" else ndim - 1, most)

    def _units(self, order: str) -> Iterator[Unit]:
        stored = self._stored() if self.stored_only or order == "storage" else None
        if stored is None:
            yield from self.tiling.units(order)
            return
        if order != "storage":
            stored.sort(key=None if order == "C" else lambda unit: unit[::-1])
        yield from stored
        if not self.stored_only:
            seen = set(stored)
            yield from (unit for unit in self.tiling.units() if unit not in seen)

    def _stored(self) -> list[Unit] | None:
        """List the stored chunks as the store does; None where its keys do not tell them."""
        array = self.array
        keys = array.metadata.chunk_keys
        start = array.path + "/" if array.path else ""
        if array.metadata.storage_transformers or self._by_inner:
            return None
        found = []
        array._settle_now()
        entries = drive(array.store, _entries(start))
        drive(array.store, array._account_for_absent())  # these may be keys of another array
        names = [entry[len(start) :] for entry in entries]
        try:
            drive(array.store, refuse_obstacles(array.path, array.metadata, names))
        except StoreError:
            return None  # whoever reads them is told of which
        for name in names:
            try:
                unit = self.tiling.find(keys.grid_index(name, array.ndim))
            except MetadataError:
                continue  # something else
            if unit is not None:
                found.append(unit)
        return found

    @property
    def _by_inner(self) -> bool:
        """Whether the units are chunks inside shards, which have no keys of their own."""
        return self.inner is None and self.tiling.spacing != self.array.metadata.chunk_grid.spacing(
            self.array.shape
        )

    # ------------------------------------------------------------------------------------ reading

    def read(self, tile: Tile, wanted: Callable[[Any], Any] | None = None) -> list[Chunk]:
        """Read a box; where that fails, each chunk by itself, so that errors are of one chunk."""
        parts = list(self.parts(tile, wanted if self.inner is not None else None))
        try:
            return self._cut(self.tiling.selection(tile), parts)
        except _OF_ONE_CHUNK:
            if len(parts) == 1:
                raise
        found = []
        for position, chosen in parts:
            try:
                found += self._cut(chosen, [(position, chosen)])
            except _OF_ONE_CHUNK as error:
                found.append(Chunk(position, region(chosen), error))
        return found

    def parts(self, tile: Tile, wanted: Callable[[Any], Any] | None = None) -> Iterator[_Part]:
        """Tell the chunks of a box apart: position and what is selected."""
        cut, box = self.tiling, tile
        if self.inner is not None:
            chosen = cut.selection(tile)
            cut = cut.within(chosen, self.inner)
            box = Tile((0,) * len(cut.shape), cut.counts)
        for unit in units_of(box):
            position = cut.position(unit)
            if wanted is None or wanted(position):
                yield position, cut.selection(Tile.of(unit))

    def _cut(
        self, chosen: Selection, parts: list[tuple[tuple[int, ...], Selection]]
    ) -> list[Chunk]:
        if not parts:
            return []
        data, absent = self._read(chosen)
        alone = len(parts) == 1
        return [
            Chunk(position, region(part), data if alone else data[place_of(part, chosen)])
            for position, part in parts
            if position not in absent
        ]

    def _read(
        self, chosen: Selection
    ) -> tuple[np.ndarray[Any, Any], set[tuple[int, ...]] | tuple[()]]:
        """Read a selection, and tell which chunks are to be left out."""
        array = self.array
        if not self.stored_only:
            return drive(array.store, array._read(chosen, missing=self.missing)), ()
        import numpy as np

        array._settle_now()
        out = np.empty(chosen.shape, array.dtype)
        make = partial(array._batch, chosen, chosen.align(out), writing=False, noting=True)
        batch, _ = drive(array.store, array._run_read(chosen, make))
        if array.metadata.data_type.settle is not None:
            array.metadata.data_type.settle(out)
        absent = missing_chunks(batch, array.metadata.chunk_keys)
        return out, {each.chunk for each in absent}

    def key(self, position: tuple[int, ...]) -> str:
        """Give the key that a chunk is stored under, alone or in its shard."""
        grid = self.array.metadata.chunk_grid
        shard = self.array.codecs.shard
        if shard is not None and grid.regular and len(position) == len(shard.chunk_shape):
            columns = zip(position, shard.chunk_shape, grid.chunk_shape, strict=True)
            if self.inner is not None or self._by_inner:
                position = tuple(i * inner // outer for i, inner, outer in columns)
        return self.array.metadata.chunk_keys.key(position)


def _entries(prefix: str) -> Steps[list[str]]:
    return (yield ListEntries(prefix, follow=True)) or []


class _Failure(NamedTuple):
    """What a function raised, in the place of its result."""

    error: Exception


class _Worker:
    """Reads boxes of chunks, and gives each to a function; called by many threads.

    It does not know the iterator, which would otherwise live as long as a helper works.
    """

    def __init__(
        self,
        reader: ChunkReader,
        wanted: Callable[[Any], Any] | None,
        function: Callable[[Chunk], Any] | None,
    ) -> None:
        self._reader = reader
        self._wanted = wanted
        self._function = function

    def __call__(self, tile: Tile, begin: Callable[[Any], None]) -> list[Chunk]:
        try:
            found = self._reader.read(tile, self._wanted)
        except _OF_ONE_CHUNK as error:
            position, chosen = next(self._reader.parts(tile))
            return [Chunk(position, region(chosen), error)]
        if self._function is None:
            return found
        done: list[Chunk] = []
        for chunk in found:
            if chunk.error is None:
                begin(chunk.position)
                try:
                    data = call(self._function, chunk, self._reader.array)
                except Exception as error:
                    # those before it are given out first
                    return [*done, chunk._replace(data=_Failure(error))]
                chunk = chunk._replace(data=data)
            done.append(chunk)
        return done


class Chunks(Iterator[Chunk]):
    """Chunks, read ahead while the caller works with those before.

    An iterator, for ``async for`` as well, and a context manager; leaving it, `close`, or letting
    it go ends the reading.

    Attributes
    ----------
    errors : list of Exception
        For ``on_error="skip"``: why chunks were left out.
    """

    def __init__(
        self,
        reader: ChunkReader,
        *,
        order: str = "C",
        wanted: Callable[[Any], Any] | None = None,
        function: Callable[[Chunk], Any] | None = None,
        workers: int | None = None,
        prefetch: int | None = None,
        ordered: bool = True,
        timeout: float | None = None,
        progress: Any = None,
        on_error: str = "raise",
        scheduler: Any = None,
    ) -> None:
        _check("order", order, _ORDERS)
        _check("on_error", on_error, _ON_ERROR)
        if wanted is not None and not callable(wanted):
            raise TypeError(f"filter must be a function of a position, not {wanted!r}")
        workers = thread_count(workers)
        row = max(1, ROW_NBYTES // reader.unit_nbytes)
        self.errors: list[Exception] = []
        self._reader = reader
        self._on_error = on_error
        known = wanted is None and not reader.stored_only
        self._progress = Progress(progress, reader.nchunks if known else None)
        self._ready: deque[Chunk] = deque()
        ahead = _ahead(prefetch, workers, row, reader.unit_nbytes)
        if prefetch is not None:
            row = min(row, max(1, prefetch))
        self.stream: Results[Tile, list[Chunk]] = begun(
            scheduler,
            reader.tiles(order, wanted, row),
            _Worker(reader, wanted, function),
            reads=(reader.array.store,),
            workers=workers,
            ahead=ahead,
            ordered=ordered,
            timeout=timeout,
        )

    def __next__(self) -> Chunk:
        try:
            while True:
                if self._ready:
                    chunk = self._next_ready()
                    if chunk is not None:
                        return chunk
                elif not self._refill(self.stream.take()):
                    break
        except BaseException as error:
            self.close()
            told = placed(error, self._reader.array)
            raise told from told.__cause__
        self.close()
        raise StopIteration

    def next_steps(self) -> Steps[Chunk | None]:
        """Give the next chunk as a part of an operation; None when there are no more."""
        while True:
            if self._ready:
                chunk = self._next_ready()
                if chunk is not None:
                    return chunk
            elif not self._refill((yield Take(self.stream))):
                return None

    def _refill(self, taken: Any) -> bool:
        if taken is None:
            return False
        if taken.error is not None:
            raise taken.error
        self._ready.extend(taken.value)
        return True

    def _next_ready(self) -> Chunk | None:
        chunk = self._ready.popleft()
        if isinstance(chunk.data, _Failure):
            raise chunk.data.error
        nbytes = getattr(chunk.data, "nbytes", 0)
        error = chunk.error
        if error is not None and self._on_error == "raise":
            raise error
        if self._progress.heard:
            self._progress.advance(1, nbytes, key=self._reader.key(chunk.position))
        if error is not None and self._on_error == "skip":
            self.errors.append(error)
            return None
        return chunk

    def close(self) -> None:
        """End the reading; when this returns nobody works on it."""
        self._ready.clear()
        self._progress.close()
        self.stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "stream") and not sys.is_finalizing():
            self.stream.abandon()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        try:
            while True:
                if self._ready:
                    chunk = self._next_ready()
                    if chunk is not None:
                        return chunk
                elif not self._refill(await take_async(self.stream)):
                    break
        except BaseException as error:
            await self.aclose()
            told = placed(error, self._reader.array)
            raise told from told.__cause__
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the reading; when this returns nobody works on it."""
        self._ready.clear()
        self._progress.close()
        await call_async(self.stream.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *details: object) -> None:
        await self.aclose()


def call(function: Callable[[Chunk], Any], chunk: Chunk, array: Array) -> Any:
    """Call a function; what it raises tells of which chunk."""
    try:
        return function(chunk)
    except Exception as raised:
        error = (
            _no_end(raised) if isinstance(raised, StopIteration | StopAsyncIteration) else raised
        )
        if not hasattr(error, "chunk"):
            with suppress(AttributeError, TypeError):  # a class without room for it
                error.chunk = chunk.position  # type: ignore[attr-defined]
        error.add_note(f"while working on chunk {chunk.position} of {array.place}")
        raise error from error.__cause__


def _no_end(error: BaseException) -> RuntimeError:
    """Make of what ends iterators an error that does not, as generators do."""
    made = RuntimeError(f"a function that was given raised {type(error).__name__}")
    made.__cause__ = error
    return made


def placed(error: BaseException, array: Array) -> BaseException:
    """Say in a TimeoutError which chunk was late; no error may pass for the end of the chunks."""
    if isinstance(error, StopIteration | StopAsyncIteration):
        return _no_end(error)
    late = getattr(error, "task", None)
    if not isinstance(error, TimeoutError) or late is None:
        return error
    placed = TimeoutError(f"chunk {late} of {array.place} {error}")
    placed.chunk = late  # type: ignore[attr-defined]
    return placed


def _ahead(prefetch: int | None, workers: int, row: int, unit_nbytes: int) -> int:
    """Boxes that are read ahead: as many as asked for, or as memory allows."""
    if prefetch is not None:
        if isinstance(prefetch, bool) or not isinstance(prefetch, int) or prefetch < 0:
            raise ValueError(f"prefetch must be an integer of at least 0, not {prefetch!r}")
        return -(-prefetch // row)
    most = config.max_memory
    return workers + 1 if most is None else max(0, min(workers + 1, most // (4 * unit_nbytes) - 1))


def _check(name: str, value: object, right: tuple[str, ...]) -> None:
    if value not in right:
        raise ValueError(f"{name} must be {' or '.join(map(repr, right))}, not {value!r}")
