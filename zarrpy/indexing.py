"""Every way of indexing an array, and the names that zarr-python has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from zarrpy.assignment import assignable, copied_into, memory_of
from zarrpy.config import config
from zarrpy.engine.operation import operation
from zarrpy.engine.spare import room_for
from zarrpy.errors import SelectionError
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.node import Node
from zarrpy.selection import (
    Selection,
    as_fields,
    field_type,
    merged,
    parse,
    parse_basic,
    parse_blocks,
    parse_coordinates,
    parse_mask,
    parse_orthogonal,
    parse_vectorized,
    positional,
    split_fields,
    spread_fields,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrpy.engine.buffer import WriteBuffer
    from zarrpy.engine.requests import Steps
    from zarrpy.selection.fields import Fields

    Names = str | Sequence[str]
    Out = Any  # an array, or anything that has a buffer; None for a new array

T = TypeVar("T")


class Indexer:
    """One way of indexing, as an object to put brackets on."""

    __slots__ = ("_array", "_parse")

    def __init__(self, array: Indexable, parse: Callable[[Any], Selection]) -> None:
        self._array = array
        self._parse = parse

    def __getitem__(self, key: Any) -> Any:
        fields, rest = split_fields(key)
        rest = self._array._positional(rest)
        return unwrapped(self._array._read_by(self._parse(rest), fields), rest)

    async def aio(self, key: Any) -> Any:
        """Read as brackets do, without blocking the event loop."""
        fields, rest = split_fields(key)
        rest = self._array._positional(rest)
        return unwrapped(await self._array._read_by.aio(self._parse(rest), fields), rest)

    def __setitem__(self, key: Any, value: Any) -> None:
        fields, rest = split_fields(key)
        self._array._write_by(self._parse(self._array._positional(rest)), value, fields)


class Indexable(Node[ArrayMetadata]):
    """An array that can be read and written by every kind of selection."""

    #: Of elements that are read, in memory.
    _memory_order: str = "C"
    _missing: str | None = None
    #: Of pieces that are written later; see `zarrpy.buffering`.
    _buffer: WriteBuffer | None = None

    def _read(
        self,
        chosen: Selection,
        fields: Names | None = None,
        out: Out = None,
        missing: str | None = None,
        max_memory: int | str | None = None,
    ) -> Steps[np.ndarray[Any, Any]]:
        """Read a selection; `missing` None is as `config.missing` says."""
        dtype = self.metadata.data_type.numpy
        if fields is not None:
            names = self._fields(fields)
            dtype, shape = field_type(dtype, names, chosen.shape)
            if out is not None:
                memory_of(out, shape, dtype, self.place)
            result = (yield from self._read(chosen, None, None, missing, max_memory))[names]
            return result.copy() if out is None else copied_into(out, result, self.place)
        missing = (self._missing or config.missing) if missing is None else missing
        if out is None:
            bounded = max_memory is not None
            if self._memory_order == "F":
                made = room_for(chosen.shape[::-1], dtype, bounded=bounded).T
            else:
                made = room_for(chosen.shape, dtype, bounded=bounded)
        else:
            made = memory_of(out, chosen.shape, dtype, self.place)
        mask = None
        if chosen.size or chosen.order is None:
            read = self._read_chunks if self._buffer is None else self._read_buffered
            mask = yield from read(chosen, made, missing, max_memory)
        if self.metadata.data_type.settle is not None:
            self.metadata.data_type.settle(made)
        if missing != "mask":
            return made
        return np.ma.MaskedArray(made, np.zeros(chosen.shape, bool) if mask is None else mask)

    def _write(
        self,
        chosen: Selection,
        value: Any,
        fields: Names | None = None,
        *,
        element: bool = True,
        flat: bool = False,
        max_memory: int | str | None = None,
    ) -> Steps[None]:
        """Write a selection; `element` and `flat` are those of `assignable`."""
        self._check_writable("write")
        data_type = self.metadata.data_type
        names = None if fields is None else self._fields(fields)

        def cast(value: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
            of_field = data_type if names is None else replace(data_type, numpy=dtype, cast=None)
            try:
                return assignable(
                    value,
                    of_field,
                    shape,
                    self.place,
                    element=element and not shape,
                    by_arrays=chosen.order is not None,
                    flat=flat,
                )
            except (TypeError, ValueError, OverflowError) as error:  # NumPy's name no array
                error.add_note(f"while assigning to {self.store.place_of(self.path)}")
                raise

        if names is None:
            values = cast(value, data_type.numpy, chosen.shape)
        else:
            values = spread_fields(value, data_type.numpy, names, chosen.shape, cast)
        if data_type.settle is not None:
            values = np.array(values)
            data_type.settle(values)
        if chosen.size or chosen.order is None:
            write = self._write_chunks if self._buffer is None else self._write_buffered
            yield from write(chosen, values, names, max_memory)

    def _read_chunks(
        self,
        chosen: Selection,
        out: np.ndarray[Any, Any],
        missing: str,
        max_memory: int | str | None,
    ) -> Steps[np.ndarray[Any, Any] | None]:
        """Read into `out`; for ``missing="mask"`` tell which elements are of missing chunks."""
        raise NotImplementedError

    def _write_chunks(
        self,
        chosen: Selection,
        values: np.ndarray[Any, Any],
        fields: Fields | None,
        max_memory: int | str | None,
    ) -> Steps[None]:
        raise NotImplementedError

    def _read_buffered(
        self,
        chosen: Selection,
        out: np.ndarray[Any, Any],
        missing: str,
        max_memory: int | str | None,
    ) -> Steps[np.ndarray[Any, Any] | None]:
        """Read, with what a buffer holds."""
        raise NotImplementedError

    def _write_buffered(
        self,
        chosen: Selection,
        values: np.ndarray[Any, Any],
        fields: Fields | None,
        max_memory: int | str | None,
    ) -> Steps[None]:
        """Write, or let a buffer hold it."""
        raise NotImplementedError

    @operation
    def _read_by(
        self, chosen: Selection, fields: Names | None = None
    ) -> Steps[np.ndarray[Any, Any]]:
        return (yield from self._read(chosen, fields))

    @operation
    def _write_by(self, chosen: Selection, value: Any, fields: Names | None = None) -> Steps[None]:
        yield from self._write(chosen, value, fields)

    def _chosen(self, key: Any) -> Selection:
        """Understand what stands in brackets; by names of dimensions each array is for its own."""
        if isinstance(key, Mapping):
            return self._select(parse_orthogonal, self._positional(key))
        return self._select(parse, key)

    def _select(self, parse: Callable[..., Selection], key: Any, *more: Any) -> Selection:
        return self._naming(parse, key, self.metadata.shape, *more)

    def _fields(self, names: Names) -> Fields:
        return self._naming(as_fields, names, self.metadata.data_type.numpy, self.metadata.shape)

    def _naming(self, understand: Callable[..., T], *args: Any) -> T:
        """Understand a selection, or a part of one; an error names the array."""
        try:
            return understand(*args)
        except SelectionError as error:
            error.fill(array=self.place)
            raise
        except (KeyError, TypeError, ValueError) as error:
            if type(error) not in (KeyError, TypeError, ValueError):
                raise
            # Python's, of a slice, or NumPy's, of a field
            raise type(error)(f"{self.place!r}: {error.args[0]}") from None

    def _positional(self, key: Any) -> Any:
        if not isinstance(key, Mapping):
            return key
        metadata = self.metadata
        return self._naming(positional, key, metadata.dimension_names, metadata.shape)

    @operation
    def isel(self, selection: Mapping[str, Any] | None = None, /, **named: Any) -> Steps[Any]:
        """Read by the names of dimensions.

        ``a[{"time": 0}]`` reads the same and can be assigned to; `read`, `write`, `lazy`, `oindex`
        and `vindex` take such dictionaries as well.

        Parameters
        ----------
        selection : mapping of str to int, slice or array, optional
            For names that are no identifiers.
        **named : int, slice or array
            What is selected on a dimension, counted from 0; slices are half-open, and arrays
            select each on its own dimension. Dimensions that are not named are whole.

        Raises
        ------
        SelectionError
            An IndexError, when a name is not that of exactly one dimension; it lists the names.

        Examples
        --------
        >>> import numpy as np
        >>> import zarrpy
        >>> array = zarrpy.create_array(
        ...     {}, data=np.arange(12).reshape(3, 4), dimension_names=("time", "x")
        ... )
        >>> array.isel(time=0, x=slice(1, 3))
        array([1, 2])
        """
        key = self._positional(merged(selection, named))
        chosen = self._select(parse_orthogonal, key)
        return unwrapped((yield from self._read(chosen)), key)

    # --------------------------------------------------------------------------- with brackets

    @property
    def oindex(self) -> Indexer:
        """Orthogonal indexing: each array selects on an axis of its own.

        ``a.oindex[[0, 5], :, [1, 3]]`` takes two rows and, of each, two columns. Arrays of bool
        are as long as their axis.
        """
        return Indexer(self, partial(self._select, parse_orthogonal))

    @property
    def vindex(self) -> Indexer:
        """Vectorized indexing: the arrays name points together, which come first in the result.

        ``a.vindex[[0, 5], [1, 3]]`` takes two elements; a mask may stand for the arrays of its
        ``nonzero``.
        """
        return Indexer(self, partial(self._select, parse_vectorized))

    @property
    def blocks(self) -> Indexer:
        """Indexing that counts chunks: ``a.blocks[2, 1:3]`` takes two of them.

        An integer takes one chunk and keeps its axis. Of an array with shards these are counted,
        as what is stored under one key.
        """
        return Indexer(self, self._parse_blocks)

    def _parse_blocks(self, key: Any) -> Selection:
        grid = self.metadata.chunk_grid
        return self._select(
            parse_blocks,
            key,
            self.metadata.grid_shape,
            lambda index: tuple(begin for begin, _ in grid.chunk(self.metadata.shape, index)),
        )

    # ------------------------------------------------------------------- by zarr-python's names

    @operation
    def get_basic_selection(
        self,
        selection: Any = Ellipsis,
        *,
        out: Out = None,
        fields: Names | None = None,
        prototype: Any = None,
    ) -> Steps[Any]:
        """Read by integers, slices, ellipsis and newaxis.

        Parameters
        ----------
        selection : int, slice, ellipsis, newaxis or a tuple of them
        out : ndarray, optional
            Where the elements go.
        fields : str or sequence of str, optional
            Fields of a structured data type.
        prototype : object, optional
            Where zarr-python keeps buffers; not looked at.
        """
        chosen = self._select(parse_basic, selection)
        return unwrapped((yield from self._read(chosen, fields, out)), selection)

    @operation
    def set_basic_selection(
        self, selection: Any, value: Any, *, fields: Names | None = None, prototype: Any = None
    ) -> Steps[None]:
        """Write by integers, slices, ellipsis and newaxis; see `get_basic_selection`."""
        yield from self._write(self._select(parse_basic, selection), value, fields)

    @operation
    def get_orthogonal_selection(
        self, selection: Any, *, out: Out = None, fields: Names | None = None, prototype: Any = None
    ) -> Steps[Any]:
        """Read by arrays that each select on an axis of their own; see `oindex`."""
        chosen = self._select(parse_orthogonal, selection)
        return unwrapped((yield from self._read(chosen, fields, out)), selection)

    @operation
    def set_orthogonal_selection(
        self, selection: Any, value: Any, *, fields: Names | None = None, prototype: Any = None
    ) -> Steps[None]:
        """Write by arrays that each select on an axis of their own; see `oindex`."""
        yield from self._write(self._select(parse_orthogonal, selection), value, fields)

    @operation
    def get_coordinate_selection(
        self, selection: Any, *, out: Out = None, fields: Names | None = None, prototype: Any = None
    ) -> Steps[Any]:
        """Read points, named by an array of integers for each axis; see `vindex`."""
        chosen = self._select(parse_coordinates, selection)
        return unwrapped((yield from self._read(chosen, fields, out)), selection)

    @operation
    def set_coordinate_selection(
        self, selection: Any, value: Any, *, fields: Names | None = None, prototype: Any = None
    ) -> Steps[None]:
        """Write points; where one is named twice, the later value stays."""
        yield from self._write(self._select(parse_coordinates, selection), value, fields)

    @operation
    def get_mask_selection(
        self, mask: Any, *, out: Out = None, fields: Names | None = None, prototype: Any = None
    ) -> Steps[Any]:
        """Read the elements where a mask of the array's shape is true, in C order."""
        return (yield from self._read(self._select(parse_mask, mask), fields, out))

    @operation
    def set_mask_selection(
        self, mask: Any, value: Any, *, fields: Names | None = None, prototype: Any = None
    ) -> Steps[None]:
        """Write the elements where a mask of the array's shape is true."""
        yield from self._write(self._select(parse_mask, mask), value, fields)

    @operation
    def get_block_selection(
        self, selection: Any, *, out: Out = None, fields: Names | None = None, prototype: Any = None
    ) -> Steps[Any]:
        """Read whole chunks; see `blocks`."""
        return (yield from self._read(self._parse_blocks(selection), fields, out))

    @operation
    def set_block_selection(
        self, selection: Any, value: Any, *, fields: Names | None = None, prototype: Any = None
    ) -> Steps[None]:
        """Write whole chunks; see `blocks`."""
        yield from self._write(self._parse_blocks(selection), value, fields)


def unwrapped(result: np.ndarray[Any, Any], key: Any) -> Any:
    """Give a scalar where NumPy does: for a single element, unless an ellipsis asks otherwise.

    A field of an array without axes, named alone, is an array as well.
    """
    if result.ndim:
        return result
    return result if has_ellipsis(split_fields(key)[1]) else result[()]


def has_ellipsis(key: Any) -> bool:
    """Whether an index holds an ellipsis."""
    return key is Ellipsis or (isinstance(key, tuple) and any(term is Ellipsis for term in key))
