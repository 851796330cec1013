"""Indexing by arrays of integers and by masks: NumPy's way, orthogonal, and vectorized.

NumPy's own rules, told once: arrays in one index are broadcast against each other and name points
together; a mask stands for the arrays of its ``nonzero``; where all of them, integers included,
stand side by side the points take their place in the result, otherwise they come first.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.errors import SelectionError
from zarrpy.selection.basic import beyond, cut, expand, locate, parse_basic, unsupported
from zarrpy.selection.record import Points, Selection

if TYPE_CHECKING:
    from zarrpy.selection.record import Positions, ViewTerm

    Array = np.ndarray[Any, Any]


def parse(key: Any, shape: tuple[int, ...]) -> Selection:
    """Normalise an index expression as NumPy understands it.

    Parameters
    ----------
    key : object
        As in ``array[key]``.
    shape : tuple of int
        Shape of the selected array.

    Raises
    ------
    SelectionError
        An IndexError, when the key does not fit the shape or holds anything else.
    """
    terms = _terms(key, shape)
    if terms is None:
        return parse_basic(key, shape)
    return _joint(terms, key, shape, in_front=False)


def parse_vectorized(key: Any, shape: tuple[int, ...]) -> Selection:
    """Normalise an index whose arrays name points together; they come first in the result."""
    terms = _terms(key, shape)
    if terms is None:
        return parse_basic(key, shape)
    return _joint(terms, key, shape, in_front=True)


def parse_coordinates(key: Any, shape: tuple[int, ...]) -> Selection:
    """Normalise an index that names points by an array, or an integer, for each axis."""
    given = key if isinstance(key, tuple) else (key,)
    if len(given) != len(shape) or any(
        term is None or term is Ellipsis or isinstance(term, slice) for term in given
    ):
        raise SelectionError(
            f"points of an array of {len(shape)} dimensions are named by as many arrays of "
            f"integers, not by {len(given)} terms or by slices",
            selection=key,
            shape=shape,
        )
    return parse_vectorized(tuple(given), shape)


def is_mask(key: Any, ndim: int, chosen: Selection) -> bool:
    """Whether an index is one mask of so many axes, to which NumPy assigns in a way of its own."""
    if chosen.order is None or len(chosen.shape) != 1:
        return False
    if isinstance(key, tuple) and len(key) == 1:
        key = key[0]
    mask = None if isinstance(key, tuple) else np.asarray(key)
    return mask is not None and mask.dtype == bool and mask.ndim == ndim


def parse_mask(key: Any, shape: tuple[int, ...]) -> Selection:
    """Normalise a mask of the array's own shape."""
    mask = np.asarray(key[0] if isinstance(key, tuple) and len(key) == 1 else key)
    if mask.dtype != bool or mask.shape != shape:
        raise SelectionError(
            f"a mask is an array of bool of the shape {shape}, not of {mask.dtype} and the shape "
            f"{mask.shape}",
            selection=key,
            shape=shape,
        )
    return parse((mask,), shape)


def parse_orthogonal(key: Any, shape: tuple[int, ...]) -> Selection:
    """Normalise an index whose arrays each select on an axis of their own."""
    terms = _terms(key, shape)
    if terms is None:
        return parse_basic(key, shape)
    built = _Builder(shape, key)
    for term in expand(tuple(terms), shape):
        if isinstance(term, np.ndarray):
            if term.ndim != 1:
                raise SelectionError(
                    f"an array selects on one axis, so it has one dimension, not {term.ndim}",
                    selection=key,
                    shape=shape,
                )
            built.add_points([built.axis], [_indexes(term, built.axis, key, shape)[0]])
            built.axis += 1
        else:
            built.add(term)
    return built.selection()


# ------------------------------------------------------------------------------------ terms

_PLAIN = frozenset((int, slice, type(None), type(Ellipsis)))


def _terms(key: Any, shape: tuple[int, ...]) -> list[Any] | None:
    """Sort out the terms of an index: arrays are made of lists. None when there is no array."""
    given = key if isinstance(key, tuple) else (key,)
    if all(type(term) in _PLAIN for term in given):
        return None
    terms = [_term(term, key, shape) for term in given]
    return terms if any(isinstance(term, np.ndarray) for term in terms) else None


def _term(term: Any, key: Any, shape: tuple[int, ...]) -> Any:
    """One term, as an integer, a slice, None, Ellipsis or an array of integers or bool."""
    if term is None or term is Ellipsis or isinstance(term, slice):
        return term
    if isinstance(term, bool | np.bool_):
        return np.asarray(term)
    if not isinstance(term, np.ndarray):
        try:
            return operator.index(term)
        except TypeError:
            array = _array(term, key, shape)
    else:
        array = term
    if array.dtype.kind not in "iub":
        raise SelectionError(
            f"arrays used as indices must be of integer (or boolean) type, not {array.dtype}",
            selection=key,
            shape=shape,
        )
    if array.ndim == 0 and array.dtype.kind != "b":
        return int(array)
    return array


def _array(term: Any, key: Any, shape: tuple[int, ...]) -> Array:
    """Make an array of a list or another sequence; an empty one has no type of its own."""
    if not isinstance(term, Sequence) and not hasattr(term, "__array__"):
        raise unsupported(term, key, shape)
    array = np.asarray(term)
    return array.astype(np.int64) if array.size == 0 else array


def _indexes(term: Array, axis: int, key: Any, shape: tuple[int, ...]) -> tuple[Positions, ...]:
    """Positions that an array names, from `axis` on: one axis, or as many as a mask has."""
    if term.dtype.kind == "b":
        return _nonzero(term, axis, key, shape)
    return (_inside(term, axis, key, shape),)


def _inside(term: Array, axis: int, key: Any, shape: tuple[int, ...]) -> Positions:
    """Positions on one axis, counted from its begin."""
    length = shape[axis]
    positions = term.astype(np.int64, copy=False)
    if positions.size:
        low, high = int(term.min()), int(term.max())  # before unsigned ones become negative
        if low < -length or high >= length:
            raise beyond(high if high >= length else low, axis, key, shape)
        if low < 0:
            positions = np.where(positions < 0, positions + length, positions)
    return positions


def _nonzero(mask: Array, axis: int, key: Any, shape: tuple[int, ...]) -> tuple[Positions, ...]:
    for i, n in enumerate(mask.shape):
        if n and n != shape[axis + i]:
            raise SelectionError(
                f"boolean index did not match indexed array along axis {axis + i}; size of axis "
                f"is {shape[axis + i]} but size of corresponding boolean axis is {n}",
                selection=key,
                shape=shape,
            )
    return mask.nonzero()


def _width(term: Any) -> int:
    """How many axes of the array a term uses."""
    if term is None or term is Ellipsis:
        return 0
    return term.ndim if isinstance(term, np.ndarray) and term.dtype.kind == "b" else 1


# ------------------------------------------------------------------------------------ joint


def _joint(terms: list[Any], key: Any, shape: tuple[int, ...], *, in_front: bool) -> Selection:
    """Make a selection whose arrays name points together."""
    rest = len(shape) - sum(map(_width, terms))
    _check_terms(terms, rest, key, shape)
    built = _Builder(shape, key)
    arrays: list[Array] = []
    axes: list[int] = []
    bools: list[Array] = []  # single ones, which name no axis
    for term in terms:
        if isinstance(term, int | np.ndarray):
            built.mark_points()
        if isinstance(term, np.ndarray) and _width(term) == 0:
            bools.append(np.zeros(int(term), np.int64))
        elif isinstance(term, np.ndarray):
            is_mask = term.dtype.kind == "b"
            arrays += _nonzero(term, built.axis, key, shape) if is_mask else (term,)
            axes += range(built.axis, built.axis + _width(term))
            built.axis += _width(term)
        else:
            for each in [slice(None)] * rest if term is Ellipsis else [term]:
                built.add(each)
    if in_front or not _side_by_side(terms):
        built.place = 0
    common = _broadcast([*arrays, *bools], key, shape)
    if not axes:
        built.add_no_points(common)
    elif 0 in common:  # as in NumPy, positions that name no point may be any
        built.add_points(axes, [np.zeros(common, np.int64)] * len(axes))
    else:
        named = zip(arrays, axes, strict=True)
        found = [np.broadcast_to(_inside(array, axis, key, shape), common) for array, axis in named]
        built.add_points(axes, found)
    return built.selection()


def _side_by_side(terms: list[Any]) -> bool:
    """Whether nothing stands between arrays and integers, not even an ellipsis for no axis."""
    joint = [i for i, term in enumerate(terms) if isinstance(term, int | np.ndarray)]
    return joint[-1] - joint[0] + 1 == len(joint)


def _check_terms(terms: list[Any], rest: int, key: Any, shape: tuple[int, ...]) -> None:
    """Check the number of terms, and see to it that there is one ellipsis."""
    if rest < 0:
        raise SelectionError(
            f"too many indices: the array has {len(shape)} dimensions, but {len(shape) - rest} "
            "were indexed",
            selection=key,
            shape=shape,
        )
    ellipses = sum(term is Ellipsis for term in terms)
    if ellipses > 1:
        raise SelectionError(
            "an index can only have a single ellipsis ('...')", selection=key, shape=shape
        )
    if not ellipses:
        terms.append(Ellipsis)


def _broadcast(arrays: list[Array], key: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape that index arrays have together."""
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        shapes = " ".join(str(array.shape) for array in arrays)
        raise SelectionError(
            "shape mismatch: indexing arrays could not be broadcast together with shapes " + shapes,
            selection=key,
            shape=shape,
        ) from None


# ---------------------------------------------------------------------------------- building


@dataclass(slots=True)
class _Builder:
    """A selection that grows term by term."""

    shape: tuple[int, ...]
    key: Any
    axis: int = 0
    place: int | None = None  # among the axes of the result, where joint points go
    start: list[int] = field(default_factory=list)
    count: list[int] = field(default_factory=list)
    step: list[int] = field(default_factory=list)
    # of each axis of the result: its length, its term of the view, the array's axis or None
    result: list[tuple[int, ViewTerm, int | None]] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)

    def _set(self, axis: int, start: int, count: int, step: int) -> None:
        missing = axis + 1 - len(self.start)
        for row, value in ((self.start, 0), (self.count, 0), (self.step, 1)):
            row += [value] * missing
        self.start[axis], self.count[axis], self.step[axis] = start, count, step

    def mark_points(self) -> None:
        """Joint points go here, if this is the first of their terms."""
        if self.place is None:
            self.place = len(self.result)

    def add(self, term: Any) -> None:
        """Take an integer, a slice or newaxis."""
        if term is None:
            self.result.append((1, 0, None))
            return
        if isinstance(term, slice):
            start, count, step, seen = cut(term, self.shape[self.axis])
            self.result.append((count, seen, self.axis))
        else:
            start, count, step = locate(term, self.axis, self.key, self.shape), 1, 1
        self._set(self.axis, start, count, step)
        self.axis += 1

    def add_points(self, axes: list[int], arrays: list[Array]) -> None:
        """Take the points that arrays of one shape name, each on its axis."""
        place = len(self.result) if self.place is None else self.place
        stretch = stretch_of(arrays[0]) if len(axes) == 1 else None
        if stretch is not None:
            self._set(axes[0], *stretch[:3])
            self.result.insert(place, (stretch[1], stretch[3], axes[0]))
            return
        for axis in axes:
            self._set(axis, 0, 0, 1)
        flat = tuple(np.ascontiguousarray(array).reshape(-1) for array in arrays)
        self.points.append(Points(tuple(axes), flat))
        self.result[place:place] = [(n, slice(None), axes[0]) for n in arrays[0].shape]

    def add_no_points(self, shape: tuple[int, ...]) -> None:
        """Take what single bools leave when nothing else is there: axes of length 1 or 0."""
        self.result[self.place : self.place] = [(n, 0, None) for n in shape]

    def selection(self) -> Selection:
        """Give what was built."""
        lengths = tuple(length for length, *_ in self.result)
        terms = tuple(term for _, term, _ in self.result)
        kept = [axis for *_, axis in self.result if axis is not None]
        order = tuple(sorted(range(len(kept)), key=kept.__getitem__))
        rows = tuple(self.start), tuple(self.count), tuple(self.step)
        return Selection(*rows, lengths, terms, tuple(self.points), order, tuple(kept))


def stretch_of(positions: Array) -> tuple[int, int, int, slice] | None:
    """Start, count, positive step and view of positions that a slice could name; else None."""
    n = len(positions) if positions.ndim == 1 else 0
    if n == 0:
        return None
    first = int(positions[0])
    if n == 1:
        return first, 1, 1, slice(None)
    step = int(positions[1]) - first
    if step == 0 or int(positions[-1]) != first + (n - 1) * step:
        return None
    if not (np.diff(positions) == step).all():
        return None
    if step > 0:
        return first, n, step, slice(None)
    return int(positions[-1]), n, -step, slice(None, None, -1)
