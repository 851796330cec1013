"""The batch in Python: what the engine's batch means, chunk by chunk.

It serves chains that have a codec without a native step, and it is the oracle of the native batch
in tests; ``ZARRPY_DISABLE=native`` makes it serve everything.
"""

from __future__ import annotations

import math
import threading
from itertools import count
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from zarrpy._native.failure import unfinished
from zarrpy.engine.profile import timed
from zarrpy.errors import ChunkError, CodecError, CorruptChunkError, ZarrError
from zarrpy.metadata.fill_value import boxed
from zarrpy.metadata.names import LOCK_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrpy._native.files import Directory
    from zarrpy._native.plan import ChunkPlan
    from zarrpy._native.tally import Tally
    from zarrpy.codecs.chain import CodecChain
    from zarrpy.selection.fields import Fields
    from zarrpy.stores.base import Values

P = ParamSpec("P")
T = TypeVar("T")

_READ_FAILURES = (ValueError, TypeError, ArithmeticError, EOFError, OSError, LookupError)


class PythonBatch:
    """Chunks to read into, or to write from, one array; as `zarrpy._native.batch.Batch`.

    Parameters
    ----------
    plan : ChunkPlan
    chain : CodecChain
    block : ndarray
        One axis for each axis of the plan.
    fill_value : numpy scalar
    writing, keep_empty, durable : bool
    timeout_ms : int
        How long to wait for another writer of a chunk.
    fields : str or list of str, optional
        Write only these fields of the structures.
    only_stored : bool
        Write no part of a chunk that is not stored.
    mask : ndarray of bool, optional
        Of the block's shape: write only the elements that it marks.
    """

    native = False

    def __init__(
        self,
        plan: ChunkPlan,
        chain: CodecChain,
        block: np.ndarray[Any, Any],
        fill_value: np.generic,
        *,
        writing: bool = False,
        keep_empty: bool = False,
        durable: bool = False,
        timeout_ms: int = 60_000,
        fields: Fields | None = None,
        only_stored: bool = False,
        mask: np.ndarray[Any, Any] | None = None,
    ) -> None:
        self._fields = fields
        self._mask = mask
        self._only_stored = only_stored
        self._timeout_ms = timeout_ms
        self.plan = plan
        self.chain = chain
        self.block = block
        self.fill_value = boxed(fill_value, block.dtype)
        self.writing = writing
        self._absent: list[int] = []
        self.keep_empty = keep_empty
        self._durable = durable
        self._directory: Directory | None = None
        self._stored: list[Any] = []
        self._encoded: list[bytes | None] = []
        self._names = ("", "/", "0")
        self._suffix = ""
        self._spell: Callable[[Sequence[int]], str] | None = None
        self._error: Exception | None = None
        self._cancelled = False
        self._leaving = False
        self._look: Callable[[], Any] | None = None
        self.watched = False
        self._lock = threading.Lock()
        self._tally: Tally | None = None
        self._set_window(0, plan.ntasks)

    @property
    def ntasks(self) -> int:
        """Number of chunks of the plan."""
        return self.plan.ntasks

    @property
    def nbytes(self) -> int:
        """Bytes of the block, or of all chunks in which points lie: how much work this is."""
        return max(self.block.nbytes, self.plan.span * self.block.itemsize)

    @property
    def asked_nbytes(self) -> int:
        """Bytes of the block."""
        return self.block.nbytes

    def use_tally(self, tally: Tally) -> None:
        """Count there what is done, and how long it takes."""
        self._tally = tally

    @property
    def index_range(self) -> tuple[int, int] | None:
        """Where the index of a shard lies; None, as chunks are stored one by one."""
        return None

    def ranges(self, task: int, index: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Where the chunks lie that a task of the window reads; for shards only."""
        raise TypeError("chunks that are stored one by one have no index")

    @property
    def nabsent(self) -> int:
        """Chunks read that did not exist."""
        return len(self._absent)

    @property
    def absent(self) -> list[int]:
        """Numbers of the tasks read so far whose key did not exist."""
        return sorted(self._absent)

    def note_absent(self) -> None:
        """Keep the numbers of absent chunks, as this batch always does."""

    def leave_absent(self) -> None:
        """Leave the places of chunks that do not exist as they are."""
        self._leaving = True

    def name_keys(self, prefix: str, separator: str, zero: str, suffix: str = "") -> None:
        """Say how grid indexes become keys."""
        self._names = (prefix, separator, zero)
        self._suffix = suffix

    def spell_keys(self, key: Callable[[Sequence[int]], str]) -> None:
        """Take what makes a key of a grid index, where that is not built in."""
        self._spell = key

    def use_watch(
        self, document: bytes, marker: bytes | None, state: Any, look: Callable[[], Any]
    ) -> None:
        """Look at the document of the array under the lock of each file that is written."""
        self._look = look

    def use_directory(self, directory: Directory) -> None:
        """Read and write files of that directory."""
        self._directory = directory
        self._set_window(0, self.plan.ntasks)

    def open_window(self, first: int, last: int) -> None:
        """Work on the tasks [first, last) with bytes in hand."""
        self._set_window(first, last)
        self._encoded = [None] * (last - first)

    def _set_window(self, first: int, last: int) -> None:
        self._first, self._last = first, last
        self._cursor = count(first)
        self._left = last - first

    def window_keys(self) -> list[str]:
        """Keys of the window's tasks."""
        return self.keys(self._first, self._last)

    def covered(self) -> list[bool]:
        """Whether each task of the window is written without reading it first."""
        return [self._covered(self.plan, task) for task in range(self._first, self._last)]

    def _covered(self, plan: ChunkPlan, task: int) -> bool:
        return self._fields is None and self._mask is None and plan.covered(task)

    def feed(self, values: list[Any]) -> None:
        """Hand over the stored bytes of the window's tasks."""
        self._stored = values

    def results(self, buffers: bool = False) -> Values:
        """Give the encoded bytes of the window's tasks; None where the chunk is to be deleted."""
        return list(self._encoded)

    def cancel(self) -> None:
        """Make all workers stop after the chunk in hand."""
        self._cancelled = True

    def check(self) -> None:
        """Raise the first error that any worker met."""
        if self._error is not None:
            raise self._error
        if self._left:
            raise unfinished(self._left)

    def share(self, nworkers: int) -> None:
        """Nothing depends on how many will call `run`."""

    def run(self, alone: bool = False) -> None:
        """Work until the window is empty; many threads may do so at once."""
        while not self._cancelled and self._error is None:
            task = next(self._cursor)
            if task >= self._last:
                return
            try:
                if self.writing:
                    self._write(task)
                else:
                    self._read(task)
            except Exception as error:
                with self._lock:
                    self._error = self._error or error
            with self._lock:
                self._left -= 1

    # -------------------------------------------------------------------------------- tasks

    def keys(self, first: int, last: int) -> list[str]:
        """Keys of the tasks [first, last)."""
        if self._spell is not None:
            return [self._spell(self.plan.grid_index(task)) for task in range(first, last)]
        return self.plan.keys(*self._names, first, last, self._suffix)

    def _key(self, task: int) -> str:
        return self.keys(task, task + 1)[0]

    def _selections(self, task: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return selections(self.plan, task)

    def _extent(self, task: int) -> tuple[int, ...]:
        return tuple(piece[1] for piece in self.plan.pieces(task))

    def _read(self, task: int) -> None:
        inside, outside = self._selections(task)
        part = self._part(outside)
        data = self._load(task)
        if data is None:
            if not self._leaving:
                part[...] = self.fill_value
            self._note_missing(task)
            self._count(chunks_absent=1)
        elif self.plan.groups:
            part[...] = self._named(task, self.chain.decode, data, self._extent(task))[inside]
        else:
            self._named(task, self.chain.decode_into, data, self._extent(task), inside, part)
        self._put_back(part, outside)

    def _put_back(self, part: np.ndarray[Any, Any], outside: tuple[Any, ...]) -> None:
        """Put what was read into the block, where points made a copy of its part."""
        if self.plan.groups:
            self.block[outside] = part

    def _note_missing(self, task: int) -> None:
        with self._lock:
            self._absent.append(task)

    def _load(self, task: int) -> Any:
        if self._directory is not None:
            return self._read_file(self._directory, task)
        return self._stored[task - self._first]

    def _is_stored(self, task: int) -> bool:
        """Whether there is a chunk, or somebody is about to write one."""
        if self._directory is None:
            return self._stored[task - self._first] is not None
        key = self._key(task)
        present = (key, key + LOCK_SUFFIX)
        return not all(map(self._directory.is_absent, present))

    def _read_file(self, directory: Directory, task: int) -> bytes | None:
        """Read a chunk, and no more than one can have."""
        most, key = self.chain.most_stored, self._key(task)
        data = self._timed("ns_store", directory.read, key, 0, most + 1)
        self._count(gets=1, bytes_read=len(data or b""))
        if data is not None and len(data) > most:
            error = self.chain.too_many_stored()
            raise error.fill(chunk=self.plan.grid_index(task), key=key)
        return data

    def _count(self, **sums: int) -> None:
        if self._tally is not None:
            self._tally.add(**sums)

    def _timed(self, name: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._tally is None:
            return work(*args, **kwargs)
        return timed(self._tally, name, work, *args, **kwargs)

    def _nbytes(self, shape: tuple[int, ...]) -> int:
        return math.prod(shape) * self.block.itemsize

    def _named(
        self,
        task: int,
        decode: Callable[..., T],
        data: Any,
        shape: tuple[int, ...],
        *more: Any,
        chain: CodecChain | None = None,
        chunk: tuple[int, ...] | None = None,
    ) -> T:
        """Decode; an error names the chunk, which may be one of several of the task."""
        chain = chain or self.chain
        chunk = self.plan.grid_index(task) if chunk is None else chunk
        self._count(chunks_read=1, bytes_decoded=self._nbytes(shape))
        try:
            return self._timed("ns_codec", decode, data, shape, *more)
        except ChunkError as error:
            error.fill(chunk=chunk, key=self._key(task))
            raise
        except ZarrError:
            raise
        except _READ_FAILURES as error:
            raise CorruptChunkError(
                str(error), codec=_names(chain), chunk=chunk, key=self._key(task)
            ) from error
        except Exception as error:  # of somebody's codec; nobody else knows where it was
            error.add_note(f"{_names(chain)}: decoding chunk {chunk} (key {self._key(task)!r})")
            raise

    def _write(self, task: int) -> None:
        if self._only_stored and not self._covered(self.plan, task) and not self._is_stored(task):
            return
        if self._directory is None:
            self._encoded[task - self._first] = self._encode(task, self._stored[task - self._first])
            return
        with self._directory.lock(self._key(task), self._timeout_ms) as lock:
            self._count(ns_wait=lock.waited_ns)
            if self._look is not None:
                self.watched = True
                self._look()
            data = self._encode(task, None if self._covered(self.plan, task) else self._load(task))
            if data is None:
                self._timed("ns_store", lock.delete, self._durable)
                self._count(deletes=1)
            else:
                self._timed("ns_store", lock.commit, data, self._durable)
                self._count(sets=1, bytes_written=len(data))

    def _encode(self, task: int, stored: Any) -> bytes | None:
        inside, outside = self._selections(task)
        if stored is None:
            chunk = self._blank(task, inside, outside)
        else:
            chunk = np.array(self._named(task, self.chain.decode, stored, self._extent(task)))
            self._merge(chunk, inside, self._part(outside), self._marked(outside))
        number = self.plan.grid_index(task)
        return self._encode_chunk(self.chain, chunk, number, task, self.plan.pieces(task))

    def _encode_chunk(
        self,
        chain: CodecChain,
        array: np.ndarray[Any, Any],
        chunk: tuple[int, ...],
        task: int,
        pieces: Sequence[tuple[int, ...]],
    ) -> bytes | None:
        """Encode one chunk, None where it is empty; an error names it."""
        inside = tuple(slice(piece[2]) for piece in pieces)
        if chain.mixes:
            array = _padded(array, inside, self.fill_value)  # as it was before it was stored
        if not self.keep_empty and self._is_empty(array):
            self._count(chunks_empty=1)
            return None
        self._count(chunks_written=1, bytes_encoded=self._nbytes(array.shape))
        if chain.mixes:
            array = _padded(array, inside, np.zeros((), array.dtype))
        try:
            encoded = self._timed("ns_codec", chain.encode, array)
            return encoded if isinstance(encoded, bytes) else bytes(memoryview(encoded))
        except ChunkError as error:
            error.fill(chunk=chunk, key=self._key(task))
            raise
        except ZarrError:
            raise
        except (ValueError, TypeError, ArithmeticError, OSError) as error:
            raise CodecError(
                f"chunk {chunk} (key {self._key(task)!r}): {error}",
                codec=_names(chain),
                direction="encode",
            ) from error
        except Exception as error:
            error.add_note(f"{_names(chain)}: encoding chunk {chunk} (key {self._key(task)!r})")
            raise

    def _marked(self, outside: tuple[Any, ...]) -> np.ndarray[Any, Any] | None:
        """View the part of the mask that belongs to a part of the block."""
        return None if self._mask is None else self._mask[(*outside, ...)]

    def _merge(
        self,
        chunk: np.ndarray[Any, Any],
        inside: tuple[Any, ...],
        values: np.ndarray[Any, Any],
        marked: np.ndarray[Any, Any] | None = None,
    ) -> None:
        """Put values into a chunk: all or those that are marked, of some fields or of all."""
        if marked is not None:
            chunk[(*inside, ...)][marked] = values[marked]
            return
        if self._fields is None:
            chunk[(*inside, ...)] = values  # an object without axes is no array of itself
            return
        for name in [self._fields] if isinstance(self._fields, str) else self._fields:
            chunk[name][inside] = values[name]

    def _part(self, outside: tuple[Any, ...]) -> np.ndarray[Any, Any]:
        """View a part of the block, copy it where points make it up; it is never a scalar."""
        place: Any = (*outside, ...)
        part: np.ndarray[Any, Any] = self.block[place]
        return part

    def _blank(
        self, task: int, inside: tuple[Any, ...], outside: tuple[Any, ...]
    ) -> np.ndarray[Any, Any]:
        """Put the selected elements into a chunk without others; a view if they are all of it."""
        part = self._part(outside)
        extent = self._extent(task)
        all_of_it = self._fields is None and self._mask is None and not self.plan.groups
        if part.shape == extent and all_of_it:
            return part
        chunk = np.full(extent, self.fill_value, self.block.dtype)
        self._merge(chunk, inside, part, self._marked(outside))
        return chunk

    def _is_empty(self, chunk: np.ndarray[Any, Any]) -> bool:
        """Whether a chunk is the fill value bit for bit: -0.0 is not 0.0, one NaN not another."""
        if chunk.dtype.hasobject:
            return all_are(chunk, self.fill_value)
        fill = np.full(chunk.shape, self.fill_value, chunk.dtype)
        return chunk.tobytes() == fill.tobytes()


def _padded(
    chunk: np.ndarray[Any, Any], inside: tuple[slice, ...], element: Any
) -> np.ndarray[Any, Any]:
    """Give a chunk one element wherever it reaches beyond the array."""
    padded = np.full(chunk.shape, element, chunk.dtype)
    padded[inside] = chunk[inside]
    return padded


def selections(plan: ChunkPlan, task: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Say where the selected elements of a task are, in its chunk and in the block."""
    inside: list[Any] = []
    outside: list[Any] = []
    for axis, (_, _, _, start, n, out) in enumerate(plan.pieces(task)):
        step = plan.step(axis)
        inside.append(slice(start, start + (n - 1) * step + 1, step))
        outside.append(slice(out, out + n))
    if not plan.groups:
        return tuple(inside), tuple(outside)
    return _with_points(plan, inside, outside)


def _with_points(
    plan: ChunkPlan, inside: list[slice], outside: list[slice]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Name every element, because some are points: an array of indexes along each axis."""

    def along(axis: int, values: Any) -> np.ndarray[Any, Any]:
        return np.asarray(values).reshape([-1 if i == axis else 1 for i in range(plan.ndim)])

    within: list[Any] = [None] * plan.ndim
    block: list[Any] = [None] * plan.ndim
    for group in plan.groups:
        first = group.axes[0]
        points = inside[first]
        for row, axis in zip(group.positions, group.axes, strict=True):
            within[axis] = along(first, row[points])
            block[axis] = along(first, 0)
        block[first] = along(first, group.places[points])
    for axis in range(plan.ndim):
        if within[axis] is None:
            took, went = inside[axis], outside[axis]
            within[axis] = along(axis, np.arange(took.start, took.stop, took.step))
            block[axis] = along(axis, np.arange(went.start, went.stop))
    return tuple(within), tuple(block)


def _names(chain: CodecChain) -> str:
    return "+".join(codec.name for codec in chain.codecs)


def all_are(chunk: np.ndarray[Any, Any], fill: np.ndarray[Any, Any]) -> bool:
    """Whether all elements of a chunk of texts or objects are the fill value, type and all."""
    if not chunk.size:
        return True
    if chunk.dtype.kind == "T":
        return bool(chunk[(0,) * chunk.ndim] == fill[()] and (chunk == fill).all())
    value = fill[()]
    if isinstance(value, np.ndarray):
        return False
    return all(type(each) is type(value) and each == value for each in chunk.flat)
