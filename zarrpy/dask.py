"""Arrays as Dask's, and Dask's into arrays: one task for what is stored under one key.

Tasks never share a chunk or a shard, so that no two of them write the same value and none reads
one twice. Threads of Dask share the workers of zarrpy, which are as many as there are cores; in
processes that share a machine each task works alone.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from itertools import accumulate, pairwise
from math import prod
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.api import create_array
from zarrpy.array import Array
from zarrpy.config import config
from zarrpy.errors import MissingDependencyError, ShapeMismatchError
from zarrpy.views import View

try:
    import dask
    import dask.array as da
except ImportError as error:
    raise MissingDependencyError(
        "Dask is not installed", extra="dask", hint="pip install 'zarrpy[dask]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["from_array", "store"]

Lengths = tuple[tuple[int, ...], ...]


def from_array(array: Array | View, *, chunks: Any = None, name: str | None = None) -> da.Array:
    """Make a Dask array that reads an array when it is computed.

    Parameters
    ----------
    array : Array or View
    chunks : optional
        By default a task for what is stored under each key, a chunk or a shard. "auto" gives a
        task as many of them as Dask's ``array.chunk-size`` holds; all else is as of
        ``dask.array.from_array``.
    name : str, optional
        By default one that is the same as long as the array is: Dask computes what has equal names
        once.

    Returns
    -------
    dask.array.Array

    Examples
    --------
    >>> import zarrpy
    >>> array = zarrpy.create_array({}, data=range(100), chunks=30)
    >>> from_array(array).chunks
    ((30, 30, 30, 10),)
    """
    if chunks is None or chunks == "auto":
        chunks = _units(array, whole=chunks == "auto")
    empty = np.empty((0,) * array.ndim, array.dtype)
    return da.from_array(_Source(array), chunks, name=name, asarray=False, meta=empty)


def store(
    source: da.Array,
    target: Any,
    *,
    region: tuple[slice, ...] | None = None,
    compute: bool = True,
    **keywords: Any,
) -> Any:
    """Write a Dask array, each chunk or shard of the target by one task.

    Parts of the source are joined where they lie in one of those.

    Parameters
    ----------
    source : dask.array.Array
    target : Array, str, path-like, mutable mapping or Store
        An array of the right shape; or where one is created, with the chunks of the source where
        they are even.
    region : tuple of slice, optional
        Which part of the target is written.
    compute : bool
        Write now; otherwise return what writes when it is computed.
    **keywords
        As of `zarrpy.create_array`, for an array that is created.

    Returns
    -------
    Array or Delayed
        The target; with ``compute=False`` what gives it when it is computed.

    Raises
    ------
    ShapeMismatchError
        A ValueError, when the source has not the shape of the target or of the region.

    Examples
    --------
    >>> import dask.array as da
    >>> made = store(da.ones((4, 6), chunks=(2, 3)), {})
    >>> made.chunks, float(made[...].sum())
    ((2, 3), 24.0)
    """
    if not isinstance(target, Array):
        target = _created(source, target, keywords)
    elif keywords:
        raise TypeError(f"{sorted(keywords)} are for arrays that are created: {target} is there")
    starts = _starts(source, target, region)
    written = source.rechunk(_joined(source.chunks, starts, target.write_chunk_sizes))
    sink = _Sink(target)
    regions = tuple(slice(start, start + n) for start, n in zip(starts, source.shape, strict=True))
    writes = da.store(written, sink, regions=regions, lock=False, compute=compute)
    return target if compute else dask.delayed(_first)(target, writes)


def _created(source: da.Array, place: Any, keywords: dict[str, Any]) -> Array:
    """Create an array for a source; even chunks are kept, as far as nothing else is asked for."""
    even = all(
        len(set(lengths[:-1])) <= 1 and lengths[-1] <= lengths[0] for lengths in source.chunks
    )
    if even and source.size and "shards" not in keywords:
        keywords.setdefault("chunks", source.chunksize)
    return create_array(place, shape=source.shape, dtype=source.dtype, **keywords)


def _starts(source: da.Array, target: Array, region: tuple[slice, ...] | None) -> tuple[int, ...]:
    """Find where the source begins in the target."""
    if np.isnan(source.shape).any():
        raise ShapeMismatchError(
            "the source does not know its shape -> source.compute_chunk_sizes()"
        )
    region = (slice(None),) * target.ndim if region is None else region
    if len(region) != target.ndim or any(each.step not in (None, 1) for each in region):
        raise ValueError(f"a region is one slice for each axis, without a step, not {region}")
    bounds = [each.indices(n) for each, n in zip(region, target.shape, strict=True)]
    shape = tuple(max(stop - start, 0) for start, stop, _ in bounds)
    if shape != source.shape:
        raise ShapeMismatchError(
            f"the source has shape {source.shape}, and {shape} is written of {target}"
        )
    return tuple(start for start, _, _ in bounds)


# --------------------------------------------------------------------------------- where tasks end


def _units(array: Array | View, *, whole: bool) -> Lengths | str:
    """Lengths of the chunks, or shards, of an array; several together where they are small."""
    if isinstance(array, View):
        return "auto"
    sizes = array.write_chunk_sizes
    if not whole:
        return tuple(lengths or (0,) for lengths in sizes)
    limit = dask.utils.parse_bytes(dask.config.get("array.chunk-size"))
    largest = [max(lengths, default=1) for lengths in sizes]
    found = []
    for axis in reversed(range(array.ndim)):
        lengths = sizes[axis]
        room = limit // max(prod(largest) * array.itemsize, 1)
        count = max(1, min(room, len(lengths)))
        found.append(_grouped(lengths, count))
        largest[axis] *= count
    return tuple(reversed(found))


def _grouped(lengths: tuple[int, ...], count: int) -> tuple[int, ...]:
    groups = (lengths[first : first + count] for first in range(0, len(lengths), count))
    return tuple(map(sum, groups)) or (0,)


def _joined(chunks: Lengths, starts: Sequence[int], units: Lengths) -> Lengths:
    """Join chunks of a source that lie in one unit of the target."""
    joined = []
    for lengths, start, stored in zip(chunks, starts, units, strict=True):
        edges = [0, *accumulate(stored)]
        end = start + sum(lengths)
        cuts = {edges[bisect_right(edges, start + cut) - 1] for cut in accumulate(lengths)}
        inside = [start, *sorted(cut for cut in cuts if start < cut < end), end]
        joined.append(tuple(after - before for before, after in pairwise(inside)))
    return tuple(joined)


# ------------------------------------------------------------------------------------ what tasks do


class _Part:
    """An array as tasks see it.

    Parameters
    ----------
    array : Array or View
    """

    def __init__(self, array: Array | View) -> None:
        self._array = array
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __dask_tokenize__(self) -> Any:
        return (type(self).__name__, *self._array.__dask_tokenize__())


class _Source(_Part):
    """An array that tasks read from."""

    def __getitem__(self, selection: Any) -> Any:
        with config.set(**_threads()):
            if isinstance(self._array, View):
                return self._array[selection].read()
            return self._array.read(selection)


class _Sink(_Part):
    """An array that tasks write to."""

    _array: Array

    def __setitem__(self, selection: Any, value: Any) -> None:
        with config.set(**_threads()):
            self._array.write(selection, value)


def _threads() -> dict[str, int]:
    """Work alone where other processes are at work on the same machine."""
    return {"workers": 1} if parent_process() is not None or _in_cluster() else {}


def _in_cluster() -> bool:
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def _first(target: Array, writes: Any) -> Array:
    return target
