"""An array in a store."""

from __future__ import annotations

from functools import cached_property, partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy._native.batch import Batch
from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, BytesToBytes, ChunkSpec
from zarrpy.codecs.chain import CodecChain
from zarrpy.config import check_max_memory, check_missing, config
from zarrpy.conventions import ArrayLike
from zarrpy.engine.cache import cache_for
from zarrpy.engine.changes import latest
from zarrpy.engine.missing import mask_of, missing_chunks, missing_error
from zarrpy.engine.nodes import document_key, documents_of
from zarrpy.engine.operation import operation
from zarrpy.engine.requests import Run, Steps
from zarrpy.engine.shards import PythonUnevenShardBatch, native_shard, python_body
from zarrpy.engine.together import Together
from zarrpy.engine.twin import PythonBatch
from zarrpy.errors import ABOUT_DOCUMENTS, ChunkError
from zarrpy.explanation import Explainable
from zarrpy.gridded import Gridded
from zarrpy.indexing import has_ellipsis, unwrapped
from zarrpy.metadata import element
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.sharding import inner_chunk_shape
from zarrpy.occupancy import Occupancy
from zarrpy.reductions import Reducible
from zarrpy.resizing import Resizable
from zarrpy.selection import Selection, is_mask, split_fields
from zarrpy.settings import Configured
from zarrpy.small_reads import SmallReads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zarrpy.engine.watch import Watch
    from zarrpy.info import Info
    from zarrpy.selection.fields import Fields
    from zarrpy.views import View

# Kinds of data types whose arrays give the engine a buffer; of others it sees plain bytes.
_BUFFER_KINDS = frozenset("biufcSU")

#: Seconds for which chunks that are absent are read again while their array is being replaced.
_PATIENCE = 0.5


class Array(
    Resizable, Reducible, Occupancy, Gridded, Explainable, Configured, SmallReads, ArrayLike
):
    """An N-dimensional array, stored in chunks.

    Made by `open_array`, `create_array` and their relatives, not by hand. Reading and writing
    follow NumPy: ``array[10:20, ::-1]`` gives an ndarray, ``array[0, 0] = 1`` changes the store.

    Parameters
    ----------
    store : Store
    path : str
        Of the array within the store; "" is the root.
    metadata : ArrayMetadata
    read_only : bool
        Refuse every change.
    write_empty_chunks : bool, optional
        Write chunks that hold only the fill value; by default they are left out.
    """

    kind = "array"
    _only_stored = False

    def __init__(
        self,
        store: Any,
        path: str | None = None,
        metadata: ArrayMetadata | None = None,
        *,
        read_only: bool = False,
        write_empty_chunks: bool | None = None,
    ) -> None:
        super().__init__(store, path, metadata, read_only=read_only)
        if path is not None:
            self._keep_empty = write_empty_chunks
            self._memory_order = config.array.order

    # --------------------------------------------------------------------------- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, in elements."""
        return self.metadata.shape

    @shape.setter
    def shape(self, shape: tuple[int, ...]) -> None:
        self.resize(shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements in memory, in native byte order."""
        return self.metadata.data_type.numpy

    @property
    def fill_value(self) -> np.generic:
        """Value of elements that were never written."""
        return self.metadata.fill_value

    @property
    def dimension_names(self) -> tuple[str | None, ...] | None:
        """Names of the axes, where they have some."""
        return self.metadata.dimension_names

    @property
    def order(self) -> str:
        """Order of the elements within a stored chunk: "C", or "F" when a transpose reverses it."""
        for codec in self.metadata.codecs:
            if codec.name == "transpose" and self.ndim > 1:
                given = codec.configuration.get("order")
                if given == "F" or given == list(range(self.ndim))[::-1]:
                    return "F"
        return "C"

    @cached_property
    def codecs(self) -> CodecChain:
        """The codec chain of this array.

        Raises
        ------
        UnsupportedExtensionError
            When a codec is not known.
        CodecError
            When a codec refuses its configuration, or the data that it is given.
        LimitError
            When chunks are larger than is allowed.
        """
        metadata = self.metadata
        largest = metadata.chunk_grid.largest(metadata.shape)
        spec = ChunkSpec(largest, self.dtype, metadata.fill_value)
        try:
            return CodecChain.bind(metadata.codecs, spec, self.given)
        except ABOUT_DOCUMENTS as error:
            error.fill(path=document_key(self.path, metadata))
            raise

    @property
    def _chunk_codecs(self) -> CodecChain:
        """The chain of one chunk, which may be inside a shard."""
        return self.codecs if self.codecs.shard is None else self.codecs.shard.chain

    @property
    def filters(self) -> tuple[ArrayToArray, ...]:
        """Array-to-array codecs of a chunk."""
        return self._chunk_codecs.array_to_array

    @property
    def serializer(self) -> ArrayToBytes:
        """The array-to-bytes codec of a chunk."""
        return self._chunk_codecs.array_to_bytes

    @property
    def compressors(self) -> tuple[BytesToBytes, ...]:
        """Bytes-to-bytes codecs of a chunk."""
        return self._chunk_codecs.bytes_to_bytes

    @property
    def info(self) -> Info:
        """What there is to know without reading a chunk."""
        from zarrpy.info import Info

        return Info.of_array(self)

    # ------------------------------------------------------------------------------- reading

    @property
    def lazy(self) -> View:
        """A view of the whole: selecting of it reads nothing until `View.read`.

        ``a.lazy[10:20, ::2].T`` composes selections, ``np.asarray`` of it reads them.
        """
        from zarrpy.views import View

        return View(self)

    def __getitem__(self, key: Any) -> Any:
        found = self._read_small(key) if self._buffer is None else None
        return unwrapped(self.read(key), key) if found is None else found

    @operation
    def read(
        self,
        selection: Any = Ellipsis,
        *,
        out: Any = None,
        missing: str | None = None,
        max_memory: int | str | None = None,
    ) -> Steps[np.ndarray[Any, Any]]:
        """Read a selection.

        Parameters
        ----------
        selection : int, slice, ellipsis, newaxis, array, names of fields, or a tuple of them
            As in ``array[selection]``; also a dictionary by the names of dimensions.
        out : ndarray or buffer, optional
            Where the elements go: of the selection's shape and the array's data type, any strides
            that give each element memory of its own; or as many plain bytes, as in a bytearray.
            They are decoded there, without a copy in between.
        missing : {"fill", "error", "mask"}, optional
            What chunks are that were never written: the fill value, an error, or masked elements
            of a masked array. By default as `config.missing` says.
        max_memory : int or str, optional
            Bytes that chunks in work may take beside the result, such as ``"256MiB"``; by default
            as ``config.max_memory`` says.

        Returns
        -------
        ndarray
            `out` as an array, or a new one; for ``missing="mask"`` a masked array of it.

        Raises
        ------
        SelectionError
            An IndexError, when the selection does not fit the array.
        ShapeMismatchError, TypeError, ValueError
            When `out` has another shape, another data type, or cannot be written.
        ChunkError
            When a chunk cannot be decoded, or is missing and that is an error; names the array,
            the chunk and its key.
        LimitError
            A ValueError, when not even one chunk at a time keeps within `max_memory`.
        """
        usual = self._missing or config.missing
        missing = usual if missing is None else check_missing(missing)
        fields, rest = split_fields(selection)
        chosen = self._chosen(rest)
        return (yield from self._read(chosen, fields, out, missing, max_memory))

    def _read_chunks(
        self,
        chosen: Selection,
        out: np.ndarray[Any, Any],
        missing: str,
        max_memory: int | str | None,
    ) -> Steps[np.ndarray[Any, Any] | None]:
        block = chosen.align(out)
        make = partial(self._batch, chosen, block, writing=False, noting=missing != "fill")
        batch, watch = yield from self._run_read(chosen, make, max_memory)
        if batch.nabsent and not watch.looked:
            yield from self._account_for_absent()
        absent = [] if missing == "fill" else missing_chunks(batch, self.metadata.chunk_keys)
        if absent and missing == "error":
            raise missing_error(absent, self.place, self.store.in_memory)
        chosen.take_back(block, out)
        return mask_of(absent, chosen) if missing == "mask" else None

    # ------------------------------------------------------------------------------- writing

    def __setitem__(self, key: Any, value: Any) -> None:
        self.write(key, value)

    @operation
    def write(
        self, selection: Any, value: Any, *, max_memory: int | str | None = None
    ) -> Steps[None]:
        """Write a selection.

        Parameters
        ----------
        selection : int, slice, ellipsis, newaxis, array, names of fields, or a tuple of them
            As in ``array[selection] = value``; also a dictionary by the names of dimensions. Where
            an element is named twice, the later of its values stays, in C order.
        value : array-like
            Broadcast to the shape of the selection and cast to the data type, as NumPy does.
        max_memory : int or str, optional
            Bytes that chunks in work may take beside the value, as for `read`.

        Raises
        ------
        SelectionError
            An IndexError, when the selection does not fit the array.
        ShapeMismatchError
            A ValueError, when the value cannot be broadcast. Nothing is written then.
        """
        self._check_writable("write")
        fields, rest = split_fields(selection)
        chosen = self._chosen(rest)
        how = {"element": not has_ellipsis(rest), "flat": is_mask(rest, self.ndim, chosen)}
        yield from self._write(chosen, value, fields, **how, max_memory=max_memory)

    def _write_chunks(
        self,
        chosen: Selection,
        values: np.ndarray[Any, Any],
        fields: Fields | None,
        max_memory: int | str | None,
    ) -> Steps[None]:
        def write(metadata: ArrayMetadata, watch: Watch | None) -> Steps[None]:
            if metadata is not self.metadata:
                keep = self._keep_empty
                yield from self._write_as(metadata, chosen, values, False, keep, max_memory, watch)
                return
            batch = self._batch(chosen, chosen.align(values), writing=True, fields=fields)
            yield from self._run(batch, max_memory, watch)

        yield from self._write_watched(chosen, write, whole=fields is None)

    def _write_as(
        self,
        metadata: ArrayMetadata,
        chosen: Selection,
        values: np.ndarray[Any, Any],
        only_stored: bool,
        keep_empty: bool | None,
        max_memory: int | str | None = None,
        watch: Watch | None = None,
    ) -> Steps[None]:
        if keep_empty is None and not (only_stored and self.codecs.shard is not None):
            keep_empty = self._keep_empty
        other = Array(self.store, self.path, metadata, write_empty_chunks=keep_empty)
        other._only_stored, other.given = only_stored, self.given
        batch = other._batch(chosen, chosen.align(values), writing=True)
        yield from other._run(batch, max_memory, watch)

    @property
    def _inside_nbytes(self) -> int | None:
        return None if self.codecs.shard is None else self._chunk_codecs.spec.nbytes

    @property
    def _mixes(self) -> bool:
        return self._chunk_codecs.mixes and bool(np.any(self._fill_bytes[0]))

    def _name_keys(self, batch: Any) -> None:
        keys = self.metadata.chunk_keys
        if isinstance(batch, PythonBatch) and not keys.plain:
            batch.spell_keys(keys.key)
        else:
            batch.name_keys(keys.prefix, keys.separator, keys.zero, keys.suffix)

    def _run(
        self,
        batch: Batch | PythonBatch | Together,
        max_memory: int | str | None = None,
        watch: Watch | None = None,
    ) -> Steps[None]:
        for each in batch.parts if isinstance(batch, Together) else (batch,):
            self._name_keys(each)
        most, step = check_max_memory(max_memory), self._step(batch)
        try:
            between, nbytes = self.metadata.storage_transformers, self.codecs.spec.nbytes
            inside = self._inside_nbytes
            yield Run(batch, self.path, nbytes, inside, most, between, step, watch, self._unborn)
        except ChunkError as error:
            error.fill(array=self.place, hint=error.next_step(self.place, self.store.in_memory))
            raise

    def _run_read(
        self,
        chosen: Selection,
        make: Callable[[], Batch | PythonBatch],
        max_memory: int | str | None = None,
    ) -> Steps[tuple[Batch | PythonBatch, Watch]]:
        """Read by a batch, and by new ones while chunks are absent of an array being replaced.

        That is tried again once at least, and then for some time: the array may be sparse, and
        somebody change its attributes all the time.
        """
        until: float | None = None
        while True:
            batch, watch = make(), self._watch(chosen)
            yield from self._run(batch, max_memory, watch)
            if not watch.moved or (until is not None and monotonic() > until):
                return batch, watch
            if until is None:
                until = monotonic() + _PATIENCE

    def _batch(
        self,
        chosen: Selection,
        block: np.ndarray[Any, Any],
        *,
        writing: bool,
        noting: bool = False,
        leaving: bool = False,
        kind: type[Batch] = Batch,
        fields: Fields | None = None,
        mask: np.ndarray[Any, Any] | None = None,
    ) -> Batch | PythonBatch:
        """Chunks of a selection, in C where the chain is native and shards need not be noted.

        With `noting` the batch keeps which chunks were absent. With `leaving` it also leaves their
        places in the block as they are; of shards that holds for those that are absent altogether.
        With a `mask`, only the elements that it marks are written.
        """
        chain, settings = self.codecs, config.current
        spacing = self.metadata.chunk_grid.spacing(self.shape)
        shard = chain.shard if self.metadata.chunk_grid.regular else None
        inner = None if shard is None else shard.chunk_shape
        plan = chosen.plan(self.shape, spacing, inner)
        empty = self._keep_empty
        options: dict[str, Any] = {
            "writing": writing,
            "keep_empty": settings.array.write_empty_chunks if empty is None else empty,
            "durable": settings.durability == "durable",
            "timeout_ms": int(settings.lock_timeout * 1000),
            "only_stored": self._only_stored,
        }
        engine = chain.engine_chain(writing=writing) if shard is chain.shard else None
        apart = fields is not None or mask is not None or not self.metadata.chunk_keys.plain
        inside = noting and chain.shard is not None
        if engine is None or apart or "native" in settings.disable or inside:
            body = python_body(chain, self.metadata.chunk_grid.regular, writing, noting)
            twin = body(
                plan, chain, block, self.metadata.fill_value, fields=fields, mask=mask, **options
            )
            if isinstance(twin, PythonUnevenShardBatch):
                twin.place_shards(self._chunk_start)
            if leaving:
                twin.leave_absent()
            return twin
        texts = None
        if block.dtype.kind == "T" and not writing:
            from zarrpy._native.texts import Texts  # few arrays need it

            texts = Texts(block, str(self.metadata.fill_value))
            block = np.asarray(texts)
        elif block.dtype.kind not in _BUFFER_KINDS:
            block = block.view(np.dtype((np.void, block.itemsize)))
        options["whole_chunks"] = "partial" in settings.disable
        options["stream"] = "stream" not in settings.disable
        options["zero_padding"] = self._chunk_codecs.mixes
        fill, stored_fill = self._fill_bytes if texts is None else (texts.fill, texts.fill)
        batch = kind(plan, engine, block, fill, stored_fill, **options)
        if texts is not None:
            batch.use_texts(texts)
        if shard is not None:
            batch.use_shards(native_shard(shard))
        if leaving:
            batch.leave_absent()
        elif noting:
            batch.note_absent()
        cache = None if writing else cache_for(self.cache)
        if cache is not None:
            batch.use_cache(cache)
        return batch

    def _chunk_start(self, place: Sequence[int]) -> tuple[int, ...]:
        """Tell where what is stored under one key begins."""
        return tuple(start for start, _ in self._chunk(place))

    @cached_property
    def _fill_bytes(self) -> tuple[bytes, bytes]:
        """The fill value as in memory, and as in stored chunks."""
        fill = np.array(self.metadata.fill_value, self.dtype)
        if not self._chunk_codecs.swap:
            return fill.tobytes(), fill.tobytes()
        return fill.tobytes(), element.swapped(fill).tobytes()

    # --------------------------------------------------------------------------- conventions

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        for start, stop in self._chunk_rows():
            yield from self[start:stop]

    def _chunk_rows(self) -> Iterator[tuple[int, int]]:
        """Where along the first axis chunks begin and end, so that each is decoded once."""
        grid = self.metadata.chunk_grid
        sizes: Iterable[int] = grid.sizes(self.shape)[0]
        inner = inner_chunk_shape(self.metadata.codecs, self.ndim)
        if inner is not None and grid.regular and self.codecs.shard is not None:
            length = inner[0]  # shards that are read in part begin with a chunk of their own
            sizes = (min(length, n - at) for n in sizes for at in range(0, n, length))
        start = 0
        for n in sizes:
            yield start, start + n
            start += n

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made again when it is needed, and the buffer, which has one array."""
        left_out = ("codecs", "_fill_bytes", "_prepared", "_sight", "_buffer", "_ahead")
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        """Name the contents: equal names mean equal contents, as far as this process knows.

        The name is the same in every process until the node's documents change, or this process
        writes to it: then it is another one with each write.
        """
        self._settle_now()
        documents = documents_of(self.path, self.metadata)
        return (
            "zarrpy.Array",
            self.path,
            tuple((key, value, self.store.identity(key)) for key, value in documents),
            latest(self.store, self.path),
        )

    def __repr__(self) -> str:
        from zarrpy.info import array_line

        return array_line(self)
