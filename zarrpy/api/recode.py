"""Store the values of an array anew, in another format, region by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zarrpy.array import Array
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.existing import find_to_change
from zarrpy.engine.lifecycle import create_node, replaced_by
from zarrpy.engine.nodes import documents_of, key_of, read_node
from zarrpy.engine.regions import regions_of
from zarrpy.engine.requests import Commit, DeletePrefix, Foretell, Put
from zarrpy.engine.resuming import are_same
from zarrpy.engine.units import Unit, carried_out
from zarrpy.metadata.names import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.engine.copy import Manner
    from zarrpy.engine.journal import WorkJournal
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.stores.base import Store

__all__ = ["Boxes", "in_place", "regions", "values"]


@dataclass(frozen=True)
class Boxes:
    """Writes boxes of one array into another; a task is a region of both."""

    source: Array
    target: Array
    max_memory: int | None = None

    @property
    def reads(self) -> tuple[Store, ...]:
        """Give the stores that are read."""
        return (self.source.store,)

    @property
    def writes(self) -> tuple[Store, ...]:
        """Give the stores that are written."""
        return (self.target.store,)

    def steps(self, task: tuple[slice, ...]) -> Steps[tuple[int, int]]:
        """Read a box, and write it."""
        read = self.source.read.steps(task, max_memory=self.max_memory)
        values = yield from elsewhere(self.source.store, read)
        write = self.target.write.steps(task, values, max_memory=self.max_memory)
        yield from elsewhere(self.target.store, write)
        return values.nbytes, values.nbytes


def in_place(
    store: Store,
    path: str,
    old: ArrayMetadata,
    new: ArrayMetadata,
    how: Manner,
    journal: WorkJournal | None = None,
) -> Steps[None]:
    """Put an array of the same values in the place of another.

    It is written beside the old one, which is there until all of the new one is.
    """
    source = Array(store, path, old)
    if journal is not None:
        yield from _in_place_over_runs(source, new, how, journal)
        return

    def content(where: str) -> Steps[None]:
        yield from values(source, Array(store, where, new), how)

    yield from create_node(path, new, overwrite=True, content=content)


def _in_place_over_runs(
    source: Array, new: ArrayMetadata, how: Manner, journal: WorkJournal
) -> Steps[None]:
    """Write what is left of the new array where a killed run has begun to."""
    path = source.path
    stage = f"{LONG}{journal.digest[:12]}"
    if journal.goes_on and are_same((yield from find_to_change(path)), new):
        for leftover in replaced_by(stage):  # it was killed on its way out
            yield DeletePrefix(key_of(path, leftover) + "/")
        return

    def content(where: str) -> Steps[None]:
        yield Commit()  # what is written stays for those who go on
        target = Array(source.store, where, new)
        yield from values(source, target, how, journal, f"{path} {turn}")

    turn = yield from _turn(key_of(path, stage), new, journal)
    yield from create_node(path, new, overwrite=True, content=content, stage=stage)


def _turn(where: str, new: ArrayMetadata, journal: WorkJournal) -> Steps[int]:
    """Count how often the new array was begun: what was done of one that is gone is not."""
    n = 0
    while journal.is_done(f"stage {where} {n}"):
        n += 1
    if n and are_same((yield from read_node(where)), new):
        return n - 1
    yield Put(documents_of(where, new))
    journal.note(f"stage {where} {n}")
    return n


def values(
    source: Array,
    target: Array,
    how: Manner,
    journal: WorkJournal | None = None,
    name: str = "",
) -> Steps[None]:
    """Copy the values of one array into another, in whose store these steps are taken.

    A journal knows the regions by a name, and their numbers.
    """
    boxes = list(regions(target))
    how.told.expect(len(boxes))
    units = (Unit(f"{name} {i}", 1, region) for i, region in enumerate(boxes))
    yield Foretell(target.path)
    yield from carried_out(
        Boxes(source, target), units, how.told, scheduler=how.scheduler, journal=journal
    )


def regions(array: Array) -> Iterator[tuple[slice, ...]]:
    """Cut an array into regions of whole chunks that go into memory.

    Examples
    --------
    >>> import zarrpy
    >>> array = zarrpy.create_array({}, shape=(4, 4), chunks=(2, 4), dtype="int8")
    >>> len(list(regions(array)))
    1
    """
    return regions_of(array.metadata)
