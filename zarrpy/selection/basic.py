"""Basic indexing: integers, slices, ellipsis and newaxis."""

from __future__ import annotations

import operator
from typing import Any

from zarrpy.errors import SelectionError
from zarrpy.selection.record import Selection, ViewTerm


def parse_basic(key: Any, shape: tuple[int, ...]) -> Selection:
    """Normalise an index expression of integers, slices, ellipsis and newaxis.

    Parameters
    ----------
    key : object
        As in ``array[key]``.
    shape : tuple of int
        Shape of the selected array.

    Returns
    -------
    Selection

    Raises
    ------
    SelectionError
        An IndexError, when the key does not fit the shape or holds anything else.
    """
    terms = expand(key if isinstance(key, tuple) else (key,), shape)
    start: list[int] = []
    count: list[int] = []
    step: list[int] = []
    result: list[int] = []
    view: list[ViewTerm] = []
    axis = 0
    for term in terms:
        if term is None:
            result.append(1)
            view.append(0)
            continue
        if isinstance(term, slice):
            first, n, by, seen = cut(term, shape[axis])
            result.append(n)
        else:
            first, n, by, seen = locate(term, axis, key, shape), 1, 1, None
        start.append(first)
        count.append(n)
        step.append(by)
        view.append(seen)
        axis += 1
    return Selection(tuple(start), tuple(count), tuple(step), tuple(result), tuple(view))


def expand(key: tuple[Any, ...], shape: tuple[int, ...]) -> list[Any]:
    """Write out the ellipsis, so that every axis has its term."""
    used = sum(1 for term in key if term is not None and term is not Ellipsis)
    if used > len(shape):
        raise SelectionError(
            f"too many indices: the array has {len(shape)} dimensions, but {used} were indexed",
            selection=key,
            shape=shape,
        )
    rest = [slice(None)] * (len(shape) - used)
    ellipses = sum(1 for term in key if term is Ellipsis)
    if ellipses > 1:
        raise SelectionError(
            "an index can only have a single ellipsis ('...')", selection=key, shape=shape
        )
    if not ellipses:
        return [*key, *rest]
    at = next(i for i, term in enumerate(key) if term is Ellipsis)
    return [*key[:at], *rest, *key[at + 1 :]]


def cut(term: slice, length: int) -> tuple[int, int, int, slice]:
    """Start, count and positive step of a slice, and how the view runs along it."""
    try:
        start, stop, step = term.indices(length)
    except TypeError:
        raise TypeError(f"slice indices must be integers or None, not {term}") from None
    except ValueError:
        raise ValueError("slice step cannot be zero") from None
    count = len(range(start, stop, step))
    if count == 1:  # the step leads nowhere, and may be longer than the engine can count
        return start, 1, 1, slice(None)
    if step > 0 or count == 0:
        return (start if count else 0), count, (step if count else 1), slice(None)
    return start + (count - 1) * step, count, -step, slice(None, None, -1)


def locate(term: Any, axis: int, key: Any, shape: tuple[int, ...]) -> int:
    """Turn one integer into a position inside the axis."""
    if isinstance(term, bool):
        raise unsupported(term, key, shape)
    try:
        index = operator.index(term)
    except TypeError:
        raise unsupported(term, key, shape) from None
    length = shape[axis]
    if not -length <= index < length:
        raise beyond(index, axis, key, shape)
    return index + length if index < 0 else index


def beyond(index: int, axis: int, key: Any, shape: tuple[int, ...]) -> SelectionError:
    """Say what there is instead of an index that lies outside."""
    length = shape[axis]
    inside = f"this axis has {-length} to {length - 1}" if length else "this axis is empty"
    return SelectionError(
        f"index {index} is out of bounds for axis {axis} with size {length}",
        selection=key,
        shape=shape,
        hint=f"{inside}; the shape is {shape}",
    )


def unsupported(term: Any, key: Any, shape: tuple[int, ...]) -> SelectionError:
    """Say what selects instead of a term that does not."""
    return SelectionError(
        f"cannot index by {type(term).__name__}: only integers, slices (`:`), ellipsis (`...`) and"
        f" newaxis (`None`) select here",
        selection=key,
        shape=shape,
    )
