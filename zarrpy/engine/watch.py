"""Whether an array is still the one that a handle was opened for.

A handle knows the document of its array as it was.  Others may since have deleted the array, put
another one in its place, or changed its shape.  What is written by the old document would then be
lost, or spoil what is there; what is read by it would be invented.  So each reading looks at the
document after it, and each writing before it and again under the lock of each chunk: at its
version, where the store tells versions, which costs next to nothing; the document is read when it
has another version than when it was looked at last.

Who replaces an array by one alike takes its document away, then its chunks, then brings the new
ones, the document last.  A reader who comes between finds no chunks, and afterwards the document of
an array like the one that it knows.  So when chunks were absent the state of the document has to
be the one from before the first chunk, or they are read again.

Of a chunk at the end of an array a handle takes what lies beyond the shape that it knows for fill
values, so a selection that takes all the rest covers the chunk, which is written without being
read.  When others append, their elements are there before the shape says so, but not before the
marker of `zarrpy.engine.resize`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from json import dumps
from time import time
from typing import TYPE_CHECKING, Any

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.chain import CodecChain
from zarrpy.engine.nodes import array_document, array_key, key_of, parse_array
from zarrpy.errors import (
    ChunkError,
    ConflictError,
    MetadataError,
    SelectionError,
    StaleArrayError,
    StoreError,
)
from zarrpy.metadata import fill_value
from zarrpy.metadata.names import SHRINK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrpy._native.files import Directory
    from zarrpy.engine.profile import Metered
    from zarrpy.engine.requests import Batch
    from zarrpy.metadata.model import ArrayMetadata, NamedConfig
    from zarrpy.metadata.runs import Runs
    from zarrpy.selection import Selection
    from zarrpy.stores.base import Store


_MARKER = SHRINK.encode()
#: Seconds after which a write reads the document again where the store does not tell its versions.
LOOK_AGAIN = 30.0
#: How many numbers tell the state of a file.
_NSTATE = 5
#: Bytes of a read beside which another look at the document is nothing.
_LARGE = 1 << 20


class Reshaped(Exception):  # noqa: N818 - nobody but operations ever sees it
    """The shape of an array has changed, or is changing, so that a write has to be planned anew."""


class Sight:
    """What a handle has last seen of the document of its array.

    Parameters
    ----------
    path : str
    zarr_format : int
    read_at : float
        When the handle was made of the document, by `time.time`.

    Attributes
    ----------
    found : ArrayMetadata or None
        As they were stored when they were looked at last.
    seen : tuple of a version and ArrayMetadata, or None
        The same, with the version that they are of, where that is known.
    """

    __slots__ = ("_read_at", "found", "key", "name", "path", "seen")

    def __init__(self, path: str, zarr_format: int, read_at: float) -> None:
        self.path = path
        self._read_at = read_at
        self.key = array_key(path, zarr_format)
        self.name = array_key("", zarr_format).encode()
        self.found: ArrayMetadata | None = None
        self.seen: tuple[object, ArrayMetadata] | None = None

    def look(
        self,
        store: Store,
        known: ArrayMetadata,
        directory: Directory | None,
        *,
        must: bool,
        meter: Metered | None = None,
    ) -> tuple[object, ArrayMetadata] | None:
        """Give the version of the document and the metadata of now, if they can be told.

        Parameters
        ----------
        store : Store
        known : ArrayMetadata
            By which the handle works.
        directory : Directory, optional
            That of the array, where it is open.
        must : bool
            Read the document also where the store tells no versions; without, only when it was
            read long ago.
        meter : Metered, optional
            Counts what is read.

        Raises
        ------
        ArrayNotFoundError
            When the array is not there any more.
        StaleArrayError
            When another one is in its place.
        """
        # the version before the value: what changes in between is seen the next time
        state = store.stamp(self.key) if directory is None else directory.version(self.name)
        seen = self.seen
        if seen is not None and seen[0] == state:
            return seen
        if state is None and directory is None and not (must or self._is_old()):
            return None
        if store.is_cut_off(self.path):
            raise ConflictError(
                "a process was killed while it committed a transaction, of which a part is stored",
                key=self.key,
                operation="look",
                hint="open the array again, where it may be written: that completes it",
            )
        value: Any
        if directory is not None:
            value = directory.read(self.name.decode())
        elif store.in_memory and isinstance(state, bytes):
            value = state
        else:
            value = store.get(self.key)
        if meter is not None and value is not state:
            meter.count(value)
        found = parse_array(self.path, self.key, value)
        check_same(self.path, known, found)
        self.found = found
        self._read_at = time()
        seen = state, found
        self.seen = None if state is None else seen
        return seen

    def _is_old(self) -> bool:
        """Whether the document was read so long ago that one request more does not matter."""
        return abs(time() - self._read_at) > LOOK_AGAIN


def same_state(before: object, state: object) -> bool:
    """Whether two states are one: values in memory are, not what they say."""
    if isinstance(before, tuple) and isinstance(state, tuple) and len(before) == len(state):
        return all(map(same_state, before, state))  # of several stores, or parts of one state
    return state is before if isinstance(state, bytes) else state == before


class Watch:
    """Sees to it that chunks are read from, or written to, the array that a handle knows.

    Parameters
    ----------
    sight : Sight
    known : ArrayMetadata
        By which the handle works.
    chosen : Selection, optional
        Has to lie in the array as it is now.
    planned : tuple of int, optional
        The shape that a write goes by, where it has to be that of now.

    Attributes
    ----------
    looked : bool
        Whether what was asked could be told.
    moved : bool
        Whether chunks were absent, and the document changed since before they were read: they may
        be those of an array that was being replaced.
    meter : Metered or None
        Counts documents that are read, where somebody counts.
    """

    def __init__(
        self,
        sight: Sight,
        known: ArrayMetadata,
        chosen: Selection | None = None,
        planned: tuple[int, ...] | None = None,
    ) -> None:
        self._sight = sight
        self._known = known
        self._chosen = chosen
        self._planned = planned
        self.looked = self.moved = False
        self.meter: Metered | None = None
        self._before: object = None

    def begin(self, batch: Batch, store: Store, directory: Directory | None) -> None:
        """Keep the state of the document from before a batch reads.

        That is the one that was seen last, where this is known and chunks are soon read again.
        """
        seen = self._sight.seen
        if seen is not None and batch.nbytes < _LARGE and not store.in_memory:
            self._before = seen[0]
        elif directory is not None or store.requests == 1:  # elsewhere it takes as long as a chunk
            self._before = self._state(store, directory)

    def end(self, store: Store, directory: Directory | None) -> None:
        """Tell whether the document is another one, after a batch which found chunks absent."""
        before = self._before
        if before is None or type(before) is object:
            return
        state = self._state(store, directory)
        # equal values may be of two arrays, if they are kept as given
        kept = same_state(state, self._state(store, directory))
        self.moved = not same_state(before, state) if kept else state != before

    def _state(self, store: Store, directory: Directory | None) -> object:
        """Tell the state of the document; that of a file also where it has just been changed."""
        if directory is not None:
            return directory.version(self._sight.name, young=True)
        return store.stamp(self._sight.key)

    def look(self, store: Store, directory: Directory | None = None, *, must: bool = False) -> Any:
        """Look at the document; gives its version, as far as that is one for the engine.

        Parameters
        ----------
        store : Store
        directory : Directory, optional
            That of the array, where it is open.
        must : bool
            Read the document whatever that costs, as is done for a planned shape.

        Raises
        ------
        ArrayNotFoundError
            When the array is not there any more, or, as a `StaleArrayError`, another one is.
        SelectionError
            An IndexError, when the array has become shorter than the selection.
        Reshaped
            When the planned shape is not that of now, or not for long.
        """
        planned = self._planned
        must, meter = must or planned is not None, self.meter
        if meter is not None:
            store = meter.store
        seen = self._sight.look(store, self._known, directory, must=must, meter=meter)
        self.looked = seen is not None
        if seen is None:
            return None
        state, found = seen
        chosen, shape = self._chosen, self._known.shape
        if chosen is not None and found.shape != shape:
            check_reach(self._sight.path, shape, found.shape, ends_of(chosen))
        if planned is not None and (found.shape != planned or self._is_marked(store, directory)):
            raise Reshaped
        return state if directory is not None else None

    def guard(self, batch: Batch, store: Store, directory: Directory) -> None:
        """Have a batch look under the lock of each file that it writes.

        It looks for another state than the one that was seen last; where none was seen, or that
        one has to be thought about, this looks first.
        """
        state = self._settled()
        if state is None:
            state = self.look(store, directory)
        marker = None if self._planned is None else _MARKER
        batch.use_watch(self._sight.name, marker, state, partial(self.look, store, directory))

    def _settled(self) -> object:
        """Give the state of the document that was seen last, if all is well as long as it lasts."""
        seen, planned = self._sight.seen, self._planned
        if seen is None or planned not in (None, seen[1].shape):
            return None
        state, found = seen
        is_of_a_file = isinstance(state, tuple) and len(state) == _NSTATE
        return state if is_of_a_file and found.shape == self._known.shape else None

    def explain(self, error: Exception, store: Store, directory: Directory | None = None) -> None:
        """Raise what may be the reason of another error: that the array is not what it was."""
        with suppress(StoreError, MetadataError):
            # what damages a chunk costs more than a request; a service that fails is let alone
            self.look(store, directory, must=isinstance(error, ChunkError))

    def _is_marked(self, store: Store, directory: Directory | None) -> bool:
        """Whether the shape is changing."""
        if directory is not None:
            return not directory.is_absent(SHRINK)
        locks = store.of_files or store.in_memory  # of others, the shape changes first
        return locks and (self.meter or store).exists(key_of(self._sight.path, SHRINK))


def check_reach(
    path: str, known: tuple[int, ...], shape: tuple[int, ...], ends: Sequence[int]
) -> None:
    """Check that what ends there lies in an array of the shape of now.

    Raises
    ------
    SelectionError
        An IndexError, as NumPy's of an array that short.
    """
    if _fits(ends, shape):
        return
    raise SelectionError(
        f"the selection ends outside the array, whose shape is {shape} since another handle has "
        f"changed it from {known}",
        array="/" + path,
        shape=shape,
        hint="open it again",
    )


def covers_an_end(chosen: Selection, metadata: ArrayMetadata) -> bool:
    """Whether a selection may take all elements of a chunk that reaches beyond the array."""
    shape = metadata.shape
    ends = metadata.chunk_grid.ending(shape, shape)
    return any(
        end > length and chosen.last(axis) == length - 1
        for axis, (length, end) in enumerate(zip(shape, ends, strict=True))
    )


def as_long(
    known: ArrayMetadata, found: ArrayMetadata | None, ends: Sequence[int]
) -> ArrayMetadata:
    """Give the metadata that a handle knows with the shape of now, where what ends there fits."""
    if found is None or found.shape == known.shape or not _fits(ends, found.shape):
        return known
    grid = known.chunk_grid if known.chunk_grid.regular else found.chunk_grid
    return replace(known, chunk_grid=grid.reaching(found.shape)).with_shape(found.shape)


def ends_of(chosen: Selection) -> tuple[int, ...]:
    """Tell where a selection ends on each axis of the array."""
    return tuple(chosen.last(axis) + 1 for axis in range(len(chosen.start)))


def _fits(ends: Sequence[int], shape: Sequence[int]) -> bool:
    return all(end <= n for end, n in zip(ends, shape, strict=True))


def check_same(path: str, known: ArrayMetadata, found: ArrayMetadata) -> None:
    """Check that metadata are those of an array that was known by others.

    Its shape, attributes and names of dimensions may have changed, and chunks may have been added
    to a grid of many lengths.

    Raises
    ------
    StaleArrayError
        When one of them differs that says what stored bytes mean.
    """
    if found is known or (found.document and found.document is known.document):
        return
    if not any(_differences(known, found)):
        return
    for what in _differences(_as_stored(path, known), found):
        raise StaleArrayError(
            f"another array is at {path or '/'!r} than when it was opened: {what}",
            path=path,
            hint="open it again",
        )


def _as_stored(path: str, known: ArrayMetadata) -> ArrayMetadata:
    """Give what the document of a new array says of it, which may be less than it was made of."""
    document = array_document(path, known)
    return parse_array(path, array_key(path, known.zarr_format), document)


def _differences(known: ArrayMetadata, found: ArrayMetadata) -> Iterator[str]:
    if known.ndim != found.ndim:
        yield f"it has {found.ndim} dimensions, not {known.ndim}"
    elif known.data_type != found.data_type:
        yield f"its data type is {found.data_type}, not {known.data_type}"
    elif not _agree(known, found):
        yield f"its chunks are {found.chunk_grid.listed()}, not {known.chunk_grid.listed()}"
    elif known.chunk_keys != found.chunk_keys:
        yield "its chunks have other keys"
    elif not fill_value.identical(known.fill_value, found.fill_value):
        yield f"its fill value is {found.fill_value}, not {known.fill_value}"
    elif not _alike(known.storage_transformers, found.storage_transformers):
        yield "it has other storage transformers"
    elif not _alike(known.codecs, found.codecs) and not _code_alike(known, found):
        yield "it has other codecs"


def _agree(known: ArrayMetadata, found: ArrayMetadata) -> bool:
    """Whether the chunks of one grid are among those of the other."""
    one, other = known.chunk_grid, found.chunk_grid
    if one.bounded != other.bounded:
        return False
    if one.bounded and known.shape != found.shape:
        try:
            one.check_resize(known.shape, found.shape)
        except MetadataError:
            return False
    return one == other or all(map(_begin_alike, one.axes, other.axes))


def _begin_alike(one: int | Runs, other: int | Runs) -> bool:
    """Whether two rows of chunks are the same as far as both go."""
    if isinstance(one, int) or isinstance(other, int):
        return one == other
    count = min(one.nchunks, other.nchunks)
    return one.first(count) == other.first(count)


def _alike(known: Sequence[NamedConfig], found: Sequence[NamedConfig]) -> bool:
    """Whether two rows of codecs say the same in their documents."""
    return known == found or _written(known) == _written(found)


def _written(codecs: Sequence[NamedConfig]) -> list[tuple[str, str]]:
    return [(each.name, dumps(each.configuration, sort_keys=True)) for each in codecs]


def _code_alike(known: ArrayMetadata, found: ArrayMetadata) -> bool:
    """Whether two rows of codecs do the same, however others have spelled that out."""
    shape = known.chunk_grid.largest(known.shape)
    spec = ChunkSpec(shape, known.data_type.numpy, known.fill_value)
    try:
        chains = [CodecChain.bind(each.codecs, spec) for each in (known, found)]
    except MetadataError:
        return False
    return chains[0].codecs == chains[1].codecs
