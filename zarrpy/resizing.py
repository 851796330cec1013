"""Arrays that grow and shrink."""

from __future__ import annotations

import operator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from zarrpy.assignment import assignable
from zarrpy.buffering import Bufferable
from zarrpy.engine.append import Streamed
from zarrpy.engine.append import append as append_steps
from zarrpy.engine.operation import operation
from zarrpy.engine.requests import Lock
from zarrpy.engine.resize import Site, require, settled
from zarrpy.engine.resize import discard as discard_steps
from zarrpy.engine.resize import resize as resize_steps
from zarrpy.engine.watch import (
    Reshaped,
    Sight,
    Watch,
    as_long,
    check_same,
    covers_an_end,
    ends_of,
)
from zarrpy.errors import MetadataError, NodeNotFoundError, ShapeMismatchError
from zarrpy.selection import parse, parse_basic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import SupportsIndex

    from zarrpy.engine.removal import Box
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.selection import Selection


class Resizable(Bufferable):
    """An array whose shape can change."""

    #: Whether its document comes after its chunks, so that there is nothing to look at.
    _unborn = False

    @operation
    def resize(
        self,
        new_shape: int | Sequence[SupportsIndex],
        *,
        expand_only: bool = False,
        shrink_only: bool = False,
    ) -> Steps[None]:
        """Change the shape; what is outside the new one is deleted, what comes in is fill value.

        Other handles of the array keep the shape that they were opened with, and may not write
        where it has shrunk: open them again.

        Parameters
        ----------
        new_shape : int or sequence of int
            The new lengths of the axes.
        expand_only : bool
            Refuse to make an axis shorter.
        shrink_only : bool
            Refuse to make an axis longer.

        Raises
        ------
        ShapeMismatchError
            A ValueError, when `expand_only` or `shrink_only` refuses.
        MetadataError
            A ValueError, when the array cannot have that shape. Nothing is written then.
        LockTimeoutError
            When another writer changes the shape for longer than `config.lock_timeout`.
        """
        self._check_writable("resize")
        several = isinstance(new_shape, list | tuple | np.ndarray)
        lengths: Any = new_shape if several else [new_shape]
        new = [operator.index(n) for n in lengths]
        limits = {"expand_only": expand_only, "shrink_only": shrink_only}
        yield from self._settle()
        with self._named_in_errors():
            yield from resize_steps(self._site, new, **limits)

    @operation
    def append(self, data: Any, axis: SupportsIndex = 0) -> Steps[tuple[int, ...]]:
        """Add elements at the end of an axis.

        Any number of threads and processes may append to an array of local files at once, each to
        what the others have appended. See docs/how-to/growing.md for other stores. Within
        `buffered` the pieces that it holds are written first, so chunks are encoded once for each
        append that reaches them: collect rows, and append many at once.

        Parameters
        ----------
        data : array-like
            Of the array's shape but for its length along `axis`; cast as in ``array[...] = data``.
            Of an array of zarrpy, or a file that is mapped into memory, no more is in memory than
            `config.max_memory` says, or 64 MiB.
        axis : int
            Which axis becomes longer; negative counts from the last.

        Returns
        -------
        tuple of int
            The shape of the array with these elements, which are the last of the axis.

        Raises
        ------
        ShapeMismatchError
            A ValueError, when the other axes have other lengths. Nothing is written then.
        numpy.exceptions.AxisError
            A ValueError and IndexError, when there is no such axis.
        LockTimeoutError
            When another writer changes the shape for longer than `config.lock_timeout`.
        """
        self._check_writable("append to")
        ndim = len(self.metadata.shape)
        axis = normalize_axis_index(operator.index(axis), ndim, repr(self.place))
        values: np.ndarray[Any, Any] | Streamed
        if isinstance(data, Resizable | np.memmap):
            values = Streamed(data, self._appended)
            self._appended(values.none())  # whether they can be cast at all
        else:
            values = self._appended(data)
        locks = self.store.excludes_writers
        yield from self._settle()
        with self._named_in_errors():
            new = yield from append_steps(self._site, values, axis, locks=locks)
        return new.shape

    @operation
    def discard(self, selection: Any = Ellipsis) -> Steps[None]:
        """Make a selection read as the fill value, and free what it took.

        Chunks that lie inside it are deleted, others keep the rest of their elements.

        Parameters
        ----------
        selection : int, slice, ellipsis, array, a tuple of them, or a dict by dimension
            As in ``array[selection]``.

        Raises
        ------
        SelectionError
            An IndexError, when the selection does not fit the array.
        """
        self._check_writable("discard parts of")
        chosen = self._select(parse, self._positional(selection))
        yield from self._settle()
        box = _box(chosen)
        if box is not None:
            yield from discard_steps(self._site, box)
        elif chosen.size or chosen.order is None:
            fill = np.empty((), self.metadata.data_type.numpy)
            fill[()] = self.metadata.fill_value
            values = np.broadcast_to(fill, chosen.shape)

            def write(metadata: ArrayMetadata, watch: Watch | None) -> Steps[None]:
                yield from self._write_as(
                    metadata, chosen, values, True, keep_empty=False, watch=watch
                )

            yield from self._write_watched(chosen, write)

    # ------------------------------------------------------------------------------ for the engine

    @property
    def _site(self) -> Site:
        return Site(
            self.path,
            self.metadata,
            self.store.of_files,
            self._mixes,
            self._write_box,
            self._accept,
        )

    def _account_for_absent(self) -> Steps[None]:
        """Chunks may be absent; the array itself may not, nor may chunks that were asked for."""
        try:
            yield from require(self._site)
        except NodeNotFoundError as error:
            raise self.store.locate(error) from None

    @contextmanager
    def _named_in_errors(self) -> Iterator[None]:
        """Say in errors about shapes which array they are about."""
        try:
            yield
        except ShapeMismatchError as error:
            error.fill(array=self.place)
            raise
        except MetadataError as error:
            error.fill(path=self.path or "/")
            raise

    def _appended(self, data: Any) -> np.ndarray[Any, Any]:
        """Cast what is to be appended, before anything is locked or written."""
        data_type = self.metadata.data_type
        if data_type.cast is not None:
            values = data_type.cast(data, len(self.metadata.shape))
        elif isinstance(data, np.ndarray):
            values = data
        elif hasattr(data, "__array__"):
            values = np.asarray(data)
        else:
            values = np.array(data, data_type.numpy)
        values = assignable(values, data_type, values.shape, self.place)
        if data_type.settle is not None:
            values = np.array(values)
            data_type.settle(values)
        return values

    def _write_box(
        self,
        metadata: ArrayMetadata,
        box: Box,
        values: np.ndarray[Any, Any],
        *,
        only_stored: bool = False,
        keep_empty: bool | None = None,
    ) -> Steps[None]:
        if values.size:
            chosen = parse_basic(tuple(slice(*axis) for axis in box), metadata.shape)
            yield from self._write_as(metadata, chosen, values, only_stored, keep_empty)

    def _write_as(
        self,
        metadata: ArrayMetadata,
        chosen: Selection,
        values: np.ndarray[Any, Any],
        only_stored: bool,
        keep_empty: bool | None,
        max_memory: int | str | None = None,
        watch: Watch | None = None,
    ) -> Steps[None]:
        """Write as if the array had these metadata; parameters as of `engine.resize.Write`."""
        raise NotImplementedError

    @property
    def _mixes(self) -> bool:
        """Whether chunks hold zeros beyond the array, and not fill values."""
        raise NotImplementedError

    @cached_property
    def _sight(self) -> Sight:
        """What was last seen of the document of the array."""
        return Sight(self.path, self.metadata.zarr_format, self._made_at)

    def _watch(
        self, chosen: Selection | None = None, planned: tuple[int, ...] | None = None
    ) -> Watch:
        """See to it that the array is still the same; parameters as of `Watch`."""
        return Watch(self._sight, self.metadata, chosen, planned)

    def _write_watched(
        self,
        chosen: Selection,
        write: Callable[[ArrayMetadata, Watch | None], Steps[None]],
        *,
        whole: bool = True,
    ) -> Steps[None]:
        """Write a selection by the shape of now, unless the array is another one by now.

        Parameters
        ----------
        chosen : Selection
        write : callable
            Gives the steps that write it by some metadata.
        whole : bool
            Whether chunks may be replaced without being read.
        """
        if self._unborn:
            yield from write(self.metadata, None)
        elif self._mixes or (whole and covers_an_end(chosen, self.metadata)):
            yield from self._write_as_long(write, ends_of(chosen), chosen)
        else:
            yield from write(self.metadata, self._watch(chosen))

    def _write_as_long(
        self,
        write: Callable[[ArrayMetadata, Watch | None], Steps[None]],
        ends: tuple[int, ...],
        chosen: Selection | None = None,
    ) -> Steps[None]:
        """Write what ends there by the shape of now, again where that changes meanwhile."""
        for _ in range(2):
            metadata = as_long(self.metadata, self._sight.found, ends)
            try:
                yield from write(metadata, self._watch(chosen, metadata.shape))
            except Reshaped:
                continue
            return
        with (yield Lock(self._site.guard)):  # while nobody can change the shape
            found = yield from settled(self._site)
            yield from write(as_long(self.metadata, found, ends), self._watch(chosen))

    def _check_same(self, found: ArrayMetadata) -> None:
        check_same(self.path, self.metadata, found)

    def _accept(self, metadata: ArrayMetadata) -> None:
        before, self.metadata = self.metadata, metadata
        if len({each.chunk_grid.largest(each.shape) for each in (before, metadata)}) > 1:
            self.__dict__.pop("codecs", None)  # they were bound to another largest chunk


def _box(chosen: Selection) -> Box | None:
    """Give a selection as first and end of each axis; None when it has gaps or points."""
    if chosen.points or any(
        step != 1 and n > 1 for step, n in zip(chosen.step, chosen.count, strict=True)
    ):
        return None
    return tuple((a, a + n) for a, n in zip(chosen.start, chosen.count, strict=True))
