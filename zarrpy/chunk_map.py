"""A map of an array's chunks: how large each is stored, which are missing, which are damaged."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.codecs.shard_index import EMPTY
from zarrpy.config import config
from zarrpy.display.sizes import format_nbytes, format_ratio, format_shape
from zarrpy.engine.nodes import key_of
from zarrpy.engine.obstacles import refuse_unlisted
from zarrpy.engine.requests import Fetch, ListSizes
from zarrpy.errors import ChunkError, LimitError, MetadataError, MissingDependencyError
from zarrpy.stores.base import ByteRange

if TYPE_CHECKING:
    from zarrpy.array import Array
    from zarrpy.codecs.sharding import ShardLayout
    from zarrpy.engine.requests import Steps

    Sizes = np.ndarray[Any, np.dtype[np.int64]]

__all__ = ["DAMAGED", "MISSING", "ChunkMap"]

#: In the place of the size of a chunk that is not stored, and of one that cannot be read.
MISSING, DAMAGED = 0, -1
#: Shards whose indexes are asked for in one request.
_WINDOW = 256
#: Places that are told of many, and chunks of maps that are drawn beside their facts.
_SHOWN, _DRAWN = 8, 1 << 24


@dataclass(frozen=True, eq=False)
class ChunkMap:
    """How the chunks of an array are stored, as they were when it was asked for.

    Attributes
    ----------
    sizes : ndarray of int64
        Stored bytes of each chunk, in the grid of chunks; of chunks in shards those of each. 0 is
        a chunk that is not stored, -1 one that cannot be read.
    name : str
        Of the array.
    chunks : tuple of tuple of int
        Lengths of the chunks along each axis, inside the array.
    itemsize : int or None
        Bytes of an element; None where they have none of their own.
    """

    sizes: Sizes
    name: str
    chunks: tuple[tuple[int, ...], ...]
    itemsize: int | None

    @property
    def nbytes(self) -> int:
        """Stored bytes of all chunks."""
        return int(self.sizes[self.sizes > 0].sum())

    @property
    def missing(self) -> list[tuple[int, ...]]:
        """Places of chunks that are not stored, in the grid."""
        return _places(self.sizes == MISSING)

    @property
    def damaged(self) -> list[tuple[int, ...]]:
        """Places of chunks that cannot be read; only a map made with ``verify=True`` has some."""
        return _places(self.sizes == DAMAGED)

    @property
    def ratio(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """How many times smaller each chunk is stored; NaN where it is not, or nobody knows."""
        decoded = np.ones(self.sizes.shape)
        for axis, lengths in enumerate(self.chunks):
            decoded *= np.reshape(lengths, [-1 if i == axis else 1 for i in range(decoded.ndim)])
        known = np.where(self.sizes > 0, self.sizes, np.nan)
        result: np.ndarray[Any, Any] = decoded * (self.itemsize or np.nan) / known
        return result

    def facts(self) -> dict[str, str]:
        """Tell the most important in words."""
        flat = self.sizes.reshape(-1)
        where = np.flatnonzero(flat > 0)
        told = {
            "array": self.name,
            "chunks": f"{where.size} of {flat.size} are stored",
            "stored": format_nbytes(self.nbytes),
        }
        if where.size:
            for word, pick in _EXTREMES.items():
                which = where[pick(flat[where])]
                at = tuple(int(i) for i in np.unravel_index(which, self.sizes.shape))
                told[word] = f"{format_nbytes(int(flat[which]))} at {at}"
            if self.itemsize is not None:
                told["ratio"] = format_ratio(self._decoded_nbytes(where), self.nbytes)
        for word, kind in (("damaged", DAMAGED), ("missing", MISSING)):
            mask = self.sizes == kind
            count = np.count_nonzero(mask)
            if count > 0 and (kind == DAMAGED or count < flat.size):
                told[word] = f"{count}: {_first_places(mask)}"
        return told

    def _decoded_nbytes(self, where: np.ndarray[Any, Any]) -> int:
        """Bytes of chunks in memory, given their numbers in the grid."""
        nbytes = np.full(where.shape, float(self.itemsize or 0))
        places = np.unravel_index(where, self.sizes.shape) if self.sizes.ndim else ()
        for place, lengths in zip(places, self.chunks, strict=True):
            nbytes *= np.asarray(lengths)[place]
        return int(nbytes.sum())

    def field(self) -> np.ndarray[Any, Any]:
        """Give the map in two dimensions, the last two: of the others the mean, NaN for missing."""
        sizes = np.where(self.sizes > 0, self.sizes, np.nan)
        if sizes.ndim < 2:
            return sizes.reshape(1, -1)
        flat = sizes.reshape(prod(sizes.shape[:-2]), *sizes.shape[-2:])
        count = np.isfinite(flat).sum(0)
        total = np.nansum(flat, axis=0)
        result: np.ndarray[Any, Any] = np.divide(
            total, count, out=np.full(total.shape, np.nan), where=count > 0
        )
        return result

    def _bad(self) -> np.ndarray[Any, Any]:
        """Tell where in the field something is damaged."""
        sizes = self.sizes if self.sizes.ndim > 1 else self.sizes.reshape(1, -1)
        result: np.ndarray[Any, Any] = np.any(
            sizes.reshape(prod(sizes.shape[:-2]), *sizes.shape[-2:]) == DAMAGED, axis=0
        )
        return result

    def plot(self, ax: Any = None) -> Any:
        """Draw the map with matplotlib: missing chunks are left out, damaged ones crossed.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        MissingDependencyError
            When there is no matplotlib.
        """
        if ax is None:
            try:
                from matplotlib import pyplot
            except ImportError as error:
                raise MissingDependencyError(
                    "a plot needs matplotlib", extra="plot", hint="pip install 'zarrpy[plot]'"
                ) from error
            ax = pyplot.figure().add_subplot()
        picture = ax.imshow(self.field(), interpolation="nearest", aspect="auto")
        ax.figure.colorbar(picture, ax=ax, label="stored bytes of a chunk")
        rows, columns = np.nonzero(self._bad())
        if len(rows):
            ax.plot(columns, rows, "rx", label="damaged")
            ax.legend()
        ax.set_title(self.name)
        return ax

    def __repr__(self) -> str:
        told = self.facts()
        width = max(map(len, told))
        return "\n".join(f"{name:{width}}  {text}" for name, text in told.items())

    def _repr_html_(self) -> str:
        from zarrpy.display.html import card
        from zarrpy.display.image import heat_map

        large = self.sizes.size > _DRAWN
        picture = "" if large else heat_map(self.field(), self._bad())
        return card(f"chunks of {self.name}", self.facts(), {}, picture)


_EXTREMES = {"smallest": np.argmin, "largest": np.argmax}


def _places(mask: np.ndarray[Any, Any]) -> list[tuple[int, ...]]:
    return [tuple(int(i) for i in place) for place in np.argwhere(mask)]


def _first_places(mask: np.ndarray[Any, Any]) -> str:
    """Write some places of a mask; there may be very many."""
    numbers: list[int] = []
    flat, start = mask.reshape(-1), 0
    while len(numbers) <= _SHOWN and start < flat.size:
        step = int(flat[start:].argmax())
        if not flat[start + step]:
            break
        numbers.append(start + step)
        start += step + 1
    places = (np.unravel_index(number, mask.shape) for number in numbers[:_SHOWN])
    shown = ", ".join(str(tuple(int(i) for i in place)) for place in places)
    return shown + (" ..." if len(numbers) > _SHOWN else "")


# ---------------------------------------------------------------------------------------- making it


def look(array: Array, verify: bool) -> Steps[ChunkMap]:
    """Look at the keys of an array, at indexes of shards, and on request into each chunk."""
    shard = array.codecs.shard
    grid = array.metadata.grid_shape if shard is None else array.cdata_shape
    _check_limit(array, grid)
    sizes = np.zeros(grid, np.int64)
    found = yield from _stored(array)
    if shard is None:
        for place, _, nbytes in found:
            sizes[place] = max(nbytes, 1)  # an empty value is a value
    else:
        for shape, shards in _by_shape(array, found).items():
            yield from _in_shards(shards, array.codecs.shard_of(shape), sizes)
    if verify:
        yield from _verify(array, sizes)
    lengths = array.write_chunk_sizes if shard is None else array.read_chunk_sizes
    itemsize = None if array.metadata.data_type.variable else array.itemsize
    return ChunkMap(sizes, array.name, lengths, itemsize)


def _check_limit(array: Array, grid: tuple[int, ...]) -> None:
    limit = config.limits.max_chunk_bytes
    if prod(grid) * 8 > limit:
        raise LimitError(
            f"a map of the {format_shape(grid)} chunks of {array.name!r} takes {prod(grid) * 8} "
            "bytes",
            limit=limit,
            asked=prod(grid) * 8,
            hint="info_complete() counts them; config.limits.max_chunk_bytes raises the limit",
        )


def _stored(array: Array) -> Steps[list[tuple[tuple[int, ...], str, int]]]:
    """Give place, key and bytes of each stored value that holds chunks."""
    start = key_of(array.path, "") if array.path else ""
    sizes: list[tuple[str, int]] = yield ListSizes(start)
    found = []
    keys, metadata = array.metadata.chunk_keys, array.metadata
    if not metadata.storage_transformers:
        yield from refuse_unlisted(array.path, metadata, (key for key, _ in sizes))
    for key, nbytes in sizes:
        try:
            place = keys.grid_index(key[len(start) :], metadata.ndim)
        except MetadataError:
            continue
        if all(i < n for i, n in zip(place, metadata.grid_shape, strict=True)):
            found.append((tuple(place), key, nbytes))
    return found


def _by_shape(
    array: Array, found: list[tuple[tuple[int, ...], str, int]]
) -> dict[tuple[int, ...], list[tuple[tuple[int, ...], str]]]:
    """Give where shards begin and their keys, by the shape that they have in common."""
    grid, shape = array.metadata.chunk_grid, array.metadata.shape
    groups: dict[tuple[int, ...], list[tuple[tuple[int, ...], str]]] = {}
    for place, key, _ in found:
        axes = grid.chunk(shape, place)
        group = groups.setdefault(tuple(length for _, length in axes), [])
        group.append((tuple(start for start, _ in axes), key))
    return groups


def _in_shards(
    shards: list[tuple[tuple[int, ...], str]], layout: ShardLayout, sizes: Sizes
) -> Steps[None]:
    """Read what the indexes of shards of one shape say of their chunks."""
    index, per = layout.index, layout.grid
    turned = [*map(layout.order.index, range(len(per))), len(per)]
    for first in range(0, len(shards), _WINDOW):
        window = shards[first : first + _WINDOW]
        ranges = (ByteRange(*index.range),) * len(window)
        stored = yield Fetch(tuple(key for _, key in window), ranges)
        for (start, _), value in zip(window, stored, strict=True):
            corner = (at // n for at, n in zip(start, layout.chunk_shape, strict=True))
            where = tuple(slice(i, i + n) for i, n in zip(corner, per, strict=True))
            room = sizes[where]
            if value is None:
                continue
            try:
                entries = index.decode(value).reshape(*(per[axis] for axis in layout.order), 2)
                entries = entries.transpose(turned)
            except ChunkError:
                room[...] = DAMAGED
                continue
            there = (entries != EMPTY).any(axis=-1)
            lengths = np.where(there, np.maximum(entries[..., 1], 1), 0).astype(np.int64)
            room[...] = lengths[tuple(slice(n) for n in room.shape)]


def _verify(array: Array, sizes: Sizes) -> Steps[None]:
    """Decode each stored chunk, and mark those that cannot be."""
    chunks = array.iter_chunks(stored_only=True, on_error="yield")
    try:
        while (chunk := (yield from chunks.next_steps())) is not None:
            if chunk.error is not None:
                sizes[chunk.position] = DAMAGED
    finally:
        chunks.close()
