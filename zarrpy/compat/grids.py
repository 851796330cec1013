"""Grids of chunks by zarr-python's names, which tell two kinds apart by class; made of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zarrpy.compat.settings import config
from zarrpy.errors import MetadataError
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.runs import Runs

__all__ = ["RectilinearChunkGridMetadata", "RegularChunkGridMetadata", "check_allowed"]


def check_allowed(metadata: Any) -> None:
    """Refuse an array whose chunks have different shapes, where the setting for such is off.

    Parameters
    ----------
    metadata : ArrayMetadata or GroupMetadata

    Raises
    ------
    MetadataError
    """
    grid = getattr(metadata, "chunk_grid", None)
    if grid is None or grid.regular or grid.bounded or config.get("array.rectilinear_chunks"):
        return
    raise MetadataError(
        "is rectilinear: such grids are experimental and disabled by default",
        field="chunk_grid",
        hint="here by zarr.config.set({'array.rectilinear_chunks': False})",
    )


class _Kind(type):
    """What stands for a class of grids."""

    #: Whether all chunks of such a grid have one shape.
    regular = False

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, ChunkGrid) and _is_told_regular(instance) is cls.regular

    def __call__(cls, **keywords: Any) -> Any:
        return cls.made(**keywords)  # type: ignore[attr-defined]


class RegularChunkGridMetadata(metaclass=_Kind):
    """A grid whose chunks all have one shape."""

    regular = True

    @staticmethod
    def made(*, chunk_shape: Iterable[int]) -> ChunkGrid:
        """Make one of the shape of its chunks."""
        if isinstance(chunk_shape, str | Mapping) or not isinstance(chunk_shape, Iterable):
            raise TypeError(
                f"A chunk shape must be an iterable of chunk edge lengths, got {chunk_shape!r}"
            )
        return ChunkGrid(tuple(_edge(each, i) for i, each in enumerate(chunk_shape)))

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ChunkGrid:
        """Understand the member of a document."""
        return RegularChunkGridMetadata.made(chunk_shape=_said(data, "regular")["chunk_shape"])


class RectilinearChunkGridMetadata(metaclass=_Kind):
    """A grid whose chunks have lengths of their own along a dimension."""

    regular = False

    @staticmethod
    def made(*, chunk_shapes: Sequence[int | Sequence[int]]) -> ChunkGrid:
        """Make one of a length that repeats, or the length of each chunk, for each dimension."""
        axes = tuple(_axis(each, i) for i, each in enumerate(chunk_shapes))
        repeating = all(isinstance(axis, int) for axis in axes)
        return _Repeating(axes) if repeating else ChunkGrid(axes)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ChunkGrid:
        """Understand the member of a document, in which equal lengths may be counted."""
        said = _said(data, "rectilinear")
        if said.get("kind") != "inline":
            raise MetadataError(f"is kind={said.get('kind')!r}, and only 'inline' is known")
        axes = (_counted(each, i) for i, each in enumerate(said["chunk_shapes"]))
        return RectilinearChunkGridMetadata.made(chunk_shapes=tuple(axes))


@dataclass(frozen=True, eq=False)
class _Repeating(ChunkGrid):
    """A grid of one shape that is told in the words of those that have several."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChunkGrid):
            return NotImplemented
        return self.axes == other.axes and not other.bounded

    __hash__ = ChunkGrid.__hash__

    def to_v3(self) -> dict[str, Any]:
        """Write the member ``chunk_grid`` of a v3 document."""
        configuration = {"kind": "inline", "chunk_shapes": self.listed()}
        return {"name": "rectilinear", "configuration": configuration}


def _is_told_regular(grid: ChunkGrid) -> bool:
    return grid.regular and not isinstance(grid, _Repeating)


def _said(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give the configuration of a grid, which has to be of a kind."""
    if data.get("name") != name:
        raise MetadataError(f"Expected '{name}', got {data.get('name')!r}", field="chunk_grid.name")
    configuration: Mapping[str, Any] = data["configuration"]
    return configuration


def _axis(given: Any, axis: int) -> int | Runs:
    if not isinstance(given, list | tuple):
        return _edge(given, axis)
    if not given:
        raise MetadataError(f"Dimension {axis} has no chunk edges", field="chunk_shapes")
    return Runs.of([_edge(each, axis) for each in given])


def _counted(given: Any, axis: int) -> Any:
    """Give the lengths along a dimension, each as often as it is said to be there."""
    if not isinstance(given, list | tuple):
        return given
    lengths: list[Any] = []
    for each in given:
        pair = each if isinstance(each, list | tuple) else (each, 1)
        if len(pair) != 2:
            raise MetadataError(f"Dimension {axis}: {each!r} is no length and its count")
        lengths += [pair[0]] * _positive(pair[1], f"Dimension {axis}: RLE repeat count")
    return lengths


def _edge(given: Any, axis: int) -> int:
    return _positive(given, f"Dimension {axis}: chunk edge length")


def _positive(given: Any, what: str) -> int:
    if not isinstance(given, int):
        raise TypeError(f"{what} must be an int, got {given!r}")
    if given < 1:
        raise ValueError(f"{what} must be >= 1, got {given!r}")
    return int(given)
