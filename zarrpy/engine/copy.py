"""Copy nodes between stores as stored bytes, nothing decoded, a few values in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from math import prod
from os import urandom
from typing import TYPE_CHECKING, Any, TypeAlias

from zarrpy.config import config
from zarrpy.display.progress import Progress
from zarrpy.engine.between import ends
from zarrpy.engine.consolidate import document_apart
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node, whole_or_gone
from zarrpy.engine.nodes import NO_LISTING, documents_of, key_of, read_children
from zarrpy.engine.obstacles import ask_for, is_chunk, lost_members, refuse_obstacles
from zarrpy.engine.requests import Delete, Fetch, Foretell, ListEmpty, ListEntries, Put
from zarrpy.engine.scattered import documents_below, is_scattered, scattered_keys
from zarrpy.engine.scheduler import is_local
from zarrpy.engine.source import Source, current
from zarrpy.engine.units import Carry, Unit, carried_out, name_of
from zarrpy.errors import ConflictError, MetadataError, NodeExistsError, StoreError
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import SHRINK, STAGE
from zarrpy.stores.transformer import transformed

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zarrpy.engine.journal import WorkJournal
    from zarrpy.engine.lifecycle import Members
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

    #: Says what a node, given by its path, becomes in the copy.
    Change: TypeAlias = Callable[[str, Metadata], Metadata]

#: How many values are asked for at once, and how many bytes of chunks those may be.
MOST_VALUES = 64
#: How many small files.
MOST_FILES = 1024
MOST_NBYTES = 64 * 2**20
#: How often an array is looked at that somebody replaces while it is copied.
_ROUNDS = 5

#: What to do where source and target are one, or one is in the other.
OVERLAP = "copy to a place outside of it; move and rename give a node another path"


def copy_node(
    source: tuple[Store, str],
    metadata: Metadata,
    target: tuple[Store, str],
    *,
    overwrite: bool = False,
    change: Change | None = None,
    how: Manner | None = None,
) -> Steps[Metadata]:
    """Copy an array, or a group with all that is below it.

    Parameters
    ----------
    source, target : tuple of Store and str
        Where the node is, and where its copy goes.
    metadata : ArrayMetadata or GroupMetadata
        Of the source, as somebody knows them; it is copied as it is now, an array in this shape.
    overwrite : bool
        Replace what is at the target.
    change : callable, optional
        Says of every node what its copy is: one of the same chunks, perhaps under other keys.
    how : Manner, optional
        Who copies, and who hears of it.

    Returns
    -------
    ArrayMetadata or GroupMetadata
        Of the copy.

    Raises
    ------
    NodeNotFoundError
        When the source is not there any more, or, as a `StaleArrayError`, another array is.
    SelectionError
        An IndexError, when an array has become shorter.
    ConflictError
        When an array is replaced again and again.
    """
    refuse_overlap(source, target)
    copy = _Copy(source, change, target[0], how or Manner())
    try:
        metadata = yield from elsewhere(source[0], current(source[1], metadata))
        new = copy.changed("", metadata)
        if copy.how.journal is not None:
            yield from elsewhere(target[0], copy.resumed(metadata, target[1], copy.how.journal))
            return new
        between = ends(source[0], target[0]) is not None  # where a directory is renamed at once
        steps = create_node(
            target[1],
            new,
            overwrite=overwrite,
            content=lambda where: copy.content(metadata, where),
            beside=between,
            stage=f"{STAGE}{urandom(6).hex()}" if between else None,
        )
        yield from elsewhere(target[0], steps)
        late = whole_or_gone(target[1], copy.late(target[1]), keep=overwrite)
        yield from elsewhere(target[0], late)
        return new
    finally:
        copy.how.told.close()


def copied_below(
    source: tuple[Store, str], metadata: Metadata, target: tuple[Store, str]
) -> Steps[Members]:
    """Copy the chunks of an array, or the members of a group, to a node that has its documents.

    Returns
    -------
    dict of str to (ArrayMetadata or GroupMetadata)
        The members, by their paths relative to the node.
    """
    copy = _Copy(source, None, target[0], Manner())
    members = yield from copy.content(metadata, target[1])
    copy.refuse_late()
    return members


@dataclass(frozen=True)
class Manner:
    """How a copy is made.

    Attributes
    ----------
    told : Progress
        Who hears of each value.
    scheduler : optional
        Who copies, as `zarrpy.engine.scheduler` knows them.
    journal : str or path-like, optional
        A folder that says what is done.
    restore : bool
        Whether members of the source are put back whose replacement was cut off.
    then : callable, optional
        Steps for when all of it is there, before the journal is removed.
    """

    told: Progress = field(default_factory=Progress)
    scheduler: Any = None
    journal: str | os.PathLike[str] | None = None
    restore: bool = False
    then: Callable[[], Steps[None]] | None = None


class _Copy:
    """One copy on its way, driven in the store that it goes to."""

    def __init__(
        self,
        source: tuple[Store, str],
        change: Change | None,
        target: Store,
        how: Manner,
    ) -> None:
        self._store, self._path = source
        self._change = change
        self._target = target
        self.how = how
        self._members: dict[str, Metadata] = {}
        self._journal: WorkJournal | None = None
        self._empty: list[str] | None = None
        #: Arrays that are not copied before they have their place: they name chunks by it.
        self._scattered: list[tuple[str, ArrayMetadata]] = []
        #: Documents that are stored when all chunks are; of those who have a journal.
        self._late: list[tuple[str, bytes]] = []

    def changed(self, name: str, metadata: Metadata) -> Metadata:
        """Say what the source, or a node below it, is in the copy."""
        return metadata if self._change is None else self._change(self._at(name), metadata)

    def _at(self, name: str) -> str:
        return key_of(self._path, name) if name else self._path

    def content(self, metadata: Metadata, where: str) -> Steps[Members]:
        """Copy the chunks of an array, or the members of a group; tell what those are."""
        self._members = {}
        yield from self._below("", metadata, where)
        return self._members

    def resumed(
        self, metadata: Metadata, where: str, folder: str | os.PathLike[str]
    ) -> Steps[None]:
        """Copy what is left of a node, documents last: until then there is none."""
        from zarrpy.engine.resuming import resumed

        documents = documents_below(self._path, metadata, restore=self.how.restore)
        below = yield from elsewhere(self._store, documents)
        places = [self._store.place_of(self._path), self._target.place_of(where)]

        def content(journal: WorkJournal) -> Steps[tuple[Members, tuple[tuple[str, Any], ...]]]:
            self._journal = journal
            return (yield from self.content(metadata, where)), tuple(self._late)

        new = self.changed("", metadata)
        about = [*places, sorted(map(str, below.items()))]
        yield from resumed(folder, about, where, new, content, self.how.then)

    def _below(self, name: str, metadata: Metadata, where: str) -> Steps[None]:
        path = self._at(name)
        if isinstance(metadata, ArrayMetadata):
            yield from self._array(name, (yield from self._seen(path, metadata)), where)
            return
        yield from self._consolidated(path, metadata, where)
        for key in lost_members(path, (yield from self._leading_nowhere())):
            yield from elsewhere(self._store, ask_for(key))
        children = read_children(path, metadata.zarr_format, restore=self.how.restore)
        for last, child in (yield from elsewhere(self._store, children)).items():
            each, to = key_of(name, last), key_of(where, last)
            if isinstance(child, ArrayMetadata):  # others may have been copied for hours
                source = yield from self._seen(self._at(each), child, follow=True)
                child = source.metadata
            new = self._members[each] = self.changed(each, child)
            yield from self._documents(documents_of(to, new))
            if isinstance(child, ArrayMetadata):
                yield from self._array(each, source, to)
            else:
                yield from self._below(each, child, to)

    def _seen(self, path: str, metadata: ArrayMetadata, *, follow: bool = False) -> Steps[Source]:
        """Look at an array before it is copied."""
        source = Source(self._store, path, metadata)
        yield from elsewhere(self._store, source.begin(follow=follow))
        return source

    def _array(self, name: str, source: Source, where: str) -> Steps[None]:
        if is_scattered(source.metadata) and _is_stage(where):
            self._scattered.append((name, source.metadata))
        else:
            yield from self._chunks(name, source, where)

    def _leading_nowhere(self) -> Steps[list[str]]:
        """List what leads to no value, once for all groups."""
        if self._empty is None:
            listed = _asked(ListEmpty(self._path + "/" if self._path else ""))
            self._empty = yield from elsewhere(self._store, listed)
        return self._empty

    def refuse_late(self) -> None:
        """Refuse what nobody would copy when it has its place."""
        for name, _ in self._scattered:
            raise MetadataError(
                "cannot be copied along, as it may name chunks by its place",
                path=self._at(name),
                field="storage_transformers",
                hint="zarrpy.copy(...) takes it along",
            )

    def late(self, where: str) -> Steps[None]:
        """Copy the chunks that can only be stored when the node has its place."""
        for name, metadata in self._scattered:
            source = yield from self._seen(self._at(name), metadata)
            yield from self._chunks(name, source, key_of(where, name))

    def _documents(self, documents: tuple[tuple[str, Any], ...]) -> Steps[None]:
        if self._journal is None:
            yield Put(documents)
        else:
            self._late += documents

    def _consolidated(self, path: str, metadata: Metadata, where: str) -> Steps[None]:
        """Copy what is consolidated in a group; in another format it would not be true."""
        name = document_apart(metadata.zarr_format)
        if name is None or self._change is not None:
            return
        fetched = _asked(Fetch((key_of(path, name),)))
        (value,) = yield from elsewhere(self._store, fetched)
        if value is not None:
            yield from self._documents(((key_of(where, name), value),))

    def _chunks(self, name: str, source: Source, where: str) -> Steps[None]:
        new = self.changed(name, source.metadata)
        assert isinstance(new, ArrayMetadata)
        yield from copy_array(source, (self._target, where), new, self.how, self._journal)


def copy_array(
    source: Source,
    target: tuple[Store, str],
    new: ArrayMetadata,
    how: Manner,
    journal: WorkJournal | None = None,
) -> Steps[None]:
    """Copy the chunks of an array that was looked at, and again what came or went meanwhile.

    These steps are taken in the store of the target.

    Raises
    ------
    ConflictError
        When the array is replaced again and again.
    """
    place = source.store, source.path
    yield from _marked(source, target[1])
    yield from copy_chunks(place, target, source.metadata, new, how, journal)
    gone: int | None = 0
    for number in range(_ROUNDS):
        yield from elsewhere(source.store, source.end())
        yield from _marked(source, target[1])
        if not source.moved or journal is not None:  # what a journal notes is not done again
            return
        gone = yield from _mended(source, target, new, how, anew=source.replaced or not number)
        if gone is None:
            return
    if not gone:  # somebody writes more and more chunks
        return
    raise ConflictError(
        f"the array at {source.path or '/'!r} was replaced each time that it was copied",
        operation="copy",
        hint="copy it when nobody creates it anew",
    )


def _marked(source: Source, where: str) -> Steps[None]:
    """Say in the copy that chunks at its end may hold what the array has lost, or got since."""
    if source.leftover is not None:
        yield Put(((key_of(where, SHRINK), source.leftover),))


def _mended(
    source: Source, target: tuple[Store, str], new: ArrayMetadata, how: Manner, *, anew: bool
) -> Steps[int | None]:
    """Make the copy have the chunks that the array has now, all of them new ones if `anew`.

    Returns
    -------
    int or None
        How many it had that are of another array, or of none; None where all was well.
    """
    old, place = source.metadata, (source.store, source.path)
    if is_scattered(old) or is_scattered(new):
        if not source.replaced:
            return None
        yield from copy_chunks(place, target, old, new, how)
        return 1
    try:
        found = yield from elsewhere(source.store, chunk_keys(source.path, old))
        there = set((yield from chunk_keys(target[1], new)))
    except StoreError as error:
        if error.errno not in NO_LISTING or source.replaced:
            raise
        return None  # each chunk that there may be was asked for
    wanted = {_renamed(key, old, new): key for key in found}
    if not source.replaced and there == wanted.keys():
        return None
    kept = set() if anew else there & wanted.keys()
    yield Delete(tuple(key_of(target[1], key) for key in there - kept))
    left = sorted(key for to, key in wanted.items() if to not in kept)
    how.told.expect(len(left))
    yield from _brought(place, target, old, new, left, how)
    return len(there - wanted.keys()) + source.replaced


def copy_chunks(
    source: tuple[Store, str],
    target: tuple[Store, str],
    metadata: ArrayMetadata,
    new: ArrayMetadata,
    how: Manner,
    journal: WorkJournal | None = None,
) -> Steps[list[str]]:
    """Copy the chunks of an array as they are stored, perhaps to other keys; tell their own.

    Of a store that cannot list, each chunk of the grid is asked for, and none is told.

    These steps are taken in the store of the target.
    """
    store, path = source
    if is_scattered(metadata) or is_scattered(new):
        yield from _copy_scattered(source, target, metadata, new, how, journal)
        return []
    keys: Iterable[str]
    try:
        keys = known = sorted((yield from elsewhere(store, chunk_keys(path, metadata))))
        how.told.expect(len(known))
    except StoreError as error:
        if error.errno not in NO_LISTING:
            raise
        keys, known = scattered_keys(metadata), []  # all that there may be are asked for
        how.told.expect(prod(metadata.grid_shape))
    yield from _brought(source, target, metadata, new, keys, how, journal)
    return [key_of(path, key) for key in known]


def _brought(
    source: tuple[Store, str],
    target: tuple[Store, str],
    metadata: ArrayMetadata,
    new: ArrayMetadata,
    keys: Iterable[str],
    how: Manner,
    journal: WorkJournal | None = None,
) -> Steps[None]:
    """Copy some chunks."""
    (store, path), (into, where) = source, target
    local = is_local(how.scheduler)
    if not local:
        yield Foretell(where)
    n = _fit(metadata)
    if ends(store, into) is not None:  # of files: they pass no memory
        n = MOST_VALUES if journal is not None else max(MOST_VALUES, _fit(metadata, MOST_FILES))
    yield from carried_out(
        Carry(store, None if local else into, unmet=_is_stage(where)),
        _units(path, metadata, new, where, keys, n),
        how.told,
        scheduler=how.scheduler,
        journal=journal,
    )


def _copy_scattered(
    source: tuple[Store, str],
    target: tuple[Store, str],
    metadata: ArrayMetadata,
    new: ArrayMetadata,
    how: Manner,
    journal: WorkJournal | None,
) -> Steps[None]:
    """Copy all chunks that there may be, through the transformers of both arrays."""
    (store, path), (into, where) = source, target
    how.told.expect(prod(metadata.grid_shape))
    yield from carried_out(
        Carry(
            transformed(store, metadata.storage_transformers),
            transformed(into, new.storage_transformers),
            exact=True,
        ),
        _units(path, metadata, new, where, scattered_keys(metadata), _fit(metadata)),
        how.told,
        scheduler=how.scheduler,
        journal=journal,
    )


def _units(
    path: str, old: ArrayMetadata, new: ArrayMetadata, where: str, keys: Iterable[str], n: int
) -> Iterator[Unit]:
    """Give the chunks of an array, so many at a time."""
    left = iter(keys)
    while some := list(islice(left, n)):
        pairs = tuple((key_of(path, key), key_of(where, _renamed(key, old, new))) for key in some)
        yield Unit(name_of(to for _, to in pairs), len(some), pairs)


def _is_stage(where: str) -> bool:
    """Whether this is no place to stay: it is renamed when all is there."""
    return f"/{STAGE}" in f"/{where}"


def _asked(request: Fetch | ListEmpty) -> Steps[list[Any]]:
    values: list[Any] = yield request
    return values


def _fit(metadata: ArrayMetadata, most_values: int | None = None) -> int:
    """How many stored chunks may be in memory: their sizes are guessed from those decoded."""
    nbytes = metadata.data_type.numpy.itemsize
    for n in metadata.chunk_grid.largest(metadata.shape):
        nbytes *= n
    most = min(MOST_NBYTES, (config.max_memory or MOST_NBYTES * 2) // 2)
    return max(1, min(most_values or MOST_VALUES, most // max(nbytes, 1)))


def _renamed(key: str, old: ArrayMetadata, new: ArrayMetadata) -> str:
    if old.chunk_keys == new.chunk_keys:
        return key
    return new.chunk_keys.key(old.chunk_keys.grid_index(key, old.ndim))


def refuse_overlap(source: tuple[Store, str], target: tuple[Store, str]) -> None:
    """Refuse to make a node a part of itself, or to replace what it is a part of."""
    if not source[0].overlaps(source[1], target[0], target[1]):
        return
    raise NodeExistsError(
        f"cannot copy {source[1] or '/'!r} of {source[0]!r} to {target[1] or '/'!r} of "
        f"{target[0]!r}: one lies within the other",
        path=target[1],
        hint=OVERLAP,
    )


def chunk_keys(path: str, metadata: ArrayMetadata) -> Steps[Sequence[str]]:
    """List the keys of the chunks that an array has stored, relative to the array.

    Raises
    ------
    StoreError
        Where something keeps readers from a chunk.
    """
    start = len(path) + 1 if path else 0
    entries = yield ListEntries(path + "/" if path else "", follow=True)
    names = [entry[start:] for entry in entries]
    yield from refuse_obstacles(path, metadata, names)
    return [name for name in names if is_chunk(metadata, name)]
