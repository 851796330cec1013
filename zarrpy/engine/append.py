"""Add elements at the end of an axis, beside whoever else does.

Where locks keep all other writers out, as in memory and in files, the lock of the array's document
is held from reading the shape to writing the new one: first the elements, which nobody sees yet,
then the shape.  A marker tells of elements that are stored beyond the shape, so that those of a
killed process are not taken for fill values by whoever grows the array next.

In other stores the shape is changed first, in one step, which reserves the place of the elements;
until they are written, readers see fill values there.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.nodes import array_document, keep_recorded, parse_array
from zarrpy.engine.regions import regions_of
from zarrpy.engine.requests import Commit, Lock, Update
from zarrpy.engine.resize import (
    Leftover,
    announce,
    cleared,
    finish,
    publish,
    require,
    reshaped,
    settled,
)
from zarrpy.engine.watch import check_same
from zarrpy.errors import NodeNotFoundError, ShapeMismatchError, StoreError
from zarrpy.metadata.formats import format_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.engine.removal import Box
    from zarrpy.engine.requests import Steps
    from zarrpy.engine.resize import Site
    from zarrpy.metadata.model import ArrayMetadata


@dataclass(frozen=True)
class Streamed:
    """Elements that are read when they are written, a region of whole chunks at a time.

    Parameters
    ----------
    source : Array or ndarray
        A file in memory, if an ndarray.
    cast : callable
        Makes elements of the array of those that were read.
    """

    source: Any
    cast: Callable[[Any], np.ndarray[Any, Any]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all of them."""
        shape: tuple[int, ...] = self.source.shape
        return shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many there are."""
        return int(self.source.size)

    def none(self) -> np.ndarray[Any, Any]:
        """Give an array without elements, of the same kind."""
        return np.empty((0,) * self.ndim, self.source.dtype)

    def part(self, region: tuple[slice, ...]) -> Steps[np.ndarray[Any, Any]]:
        """Read some."""
        if isinstance(self.source, np.ndarray):
            return self.cast(self.source[region])
        read = self.source.read.steps(region or ...)
        return self.cast((yield from elsewhere(self.source.store, read)))


def append(
    site: Site, values: np.ndarray[Any, Any] | Streamed, axis: int, *, locks: bool
) -> Steps[ArrayMetadata]:
    """Add elements behind the last of an axis, and give the new metadata.

    Parameters
    ----------
    site : Site
    values : ndarray or Streamed
        Of the data type of the array.
    axis : int
        Not negative.
    locks : bool
        Whether the store's locks keep all other writers out.

    Raises
    ------
    ShapeMismatchError
        When the elements do not fit; nothing is written then.
    """
    if locks:
        _check(values, (yield from require(site)), axis)
        return (yield from _append_locked(site, values, axis))
    return (yield from _append_reserved(site, values, axis))


def _append_locked(
    site: Site, values: np.ndarray[Any, Any] | Streamed, axis: int
) -> Steps[ArrayMetadata]:
    with (yield Lock(site.guard)):
        with (yield Lock(site.document)) as held:
            old = yield from settled(site)
            new, box = _longer(old, values, axis)
            if not values.size:
                yield from _only_longer(site, held, old, new)
                return new
            leftover = Leftover.of(new)
            try:
                yield from announce(site, leftover)
                yield from _written(site, new, box, values)
                yield Commit()
                yield from publish(site, held, new)
                site.accept(new)  # now, as what follows may be cut off
            except GeneratorExit:
                raise  # nobody answers requests any more
            except BaseException:
                # else the marker stays, and whoever comes next does it
                with suppress(StoreError, NodeNotFoundError):
                    yield from finish(site, (yield from require(site)), leftover)
                raise
        yield from finish(site, new, leftover)
    return new


def _written(
    site: Site, new: ArrayMetadata, box: Box, values: np.ndarray[Any, Any] | Streamed
) -> Steps[None]:
    if not isinstance(values, Streamed):
        yield from site.write(new, box, values)
        return
    for region in regions_of(new, box):
        pairs = list(zip(region, box, strict=True))
        inside = tuple(slice(part.start - start, part.stop - start) for part, (start, _) in pairs)
        block = yield from values.part(inside)
        yield from site.write(new, tuple((part.start, part.stop) for part in region), block)


def _only_longer(site: Site, held: Any, old: ArrayMetadata, new: ArrayMetadata) -> Steps[None]:
    """Add elements of which there are none, as the array is empty along another axis."""
    if new.shape != old.shape:
        yield Commit()
        yield from publish(site, held, new)
        yield from keep_recorded(site.path, new)
    site.accept(new)


def _append_reserved(
    site: Site, values: np.ndarray[Any, Any] | Streamed, axis: int
) -> Steps[ArrayMetadata]:
    with (yield Lock(site.guard)):
        yield from cleared(site)
        reserved: list[tuple[ArrayMetadata, Box]] = []

        def reserve(value: Any) -> bytes:
            old = parse_array(site.path, site.document, value)
            check_same(site.path, site.known, old)
            reserved[:] = [_longer(old, values, axis)]
            return array_document(site.path, reserved[0][0])

        yield Commit()
        yield Update(site.document, reserve)
        new, box = reserved[0]
        found = new
        if format_of(new.zarr_format).attributes_apart:
            found = yield from require(site)
        yield from keep_recorded(site.path, found)
        if values.size:
            yield from _written(site, new, box, values)
        site.accept(found)
    return new


def _longer(
    metadata: ArrayMetadata, values: np.ndarray[Any, Any] | Streamed, axis: int
) -> tuple[ArrayMetadata, Box]:
    """Give the metadata with the elements, and their place."""
    _check(values, metadata, axis)
    shape = list(metadata.shape)
    shape[axis] += values.shape[axis]
    step = [1] * len(shape)
    step[axis] = max(1, shape[axis] - metadata.chunk_grid.end(axis))
    box = tuple((0, n) for n in metadata.shape)
    place = (metadata.shape[axis], shape[axis])
    return reshaped(metadata, shape, step), (*box[:axis], place, *box[axis + 1 :])


def _check(values: np.ndarray[Any, Any] | Streamed, metadata: ArrayMetadata, axis: int) -> None:
    """Refuse elements of another shape than the array has along the other axes."""
    given = values.shape
    expected = tuple(
        given[i] if i == axis and values.ndim == metadata.ndim else n
        for i, n in enumerate(metadata.shape)
    )
    if given != expected:
        raise ShapeMismatchError(
            f"cannot append an array of shape {given} along axis {axis} of one of shape "
            f"{metadata.shape}: all other axes have to be of equal length",
            expected=expected,
            actual=given,
        )
