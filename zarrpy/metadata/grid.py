"""The chunk grid: where along each dimension one chunk ends and the next begins.

Every grid of Zarr has its edges along the axes, so one class holds them all: per dimension
either one spacing that repeats, or the lengths of the chunks.

========================= ================ ======================================================
name in a document        its parameter    a dimension
========================= ================ ======================================================
``regular``               ``chunk_shape``  one length, which repeats
``rectilinear``           ``chunk_shapes`` the same, or a list of lengths and (length, count)
``rectangular``           ``chunk_shape``  the same; an older draft, only read
``zarrs.regular_bounded`` ``chunk_shape``  one length; the last chunk ends with the array
========================= ================ ======================================================
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat
from math import gcd
from typing import Any, TypeAlias

from zarrpy.errors import MetadataError, SelectionError, UnsupportedExtensionError
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import INT64_END, check_known, choice, integers, reject, understood
from zarrpy.metadata.runs import Runs

__all__ = ["ChunkGrid"]

FIELD = "chunk_grid"

# What the engine is told of a dimension; see `zarrpy._native.plan.ChunkPlan`.
_Spacing: TypeAlias = int | tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class ChunkGrid:
    """How an array is cut into chunks.

    Parameters
    ----------
    axes : tuple of int or Runs
        For each dimension the spacing, if it repeats, or the lengths of the chunks.
    bounded : bool
        Whether the last chunk of a dimension ends with the array, instead of sticking out.

    Examples
    --------
    >>> ChunkGrid((10, 20)).grid_shape((100, 50))
    (10, 3)
    """

    axes: tuple[int | Runs, ...]
    bounded: bool = False

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.axes)

    @cached_property
    def regular(self) -> bool:
        """Whether all chunks have one shape."""
        return not self.bounded and all(isinstance(axis, int) for axis in self.axes)

    @cached_property
    def chunk_shape(self) -> tuple[int, ...]:
        """The shape of every chunk, if the grid is regular.

        Raises
        ------
        ValueError
            If it is not; ask `axes` then.
        """
        if not self.regular:
            raise ValueError("the chunks of this grid have different shapes")
        return tuple(axis for axis in self.axes if isinstance(axis, int))

    @property
    def chunk_shapes(self) -> tuple[int | tuple[int, ...], ...]:
        """Of each dimension the length that repeats, or the length of every chunk."""
        return tuple(
            axis
            if isinstance(axis, int)
            else tuple(length for length, count in axis.pairs for _ in range(count))
            for axis in self.axes
        )

    def grid_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Count the chunks along each dimension that an array of this shape touches."""
        return tuple(
            -(-length // axis) if isinstance(axis, int) else axis.touched(length)
            for axis, length in zip(self.axes, shape, strict=True)
        )

    def largest(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape that no chunk of an array of this shape exceeds in any dimension."""
        return tuple(
            self._length(axis, 0, length) if isinstance(axis, int) else axis.longest(length)
            for axis, length in zip(self.axes, shape, strict=True)
        )

    def common_part(self) -> tuple[int, ...]:
        """Give the largest shape that divides every chunk."""
        return tuple(axis if isinstance(axis, int) else gcd(*axis.lengths) for axis in self.axes)

    def chunk(self, shape: tuple[int, ...], index: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Tell where the chunk at a place of the grid begins, and its length as it is stored."""
        return tuple(
            (i * axis, self._length(axis, i * axis, length))
            if isinstance(axis, int)
            else axis.chunk(i)
            for axis, length, i in zip(self.axes, shape, index, strict=True)
        )

    def index(self, shape: tuple[int, ...], given: object) -> tuple[int, ...]:
        """Check the place of a chunk in the grid: one number a dimension, or one alone.

        Raises
        ------
        SelectionError
            An IndexError, when there is no such chunk.
        """
        grid_shape = self.grid_shape(shape)
        try:
            numbers = given if isinstance(given, tuple | list) else (given,)
            found = tuple(map(operator.index, numbers))
        except TypeError:
            found = ()
        if len(found) != self.ndim or not all(
            0 <= i < n for i, n in zip(found, grid_shape, strict=True)
        ):
            raise SelectionError(
                f"no chunk {given!r}: the grid of chunks has the shape {grid_shape}",
                selection=given,
                shape=grid_shape,
                hint="give one number for each axis, counted from 0",
            )
        return found

    def sizes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """List the length of each chunk along each dimension, as far as it lies in the array."""
        return tuple(map(self._sizes, self.axes, shape, self.grid_shape(shape)))

    def _sizes(self, axis: int | Runs, length: int, count: int) -> tuple[int, ...]:
        if isinstance(axis, int):
            axis = Runs(((axis, count),))
        found = [size for size, n in axis.pairs for size in repeat(size, min(n, count))][:count]
        if count:
            found[-1] = length - axis.chunk(count - 1)[0]
        return tuple(found)

    def _length(self, axis: int, begin: int, length: int) -> int:
        """Give the length of a chunk of a dimension with one spacing."""
        return min(axis, max(length - begin, 1)) if self.bounded else axis

    def spacing(self, shape: tuple[int, ...]) -> tuple[_Spacing, ...]:
        """Describe the dimensions as the engine's plan takes them."""
        if self.regular:
            return self.chunk_shape
        return tuple(map(self._spacing, self.axes, shape))

    def _spacing(self, axis: int | Runs, length: int) -> _Spacing:
        if isinstance(axis, int):
            if not self.bounded or length % axis == 0:
                return axis
            whole, rest = divmod(length, axis)
            axis = Runs.of([(axis, whole), rest] if whole else [rest])
        return axis.ends, axis.lengths, axis.firsts

    def check(self, shape: tuple[int, ...]) -> None:
        """Check that the grid covers an array of this shape.

        Raises
        ------
        MetadataError
            If it has another number of dimensions, or ends before the array does.
        """
        if len(shape) != self.ndim:
            raise MetadataError(
                f"has {self.ndim} dimensions, but the array has {len(shape)}", field=FIELD
            )
        for i, (axis, length) in enumerate(zip(self.axes, shape, strict=True)):
            if isinstance(axis, Runs) and axis.end < length:
                raise MetadataError(
                    f"ends at {axis.end} in dimension {i}, but the array at {length}",
                    field=FIELD,
                )

    def ending(self, shape: tuple[int, ...], place: Sequence[int]) -> tuple[int, ...]:
        """Tell where the chunks end that hold the last elements before a place.

        Parameters
        ----------
        shape : tuple of int
            Of the array.
        place : sequence of int
            Of each dimension, at most its length.
        """
        last = [max(n - 1, 0) for n in self.grid_shape(tuple(place))]
        ends = [begin + length for begin, length in self.chunk(shape, last)]
        return tuple(end if n else 0 for end, n in zip(ends, place, strict=True))

    def end(self, axis: int) -> int:
        """Tell where the row of chunks of a dimension ends; one that repeats has no end."""
        lengths = self.axes[axis]
        return INT64_END if isinstance(lengths, int) else lengths.end

    def reaching(self, shape: tuple[int, ...], step: Sequence[int] | None = None) -> "ChunkGrid":
        """Give the grid with chunks added where a row of lengths ends before an array does.

        Parameters
        ----------
        shape : tuple of int
            Of the array.
        step : sequence of int, optional
            Length of the chunks that are added to each dimension; by default that of its last.
        """
        axes = list(self.axes)
        for i, (axis, length) in enumerate(zip(self.axes, shape, strict=True)):
            if isinstance(axis, Runs) and axis.end < length:
                each = axis.lengths[-1] if step is None else step[i]
                axes[i] = Runs.of([*axis.pairs, (each, -(-(length - axis.end) // each))])
        return self if axes == list(self.axes) else replace(self, axes=tuple(axes))

    def check_resize(self, old: tuple[int, ...], new: tuple[int, ...]) -> None:
        """Check that a change of the shape leaves every stored chunk as it is.

        Raises
        ------
        MetadataError
            If a chunk at the edge of a bounded grid would change its shape, or the grid does not
            cover the new shape.
        """
        self.check(new)
        for i, (axis, before, after) in enumerate(zip(self.axes, old, new, strict=True)):
            cuts = isinstance(axis, int) and (before % axis or after % axis)
            if self.bounded and cuts and before != after:
                raise MetadataError(
                    f"ends with the array, so a change of dimension {i} from {before} to {after} "
                    f"would change the shape of stored chunks",
                    field=FIELD,
                    hint=f"lengths that are multiples of {axis} leave them as they are",
                )

    @classmethod
    def from_v3(cls, document: JSON) -> "ChunkGrid":
        """Read the member ``chunk_grid`` of a v3 document."""
        name, configuration = understood(document, FIELD)
        reader = _READERS.get(name)
        if reader is None:
            raise UnsupportedExtensionError(
                "is not supported",
                kind="chunk grid",
                name=name,
                field=FIELD,
                hint=f"known: {', '.join(_READERS)}",
            )
        return reader(configuration)

    @classmethod
    def of(
        cls, chunks: Sequence[Any], shape: tuple[int, ...], field: str = "chunks"
    ) -> "ChunkGrid":
        """Read lengths as people give them: a number or a list of numbers for each dimension.

        Raises
        ------
        MetadataError
            If an element is no length, or the chunks do not cover the array.
        """
        axes = [
            max(n, 1) if isinstance(each, int) and each == -1 else each
            for each, n in zip(chunks, shape, strict=False)
        ]
        grid = cls(_axes([*axes, *chunks[len(axes) :]], field))
        grid.check(shape)
        return grid

    def listed(self) -> list[JSON]:
        """List the lengths of each dimension: one number, or a list of numbers and pairs."""
        return [axis if isinstance(axis, int) else axis.document() for axis in self.axes]

    def to_v3(self) -> dict[str, Any]:
        """Write the member ``chunk_grid`` of a v3 document."""
        if self.regular or self.bounded:
            name = "zarrs.regular_bounded" if self.bounded else "regular"
            return {"name": name, "configuration": {"chunk_shape": self.listed()}}
        configuration = {"kind": "inline", "chunk_shapes": self.listed()}
        return {"name": "rectilinear", "configuration": configuration}

    def to_dict(self) -> dict[str, Any]:
        """Write the same, by the name that codecs have for it too."""
        return self.to_v3()


def _axes(value: Any, field: str) -> tuple[int | Runs, ...]:
    """Read a list with a number or a list of lengths for each dimension."""
    if not isinstance(value, list):
        reject(field, value, "a list")
    return tuple(_axis(each, f"{field}[{i}]") for i, each in enumerate(value))


def _axis(value: Any, field: str) -> int | Runs:
    if isinstance(value, list):
        return Runs.from_document(value, field)
    if type(value) is not int or not 1 <= value < INT64_END:
        reject(field, value, "an integer of at least 1 and below 2^63, or a list of such")
    return value


def _parameter(configuration: Mapping[str, Any], name: str, *others: str) -> tuple[Any, str]:
    """Take the one parameter of a grid, and say where it stands."""
    field = f"{FIELD}.configuration"
    if name not in configuration:
        raise MetadataError(f"needs the member {name!r}", field=field)
    check_known(configuration, (*others, name), field)
    return configuration[name], f"{field}.{name}"


def _regular(configuration: Mapping[str, Any]) -> ChunkGrid:
    return ChunkGrid(integers(*_parameter(configuration, "chunk_shape"), 1))


def _bounded(configuration: Mapping[str, Any]) -> ChunkGrid:
    return ChunkGrid(integers(*_parameter(configuration, "chunk_shape"), 1), bounded=True)


def _rectilinear(configuration: Mapping[str, Any]) -> ChunkGrid:
    axes = _axes(*_parameter(configuration, "chunk_shapes", "kind"))
    choice(configuration.get("kind"), f"{FIELD}.configuration.kind", ("inline",))
    return ChunkGrid(axes)


def _rectangular(configuration: Mapping[str, Any]) -> ChunkGrid:
    return ChunkGrid(_axes(*_parameter(configuration, "chunk_shape")))


_READERS: dict[str, Callable[[Mapping[str, Any]], ChunkGrid]] = {
    "regular": _regular,
    "rectilinear": _rectilinear,
    "rectangular": _rectangular,
    "zarrs.regular_bounded": _bounded,
}
