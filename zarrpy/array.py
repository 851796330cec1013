"""An array in a store."""

from __future__ import annotations

import math
import operator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy._native.batch import Batch
from zarrpy._native.plan import ChunkPlan
from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, BytesToBytes, ChunkSpec
from zarrpy.codecs.chain import CodecChain
from zarrpy.config import check_missing, config
from zarrpy.engine.nodes import VANISHED, require_node
from zarrpy.engine.operation import operation
from zarrpy.engine.requests import Run, Steps
from zarrpy.engine.twin import PythonBatch
from zarrpy.errors import (
    ChunkError,
    MetadataError,
    MissingChunkError,
    NodeNotFoundError,
    ShapeMismatchError,
)
from zarrpy.metadata import element
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.node import Node
from zarrpy.selection import Selection, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrpy.info import Info
    from zarrpy.stores.base import Store

# Kinds of data types whose arrays give the engine a buffer; of others it sees plain bytes.
_BUFFER_KINDS = frozenset("biufcSU")


class Array(Node[ArrayMetadata]):
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

    def __init__(
        self,
        store: Store,
        path: str,
        metadata: ArrayMetadata,
        *,
        read_only: bool = False,
        write_empty_chunks: bool | None = None,
    ) -> None:
        super().__init__(store, path, metadata, read_only=read_only)
        self._keep_empty = write_empty_chunks

    # --------------------------------------------------------------------------- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, in elements."""
        return self.metadata.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements in memory, in native byte order."""
        return self.metadata.data_type.numpy

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.metadata.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.metadata.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements in memory; what is stored is less, as a rule."""
        return self.size * self.itemsize

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of the chunks, in elements."""
        return self.metadata.chunk_grid.chunk_shape

    @property
    def shards(self) -> tuple[int, ...] | None:
        """Shape of the shards; None when chunks are stored one by one."""
        return None

    @property
    def cdata_shape(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return self.metadata.grid_shape

    @property
    def nchunks(self) -> int:
        """Number of chunks."""
        return math.prod(self.cdata_shape)

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
        """
        metadata = self.metadata
        spec = ChunkSpec(metadata.chunk_grid.chunk_shape, self.dtype, metadata.fill_value)
        try:
            return CodecChain.bind(metadata.codecs, spec)
        except MetadataError as error:
            error.fill(path=self.path or "/")
            raise

    @property
    def filters(self) -> tuple[ArrayToArray, ...]:
        """Array-to-array codecs."""
        return self.codecs.array_to_array

    @property
    def serializer(self) -> ArrayToBytes:
        """The array-to-bytes codec."""
        return self.codecs.array_to_bytes

    @property
    def compressors(self) -> tuple[BytesToBytes, ...]:
        """Bytes-to-bytes codecs."""
        return self.codecs.bytes_to_bytes

    @property
    def info(self) -> Info:
        """What there is to know without reading a chunk."""
        from zarrpy.info import Info

        return Info.of_array(self)

    # ------------------------------------------------------------------------------- reading

    def __getitem__(self, key: Any) -> Any:
        result = self.read(key)
        if result.ndim == 0 and not _has_ellipsis(key):
            return result[()]
        return result

    @operation
    def read(
        self,
        selection: Any = Ellipsis,
        *,
        out: np.ndarray[Any, Any] | None = None,
        missing: str | None = None,
    ) -> Steps[np.ndarray[Any, Any]]:
        """Read a selection.

        Parameters
        ----------
        selection : int, slice, ellipsis, newaxis or a tuple of them
            As in ``array[selection]``.
        out : ndarray, optional
            Where the elements go: of the selection's shape and the array's data type, any strides
            that give each element memory of its own.
        missing : {"fill", "error", "mask"}, optional
            What chunks are that were never written: the fill value, an error, or masked elements
            of a masked array. By default as `config.missing` says.

        Returns
        -------
        ndarray
            `out`, or a new array; for ``missing="mask"`` a masked array of it.

        Raises
        ------
        SelectionError
            An IndexError, when the selection does not fit the array.
        ChunkError
            When a chunk cannot be decoded, or is missing and that is an error; names the array,
            the chunk and its key.
        """
        missing = config.missing if missing is None else check_missing(missing)
        chosen = parse(selection, self.shape)
        if out is None:
            out = np.empty(chosen.shape, self.dtype)
        else:
            _check_out(out, chosen, self.dtype)
        batch = self._batch(chosen, out, writing=False)
        if missing != "fill":
            batch.note_absent()
        yield from self._run(batch)
        if batch.nabsent:
            yield from self._account_for_absent()
        if batch.nabsent and missing == "error":
            raise self._missing_chunk(batch)
        if self.metadata.data_type.settle is not None:
            self.metadata.data_type.settle(out)
        return np.ma.MaskedArray(out, _mask(batch, chosen)) if missing == "mask" else out

    def _missing_chunk(self, batch: Batch | PythonBatch) -> MissingChunkError:
        """Name the first chunk that is missing."""
        index = batch.plan.grid_index(batch.absent[0])
        more = batch.nabsent - 1
        return MissingChunkError(
            f"so are {more} more of the selection" if more else "",
            array=self._place,
            chunk=index,
            key=self.metadata.chunk_keys.key(index),
        )

    def _account_for_absent(self) -> Steps[None]:
        """Chunks may be absent; the array itself may not, nor may chunks that were asked for."""
        try:
            yield from require_node(self.path, self.metadata.zarr_format, ArrayMetadata)
        except NodeNotFoundError as error:
            error.hint = VANISHED
            raise self.store.locate(error) from None

    # ------------------------------------------------------------------------------- writing

    def __setitem__(self, key: Any, value: Any) -> None:
        self.write(key, value)

    @operation
    def write(self, selection: Any, value: Any) -> Steps[None]:
        """Write a selection.

        Parameters
        ----------
        selection : int, slice, ellipsis, newaxis or a tuple of them
            As in ``array[selection] = value``.
        value : array-like
            Broadcast to the shape of the selection and cast to the data type, as NumPy does.

        Raises
        ------
        SelectionError
            An IndexError, when the selection does not fit the array.
        ShapeMismatchError
            A ValueError, when the value cannot be broadcast. Nothing is written then.
        """
        self._check_writable("write")
        chosen = parse(selection, self.shape)
        element = chosen.shape == () and not _has_ellipsis(selection)
        values = assignable(value, self.dtype, chosen.shape, self.name, element=element)
        if self.metadata.data_type.settle is not None:
            values = np.array(values)
            self.metadata.data_type.settle(values)
        yield from self._run(self._batch(chosen, values, writing=True))

    def _run(self, batch: Batch | PythonBatch) -> Steps[None]:
        keys = self.metadata.chunk_keys
        batch.name_keys(keys.prefix, keys.separator, keys.zero)
        try:
            yield Run(batch, self.path)
        except ChunkError as error:
            error.fill(array=self._place)
            raise

    @property
    def _place(self) -> str:
        """Name in errors, as people find the array."""
        return self.store.place_of(self.path)

    def _batch(
        self, chosen: Selection, values: np.ndarray[Any, Any], *, writing: bool
    ) -> Batch | PythonBatch:
        """Chunks of a selection, in C where the chain is native."""
        chain = self.codecs
        plan = ChunkPlan(
            self.shape, self.metadata.chunk_grid.axes, chosen.start, chosen.count, chosen.step
        )
        block = chosen.align(values)
        keep_empty = self._keep_empty
        if keep_empty is None:
            keep_empty = config.array.write_empty_chunks
        durable = config.durability == "durable"
        timeout_ms = int(config.lock_timeout * 1000)
        if chain.native_chain is None or "native" in config.disable:
            return PythonBatch(
                plan,
                chain,
                block,
                self.fill_value,
                writing=writing,
                keep_empty=keep_empty,
                durable=durable,
                timeout_ms=timeout_ms,
            )
        fill, stored_fill = self._fill_bytes
        if block.dtype.kind not in _BUFFER_KINDS:
            block = block.view(np.dtype((np.void, block.itemsize)))
        return Batch(
            plan,
            chain.native_chain,
            block,
            fill,
            stored_fill,
            writing,
            keep_empty,
            durable,
            timeout_ms,
            whole_chunks="partial" in config.disable,
        )

    @cached_property
    def _fill_bytes(self) -> tuple[bytes, bytes]:
        """The fill value as in memory, and as in stored chunks."""
        fill = np.array(self.fill_value, self.dtype)
        if not self.codecs.swap:
            return fill.tobytes(), fill.tobytes()
        return fill.tobytes(), element.swapped(fill).tobytes()

    # --------------------------------------------------------------------------- conventions

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        rows = self.chunks[0]
        for start in range(0, self.shape[0], rows):
            yield from self[start : start + rows]

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError(f"{self.name!r} is stored: an array of it is always a copy")
        result = self.read()
        return result if dtype is None else result.astype(dtype, copy=False)

    def __bool__(self) -> bool:
        return bool(np.asarray(self))

    def __int__(self) -> int:
        return int(np.asarray(self)[()])

    def __float__(self) -> float:
        return float(np.asarray(self)[()])

    def __index__(self) -> int:
        if self.shape:
            raise TypeError("only a 0-d array of integers can be an index")
        return operator.index(self[()])

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made again when it is needed."""
        return {k: v for k, v in self.__dict__.items() if k not in ("codecs", "_fill_bytes")}

    def __repr__(self) -> str:
        names = self.dimension_names
        sizes = ", ".join(
            f"{names[i]} {n}" if names and names[i] else str(n) for i, n in enumerate(self.shape)
        )
        return f"<zarrpy.Array {self.name!r} ({sizes}) {self.dtype} in {self.store!r}>"


def _has_ellipsis(key: Any) -> bool:
    return key is Ellipsis or (isinstance(key, tuple) and any(term is Ellipsis for term in key))


def _mask(batch: Batch | PythonBatch, chosen: Selection) -> np.ndarray[Any, Any]:
    """Mark the elements of chunks that do not exist."""
    mask = np.zeros(chosen.shape, bool)
    block = chosen.align(mask)
    for task in batch.absent:
        block[tuple(slice(out, out + n) for *_, n, out in batch.plan.pieces(task))] = True
    return mask


def _check_out(out: np.ndarray[Any, Any], chosen: Selection, dtype: np.dtype[Any]) -> None:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, not {type(out).__name__}")
    if out.shape != chosen.shape:
        raise ShapeMismatchError(
            f"out has shape {out.shape}, but the selection has {chosen.shape}",
            expected=chosen.shape,
            actual=out.shape,
        )
    if out.dtype != dtype:
        raise TypeError(f"out has data type {out.dtype}, but the array has {dtype}")
    if _overlaps_itself(out):
        raise ValueError(
            f"out has elements that lie over each other in memory, by its strides {out.strides}: "
            "give an array that has memory for each"
        )


def _overlaps_itself(array: np.ndarray[Any, Any]) -> bool:
    """Whether two elements of an array share memory."""
    axes = [(abs(step), n) for step, n in zip(array.strides, array.shape, strict=True) if n > 1]
    if array.size == 0:
        return False
    span = array.itemsize
    for step, n in sorted(axes):
        if step < span:
            break
        span = step * (n - 1) + span
    else:
        return False  # each axis steps over all that the finer ones hold
    offsets = np.zeros((), np.int64)
    for step, n in axes:
        offsets = offsets[..., None] + step * np.arange(n)
    return bool((np.diff(np.sort(offsets, axis=None)) < array.itemsize).any())


def assignable(
    value: Any, dtype: np.dtype[Any], shape: Sequence[int], name: str, *, element: bool = False
) -> np.ndarray[Any, Any]:
    """Cast and broadcast a value as NumPy's assignment does, because NumPy does it.

    Parameters
    ----------
    value : array-like
    dtype : numpy.dtype
    shape : sequence of int
        Of what is assigned to.
    name : str
        Of the array, for errors.
    element : bool
        Assign to one element by its index, as in ``a[0, 0] = value``: NumPy takes fewer values
        there.
    """
    if hasattr(value, "__array__") and not isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value)
    if element:
        target = np.empty((), dtype)
        target[()] = value
        return target
    if isinstance(value, np.ndarray):
        values = value if value.dtype == dtype else _cast(value, dtype, value.shape)
    elif isinstance(value, list | tuple) and value:
        values = _cast_list(value, dtype, shape, name)
    else:
        values = _cast(value, dtype, (1,) * len(shape))
    while values.ndim > len(shape) and values.shape[0] == 1:
        values = values[0]
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise _wrong_shape(values.shape, shape, name) from None


def _cast(value: Any, dtype: np.dtype[Any], shape: Sequence[int]) -> np.ndarray[Any, Any]:
    target = np.empty(shape, dtype)
    target[...] = value
    return target


def _cast_list(
    value: Any, dtype: np.dtype[Any], shape: Sequence[int], name: str
) -> np.ndarray[Any, Any]:
    """Assign a list; NumPy's words for one of a wrong shape are made ours."""
    try:
        return _cast(value, dtype, shape)
    except ValueError:
        given = np.shape(value)  # of a ragged list, its own error
        try:
            np.broadcast_to(np.empty(given, "b"), shape)
        except ValueError:
            raise _wrong_shape(given, shape, name) from None
        raise


def _wrong_shape(given: Sequence[int], shape: Sequence[int], name: str) -> ShapeMismatchError:
    return ShapeMismatchError(
        f"{name!r}: cannot broadcast a value of shape {tuple(given)} to the selection's shape "
        f"{tuple(shape)}",
        expected=tuple(shape),
        actual=tuple(given),
    )
