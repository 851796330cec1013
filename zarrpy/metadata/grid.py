"""The chunk grid: where along each dimension one chunk ends and the next begins.

Every grid of Zarr has its edges along the axes, so one class holds them all: per dimension
either one spacing that repeats, or the length of each chunk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import check_known, integers, understood

__all__ = ["ChunkGrid"]

FIELD = "chunk_grid"


@dataclass(frozen=True)
class ChunkGrid:
    """How an array is cut into chunks.

    Parameters
    ----------
    axes : tuple of int or tuple of int
        For each dimension the spacing, if it repeats, or the length of every chunk.

    Examples
    --------
    >>> ChunkGrid((10, 20)).grid_shape((100, 50))
    (10, 3)
    """

    axes: tuple[int | tuple[int, ...], ...]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.axes)

    @cached_property
    def regular(self) -> bool:
        """Whether all chunks have one shape."""
        return all(isinstance(axis, int) for axis in self.axes)

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

    def grid_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Count the chunks along each dimension that an array of this shape touches."""
        return tuple(map(_count, self.axes, shape))

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
            if not isinstance(axis, int) and sum(axis) < length:
                raise MetadataError(
                    f"ends at {sum(axis)} in dimension {i}, but the array at {length}",
                    field=FIELD,
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
        return cls(reader(configuration))

    def to_v3(self) -> dict[str, Any]:
        """Write the member ``chunk_grid`` of a v3 document."""
        return {"name": "regular", "configuration": {"chunk_shape": list(self.chunk_shape)}}


def _count(axis: int | tuple[int, ...], length: int) -> int:
    if isinstance(axis, int):
        return -(-length // axis)
    count = start = 0
    for each in axis:
        if start >= length:
            break
        start += each
        count += 1
    return count


def _regular(configuration: Mapping[str, Any]) -> tuple[int, ...]:
    field = f"{FIELD}.configuration"
    if "chunk_shape" not in configuration:
        raise MetadataError("needs the member 'chunk_shape'", field=field)
    check_known(configuration, ("chunk_shape",), field)
    return integers(configuration["chunk_shape"], f"{field}.chunk_shape", 1)


_READERS: dict[str, Callable[[Mapping[str, Any]], tuple[int | tuple[int, ...], ...]]] = {
    "regular": _regular,
}
