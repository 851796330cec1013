"""Selections counted in chunks."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from zarrpy.errors import SelectionError
from zarrpy.selection.basic import expand, parse_basic

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.selection.record import Selection


def parse_blocks(
    key: Any,
    shape: tuple[int, ...],
    grid_shape: tuple[int, ...],
    begin: Callable[[tuple[int, ...]], tuple[int, ...]],
) -> Selection:
    """Normalise an index expression of integers, slices and ellipsis that counts chunks.

    Parameters
    ----------
    key : object
        As in ``array.blocks[key]``; an integer takes one chunk and keeps its axis.
    shape : tuple of int
        Shape of the array, in elements.
    grid_shape : tuple of int
        How many chunks there are on each axis.
    begin : callable
        Gives for the grid index of a chunk where it begins on each axis.

    Raises
    ------
    SelectionError
        An IndexError, when there are no such chunks, or the key holds anything else.
    """
    terms = expand(key if isinstance(key, tuple) else (key,), grid_shape)
    spans = [
        _span(term, axis, key, grid_shape) for axis, term in enumerate(_no_new_axes(terms, key))
    ]
    last = [max(stop - 1, 0) for _, stop in spans]
    starts = begin(
        tuple(min(start, max(n - 1, 0)) for (start, _), n in zip(spans, grid_shape, strict=True))
    )
    ends = _ends(begin, last, shape, grid_shape)
    return parse_basic(
        tuple(
            slice(first, end) if start < stop else slice(0, 0)
            for (start, stop), first, end in zip(spans, starts, ends, strict=True)
        ),
        shape,
    )


def _ends(
    begin: Callable[[tuple[int, ...]], tuple[int, ...]],
    last: list[int],
    shape: tuple[int, ...],
    grid_shape: tuple[int, ...],
) -> list[int]:
    """Where chunks end: where the next one begins, or the array ends."""
    following = begin(
        tuple(min(i + 1, max(n - 1, 0)) for i, n in zip(last, grid_shape, strict=True))
    )
    return [
        length if i + 1 >= n else at
        for i, n, at, length in zip(last, grid_shape, following, shape, strict=True)
    ]


def _no_new_axes(terms: list[Any], key: Any) -> list[Any]:
    if any(term is None for term in terms):
        raise SelectionError("chunks are not selected by newaxis (`None`)", selection=key)
    return terms


def _span(term: Any, axis: int, key: Any, grid_shape: tuple[int, ...]) -> tuple[int, int]:
    """First chunk and the one behind the last, on one axis."""
    n = grid_shape[axis]
    if isinstance(term, slice):
        start, stop, step = term.indices(n)
        if step != 1:
            raise SelectionError(
                f"chunks are selected without a step, not by {term}",
                selection=key,
                shape=grid_shape,
            )
        return start, max(start, stop)
    try:
        index = operator.index(term)
    except TypeError:
        raise SelectionError(
            f"cannot select chunks by {type(term).__name__}: only integers, slices (`:`) and "
            "ellipsis (`...`) do",
            selection=key,
            shape=grid_shape,
        ) from None
    if not -n <= index < n:
        raise SelectionError(
            f"chunk {index} is out of bounds for axis {axis} with {n} chunks",
            selection=key,
            shape=grid_shape,
            hint=f"the grid of chunks is {grid_shape}",
        )
    index %= n
    return index, index + 1
