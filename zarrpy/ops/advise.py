"""Advice on chunks, shards and codecs, for the ways an array is read, measured on its own data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.api import create_array
from zarrpy.config import parse_size
from zarrpy.display.text import table
from zarrpy.errors import SelectionError
from zarrpy.layout import default_shards
from zarrpy.metadata.formats import format_of

if TYPE_CHECKING:
    from zarrpy.array import Array

__all__ = ["Advice", "Candidate", "advise"]

#: Codecs that are tried: fast, balanced, small.
_CODECS = ("lz4", "zstd:1", "blosc:zstd:1:shuffle", "blosc:zstd:5:bitshuffle")
#: More objects than this are better kept in shards.
_MANY = 10_000
#: Reads of which the fastest counts: a machine that is busy with something else makes one slow.
_READS = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """One layout, and what it costs.

    Attributes
    ----------
    chunks : tuple of int
    compressors : str
    ratio : float
        Bytes in memory for each that is stored.
    seconds : tuple of float
        To decode what each way of reading touches, as measured on a chunk.
    decoded : tuple of float
        Elements that are decoded for each that is asked for, by way of reading.
    objects : int
        Chunks of the whole array.
    """

    chunks: tuple[int, ...]
    compressors: str
    ratio: float
    seconds: tuple[float, ...]
    decoded: tuple[float, ...]
    objects: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Which layout suits an array.

    Attributes
    ----------
    best : Candidate
    candidates : tuple of Candidate
        All that were measured, the best first.
    shards : tuple of int or None
        What to gather the chunks in, where they are many.
    access : tuple of tuple of int
        Shapes of what is read.
    """

    best: Candidate
    candidates: tuple[Candidate, ...]
    shards: tuple[int, ...] | None
    access: tuple[tuple[int, ...], ...]

    def keywords(self) -> dict[str, Any]:
        """Give the keywords of `create_array` and `rechunk` that choose the best layout."""
        found: dict[str, Any] = {
            "chunks": self.best.chunks,
            "compressors": self.best.compressors,
        }
        return found if self.shards is None else {**found, "shards": self.shards}

    def as_dict(self) -> dict[str, Any]:
        """Give what JSON can say."""
        return {
            "keywords": self.keywords(),
            "access": self.access,
            "candidates": [asdict(each) for each in self.candidates],
        }

    def __str__(self) -> str:
        reads = [f"read {'×'.join(map(str, each))}" for each in self.access]
        rows = [
            [
                "×".join(map(str, each.chunks)),
                each.compressors,
                f"{each.ratio:.1f}",
                str(each.objects),
                *(
                    f"{seconds * 1e3:.1f} ms ({decoded:.1f}x)"
                    for seconds, decoded in zip(each.seconds, each.decoded, strict=True)
                ),
            ]
            for each in self.candidates
        ]
        header = ["chunks", "codec", "ratio", "chunks in all", *reads]
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.keywords().items())
        return "\n".join([*table(header, rows), "", f"best: {chosen}"])


def advise(
    array: Array,
    access: Iterable[Any] | Mapping[str, Any] = (),
    *,
    max_chunk: int | str = "16MiB",
    sample: int | str = "32MiB",
) -> Advice:
    """Measure which chunks and codecs suit the ways an array is read.

    A part of the array is encoded and decoded in several layouts; nothing is written to its store.

    Parameters
    ----------
    array : Array
    access : sequence of (tuple or mapping)
        Shapes of what is read: a length for each axis, None or -1 for all of it; or a mapping by
        names of dimensions, with axes that are not named read as a whole. By default a whole plane
        of the last two axes, and a line along the first.
    max_chunk : int or str
        Bytes that a chunk has at most.
    sample : int or str
        Bytes of the array that are measured at most.

    Returns
    -------
    Advice

    Raises
    ------
    SelectionError
        An IndexError, for a shape of what is read that does not fit the array.

    Examples
    --------
    >>> import numpy as np, zarrpy
    >>> array = zarrpy.create_array({}, data=np.arange(8000).reshape(20, 20, 20))
    >>> found = advise(array, [(1, -1, -1)])
    >>> sorted({each.chunks for each in found.candidates})
    [(1, 20, 20), (20, 20, 20)]
    """
    wanted = _shapes(array, access)
    limit = max(parse_size(max_chunk), array.dtype.itemsize)
    layouts = _layouts(array, wanted, limit)
    part = _sample(array, parse_size(sample))
    found = [
        _measured(array, part, chunks, codec, wanted) for chunks in layouts for codec in _CODECS
    ]
    least = [max(min(each.seconds[i] for each in found), 1e-9) for i in range(len(wanted))]

    def cost(each: Candidate) -> float:
        slowest = max(took / best for took, best in zip(each.seconds, least, strict=True))
        return float(slowest / math.sqrt(min(each.ratio, 4.0)))

    found.sort(key=cost)
    best = found[0]
    shards = None
    if best.objects > _MANY and format_of(array.metadata.zarr_format).shards:
        shards = default_shards(array.shape, best.chunks, array.dtype.itemsize)
    return Advice(best, tuple(found), shards, wanted)


def _shapes(array: Array, access: Iterable[Any] | Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
    """Understand what is read as lengths of all axes."""
    given = [access] if isinstance(access, Mapping | str) else list(access)
    if not given:
        first = (*array.shape[:1], *(1 for _ in array.shape[1:]))
        plane = (*(1 for _ in array.shape[:-2]), *array.shape[-2:])
        given = [plane, first] if array.ndim > 2 else [first]
    return tuple(_shape(array, each) for each in given)


def _shape(array: Array, given: Any) -> tuple[int, ...]:
    if isinstance(given, str | int):
        raise SelectionError(
            f"what is read is given by lengths along all axes, or by name, not by {given!r}",
            array=array.place,
            hint="such as access=[(1, -1, -1)], where -1 is all of an axis, or {'time': 1}",
        )
    if isinstance(given, Mapping):
        names = array.dimension_names or (None,) * array.ndim
        unknown = [name for name in given if name not in names]
        if unknown:
            raise SelectionError(
                f"no dimension is named {unknown[0]!r}; there are {list(names)}", array=array.place
            )
        given = [given.get(name, -1) if name is not None else -1 for name in names]
    lengths: Sequence[Any] = tuple(given)
    if len(lengths) != array.ndim:
        raise SelectionError(
            f"{tuple(lengths)} has {len(lengths)} lengths, and there are {array.ndim} axes",
            array=array.place,
        )
    whole = (None, -1)
    return tuple(
        n if length in whole else max(1, min(int(length), n))
        for length, n in zip(lengths, array.shape, strict=True)
    )


def _layouts(
    array: Array, wanted: tuple[tuple[int, ...], ...], limit: int
) -> list[tuple[int, ...]]:
    """Chunks that suit each way of reading alone, and some between them."""
    found: dict[tuple[int, ...], None] = {}
    several = [*wanted]
    if len(wanted) > 1:
        means = [
            math.prod(max(each[axis], 1) for each in wanted) ** (1 / len(wanted))
            for axis in range(array.ndim)
        ]
        several.append(tuple(max(1, round(n)) for n in means))
    for nbytes in (limit, limit // 16, limit // 256):
        for shape in several:
            found[_trimmed(array, shape, max(nbytes, array.dtype.itemsize))] = None
    if array.metadata.chunk_grid.regular:
        found[tuple(array.chunks)] = None
    return list(found)


def _trimmed(array: Array, shape: tuple[int, ...], limit: int) -> tuple[int, ...]:
    """Make a shape as large as a limit of bytes lets it be: halve its longest axes."""
    lengths = [max(1, min(n, most)) for n, most in zip(shape, array.shape, strict=True)]
    while math.prod(lengths) * array.dtype.itemsize > limit and max(lengths, default=1) > 1:
        axis = lengths.index(max(lengths))
        lengths[axis] = -(-lengths[axis] // 2)
    return tuple(lengths)


def _sample(array: Array, limit: int) -> np.ndarray[Any, Any]:
    """Read a part from the middle of the array."""
    lengths = _trimmed(array, array.shape, limit)
    starts = [(n - length) // 2 for n, length in zip(array.shape, lengths, strict=True)]
    place = tuple(slice(at, at + n) for at, n in zip(starts, lengths, strict=True))
    return np.asarray(array.read(place))


def _seconds_of_a_read(array: Array) -> float:
    begin = perf_counter()
    array.read()
    return perf_counter() - begin


def _measured(
    array: Array,
    part: np.ndarray[Any, Any],
    chunks: tuple[int, ...],
    codec: str,
    wanted: tuple[tuple[int, ...], ...],
) -> Candidate:
    """Encode and decode chunks of one layout, and reckon what each way of reading takes."""
    shape = tuple(min(n, most) for n, most in zip(chunks, part.shape, strict=True))
    made = create_array(
        {},
        data=part[tuple(slice(0, n) for n in shape)],
        chunks=shape,
        compressors=codec,
        fill_value=array.metadata.fill_value,
        config={"write_empty_chunks": True},
    )
    took = min(_seconds_of_a_read(made) for _ in range(_READS))
    nbytes = max(math.prod(shape), 1) * array.dtype.itemsize
    stored = sum(size for key, size in made.store.list_sizes() if not key.endswith(".json"))
    seconds, decoded = [], []
    for each in wanted:
        touched = math.prod(
            min((length - 1) / chunk + 1, -(-n // chunk))
            for length, chunk, n in zip(each, chunks, array.shape, strict=True)
        )
        elements = touched * math.prod(chunks)
        seconds.append(took * elements * array.dtype.itemsize / nbytes)
        decoded.append(elements / max(math.prod(each), 1))
    objects = math.prod(-(-n // chunk) for n, chunk in zip(array.shape, chunks, strict=True))
    ratio = nbytes / max(stored, 1)
    return Candidate(chunks, codec, ratio, tuple(seconds), tuple(decoded), objects)
