"""A function of every chunk, its results written where they belong.

Work is shared out by what the results are stored in: one task is one chunk or shard of the array
that is written, so no two threads ever write the same key, and each key is written once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.chunks import ROW_NBYTES, Chunk, call, placed
from zarrpy.display.progress import Progress
from zarrpy.engine.drive import drive
from zarrpy.engine.requests import Close, Take
from zarrpy.engine.scheduler import begun, is_local
from zarrpy.engine.stream import Stream, thread_count
from zarrpy.errors import SelectionError, ShapeMismatchError
from zarrpy.selection import parse_basic
from zarrpy.selection.tiling import Tile, Tiling, boxed, place_of, region, rows, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.array import Array
    from zarrpy.chunks import ChunkReader
    from zarrpy.engine.requests import Steps
    from zarrpy.selection import Selection

    Block = np.ndarray[Any, Any]


class Mapping:
    """One call of `map_chunks` that writes its results.

    Parameters
    ----------
    reader : ChunkReader
    function : callable
        Of a `Chunk`.
    selection : object
        As the user gave it.
    missing : str, optional
    """

    def __init__(
        self,
        reader: ChunkReader,
        function: Callable[[Chunk], Any],
        selection: Any,
        missing: str | None,
    ) -> None:
        self._reader = reader
        self.array = reader.array
        self._function = function
        self._missing = missing
        self._chosen = self.array._select(parse_basic, selection)
        #: The same, with each axis left, ascending.
        self._box = boxed(self._chosen.start, self._chosen.count, self._chosen.step)
        self._known: dict[tuple[int, ...], Any] = {}

    def into(
        self,
        out: Any,
        dtype: Any,
        *,
        workers: int | None,
        prefetch: int | None,
        timeout: float | None,
        progress: Any,
        scheduler: Any,
    ) -> Steps[Any]:
        """Run it to its end, and give back what was written."""
        from zarrpy.array import Array

        workers = thread_count(workers)
        if not isinstance(out, np.ndarray | Array):
            out = yield from self._create(out, dtype)
        in_memory = isinstance(out, np.ndarray)
        target = self._into_memory(out) if in_memory else self._into_array(out)
        report = Progress(progress, target.nunits)
        stream = begun(
            scheduler,
            target.tiles(),
            target.work if is_local(scheduler) or not in_memory else target.sent,
            reads=(self.array.store,),
            writes=() if in_memory else (out.store,),
            workers=workers,
            ahead=workers + 1 if prefetch is None else prefetch,
            ordered=False,
            timeout=timeout,
        )
        try:
            while (taken := (yield Take(stream))) is not None:
                if taken.error is not None:
                    raise taken.error
                report.advance(taken.task.nunits, *target.kept(taken.task, taken.value))
        except TimeoutError as error:
            raise placed(error, self.array) from error
        finally:
            yield Close(stream)
            report.close()
        return out

    # ----------------------------------------------------------------------------------- targets

    def _into_memory(self, out: Block) -> _Target:
        self._check_shape(out)
        if isinstance(out, np.ma.MaskedArray):  # all of its parts are to share one mask
            out.mask = np.ma.getmaskarray(out)
        return _Target(self, self._reader.tiling, self._reader.tiling, self._chosen.align(out))

    def _into_array(self, out: Array) -> _Target:
        self._check_shape(out)
        out._check_writable("write")
        if any(not isinstance(term, slice) or term.step for term in self._chosen.terms):
            raise SelectionError(
                "cannot be written to an array: an integer drops an axis, a negative step flips it",
                array=self.array.place,
                selection=region(self._box),
                shape=self.array.shape,
                hint="write slices with positive steps, or into an ndarray",
            )
        ndim = out.ndim
        cut = Tiling(
            out.shape, out.metadata.chunk_grid.spacing(out.shape), (0,) * ndim, out.shape,
            (1,) * ndim,
        )  # fmt: skip
        return _Target(self, cut, self._chunk_tiling, out)

    @property
    def _chunk_tiling(self) -> Tiling:
        """The selection, cut by the chunks of the array, those inside shards where there are."""
        tiling = self._reader.tiling
        if self._reader.inner is None:
            return tiling
        return tiling.within(self._box, self._reader.inner)

    def _check_shape(self, out: Any) -> None:
        if tuple(out.shape) != self._chosen.shape:
            raise ShapeMismatchError(
                f"out has shape {tuple(out.shape)}, but the selection has {self._chosen.shape}",
                array=self.array.place,
                expected=self._chosen.shape,
                actual=tuple(out.shape),
            )

    def _create(self, place: Any, dtype: Any) -> Steps[Array]:
        """Make an array like this one, of the data type that the first result has."""
        from zarrpy.api.create import create_array

        array, chosen = self.array, self._chosen
        if dtype is None:
            dtype = yield from self._first_dtype()
        whole = chosen.shape == array.shape
        shards = array.metadata.chunk_grid.listed() if array.codecs.shard is not None else None
        inner = array.codecs.shard.chunk_shape if array.codecs.shard is not None else None
        chunks: Any = array.metadata.chunk_grid.listed() if inner is None else list(inner)
        if not whole:
            kept = [i for i, term in enumerate(chosen.terms) if isinstance(term, slice)]
            largest = inner or array.codecs.spec.shape
            chunks = [min(largest[i], max(chosen.count[i], 1)) for i in kept]
            shards = None
        if all(isinstance(each, int) for each in chunks):
            chunks = tuple(chunks)

        def make(place: Any, begin: object) -> Array:
            return create_array(
                place,
                shape=chosen.shape,
                dtype=dtype,
                chunks=chunks,
                shards=None if shards is None else tuple(shards),
                dimension_names=array.dimension_names if whole else None,
                zarr_format=array.metadata.zarr_format,
            )

        # in another store than that of this array, so not by a request of ours
        stream = Stream([place], make, workers=1, ahead=1)
        try:
            taken = yield Take(stream)
            if taken.error is not None:
                raise taken.error
            made: Array = taken.value
        finally:
            yield Close(stream)
        return made

    def _first_dtype(self) -> Steps[Any]:
        """Work out the first chunk, which is then known."""
        tiling = self._chunk_tiling
        if tiling.nunits == 0:
            return self.array.dtype
        unit = (0,) * len(tiling.shape)
        chosen = tiling.selection(Tile.of(unit))
        data = yield from self.array._read(chosen, missing=self._missing)
        chunk = Chunk(tiling.position(unit), region(chosen), data)
        result = call(self._function, chunk, self.array)
        self._known[chunk.position] = result
        return np.asarray(result).dtype

    # ------------------------------------------------------------------------------------ working

    def apply(self, chunk: Chunk, shape: tuple[int, ...], begin: Callable[[Any], None]) -> Any:
        """Call the function; its result must be broadcast to the shape of the chunk."""
        result = self._known.pop(chunk.position, None)
        if result is None or chunk.data.shape != shape or np.shape(result) not in ((), shape):
            begin(chunk.position)
            result = call(self._function, chunk, self.array)
        if isinstance(result, np.ma.MaskedArray) and result.shape == shape:
            return result  # whose mask is for memory that has one
        try:
            return np.broadcast_to(result, shape)
        except ValueError:
            raise ShapeMismatchError(
                f"the result for chunk {chunk.position} of {self.array.place} has shape "
                f"{np.shape(result)}, not {shape}",
                expected=shape,
                actual=np.shape(result),
            ) from None

    def read(self, chosen: Selection) -> Block:
        """Read elements of the array."""
        return drive(self.array.store, self.array._read(chosen, missing=self._missing))


class _Target:
    """Where the results of one call go, and what one thread takes on at a time.

    Parameters
    ----------
    mapping : Mapping
    cut : Tiling
        Of what is written; for memory that of the array itself.
    chunks : Tiling
        The selection, cut by the chunks that the function gets.
    out : ndarray or Array
    """

    def __init__(self, mapping: Mapping, cut: Tiling, chunks: Tiling, out: Any) -> None:
        self._mapping = mapping
        self._cut = cut
        self._chunks = mapping._chunk_tiling if isinstance(out, np.ndarray) else chunks
        self._out = out
        self._box = mapping._box

    @property
    def nunits(self) -> int:
        """Number of chunks or shards that are written."""
        return self._cut.nunits

    def tiles(self) -> Iterator[Tile]:
        """Give boxes of chunks or shards that are written: one, or a row of small ones."""
        if not self._cut.shape:
            return map(Tile.of, self._cut.units())
        written = self._mapping.array if isinstance(self._out, np.ndarray) else self._out
        most = max(1, ROW_NBYTES // max(written.codecs.spec.nbytes, 1))
        return rows(self._cut.units(), len(self._cut.shape) - 1, most)

    def work(self, tile: Tile, begin: Callable[[Any], None]) -> tuple[int, int]:
        """Do one task; return bytes read and written."""
        written = self._cut.selection(tile)
        chosen = written if isinstance(self._out, np.ndarray) else self._source(written)
        data = self._mapping.read(chosen)
        cut = self._chunks.within(chosen, self._chunks.spacing)
        if isinstance(self._out, np.ndarray):
            place = self._out[place_of(chosen, self._box)]
            self._fill(place, data, cut, chosen, begin)
            return data.nbytes, place.nbytes
        block = np.empty(chosen.shape, self._out.dtype)
        self._fill(block, data, cut, chosen, begin)
        drive(self._out.store, self._out._write(written, block))
        return data.nbytes, block.nbytes

    def sent(self, tile: Tile, begin: Callable[[Any], None]) -> tuple[int, Block]:
        """Do one task for memory of another process; return bytes read, and the results."""
        chosen = self._cut.selection(tile)
        data = self._mapping.read(chosen)
        block = np.empty(chosen.shape, self._out.dtype)
        self._fill(block, data, self._chunks.within(chosen, self._chunks.spacing), chosen, begin)
        return data.nbytes, block

    def kept(self, tile: Tile, found: tuple[int, Any]) -> tuple[int, int]:
        """Put results in their place that came from another process; return bytes."""
        nbytes, block = found
        if isinstance(block, int):
            return nbytes, block
        self._out[place_of(self._cut.selection(tile), self._box)] = block
        return nbytes, block.nbytes

    def __getstate__(self) -> dict[str, Any]:
        """Leave memory for results here: others only need to know what it is like."""
        out = self._out
        return vars(self) | {"_out": np.empty(0, out.dtype) if isinstance(out, np.ndarray) else out}

    def _source(self, written: Selection) -> Selection:
        """Tell which elements of the array belong to a box of what is written."""
        columns = zip(self._box.start, self._box.step, written.start, strict=True)
        start = tuple(begin + by * step for begin, step, by in columns)
        return boxed(start, written.count, self._box.step)

    def _fill(
        self,
        block: Block,
        data: Block,
        cut: Tiling,
        chosen: Selection,
        begin: Callable[[Any], None],
    ) -> None:
        for unit in units_of(Tile((0,) * len(cut.counts), cut.counts)):
            part = cut.selection(Tile.of(unit))
            place = place_of(part, chosen)
            chunk = Chunk(cut.position(unit), region(part), data[place])
            block[place] = self._mapping.apply(chunk, part.shape, begin)
