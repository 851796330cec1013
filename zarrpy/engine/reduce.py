"""What becomes of many blocks of numbers: sums, extremes, moments and histograms.

A reducer folds blocks into a *state*, an array or a few of them, whose reduced axes have length 1.
States of blocks are merged in the order of the blocks, so that results depend on the array and not
on how many threads worked.  Numbers of fewer bits than a float64 has are added up as float64.

Each reducer says in NumPy what it does; where the numbers are of a usual kind, the work is done by
`zarrpy._native.reduce`, which agrees with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from zarrpy._native import reduce as native
from zarrpy.config import config
from zarrpy.engine.spare import Spare

if TYPE_CHECKING:
    from collections.abc import Callable

    Block = np.ndarray[Any, Any]
    #: Which elements count; None: all.
    Valid = np.ndarray[Any, np.dtype[np.bool]] | None


class Begun(NamedTuple):
    """A state that blocks go to without Python.

    Attributes
    ----------
    fold : Fold
        Takes the blocks.
    end : callable
        Gives the state afterwards.
    """

    fold: native.Fold
    end: Callable[[], Any]


class Reducer(Protocol):
    """One reduction of numbers along some axes."""

    def fold(self, state: Any, block: Block, valid: Valid) -> Any:
        """Take a block into the state, which is None before the first; it may be changed."""

    def begin(self, dtype: np.dtype[Any], kept: tuple[int, ...]) -> Begun | None:
        """Begin a state that blocks of plain numbers go to without Python, where that is possible.

        `kept` is the shape of a block, with length 1 along the reduced axes.
        """

    def fold_constant(self, state: Any, value: Any, shape: tuple[int, ...]) -> Any:
        """Take a block into the state that has one value everywhere."""

    def merge(self, state: Any, other: Any) -> Any:
        """Take a state of later blocks into an earlier one."""

    def finish(self, state: Any) -> tuple[Block, Any]:
        """Give the result, and how many elements were counted where that was asked."""


_MOST_EDGES = 1 << 20


def _reduced(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """Shape of what is left of a block, and how many elements come together."""
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    return kept, math.prod(shape[axis] for axis in axes)


def accumulator(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Give the type that sums of a type are added up in."""
    if (dtype.kind == "f" and dtype.itemsize < 8) or dtype.kind == "V":
        return np.dtype("f8")
    if dtype.kind == "c" and dtype.itemsize < 16:
        return np.dtype("c16")
    return dtype


def _plain(block: Block, valid: Valid) -> bool:
    """Whether the native body may do it."""
    return valid is None and "native" not in config.disable and native.has(block)


def _mergeable(*states: Block) -> bool:
    """Whether the native body may merge them."""
    return "native" not in config.disable and all(
        one.dtype.char in "dD" and one.dtype.isnative and one.flags.c_contiguous and one.ndim
        for one in states
    )


def _widened(block: Block) -> Block:
    """Make numbers that NumPy itself does not know such that it does."""
    return block.astype("f8") if block.dtype.kind == "V" else block


class Sum:
    """Sums along axes.

    Parameters
    ----------
    axes : tuple of int
    dtype : dtype
        That the numbers are added up in; integers wrap around in it.
    counting : bool
        Also count the elements, as not all of them are valid.
    """

    def __init__(self, axes: tuple[int, ...], dtype: np.dtype[Any], counting: bool) -> None:
        self._axes = axes
        self._dtype = dtype
        self._counting = counting
        self._spare = Spare()

    def fold(self, state: Any, block: Block, valid: Valid) -> Any:
        """Add the elements of a block."""
        if self._dtype.kind != "m" and _plain(block, valid):
            kept, _ = _reduced(block.shape, self._axes)
            if state is None:
                state = [np.zeros(kept, self._dtype), None, None]
            if native.add(block, state[0]):
                return state
            part = self._part(block, valid)
            state[0] += part
            return state
        part = self._part(block, valid)
        count = None
        if self._counting:
            where = np.ones(block.shape, bool) if valid is None else valid
            count = np.add.reduce(where, axis=self._axes, dtype="i8", keepdims=True)
        return self._take(state, part, count)

    def begin(self, dtype: np.dtype[Any], kept: tuple[int, ...]) -> Begun | None:
        """Begin with sums of nothing."""
        kind = self._dtype.char
        integers = kind in "qQlL" and dtype.kind in "biu"
        if not (integers or kind == ("D" if dtype.kind == "c" else "d")):
            return None
        sums = self._spare.empty(kept, self._dtype)
        what = native.INTEGERS if integers else native.SUM
        fold = native.Fold(what, dtype, self._axes, len(kept), sums)
        return Begun(fold, lambda: [sums, None, None])

    def _part(self, block: Block, valid: Valid) -> Block:
        options: dict[str, Any] = {} if valid is None else {"where": valid}
        if self._dtype.kind != "m":  # of which NumPy takes no unit
            options["dtype"] = self._dtype
        with np.errstate(all="ignore"):
            part: Block = np.add.reduce(_widened(block), axis=self._axes, keepdims=True, **options)
        return part

    def _take(self, state: Any, part: Block, count: Any) -> Any:
        if state is None:
            return [part, count, None]
        with np.errstate(all="ignore"):
            state[0] += part
        if count is not None:
            state[1] += count
        return state

    def fold_constant(self, state: Any, value: Any, shape: tuple[int, ...]) -> Any:
        """Add one value many times."""
        kept, n = _reduced(shape, self._axes)
        with np.errstate(all="ignore"):
            one = np.asarray(value).astype(self._dtype)
            total = one * (n if self._dtype.kind == "m" else np.asarray(n).astype(self._dtype))
        count = np.full(kept, n, "i8") if self._counting else None
        return self._take(state, np.full(kept, total, self._dtype), count)

    def merge(self, state: Any, other: Any) -> Any:
        """Add the sums of later blocks, and keep what rounding takes from them."""
        if state is None:
            return other
        if self._dtype.kind not in "fc":
            return self._take(state, other[0], other[1])
        if other[1] is None and _mergeable(state[0], other[0]):
            if state[2] is None:
                state[2] = np.zeros_like(state[0])
            native.merge_sums(state[0], state[2], other[0])
            self._spare.give(other[0])
            return state
        total, part = state[0], other[0]
        with np.errstate(all="ignore"):
            new = total + part
            shown = new - total
            lost = (total - (new - shown)) + (part - shown)
        state[0] = new
        state[2] = lost if state[2] is None else state[2] + lost
        if other[1] is not None:
            state[1] += other[1]
        return state

    def finish(self, state: Any) -> tuple[Block, Any]:
        """Give the sums."""
        total, count, lost = state
        if lost is not None:
            with np.errstate(all="ignore"):
                total = np.asarray(total)
                np.add(total, lost, out=total, where=np.isfinite(lost))
        return total, count


class Extreme:
    """The least or the greatest elements along axes; one that is NaN is it.

    Parameters
    ----------
    ufunc : numpy.minimum or numpy.maximum
    axes : tuple of int
    dtype : dtype
    counting : bool
    """

    def __init__(
        self, ufunc: np.ufunc, axes: tuple[int, ...], dtype: np.dtype[Any], counting: bool
    ) -> None:
        self._ufunc = ufunc
        self._axes = axes
        self._dtype = dtype
        self._counting = counting
        self._spare = Spare()

    def fold(self, state: Any, block: Block, valid: Valid) -> Any:
        """Compare the elements of a block."""
        count = None
        if self._counting:
            valid = np.ones(block.shape, bool) if valid is None else valid
            count = np.add.reduce(valid, axis=self._axes, dtype="i8", keepdims=True)
            # of what is left out, the first that counts is a stand-in: it changes nothing
            block = np.where(valid, block, self._stand_in(block, valid))
        return self._take(state, self._ufunc.reduce(block, axis=self._axes, keepdims=True), count)

    def begin(self, dtype: np.dtype[Any], kept: tuple[int, ...]) -> Begun | None:
        """Begin with what any number is better than, or as good as."""
        if dtype.kind not in "biuf":
            return None
        greatest = self._ufunc is np.maximum
        best = self._spare.empty(kept, dtype)
        best[...] = _worst(dtype, greatest)
        what = native.GREATEST if greatest else native.LEAST
        return Begun(native.Fold(what, dtype, self._axes, len(kept), best), lambda: [best, None])

    def _stand_in(self, block: Block, valid: Block) -> Block:
        """Give for each result one of the elements that count for it."""
        moved = np.moveaxis(block, self._axes, range(len(self._axes)))
        where = np.moveaxis(valid, self._axes, range(len(self._axes)))
        n = math.prod(moved.shape[: len(self._axes)])
        rest = moved.shape[len(self._axes) :]
        first = where.reshape(n, *rest).argmax(axis=0)
        found = np.take_along_axis(moved.reshape(n, *rest), first[None], axis=0)[0]
        return np.expand_dims(found, self._axes)

    def _take(self, state: Any, part: Block, count: Any) -> Any:
        if state is None:
            return [part, count]
        if count is None:
            self._ufunc(state[0], part, out=state[0])
            self._spare.give(part)
            return state
        best = self._ufunc(state[0], part)
        state[0] = np.where(state[1] == 0, part, np.where(count == 0, state[0], best))
        state[1] = state[1] + count
        return state

    def fold_constant(self, state: Any, value: Any, shape: tuple[int, ...]) -> Any:
        """Compare one value."""
        kept, n = _reduced(shape, self._axes)
        count = np.full(kept, n, "i8") if self._counting else None
        return self._take(state, np.full(kept, value, self._dtype), count)

    def merge(self, state: Any, other: Any) -> Any:
        """Compare with what later blocks have."""
        return other if state is None else self._take(state, *other)

    def finish(self, state: Any) -> tuple[Block, Any]:
        """Give the extremes."""
        return state[0], state[1]


def _worst(dtype: np.dtype[Any], greatest: bool) -> Any:
    """Give the number than which none is worse."""
    if dtype.kind == "f":
        return -np.inf if greatest else np.inf
    if dtype.kind == "b":
        return not greatest
    return np.iinfo(dtype).min if greatest else np.iinfo(dtype).max


class Moments:
    """Means and squared deviations along axes, merged without loss (Chan, Golub and LeVeque).

    Parameters
    ----------
    axes : tuple of int
    dtype : dtype
        float64, or complex128 for complex numbers.
    ddof : float
        Taken from the number of elements before dividing by it.
    """

    def __init__(self, axes: tuple[int, ...], dtype: np.dtype[Any], ddof: float) -> None:
        self._axes = axes
        self._dtype = dtype
        self._ddof = ddof
        self._spare = Spare()

    def fold(self, state: Any, block: Block, valid: Valid) -> Any:
        """Take in the moments of a block."""
        kept, n = _reduced(block.shape, self._axes)
        if _plain(block, valid) and not (state and isinstance(state[0], np.ndarray)):
            if state is None:
                state = [0, np.zeros(kept, self._dtype), np.zeros(kept, self._dtype)]
            elif state[2].dtype != self._dtype:
                state[2] = state[2].astype(self._dtype)
            native.add_moments(block, state[0], state[1], state[2])
            state[0] += n
            return state
        with np.errstate(all="ignore"):
            part = self._part(block, n) if valid is None else self._valid_part(block, valid)
        return self.merge(state, part)

    def begin(self, dtype: np.dtype[Any], kept: tuple[int, ...]) -> Begun | None:
        """Begin with moments of nothing."""
        mean, squares = (self._spare.empty(kept, self._dtype) for _ in range(2))
        fold = native.Fold(native.MOMENTS, dtype, self._axes, len(kept), mean, squares)
        return Begun(fold, lambda: [fold.seen, mean, squares])

    def _part(self, block: Block, n: int) -> Any:
        block = _widened(block)
        mean = np.add.reduce(block, axis=self._axes, dtype=self._dtype, keepdims=True) / n
        away = np.subtract(block, mean, dtype=self._dtype)
        return [n, mean, np.add.reduce(_squared(away), axis=self._axes, keepdims=True)]

    def _valid_part(self, block: Block, valid: Block) -> Any:
        block = _widened(block)
        count = np.add.reduce(valid, axis=self._axes, dtype="i8", keepdims=True)
        options: dict[str, Any] = {"axis": self._axes, "keepdims": True, "where": valid}
        mean = np.add.reduce(block, dtype=self._dtype, **options) / np.maximum(count, 1)
        away = np.subtract(block, mean, dtype=self._dtype)
        return [count, mean, np.add.reduce(_squared(away), **options)]

    def fold_constant(self, state: Any, value: Any, shape: tuple[int, ...]) -> Any:
        """Take in a block without deviation."""
        kept, n = _reduced(shape, self._axes)
        with np.errstate(all="ignore"):
            mean = np.full(kept, np.asarray(value).astype(self._dtype), self._dtype)
            return self.merge(state, [n, mean, _squared(mean - mean)])

    def merge(self, state: Any, other: Any) -> Any:
        """Take in the moments of later blocks."""
        if state is None:
            return other
        count, mean, squares = state
        n, other_mean, other_squares = other
        total = count + n
        share = n / np.maximum(total, 1)
        plain = mean.dtype.char == "d" and not isinstance(total, np.ndarray)
        if plain and _mergeable(mean, squares, other_mean, other_squares):
            native.merge_moments(count, share, mean, squares, other_mean, other_squares)
            self._spare.give(other_mean, other_squares)
            return [total, mean, squares]
        with np.errstate(all="ignore"):
            away = other_mean - mean
            if isinstance(total, np.ndarray):  # one side may have no element that counts
                away = np.where(n == 0, 0, away)
                mean = np.where(count == 0, other_mean, mean + away * share)
                squares = (
                    squares
                    + other_squares
                    + np.where(count == 0, 0, _squared(away) * (count * share))
                )
            else:
                mean = mean + away * share
                squares = squares + other_squares + _squared(away) * (count * share)
        return [total, mean, squares]

    def finish(self, state: Any) -> tuple[Block, Any]:
        """Give the variances."""
        count, _, squares = state
        if squares.dtype.kind == "c":
            squares = squares.real + squares.imag
        with np.errstate(all="ignore"):
            variance = squares / np.maximum(count - self._ddof, 0)
        return variance, count if isinstance(count, np.ndarray) else None


def _squared(away: Block) -> Block:
    if away.dtype.kind == "c":
        real, imaginary = away.real, away.imag
        squares: Block = real * real + imaginary * imaginary
        return squares
    return away * away


class Histogram:
    """Counts of elements between edges.

    Parameters
    ----------
    bins : int or ndarray
        So many of one width, or edges.
    limits : (float, float) or None
        The range of bins of one width.
    edges : ndarray
        As NumPy gives them.
    """

    def __init__(self, bins: Any, limits: Any, edges: Block) -> None:
        self._bins = bins
        self._limits = limits
        self._edges = edges
        self._exact = np.ascontiguousarray(edges, "f8")
        # the bin of a number can be told from its size, but for very many bins
        width = (self._exact[-1] - self._exact[0]) / (len(edges) - 1)
        even = self._exact[0] + width * np.arange(len(edges))
        self._blur = float(np.abs(self._exact - even).max() / width) * 2 + 1e-6
        self._guessed = limits is not None and len(edges) <= _MOST_EDGES and self._blur < 0.25

    def fold(self, state: Any, block: Block, valid: Valid) -> Any:
        """Count the elements of a block."""
        if self._guessed and _plain(block, valid):
            tables = np.zeros((4, len(self._edges)), "i8")
            if native.count(block, self._exact, self._blur, tables):
                return self.merge(state, tables.sum(axis=0)[:-1])
        part = self._count(block if valid is None else block[valid])
        return self.merge(state, part)

    def begin(self, dtype: np.dtype[Any], kept: tuple[int, ...]) -> Begun | None:
        """Begin with empty tables."""
        if not self._guessed or dtype.kind == "c":
            return None
        tables, axes = np.zeros((4, len(self._edges)), "i8"), range(len(kept))
        fold = native.Fold(
            native.COUNT, dtype, axes, len(kept), tables, self._exact, blur=self._blur
        )
        return Begun(fold, lambda: tables.sum(axis=0)[:-1])

    def _count(self, values: Block) -> Block:
        with np.errstate(invalid="ignore"):
            counts, _ = np.histogram(_widened(values), self._bins, self._limits)
        return counts.astype("i8")

    def fold_constant(self, state: Any, value: Any, shape: tuple[int, ...]) -> Any:
        """Count one value many times."""
        return self.merge(state, self._count(np.asarray(value).reshape(1)) * math.prod(shape))

    def merge(self, state: Any, other: Any) -> Any:
        """Add the counts of later blocks."""
        return other if state is None else state + other

    def finish(self, state: Any) -> tuple[Block, Any]:
        """Give the counts."""
        return state, None
