"""Sums, extremes, moments and histograms of arrays that do not fit in memory."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from zarrpy.config import check_missing, config
from zarrpy.display.progress import Progress
from zarrpy.engine.operation import operation
from zarrpy.engine.reduce import Extreme, Histogram, Moments, Sum, accumulator
from zarrpy.engine.requests import Close, Take
from zarrpy.engine.scheduler import begun
from zarrpy.engine.stream import thread_count
from zarrpy.errors import ShapeMismatchError
from zarrpy.folding import Folder
from zarrpy.partition import Partition
from zarrpy.selection import parse_basic
from zarrpy.selection.tiling import boxed, offset, tiling
from zarrpy.streaming import Streamable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrpy.array import Array
    from zarrpy.engine.reduce import Reducer
    from zarrpy.engine.requests import Steps
    from zarrpy.partition import Task
    from zarrpy.selection import Selection

    Axis = int | Sequence[int] | None
    Block = np.ndarray[Any, Any]


#: Of what tasks have worked out and nobody took yet, where that leaves one for each worker.
STATES_NBYTES = 64 << 20


class Reducible(Streamable):
    """An array whose elements can be added up and compared without reading it whole."""

    @operation
    def sum(
        self,
        axis: Axis = None,
        *,
        selection: Any = Ellipsis,
        dtype: Any = None,
        keepdims: bool = False,
        out: Block | None = None,
        missing: str | None = None,
        workers: int | None = None,
        progress: Any = None,
        scheduler: Any = None,
    ) -> Steps[Any]:
        """Add up the elements.

        Floats of 16 and 32 bits are added up as 64 bits and rounded once, at the end. Integers are
        added up in 64 bits, around which they wrap as NumPy's do; ``dtype=float`` avoids that.

        Parameters
        ----------
        axis : int or sequence of int, optional
            Axes of the selection that go; by default all.
        selection : int, slice, ellipsis, a tuple of them, or a mapping by names of dimensions
            The part of the array.
        dtype : data type, optional
            Of the result, and of the sums where it is an integer or longer than 64 bits.
        keepdims : bool
            Leave the axes, with length 1.
        out : ndarray, optional
            Where the result goes.
        missing : {"fill", "error", "mask"}, optional
            What chunks are that were never written: the fill value, which takes no time; an error;
            or elements that do not count, in which case the result is masked where none did.
        workers : int, optional
            Threads at most. The result is the same, bit for bit, for any number.
        progress : bool, callable or object with ``update(n)``, optional
            Who hears of it, as for `iter_chunks`.
        scheduler : {"threads", "processes"}, str or distributed.Client, optional
            Who reads and adds up, as of `map_chunks`; the result is the same, bit for bit.

        Returns
        -------
        scalar or ndarray
            As NumPy gives it.

        Raises
        ------
        SelectionError
            An IndexError, when the selection does not fit the array.
        TypeError
            When elements of this data type cannot be added up.
        ChunkError
            When a chunk cannot be decoded.
        """
        given = (selection, keepdims, missing, workers, progress, out, scheduler)
        call = _Call(self, axis, *given, ufunc=True)
        result = np.add.reduce(call.sample, dtype=dtype).dtype
        adding = accumulator(result)
        if call.empty:
            return call.given(np.sum(call.nothing, call.axis, dtype, keepdims=keepdims))
        return call.given((yield from call.run(Sum(call.axes, adding, call.masks), result)))

    @operation
    def mean(
        self,
        axis: Axis = None,
        *,
        selection: Any = Ellipsis,
        dtype: Any = None,
        keepdims: bool = False,
        out: Block | None = None,
        missing: str | None = None,
        workers: int | None = None,
        progress: Any = None,
        scheduler: Any = None,
    ) -> Steps[Any]:
        """Average the elements, in float64; the parameters are those of `sum`."""
        call = _Call(self, axis, selection, keepdims, missing, workers, progress, out, scheduler)
        result = np.mean(call.sample, dtype=dtype).dtype
        if call.empty:
            return call.given(np.mean(call.nothing, call.axis, dtype, keepdims=keepdims))

        def divided(total: Block, count: Any) -> Block:
            with np.errstate(all="ignore"):
                quotient: Block = np.true_divide(total, np.maximum(count, 1))
            return quotient

        adding = Sum(call.axes, accumulator(result), call.masks)
        return call.given((yield from call.run(adding, result, divided)))

    @operation
    def min(
        self,
        axis: Axis = None,
        *,
        selection: Any = Ellipsis,
        keepdims: bool = False,
        out: Block | None = None,
        missing: str | None = None,
        workers: int | None = None,
        progress: Any = None,
        scheduler: Any = None,
    ) -> Steps[Any]:
        """Find the least element; NaN where there is one. The parameters are those of `sum`.

        Raises
        ------
        ValueError
            When there are no elements.
        """
        given = (selection, keepdims, missing, workers, progress, out, scheduler)
        call = _Call(self, axis, *given, ufunc=True)
        return call.given((yield from call.extreme(np.minimum)))

    @operation
    def max(
        self,
        axis: Axis = None,
        *,
        selection: Any = Ellipsis,
        keepdims: bool = False,
        out: Block | None = None,
        missing: str | None = None,
        workers: int | None = None,
        progress: Any = None,
        scheduler: Any = None,
    ) -> Steps[Any]:
        """Find the greatest element, as `min` finds the least."""
        given = (selection, keepdims, missing, workers, progress, out, scheduler)
        call = _Call(self, axis, *given, ufunc=True)
        return call.given((yield from call.extreme(np.maximum)))

    @operation
    def var(
        self,
        axis: Axis = None,
        *,
        ddof: float = 0,
        selection: Any = Ellipsis,
        dtype: Any = None,
        keepdims: bool = False,
        out: Block | None = None,
        missing: str | None = None,
        workers: int | None = None,
        progress: Any = None,
        scheduler: Any = None,
    ) -> Steps[Any]:
        """Average the squared distances from the mean, in one reading; see `std`."""
        call = _Call(self, axis, selection, keepdims, missing, workers, progress, out, scheduler)
        found = yield from call.moments(np.var, ddof, dtype, lambda variance, count: variance)
        return call.given(found)

    @operation
    def std(
        self,
        axis: Axis = None,
        *,
        ddof: float = 0,
        selection: Any = Ellipsis,
        dtype: Any = None,
        keepdims: bool = False,
        out: Block | None = None,
        missing: str | None = None,
        workers: int | None = None,
        progress: Any = None,
        scheduler: Any = None,
    ) -> Steps[Any]:
        """Compute the standard deviation, in one reading and in float64.

        Parameters
        ----------
        axis, selection, dtype, keepdims, out, missing, workers, progress, scheduler
            As for `sum`.
        ddof : float
            Taken from the number of elements before dividing by it.
        """
        call = _Call(self, axis, selection, keepdims, missing, workers, progress, out, scheduler)
        found = yield from call.moments(
            np.std, ddof, dtype, lambda variance, count: np.sqrt(variance)
        )
        return call.given(found)

    @operation
    def histogram(
        self,
        bins: Any = 10,
        range: tuple[float, float] | None = None,
        *,
        density: bool = False,
        selection: Any = Ellipsis,
        missing: str | None = None,
        workers: int | None = None,
        progress: Any = None,
        scheduler: Any = None,
    ) -> Steps[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """Count the elements in bins.

        Parameters
        ----------
        bins : int or sequence of numbers
            How many of one width, or their edges. The names of NumPy's estimators, such as "auto",
            are refused: these look at all elements at once.
        range : (float, float), optional
            Where the first begins and the last ends. Without it the array is read twice, first
            for its least and its greatest element.
        density : bool
            Divide the counts such that the integral over the range is 1.
        selection, missing, workers, progress, scheduler
            As for `sum`.

        Returns
        -------
        counts, edges : ndarray
            As `numpy.histogram` gives them.

        Raises
        ------
        ValueError
            When bins or range are none, or the range of the elements is not finite.
        """
        call = _Call(self, None, selection, False, missing, workers, progress, None, scheduler)
        if isinstance(bins, str):
            raise ValueError(
                f"bins={bins!r} is an estimator that looks at all elements at once, which are "
                "counted here chunk by chunk: pass a number of bins, such as "
                "math.isqrt(array.size), or their edges; of an array that goes into memory "
                f"np.histogram(array[...], bins={bins!r}) knows"
            )
        ends = np.empty(0, self.metadata.data_type.numpy)
        if np.ndim(bins) == 0 and range is None and not call.empty:
            again = (self, None, selection, False, missing, workers, None, None, scheduler)
            low = yield from _Call(*again).extreme(np.minimum)
            high = yield from _Call(*again).extreme(np.maximum)
            if low is not np.ma.masked:
                ends = np.array([low, high])
        edges = np.histogram_bin_edges(ends, bins, range)
        # as given: numbers of two bytes, which the edges may be, lead to other bins
        limits = None if np.ndim(bins) else range or (edges[0], edges[-1])
        counts = np.zeros(len(edges) - 1, "i8")
        if not call.empty:
            given = operator.index(bins) if np.ndim(bins) == 0 else edges
            counts = yield from call.count(Histogram(given, limits, edges))
        if density:
            return counts / np.diff(edges).astype(float) / counts.sum(), edges
        return counts, edges


class _Call:
    """One reduction of one array, as it was asked for."""

    def __init__(
        self,
        array: Any,
        axis: Axis,
        selection: Any,
        keepdims: bool,
        missing: str | None,
        workers: int | None,
        progress: Any,
        out: Block | None = None,
        scheduler: Any = None,
        *,
        ufunc: bool = False,
    ) -> None:
        self._array = cast("Array", array)
        self._dtype: np.dtype[Any] = self._array.dtype
        if self._dtype.kind not in "biufcmMV" or self._dtype.names is not None:
            raise TypeError(
                f"{self._array.place!r}: elements of {self._dtype} are no numbers: nothing to "
                "reduce"
            )
        selection = self._array._positional(selection)
        self._chosen = self._array._select(parse_basic, selection)
        self._tiling = tiling(
            selection,
            self._array.shape,
            self._array.metadata.chunk_grid.spacing(self._array.shape),
        )
        self._keepdims = keepdims
        usual = self._array._missing or config.missing
        self._missing = usual if missing is None else check_missing(missing)
        self.masks = self._missing == "mask"
        self._workers = thread_count(workers)
        self._progress = progress
        self._out = out
        self._scheduler = scheduler
        # axes of the array that are axes of the selection, and which of the latter are reduced
        self._kept = [i for i, term in enumerate(self._chosen.terms) if isinstance(term, slice)]
        self.axis = _axes(axis, len(self._kept), self._array.place, ufunc)
        own = {self._kept[i] for i in self.axis}
        self.axes = tuple(i for i in range(self._array.ndim) if i in own or i not in self._kept)
        self._check_out()

    def _check_out(self) -> None:
        """Refuse an array for the result that has another shape, before anything is read."""
        if self._out is None:
            return
        name = self._array.place
        if not isinstance(self._out, np.ndarray):
            raise TypeError(f"{name!r}: out must be an ndarray, not {self._out!r:.50}")
        if not self._out.flags.writeable:
            raise ValueError(f"{name!r}: out is read-only -> give memory that can be written")
        shape = self._chosen.shape
        if self._keepdims:
            expected = tuple(1 if i in self.axis else n for i, n in enumerate(shape))
        else:
            expected = tuple(n for i, n in enumerate(shape) if i not in self.axis)
        if self._out.shape != expected:
            raise ShapeMismatchError(
                f"out has shape {self._out.shape}, but the result has {expected}",
                array=name,
                expected=expected,
                actual=self._out.shape,
            )

    @property
    def sample(self) -> Block:
        """An array of one element, of which NumPy tells the type of results."""
        return np.zeros(1, self._dtype)

    @property
    def empty(self) -> bool:
        """Whether nothing is selected."""
        return self._chosen.size == 0

    @property
    def nothing(self) -> Block:
        """An array like an empty selection, of which NumPy tells what becomes of it."""
        return np.empty(self._chosen.shape, self._dtype)

    def given(self, result: Any) -> Any:
        """Give the result, in the array that the user has for it."""
        out = self._out
        if out is None:
            return result
        out[...] = result
        return out

    def extreme(self, ufunc: np.ufunc) -> Steps[Any]:
        """Find the least or the greatest elements."""
        result = ufunc.reduce(self.sample).dtype
        if self.empty:
            return ufunc.reduce(self.nothing, axis=self.axis, keepdims=self._keepdims)
        return (yield from self.run(Extreme(ufunc, self.axes, result, self.masks), result))

    def moments(
        self,
        function: Callable[..., Any],
        ddof: float,
        dtype: Any,
        finish: Callable[[Block, Any], Block],
    ) -> Steps[Any]:
        """Compute what follows from variances."""
        result = function(self.sample, dtype=dtype).dtype
        if self.empty:
            return function(
                self.nothing, axis=self.axis, dtype=dtype, ddof=ddof, keepdims=self._keepdims
            )
        adding = np.dtype("c16" if self._dtype.kind == "c" else "f8")
        return (yield from self.run(Moments(self.axes, adding, ddof), result, finish))

    def count(self, reducer: Histogram) -> Steps[Block]:
        """Count elements of all blocks."""
        counts: list[Block] = []

        def keep(state: Any, box: Selection) -> None:
            counts.append(reducer.finish(state)[0])

        yield from self._fold(reducer, keep)
        return counts[0]

    def run(
        self,
        reducer: Reducer,
        dtype: np.dtype[Any],
        finish: Callable[[Block, Any], Block] | None = None,
    ) -> Steps[Any]:
        """Reduce, box by box of the result."""
        lengths = self._chosen.count
        shape = tuple(1 if axis in self.axes else n for axis, n in enumerate(lengths))
        result = np.empty(shape, dtype)
        counts = np.ones(shape, "i8") if self.masks else None
        all_ = math.prod(lengths[axis] for axis in self.axes)
        whole = boxed(self._chosen.start, lengths, self._chosen.step)

        def keep(state: Any, box: Selection) -> None:
            places = offset(box, whole)
            place = tuple(
                slice(0, 1) if axis in self.axes else each for axis, each in enumerate(places)
            )
            values, count = reducer.finish(state)
            if finish is not None:
                values = finish(values, all_ if count is None else count)
            with np.errstate(all="ignore"):
                result[(*place, ...)] = values.astype(dtype, copy=False)
            if counts is not None:
                counts[(*place, ...)] = count

        yield from self._fold(reducer, keep)
        if counts is None:
            return self._shaped(result)[()]
        found = np.ma.MaskedArray(self._shaped(result), self._shaped(counts) == 0)
        return found if found.ndim else found[()]

    def _shaped(self, result: Block) -> Block:
        """Give a result the axes of the selection, without those that were reduced."""
        terms = (0 if term is None else term for term in self._chosen.terms)
        own: Block = result[(*terms, ...)]
        return own if self._keepdims else own.squeeze(self.axis)

    def _fold(self, reducer: Reducer, keep: Callable[[Any, Selection], None]) -> Steps[None]:
        """Take every block; `keep` gets the state of each box of the result when that is done."""
        partition = Partition(self._array, self._tiling, self.axes)
        report = Progress(self._progress, partition.nunits)
        # a state has up to two numbers of 64 bits, or complex ones, for each element of its box
        most = STATES_NBYTES // (32 * partition.box_elements)
        stream = begun(
            self._scheduler,
            partition.tasks(),
            Folder(self._array, partition, reducer, self._missing),
            reads=(self._array.store,),
            workers=self._workers,
            ahead=max(self._workers, min(2 * self._workers + 2, most)),
        )
        state: Any = None
        before: Task | None = None
        absent = 0
        try:
            while (taken := (yield Take(stream))) is not None:
                if taken.error is not None:
                    raise taken.error
                task, done = taken.task, taken.value
                if before is not None and before.kept != task.kept:
                    keep(state, partition.box(before))
                    state = None
                state = reducer.merge(state, done.state)
                before = task
                absent += done.absent
                report.advance(done.units, done.nbytes)
        finally:
            yield Close(stream)
            report.close()
        if before is not None:
            keep(state, partition.box(before))
        if absent:
            yield from self._array._account_for_absent()


def _axes(axis: Any, ndim: int, name: str, ufunc: bool) -> tuple[int, ...]:
    """Check axes as NumPy does, and name the array in its errors.

    Its universal functions take the first and the last axis also of what has none.
    """
    if axis is None:
        return tuple(range(ndim))
    if ufunc and ndim == 0 and not isinstance(axis, tuple | list) and axis in (0, -1):
        return ()
    return tuple(sorted(normalize_axis_tuple(axis, ndim, f"{name!r}, axis")))
