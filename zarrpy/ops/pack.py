"""Put every key of a store into another one, as directories into files and out of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.journal import WorkJournal
from zarrpy.engine.nodes import not_found
from zarrpy.engine.obstacles import ask_for, refuse_below
from zarrpy.engine.operation import function
from zarrpy.engine.requests import Commit, Delete, Foretell, ListEmpty, ListSizes, Settle
from zarrpy.engine.scattered import scattered_arrays
from zarrpy.engine.scheduler import check_reach, is_local
from zarrpy.engine.undo import undone_unless_committed
from zarrpy.engine.units import Carry, Unit, carried_out, name_of
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.metadata.names import LOCK_SUFFIX, OURS
from zarrpy.stores import LocalStore, as_store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

__all__ = ["Packed", "pack", "unpack"]

#: Bytes of values that are read before they are written, in one go.
_BATCH_NBYTES = 16 << 20
_BATCH_KEYS = 1024
#: What makes a store one of Zarr's.
_DOCUMENTS = ("zarr.json", ".zarray", ".zgroup")


class Packed(NamedTuple):
    """What was put where it is now.

    Attributes
    ----------
    nkeys : int
    nbytes : int
    """

    nkeys: int
    nbytes: int


@function
def pack(
    source: Any,
    target: Any,
    *,
    overwrite: bool = False,
    progress: Any = None,
    scheduler: Any = None,
    journal: str | os.PathLike[str] | None = None,
) -> Steps[Packed]:
    """Copy a whole store into another one, key by key, as it is stored.

    ``pack("run.zarr", "run.zip")`` makes a zip file of a directory, ``pack("run.zip", "run.zarr")``
    takes it apart; so with SQLite files (``run.sqlite``) and stores of any kind. Locks and what
    killed writers left are not copied. Documents come last, so that a copy that is cut off is not
    taken for whole.

    Parameters
    ----------
    source, target : str, path-like, mutable mapping or Store
    overwrite : bool
        Replace what is at the target: keys of the same names are, others are deleted.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each key.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who copies chunks, as of `zarrpy.copy`. A zip file is written by one process.
    journal : str or path-like, optional
        A folder that says what is done, for work that goes on after it was killed: call again
        with the same arguments.

    Returns
    -------
    Packed
        How many keys and bytes there are.

    Raises
    ------
    NodeNotFoundError
        When there is no Zarr at the source.
    MetadataError
        When the source is the folder of a part of a hierarchy, and an array in it has storage
        transformers, which may name chunks by the path in the whole.
    NodeExistsError
        When there is something at the target already and `overwrite` is false.
    StoreError
        When there are links to nothing in the source, or what keeps readers from chunks.
    ConflictError
        When the journal is about other work, or the keys of the source are others by now.

    Examples
    --------
    >>> import zarrpy
    >>> source, target = {}, {}
    >>> array = zarrpy.create_array(source, data=[1, 2, 3])
    >>> pack(source, target).nkeys, zarrpy.open(target)[...]
    (2, array([1, 2, 3]))
    """
    if overwrite and journal is not None:
        raise ValueError("with a journal the target is new: overwrite=False")
    ours, theirs = as_store(source), as_store(target)
    packing = _Packing(ours, theirs, progress, scheduler)
    try:
        found: list[tuple[str, int]] = yield from elsewhere(ours, _sizes())
        packing.sizes = {key: nbytes for key, nbytes in found if not _left_over(key)}
        yield from elsewhere(ours, packing.required())
        there: list[tuple[str, int]] = yield from elsewhere(theirs, _sizes())
        keys = [key for key, _ in there if not _left_over(key)]
        if journal is not None:
            yield from elsewhere(theirs, packing.resumed(journal, keys))
        elif overwrite:
            yield Commit()  # what is gone cannot be brought back
            yield from elsewhere(theirs, packing.replaced(keys))
        else:
            packing.refuse(there)
            yield from elsewhere(theirs, undone_unless_committed(packing.copied()))
    finally:
        for place, store in ((source, ours), (target, theirs)):
            if isinstance(place, str | os.PathLike):
                store.close()
    return Packed(len(packing.sizes), sum(packing.sizes.values()))


@function
def unpack(
    source: Any,
    target: Any,
    *,
    overwrite: bool = False,
    progress: Any = None,
    scheduler: Any = None,
    journal: str | os.PathLike[str] | None = None,
) -> Steps[Packed]:
    """Copy what is in a file into a directory, or into any other store; as `pack` does."""
    keywords: dict[str, Any] = {"progress": progress, "scheduler": scheduler, "journal": journal}
    return (yield from pack.steps(source, target, overwrite=overwrite, **keywords))


class _Packing:
    """One store on its way into another; its steps are taken in the latter.

    Attributes
    ----------
    sizes : dict of str to int
        Bytes of what is copied, by key.
    """

    def __init__(self, source: Store, target: Store, progress: Any, scheduler: Any) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._scheduler = scheduler
        check_reach(scheduler, (source,), (target,))
        self.sizes: dict[str, int] = {}

    def required(self) -> Steps[None]:
        """Refuse what is not Zarr; these steps are taken in the source."""
        if not any(map(_is_document, self.sizes)):
            raise (yield from not_found("", opening=False))
        if self._source.of_files:
            yield from self._refuse_obstacles()
        if _is_part(self._source):
            folders = [key.rpartition("/")[0] for key in self.sizes if _is_document(key)]
            for path, metadata in (yield from scattered_arrays("", folders)):
                if metadata.storage_transformers:
                    raise _cut_off(self._source.place_of(path))

    def _refuse_obstacles(self) -> Steps[None]:
        """Refuse links to nothing, and what keeps readers from chunks: a copy would not."""
        empty: list[str] = yield ListEmpty("")
        for key in empty:
            if not key.endswith("/") and not _left_over(key):
                yield from ask_for(key)
        yield from refuse_below([*self.sizes, *empty])

    def refuse(self, there: Collection[object]) -> None:
        """Refuse to mix what is copied with what is there."""
        if there:
            raise NodeExistsError(
                f"there are {len(there)} keys in {self._target!r} already",
                hint="overwrite=True replaces all of them",
            )

    def replaced(self, there: list[str]) -> Steps[None]:
        """Copy all, and delete what else was there."""
        yield from self.copied()
        gone = tuple(key for key in there if key not in self.sizes)
        if gone:
            yield Delete(gone)

    def resumed(self, folder: str | os.PathLike[str], there: list[str]) -> Steps[None]:
        """Copy what is left, as the journal says."""
        listed = name_of(f"{key} {nbytes}" for key, nbytes in sorted(self.sizes.items()))
        journal = WorkJournal(
            folder, [self._source.place_of(""), self._target.place_of(""), listed]
        )
        if journal.is_finished:
            journal.finish()
            return
        if not journal.goes_on:
            self.refuse(there)
        journal.begin(f"pack {self._source.label} into {self._target.label}")
        try:
            yield from self.copied(journal)
        finally:
            journal.close()
        yield Settle()
        journal.finish()

    def copied(self, journal: WorkJournal | None = None) -> Steps[None]:
        """Copy all that is not copied yet: documents last, and here, whoever copies chunks."""
        told = Progress(self._progress, len(self.sizes), "keys")
        keys = sorted(self.sizes, key=_documents_last)
        ndocuments = sum(_documents_last(key)[0] for key in keys)
        chunks, documents = keys[: len(keys) - ndocuments], keys[len(keys) - ndocuments :]
        local = is_local(self._scheduler)
        if not local:
            yield Foretell(keys=tuple(chunks))
        try:
            # the last is stored by every run: what a kill has left of a file is made whole by that
            for some, here in ((chunks, local), (documents[:-1], True), (documents[-1:], True)):
                yield from carried_out(
                    Carry(
                        self._source, None if here else self._target, in_order=some is not chunks
                    ),
                    self._units(some),
                    told,
                    scheduler=None if here else self._scheduler,
                    journal=None if some == documents[-1:] else journal,
                )
        finally:
            told.close()

    def _units(self, keys: list[str]) -> Iterator[Unit]:
        for batch in _batches(keys, self.sizes):
            yield Unit(name_of(batch), len(batch), tuple((key, key) for key in batch))


def _is_document(key: str) -> bool:
    return key.rpartition("/")[2] in _DOCUMENTS


def _is_part(store: Store) -> bool:
    """Whether a store is the folder of a member of a group."""
    if not isinstance(store, LocalStore):
        return False
    above = os.path.dirname(os.path.abspath(store.root))
    return any(os.path.isfile(os.path.join(above, name)) for name in _DOCUMENTS)


def _cut_off(place: str) -> MetadataError:
    return MetadataError(
        "may name chunks by the path in the whole hierarchy, so that this part is not all of them",
        path=place,
        field="storage_transformers",
        hint="pack the whole, or copy the array, opened as zarrpy.open(ROOT, path=...)",
    )


def _left_over(key: str) -> bool:
    """Whether a key is of somebody who writes, or did until he was killed."""
    parts = key.split("/")
    return key.endswith(LOCK_SUFFIX) or any(part.startswith(OURS) for part in parts)


def _documents_last(key: str) -> tuple[bool, int, str]:
    """Put documents behind chunks, and those of the upper nodes last."""
    name = key.rpartition("/")[2]
    is_document = name.startswith(".z") or name == "zarr.json"
    return is_document, -key.count("/") if is_document else 0, key


def _batches(keys: list[str], sizes: dict[str, int]) -> list[list[str]]:
    """Gather keys of small values, so that stores of one file write them together."""
    batches: list[list[str]] = []
    nbytes = 0
    for key in keys:
        full = nbytes + sizes[key] > _BATCH_NBYTES
        if not batches or full or len(batches[-1]) >= _BATCH_KEYS:
            batches.append([])
            nbytes = 0
        batches[-1].append(key)
        nbytes += sizes[key]
    return batches


def _sizes() -> Steps[list[tuple[str, int]]]:
    found: list[tuple[str, int]] = yield ListSizes("")
    return found
