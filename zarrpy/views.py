"""Lazy views: what a selection of an array will be, before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.assignment import copied_into
from zarrpy.config import config
from zarrpy.conventions import ArrayLike
from zarrpy.engine.operation import operation
from zarrpy.errors import SelectionError
from zarrpy.indexing import has_ellipsis
from zarrpy.selection import (
    Transform,
    as_fields,
    axis_of,
    field_type,
    merged,
    parse,
    parse_orthogonal,
    parse_vectorized,
    positional,
    split_fields,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.array import Array
    from zarrpy.engine.requests import Steps
    from zarrpy.explanation import Explanation
    from zarrpy.selection import Selection
    from zarrpy.selection.fields import Fields
    from zarrpy.stores.base import Store


class View(ArrayLike):
    """A part of an array, or all of it with its axes in another order, that is not read yet.

    Made by `Array.lazy`, not by hand. Selecting of a view gives another view, in microseconds:
    however many selections it took, what is read or written in the end is one selection of the
    array. Assigning to a part of a view writes it.

    Parameters
    ----------
    array : Array
    transform : Transform
        Which elements, and where.
    fields : str or list of str, optional
        Of each element, where the data type is structured.
    shape : tuple of int, optional
        Of the array when the view was made.

    Examples
    --------
    >>> import numpy as np
    >>> import zarrpy
    >>> array = zarrpy.create_array({}, data=np.arange(12).reshape(3, 4))
    >>> view = array.lazy[1:].T[::-1]
    >>> view
    <zarrpy.View (4, 2) int64 of '/'>
    >>> view[0].read()
    array([ 7, 11])
    """

    __slots__ = ("_array", "_fields", "_key", "_of", "_transform")

    def __init__(
        self,
        array: Array,
        transform: Transform | None = None,
        fields: Fields | None = None,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        self._array = array
        self._of = array.shape if shape is None else shape
        self._transform = Transform.whole(self._of) if transform is None else transform
        self._fields = fields
        #: The same as `Transform.key`, or () where there is none; None before it is asked for.
        self._key: Any = None

    def _with(self, transform: Transform, fields: Fields | None = None) -> View:
        return View(self._array, transform, self._fields if fields is None else fields, self._of)

    # --------------------------------------------------------------------------- what it is

    @property
    def array(self) -> Array:
        """The array that this is a view of."""
        return self._array

    @property
    def store(self) -> Store:
        """Where the array is."""
        return self._array.store

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self._transform.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements in memory."""
        dtype = self._array.dtype
        return dtype if self._fields is None else field_type(dtype, self._fields, ())[0]

    @property
    def dimension_names(self) -> tuple[str | None, ...] | None:
        """Names of the axes; None of those that are new, or that index arrays mixed."""
        names = self._array.dimension_names
        if names is None:
            return None
        return tuple(
            names[source[0]] if len(source) == 1 else None for source in self._transform.sources()
        )

    @property
    def lazy(self) -> View:
        """The view itself."""
        return self

    # ----------------------------------------------------------------------------- selecting

    def __getitem__(self, key: Any) -> View:
        if "native" not in config.current.disable:
            transform = self._transform.cut(key)
            if transform is not None:
                return View(self._array, transform, self._fields, self._of)
        return self._select(key, parse)

    def __setitem__(self, key: Any, value: Any) -> None:
        view = self[key]
        view._assign(value, element=not has_ellipsis(split_fields(key)[1]))

    @property
    def oindex(self) -> ViewIndexer:
        """Orthogonal indexing: each array selects on an axis of its own."""
        return ViewIndexer(self, parse_orthogonal)

    @property
    def vindex(self) -> ViewIndexer:
        """Vectorized indexing: the arrays name points together, which come first."""
        return ViewIndexer(self, parse_vectorized)

    def isel(self, selection: Mapping[str, Any] | None = None, /, **named: Any) -> View:
        """Select by the names of dimensions, as `Array.isel` does, without reading."""
        return self[merged(selection, named)]

    def transpose(self, *axes: Any) -> View:
        """Put the axes in another order.

        Parameters
        ----------
        *axes : int or str
            Numbers or names of all axes, in their new order; also as one sequence. None given
            means the opposite order.

        Raises
        ------
        ValueError
            When these are not all axes, each once.
        """
        given = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
        if not given or given == (None,):
            return self.T
        names, shape = self.dimension_names, self.shape
        order = [axis_of(each, names, shape) if isinstance(each, str) else each for each in given]
        # what is no order of the axes is NumPy's own error
        order = [int(i) for i in np.empty(tuple(range(self.ndim)), "V0").transpose(order).shape]
        return self._with(self._transform.transpose(order))

    @property
    def T(self) -> View:  # noqa: N802 - NumPy's name
        """The view with its axes in the opposite order."""
        return self._with(self._transform.turned())

    def _select(self, key: Any, parse: Callable[[Any, tuple[int, ...]], Selection]) -> View:
        fields, rest = split_fields(key)
        names = None if fields is None else self._narrowed(fields)
        if rest is Ellipsis:
            return self._with(self._transform, names)
        if isinstance(rest, Mapping):
            rest = self._array._naming(positional, rest, self.dimension_names, self.shape)
            parse = parse_vectorized if parse is parse_vectorized else parse_orthogonal
        chosen = self._array._naming(parse, rest, self.shape)
        return self._with(self._transform.select(chosen), names)

    def _narrowed(self, fields: Fields) -> Fields:
        """Check names of fields: of the structures, or of those fields that are left of them."""
        names = self._array._naming(as_fields, fields, self.dtype, self.shape)
        if isinstance(self._fields, str):
            raise SelectionError(
                f"a view shows the field {self._fields!r}, and cannot show a part of it",
                array=self._array.place,
                selection=fields,
                shape=self.shape,
            )
        if field_type(self.dtype, names, ())[1]:
            raise SelectionError(
                f"the field {fields!r} has axes of its own, which a view cannot show",
                array=self._array.place,
                selection=fields,
                shape=self.shape,
                hint="read it from the array: array[name]",
            )
        return names

    def __iter__(self) -> Iterator[View]:
        if not self.shape:
            raise TypeError("iteration over a 0-d view")
        return (self[i] for i in range(self.shape[0]))

    # --------------------------------------------------------------------- reading and writing

    @operation
    def read(
        self,
        *,
        out: Any = None,
        missing: str | None = None,
        max_memory: int | str | None = None,
    ) -> Steps[np.ndarray[Any, Any]]:
        """Read what the view shows.

        Parameters
        ----------
        out, missing, max_memory
            As of `Array.read`.

        Returns
        -------
        ndarray
            `out`, or a new array of the view's shape.

        Raises
        ------
        SelectionError
            An IndexError, when the array has become smaller since the view was made.
        ChunkError
            When a chunk cannot be decoded, or is missing and that is an error.
        """
        chosen, repeated = self._chosen(), self._transform.repeated
        if not repeated:
            return (yield from self._array._read(chosen, self._fields, out, missing, max_memory))
        result = yield from self._array._read(chosen, self._fields, None, missing, max_memory)
        for i in repeated:
            places: Any = (*[slice(None)] * i, [0] * self.shape[i])
            result = result[places]  # of a masked array the mask as well
        return result if out is None else copied_into(out, result, self._array.place)

    @read.short
    def _read_short(
        self,
        *,
        out: Any = None,
        missing: str | None = None,
        max_memory: int | str | None = None,
    ) -> np.ndarray[Any, Any] | None:
        """Read a few elements in one call; None where that is left to the long way."""
        array = self._array
        plain = out is None and missing is None and max_memory is None and self._fields is None
        if not plain or array._buffer is not None or array.shape != self._of:
            return None
        if self._key is None:
            self._key = self._transform.key() or ()
        if not self._key:
            return None
        key, order = self._key
        found: np.ndarray[Any, Any] | None = array._read_small(key)
        if found is None or order == tuple(range(len(order))):
            return found
        return found.transpose(order).copy()

    @operation
    def write(self, value: Any, *, max_memory: int | str | None = None) -> Steps[None]:
        """Write what the view shows.

        Parameters
        ----------
        value : array-like
            Broadcast to the shape of the view and cast to the data type, as NumPy does. Where the
            view shows an element several times the later of its values stays, in C order.
        max_memory : int or str, optional
            As of `Array.write`.

        Raises
        ------
        ShapeMismatchError
            A ValueError, when the value cannot be broadcast. Nothing is written then.
        """
        yield from self._write(value, max_memory=max_memory)

    @operation
    def _assign(self, value: Any, *, element: bool) -> Steps[None]:
        yield from self._write(value, element=element)

    def _write(
        self, value: Any, *, element: bool = False, max_memory: int | str | None = None
    ) -> Steps[None]:
        chosen, repeated = self._chosen(), self._transform.repeated
        if repeated:
            value = np.broadcast_to(np.asarray(value), self.shape)
        for i in repeated:
            value = value[(*[slice(None)] * i, slice(-1, None))]
        yield from self._array._write(
            chosen, value, self._fields, element=element, max_memory=max_memory
        )

    @operation
    def explain(self, selection: Any = Ellipsis, *, write: bool = False) -> Steps[Explanation]:
        """Tell what reading or writing the view would do, or a part of it, without doing it.

        Parameters
        ----------
        selection : int, slice, ellipsis, newaxis, array, or a tuple of them
            Of the view.
        write : bool
            Tell about writing.
        """
        view = self[selection]
        return (yield from view._array._explain(view._chosen(), view._fields, write))

    def _chosen(self) -> Selection:
        """Give the selection of the array, which may have been resized since."""
        now = self._array.shape
        if any(n < before for n, before in zip(now, self._of, strict=True)):
            raise SelectionError(
                f"the array had the shape {self._of} when this view was made, and has {now} now",
                array=self._array.place,
                selection=self,
                shape=now,
                hint="take the view anew: array.lazy[...]",
            )
        return self._transform.selection()

    # --------------------------------------------------------------------------- conventions

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        chosen = self._transform.selection()
        points = [
            (each.axes, [np.ascontiguousarray(row).tobytes() for row in each.positions])
            for each in chosen.points
        ]
        rows = chosen.start, chosen.count, chosen.step, self.shape, repr(chosen.terms), chosen.kept
        return ("zarrpy.View", self._array.__dask_tokenize__(), rows, points, self._fields)

    def __repr__(self) -> str:
        from zarrpy.info import shape_text

        shape = shape_text(self.shape, self.dimension_names)
        return f"<zarrpy.View {shape} {self.dtype} of {self._array.name!r}>"


class ViewIndexer:
    """One way of selecting from a view, as an object to put brackets on."""

    __slots__ = ("_parse", "_view")

    def __init__(self, view: View, parse: Callable[[Any, tuple[int, ...]], Selection]) -> None:
        self._view = view
        self._parse = parse

    def __getitem__(self, key: Any) -> View:
        return self._view._select(key, self._parse)

    def __setitem__(self, key: Any, value: Any) -> None:
        element = not has_ellipsis(split_fields(key)[1])
        self[key]._assign(value, element=element)
