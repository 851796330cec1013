"""A drawing of an array: its shape, and how it is cut into chunks and shards, as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import accumulate
from math import log
from typing import TYPE_CHECKING

from zarrpy.display.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["box_svg"]

#: Pixels of the longest side, and of the shortest that is still seen.
_LONGEST, _SHORTEST = 120.0, 16.0
#: Lines of one axis at most; where there are more chunks, some of them are drawn.
_MOST_LINES = 24
#: How far depth goes to the right and down, for each pixel.
_SLANT = 0.45

Point = tuple[float, float]


@dataclass(frozen=True)
class _Axis:
    """One axis, as it is drawn.

    Attributes
    ----------
    length : float
        In pixels.
    chunks, shards : list of float
        Where chunks, and shards, end, in pixels.
    label : str
    """

    length: float
    chunks: list[float]
    shards: list[float]
    label: str


def box_svg(
    shape: tuple[int, ...],
    chunks: tuple[tuple[int, ...], ...],
    shards: tuple[tuple[int, ...], ...] | None = None,
    names: tuple[str | None, ...] | None = None,
) -> str:
    """Draw the last three axes of an array as a box.

    Parameters
    ----------
    shape : tuple of int
    chunks, shards : tuple of tuple of int
        Lengths along each axis; one stands for as many as there is room for.
    names : tuple of (str or None), optional

    Returns
    -------
    str
        An ``svg`` element; empty for an array without axes.

    Examples
    --------
    >>> box_svg((4,), ((2,),)).count("<path")
    1
    """
    names = names or (None,) * len(shape)
    shown = range(max(len(shape) - 3, 0), len(shape))
    axes = [_axis(axis, shape, chunks, shards, names[axis]) for axis in shown]
    if not axes:
        return ""
    depth, height = [None, None, *axes[:-1]][-2:]
    return _drawn(axes[-1], height, depth)


def _axis(
    axis: int,
    shape: tuple[int, ...],
    chunks: tuple[tuple[int, ...], ...],
    shards: tuple[tuple[int, ...], ...] | None,
    name: str | None,
) -> _Axis:
    n, longest = shape[axis], max(*shape, 1)
    length = _LONGEST if n == longest else max(_SHORTEST, _LONGEST * _share(n, longest))
    label = f"{name} {n}" if name else str(n)
    most = _MOST_LINES // 2 if shards else _MOST_LINES  # there are two kinds of lines
    ends = _ends(chunks[axis], n, length, most)
    return _Axis(length, ends, _ends(shards[axis], n, length, most) if shards else [], label)


def _share(n: int, longest: int) -> float:
    """Draw short axes longer than they are, so that they are seen beside long ones."""
    return log(n + 1) / log(longest + 1) if longest > 4 * n else n / longest


def _ends(lengths: tuple[int, ...], n: int, pixels: float, most: int) -> list[float]:
    """Find where chunks end inside the array; of very many, some."""
    if n == 0 or not lengths:
        return []
    if len(lengths) == 1:
        count = -(-n // max(lengths[0], 1)) - 1
        step = -(-count // most) if count > 0 else 1
        found = [lengths[0] * i for i in range(step, count + 1, step)]
    else:
        found = [end for end in accumulate(lengths) if end < n]
        found = found[:: max(1, -(-len(found) // most))]
    return [pixels * end / n for end in found]


def _drawn(width: _Axis, height: _Axis | None, depth: _Axis | None) -> str:
    """Draw the front of a box, its top and its side."""
    down = _SHORTEST * 1.5 if height is None else height.length
    slant = 0.0 if depth is None else depth.length * _SLANT
    left, top = 4.0, 4.0
    faces, lines = [], _Lines()
    front = (left + slant, top + slant)
    if depth is not None:
        back = (left, top)
        faces.append(_face([back, _moved(back, width.length), *_reverse(front, width.length)]))
        faces.append(_face([back, _moved(back, 0, down), _moved(front, 0, down), front]))
        for right, below in ((width.length, 0.0), (0.0, down)):
            lines.add(depth, lambda at: (left + at * _SLANT, top + at * _SLANT), right, below)
        lines.add(width, lambda at: (left + at, top), slant, slant)
        if height is not None:
            lines.add(height, lambda at: (left, top + at), slant, slant)
    corners = [front, _moved(front, width.length), _moved(front, width.length, down)]
    faces.append(_face([*corners, _moved(front, 0, down)]))
    lines.add(width, lambda at: _moved(front, at), 0, down)
    if height is not None:
        lines.add(height, lambda at: _moved(front, 0, at), width.length, 0)
    right, bottom = front[0] + width.length, front[1] + down
    texts = [_text(width.label, front[0] + width.length / 2, bottom + 14, "middle")]
    if height is not None:
        texts.append(_text(height.label, right + 6, front[1] + down / 2 + 4, "start"))
    if depth is not None:
        texts.append(_text(depth.label, right - slant / 2 + 8, top + slant / 2, "start"))
    return _svg([*faces, *lines.paths(), *texts], right + 110, bottom + 22)


def _moved(point: Point, right: float, down: float = 0.0) -> Point:
    return point[0] + right, point[1] + down


def _reverse(front: Point, width: float) -> list[Point]:
    return [_moved(front, width), front]


def _face(points: list[Point]) -> str:
    told = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    return f'<polygon points="{told}" fill="#8fb8de" fill-opacity=".35"/>'


class _Lines:
    """Where chunks end, and stronger where shards do: a path for all lines of a kind."""

    def __init__(self) -> None:
        self._weak: list[str] = []
        self._strong: list[str] = []

    def add(self, axis: _Axis, place: Callable[[float], Point], right: float, down: float) -> None:
        """Draw the lines of an axis on one face."""
        along = f"l{_n(right)} {_n(down)}"
        if not right or not down:
            along = f"h{_n(right)}" if right else f"v{_n(down)}"
        covered = {round(at, 3) for at in axis.shards}
        weak = [at for at in axis.chunks if round(at, 3) not in covered]
        for ends, drawn in ((weak, self._weak), (axis.shards, self._strong)):
            for x, y in map(place, ends):
                drawn.append(f"M{_n(x)} {_n(y)}{along}")

    def paths(self) -> list[str]:
        """Give what was added as elements."""
        kinds = ((self._weak, ".6", ".5"), (self._strong, "1.6", ".9"))
        return [
            f'<path d="{"".join(drawn)}" stroke-width="{width}" stroke-opacity="{opacity}"/>'
            for drawn, width, opacity in kinds
            if drawn
        ]


def _n(pixels: float) -> str:
    """Write a number of pixels in few characters."""
    return f"{pixels:.1f}".removesuffix(".0")


def _text(text: str, x: float, y: float, anchor: str) -> str:
    told = escape(printable(text))
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" '
        f'fill="currentColor" stroke="none">{told}</text>'
    )


def _svg(parts: list[str], width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'font-family="sans-serif" font-size="11" stroke="currentColor">{"".join(parts)}</svg>'
    )
