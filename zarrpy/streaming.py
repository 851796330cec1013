"""An array chunk by chunk: reading ahead, and functions that work on many threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from zarrpy.chunks import ChunkReader, Chunks
from zarrpy.engine.operation import operation
from zarrpy.prefetching import Prefetching

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.array import Array
    from zarrpy.chunks import Chunk
    from zarrpy.engine.requests import Steps


class Streamable(Prefetching):
    """An array that can be taken chunk by chunk."""

    def iter_chunks(
        self,
        selection: Any = Ellipsis,
        *,
        order: str = "C",
        stored_only: bool = False,
        filter: Callable[[tuple[int, ...]], Any] | None = None,
        workers: int | None = None,
        prefetch: int | None = None,
        progress: Any = None,
        on_error: str = "raise",
        missing: str | None = None,
    ) -> Chunks:
        """Read chunk by chunk, a few ahead, with ``for`` or with ``async for``.

        Parameters
        ----------
        selection : int, slice, ellipsis, a tuple of them, or a mapping by names of dimensions
            The part that is read. An integer keeps its axis.
        order : {"C", "F", "storage"}
            The last axis fastest, the first axis fastest, or as the store lists its keys, and
            chunks that are not stored after them. Chunks of one shard stay together, in C order.
        stored_only : bool
            Leave out chunks that were never written.
        filter : callable, optional
            Given a position, whether that chunk is wanted; others are not read.
        workers : int, optional
            Threads that read and decode; by default as `config.workers` says.
        prefetch : int, optional
            Chunks that are read before they are asked for; by default two boxes more than there
            are workers, within `config.max_memory` where that is set. A shard is read in one.
        progress : bool, callable or object with ``update(n)``, optional
            Who hears of each chunk: True for a bar on a terminal, or a function of an `Event`.
        on_error : {"raise", "skip", "yield"}
            What becomes of chunks that cannot be read: the error is raised in the chunk's turn;
            or kept in the ``errors`` of the iterator; or it takes the place of the data.
        missing : {"fill", "error", "mask"}, optional
            As for `read`.

        Returns
        -------
        Chunks
            An iterator over ``(position, region, data)``; `close` or a ``with`` block ends it.

        Raises
        ------
        SelectionError
            An IndexError, when the selection does not fit the array.
        ChunkError
            While iterating, when a chunk cannot be decoded.
        """
        reader = ChunkReader(
            cast("Array", self), selection, missing=missing, stored_only=stored_only
        )
        return Chunks(
            reader,
            order=order,
            wanted=filter,
            workers=workers,
            prefetch=prefetch,
            progress=progress,
            on_error=on_error,
        )

    def iter_shards(
        self,
        selection: Any = Ellipsis,
        *,
        order: str = "C",
        stored_only: bool = False,
        filter: Callable[[tuple[int, ...]], Any] | None = None,
        workers: int | None = None,
        prefetch: int | None = None,
        progress: Any = None,
        on_error: str = "raise",
        missing: str | None = None,
    ) -> Chunks:
        """Read what is stored under one key after the other: shards, or chunks without shards.

        The parameters are those of `iter_chunks`; positions count shards.
        """
        reader = ChunkReader(
            cast("Array", self),
            selection,
            whole_shards=True,
            missing=missing,
            stored_only=stored_only,
        )
        return Chunks(
            reader,
            order=order,
            wanted=filter,
            workers=workers,
            prefetch=prefetch,
            progress=progress,
            on_error=on_error,
        )

    @operation
    def map_chunks(
        self,
        function: Callable[..., Any],
        selection: Any = Ellipsis,
        *,
        out: Any = None,
        dtype: Any = None,
        whole: bool = False,
        workers: int | None = None,
        prefetch: int | None = None,
        ordered: bool = True,
        timeout: float | None = None,
        progress: Any = None,
        missing: str | None = None,
        scheduler: Any = None,
    ) -> Steps[Any]:
        """Call a function with each chunk, on many threads, or in other processes.

        Parameters
        ----------
        function : callable
            Given the elements of a chunk, an ndarray, gives a result; called by several threads at
            once. It sees ``config.workers == 1``.
        selection : int, slice, ellipsis, a tuple of them, or a mapping by names of dimensions
            The part that is worked on.
        out : ndarray, Array, store or path, optional
            Where results go, each in the place of its chunk; a store or a path gets a new array
            with the chunks of this one. Each thread has chunks or shards of it for itself: where
            its chunks differ from those of this array, the function gets what of a chunk lies in
            one of them.
        dtype : data type, optional
            Of a new array; by default that of the first result.
        whole : bool
            Give the function a `Chunk`, which has ``position``, ``region`` and ``data``.
        workers, prefetch, progress, missing
            As for `iter_chunks`.
        ordered : bool
            Without `out`: yield results in C order, not as they come.
        timeout : float, optional
            Seconds that one call may take. A thread cannot be stopped: the one that is late goes
            on, and what it gives is lost.
        scheduler : {"threads", "processes"}, str or distributed.Client, optional
            Who calls the function: threads of this process, `workers` processes of this machine, or
            the workers of a cluster of Dask, named by a client or by the address of its scheduler.
            The store of this array, and that of `out`, must be in reach of them, and `timeout` is
            for threads only. What was lost with a worker that was killed is done again.

        Returns
        -------
        Chunks or what `out` says
            Without `out` an iterator over ``(position, region, result)``, for ``for`` and
            ``async for``; else the ndarray or `Array` with the results.

        Raises
        ------
        TimeoutError
            When a call takes too long; its ``chunk`` is the position.
        Exception
            What the function raises, with a note that names the chunk, and the position as
            ``chunk``. No other call begins after it; those in hand are finished.
        ShapeMismatchError
            A ValueError, when `out` or a result has another shape.
        """
        from zarrpy.mapping import Mapping

        if not callable(function):
            raise TypeError(f"map_chunks takes a function of a chunk, not {function!r}")
        array = cast("Array", self)
        given = function if whole else _OfData(function)
        reader = ChunkReader(array, selection, missing=missing)
        options: dict[str, Any] = {
            "workers": workers, "prefetch": prefetch, "timeout": timeout, "progress": progress,
            "scheduler": scheduler,
        }  # fmt: skip
        if out is None:
            return Chunks(reader, function=given, ordered=ordered, **options)
        mapping = Mapping(reader, given, reader.selection, missing)
        return (yield from mapping.into(out, dtype, **options))


class _OfData:
    """Calls a function with the data of a chunk alone."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __call__(self, chunk: Chunk) -> Any:
        return self._function(chunk.data)
