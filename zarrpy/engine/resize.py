"""Change the shape of an array so that no value comes back, whoever is killed when.

*Everything stored beyond the shape of an array is the fill value*: whoever shrinks it sees to that,
and so whoever grows it has only the shape to write.  The shape and the chunks are many values,
which no store changes at once; so before anything is stored beyond the shape, or left there, a
marker says how far, and after the last of it is cleared away the marker is deleted.  Who finds one
clears away what it tells of before anything else.

- *shrink*: the marker, the shape, then the chunks.  Readers never see an element that is gone.
- *grow*: the shape.

Both hold the lock of a key of their own all the time, and that of the document up to the shape.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.engine.nodes import (
    array_document,
    array_key,
    keep_recorded,
    key_of,
    require_opened,
)
from zarrpy.engine.removal import beyond, delete_chunks, edges, elements, inside
from zarrpy.engine.requests import Commit, Delete, Fetch, Lock, Publish, Put, Quiet
from zarrpy.engine.watch import as_long, check_reach, check_same
from zarrpy.errors import ShapeMismatchError
from zarrpy.metadata import json, members
from zarrpy.metadata.fill_value import boxed
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import GUARD, SHRINK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from zarrpy.engine.locks import Held
    from zarrpy.engine.removal import Box
    from zarrpy.engine.requests import Steps

    class Write(Protocol):
        """Writes values to a box of the elements of an array that has these metadata.

        Where `only_stored`, no part of a chunk that is not stored; where `keep_empty` is false,
        chunks that hold nothing but the fill value are deleted, whatever the array says.
        """

        def __call__(
            self,
            metadata: ArrayMetadata,
            box: Box,
            values: np.ndarray[Any, Any],
            *,
            only_stored: bool = False,
            keep_empty: bool | None = None,
        ) -> Steps[None]:
            """Write them."""


@dataclass(frozen=True, slots=True)
class Site:
    """An array whose shape is to change.

    Parameters
    ----------
    path : str
    known : ArrayMetadata
        By which its handle works.
    of_files : bool
        Whether its store has directories.
    mixes : bool
        Whether chunks hold zeros beyond the array, and not fill values.
    write : callable
    accept : callable
        Is told the new metadata, while nobody else can change them.
    """

    path: str
    known: ArrayMetadata
    of_files: bool
    mixes: bool
    write: Write
    accept: Callable[[ArrayMetadata], None]

    @property
    def guard(self) -> str:
        """Key whose lock is held while the shape changes."""
        return key_of(self.path, GUARD)

    @property
    def document(self) -> str:
        """Key of the document that says the shape."""
        return array_key(self.path, self.known.zarr_format)


@dataclass(frozen=True, slots=True)
class Leftover:
    """How far values may be stored that are not of the array, or not yet.

    Parameters
    ----------
    shape : tuple of int
        In elements.
    chunks : tuple of int
        In chunks of the grid.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]

    @classmethod
    def of(cls, metadata: ArrayMetadata) -> Leftover:
        """As far as an array goes."""
        return cls(metadata.shape, metadata.grid_shape)

    @classmethod
    def read(cls, value: Any, key: str, ndim: int) -> Leftover:
        """Read a marker."""
        found = json.loads(value, path=key)
        names = ("shape", "chunks")
        return cls(*(members.integers(found.get(each), each, 0, count=ndim) for each in names))

    def joined(self, other: Leftover) -> Leftover:
        """As far as one of both goes."""
        pairs = (self.shape, other.shape), (self.chunks, other.chunks)
        return Leftover(*(tuple(map(max, *pair)) for pair in pairs))

    def written(self) -> bytes:
        """Write a marker."""
        return json.dumps({"shape": list(self.shape), "chunks": list(self.chunks)})


def require(site: Site) -> Steps[ArrayMetadata]:
    """Read the metadata of an array, which was there when it was opened."""
    found = yield from require_opened(site.path, site.known.zarr_format, ArrayMetadata)
    assert isinstance(found, ArrayMetadata)
    check_same(site.path, site.known, found)
    return found


def settled(site: Site) -> Steps[ArrayMetadata]:
    """Read the metadata of an array, and end what somebody else has left unfinished.

    The lock of the guard has to be held.
    """
    metadata = yield from require(site)
    yield from _cleared(site, metadata)
    return metadata


def cleared(site: Site) -> Steps[None]:
    """End what somebody else has left unfinished, as `settled` does; usually there is nothing."""
    yield from _cleared(site, None)


def _cleared(site: Site, metadata: ArrayMetadata | None) -> Steps[None]:
    key = key_of(site.path, SHRINK)
    (value,) = yield Fetch((key,))
    if value is None:
        return
    if metadata is None:
        metadata = yield from require(site)
    yield from finish(site, metadata, Leftover.read(value, key, metadata.ndim))


def announce(site: Site, leftover: Leftover) -> Steps[None]:
    """Say how far values are stored, or will be."""
    yield Put(((key_of(site.path, SHRINK), leftover.written()),))


def finish(site: Site, metadata: ArrayMetadata, leftover: Leftover) -> Steps[None]:
    """Clear away what is stored beyond an array, and the marker that told of it."""
    yield from keep_recorded(site.path, metadata)
    yield from _clear(site, metadata, leftover)
    yield Delete((key_of(site.path, SHRINK),))


def publish(site: Site, held: Held, metadata: ArrayMetadata) -> Steps[None]:
    """Write a new shape under the lock of its document."""
    yield Publish(held, array_document(site.path, metadata))


def resize(
    site: Site, shape: Sequence[int], *, expand_only: bool, shrink_only: bool
) -> Steps[ArrayMetadata]:
    """Give an array another shape, and its metadata back.

    Raises
    ------
    ShapeMismatchError
        When an axis would become shorter or longer that must not.
    MetadataError
        When the array cannot have that shape.
    """
    yield from require(site)  # no locks, and no directories for them, where there is nothing
    with (yield Lock(site.guard)):
        with (yield Lock(site.document)) as held:
            old = yield from settled(site)
            new = reshaped(old, shape)
            _refuse(old.shape, new.shape, expand_only=expand_only, shrink_only=shrink_only)
            leftover = Leftover.of(old)
            shrinks = any(n < m for n, m in zip(new.shape, old.shape, strict=True))
            if new.shape != old.shape:
                if site.mixes:
                    yield from _fill_old_edges(site, old, new)
                yield Commit()
                if shrinks:
                    yield from announce(site, leftover)
                yield from publish(site, held, new)
            site.accept(new)  # now, as what follows may be cut off
        if shrinks:
            yield Quiet(site.path)  # who writes by the old shape has not seen the new one
            yield from finish(site, new, leftover)
        elif new.shape != old.shape:
            yield from keep_recorded(site.path, new)
    return new


def reshaped(
    metadata: ArrayMetadata, shape: Sequence[int], step: Sequence[int] | None = None
) -> ArrayMetadata:
    """Give the metadata of an array after its shape has changed.

    A row of chunk lengths that ends too early goes on, by the last of them or by those of `step`.
    """
    checked = members.integers(list(shape), "shape", 0, count=metadata.ndim)
    grid = metadata.chunk_grid.reaching(checked, step)
    return replace(metadata, chunk_grid=grid).with_shape(checked)


def _refuse(
    old: tuple[int, ...], new: tuple[int, ...], *, expand_only: bool, shrink_only: bool
) -> None:
    for axis, (before, after) in enumerate(zip(old, new, strict=True)):
        if (expand_only and after < before) or (shrink_only and after > before):
            word, change = (
                ("expand_only", "shorter") if after < before else ("shrink_only", "longer")
            )
            raise ShapeMismatchError(
                f"{word}: axis {axis} would become {change}, from {before} to {after}",
                expected=old,
                actual=new,
            )


def _clear(site: Site, metadata: ArrayMetadata, leftover: Leftover) -> Steps[None]:
    """Make everything beyond an array the fill value, as far as it may be something else."""
    outer, parts = edges(metadata.chunk_grid, leftover.shape, metadata.shape)
    padded = replace(metadata, shape=outer)
    for part in parts:
        yield from site.write(padded, part, _filling(metadata, part, site.mixes), only_stored=True)
    for chunks in beyond(leftover.chunks, metadata.grid_shape):
        yield from _remove(site, metadata, leftover.shape, chunks)


def _remove(
    site: Site, metadata: ArrayMetadata, extent: tuple[int, ...], chunks: Box
) -> Steps[None]:
    """Delete chunks."""
    if not metadata.storage_transformers:
        yield from delete_chunks(site.path, metadata, chunks, folders=site.of_files)
        return
    # only the transformers know where these are: a chunk full of the fill value is deleted
    outer = tuple(map(max, extent, metadata.shape))
    whole = replace(metadata, shape=outer, chunk_grid=metadata.chunk_grid.reaching(outer))
    part = elements(whole.chunk_grid, outer, chunks)
    yield from site.write(whole, part, _filling(metadata, part), keep_empty=False)


def _fill_old_edges(site: Site, old: ArrayMetadata, new: ArrayMetadata) -> Steps[None]:
    """Fill what held zeros beyond the array, and comes into it now."""
    ends = old.chunk_grid.ending(old.shape, old.shape)
    reach = tuple(max(min(pair), n) for *pair, n in zip(ends, new.shape, old.shape, strict=True))
    for part in beyond(reach, old.shape):
        outer = replace(new, shape=tuple(map(max, new.shape, old.shape)))
        yield from site.write(outer, part, _filling(old, part), only_stored=True)


def discard(site: Site, box: Box) -> Steps[None]:
    """Make a box of elements read as the fill value; chunks inside it are deleted.

    That is done by the shape of now, and while nobody changes it: what others have appended stays.
    """
    if any(begin >= end for begin, end in box):
        return
    yield from require(site)
    with (yield Lock(site.guard)):
        found = yield from settled(site)
        ends = [end for _, end in box]
        check_reach(site.path, site.known.shape, found.shape, ends)
        yield from _discard(site, as_long(site.known, found, ends), box)


def _discard(site: Site, metadata: ArrayMetadata, box: Box) -> Steps[None]:
    found = inside(metadata.chunk_grid, metadata.shape, box)
    chunks, parts = found or (None, [box])
    for part in parts:
        values = _filling(metadata, part)
        yield from site.write(metadata, part, values, only_stored=True, keep_empty=False)
    if chunks is not None:
        yield from _remove(site, metadata, metadata.shape, chunks)


def _filling(metadata: ArrayMetadata, part: Box, zero: bool = False) -> np.ndarray[Any, Any]:
    """Give fill values for a box, or zeros, which take no memory."""
    dtype = metadata.data_type.numpy
    one = np.zeros((), dtype) if zero else boxed(metadata.fill_value, dtype)
    return np.broadcast_to(one, tuple(end - begin for begin, end in part))
