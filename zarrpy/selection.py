"""What the user asked for: an index expression, checked and normalised against a shape.

A basic selection is, on each axis of the array, ``count`` elements from ``start``, ``step`` apart.
Steps are kept positive; where the user's step is negative the axis is *flipped*, which costs
nothing: the engine fills a reversed view of the result.  The result has the shape that NumPy gives:
integers drop their axis, ``newaxis`` adds one.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zarrpy.errors import SelectionError

if TYPE_CHECKING:
    import numpy as np

# One term of NumPy's index expression for the view that has all axes of the array.
_ViewTerm = int | slice | None


@dataclass(frozen=True, slots=True)
class Selection:
    """A basic selection of an array.

    Attributes
    ----------
    start, count, step : tuple of int
        Selected elements of each axis; `step` is at least 1.
    shape : tuple of int
        Shape of the result.
    terms : tuple
        Index expression that turns the result into an array with one axis for each axis of the
        selected array, in increasing order.
    """

    start: tuple[int, ...]
    count: tuple[int, ...]
    step: tuple[int, ...]
    shape: tuple[int, ...]
    terms: tuple[_ViewTerm, ...]

    def align(self, result: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """View an array of shape `shape` with one ascending axis for each axis of the array."""
        return result[(*self.terms, ...)]  # an ellipsis gives a view, not a scalar


def parse(key: Any, shape: tuple[int, ...]) -> Selection:
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
    terms = _expand(key if isinstance(key, tuple) else (key,), shape)
    start: list[int] = []
    count: list[int] = []
    step: list[int] = []
    result: list[int] = []
    view: list[_ViewTerm] = []
    axis = 0
    for term in terms:
        if term is None:
            result.append(1)
            view.append(0)
            continue
        if isinstance(term, slice):
            first, n, by, seen = _slice(term, shape[axis], key, shape)
            result.append(n)
        else:
            first, n, by, seen = _integer(term, axis, key, shape), 1, 1, None
        start.append(first)
        count.append(n)
        step.append(by)
        view.append(seen)
        axis += 1
    return Selection(tuple(start), tuple(count), tuple(step), tuple(result), tuple(view))


def _expand(key: tuple[Any, ...], shape: tuple[int, ...]) -> list[Any]:
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


def _slice(
    term: slice, length: int, key: Any, shape: tuple[int, ...]
) -> tuple[int, int, int, slice]:
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


def _integer(term: Any, axis: int, key: Any, shape: tuple[int, ...]) -> int:
    """Turn one integer into a position inside the axis."""
    if isinstance(term, bool):
        raise _unsupported(term, key, shape)
    try:
        index = operator.index(term)
    except TypeError:
        raise _unsupported(term, key, shape) from None
    length = shape[axis]
    if not -length <= index < length:
        raise SelectionError(
            f"index {index} is out of bounds for axis {axis} with size {length}",
            selection=key,
            shape=shape,
        )
    return index + length if index < 0 else index


def _unsupported(term: Any, key: Any, shape: tuple[int, ...]) -> SelectionError:
    return SelectionError(
        f"cannot index by {type(term).__name__}: only integers, slices (`:`), ellipsis (`...`) and"
        f" newaxis (`None`) select here",
        selection=key,
        shape=shape,
    )
