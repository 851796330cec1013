"""Bulk work in units that share no key, done here or by whoever a scheduler sends them to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from zarrpy.engine.drive import drive
from zarrpy.engine.requests import Bring, Close, Delete, Elsewhere, Fetch, Put, Take
from zarrpy.engine.scheduler import begun, is_local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zarrpy.display.progress import Progress
    from zarrpy.engine.journal import WorkJournal
    from zarrpy.engine.requests import Request, Steps
    from zarrpy.stores.base import Store

__all__ = ["Carry", "Unit", "Work", "carried_out", "name_of"]


class Unit(NamedTuple):
    """A piece of work.

    Attributes
    ----------
    name : str
        By which a journal knows it.
    nparts : int
        Parts that it is for those who watch.
    task : object
        What is to be done, as the work understands it.
    """

    name: str
    nparts: int
    task: Any


class Work(Protocol):
    """What is done with each unit; it is pickled where others do it."""

    @property
    def reads(self) -> tuple[Store, ...]:
        """Give the stores that are read."""

    @property
    def writes(self) -> tuple[Store, ...]:
        """Give the stores that are written."""

    def steps(self, task: Any) -> Steps[tuple[int, int]]:
        """Do one task, each request with the store that it goes to; bytes read and written."""


@dataclass(frozen=True)
class Carry:
    """Copies values as they are; a task is pairs of a key of the source and one of the target."""

    source: Store
    #: By default the one in which the steps are taken.
    target: Store | None
    #: Whether one value is stored before the next, as those of documents are.
    in_order: bool = False
    #: Whether what is written is new, and lies where nobody else looks.
    unmet: bool = False
    #: Whether what the source has none of is deleted.
    exact: bool = False

    @property
    def reads(self) -> tuple[Store, ...]:
        """Give the stores that are read."""
        return (self.source,)

    @property
    def writes(self) -> tuple[Store, ...]:
        """Give the stores that are written."""
        return () if self.target is None else (self.target,)

    def steps(self, task: tuple[tuple[str, str], ...]) -> Steps[tuple[int, int]]:
        """Copy some values."""
        if not self.in_order:
            sizes = yield self._there(Bring(self.source, task, self.unmet))
            if sizes is not None:
                nbytes = sum(size for size in sizes if size is not None)
                return nbytes, nbytes
        values: list[Any] = yield Elsewhere(self.source, Fetch(tuple(key for key, _ in task)))
        pairs = zip(task, values, strict=True)
        found = tuple((key, value) for (_, key), value in pairs if value is not None)
        yield self._there(Put(found))
        if self.exact and len(found) < len(task):
            there = {key for key, _ in found}
            yield self._there(Delete(tuple(key for _, key in task if key not in there)))
        nbytes = sum(len(value) for _, value in found)
        return nbytes, nbytes

    def _there(self, request: Request) -> Request:
        return request if self.target is None else Elsewhere(self.target, request)


class _Driven:
    """Does a unit to its end, without anybody who takes steps."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, unit: Unit, begin: Callable[[Any], None]) -> tuple[int, int]:
        return drive(None, self._work.steps(unit.task))


def carried_out(
    work: Work,
    units: Iterable[Unit],
    told: Progress,
    *,
    scheduler: Any = None,
    journal: WorkJournal | None = None,
) -> Steps[None]:
    """Do all units that are not done yet.

    Parameters
    ----------
    work : Work
    units : iterable of Unit
        No two of which write under one key.
    told : Progress
        Who hears of each.
    scheduler : optional
        As `zarrpy.engine.scheduler` knows them.
    journal : WorkJournal, optional
        Knows what is done, and is told of each.
    """
    passed: list[Unit] = []
    left = _left(units, journal, passed)
    if is_local(scheduler):
        for unit in left:
            _note(unit, (yield from work.steps(unit.task)), told, journal, passed)
        _tell(passed, told)
        return
    stream = begun(
        scheduler, left, _Driven(work), ahead=2, reads=work.reads, writes=work.writes, ordered=False
    )
    try:
        while (taken := (yield Take(stream))) is not None:
            if taken.error is not None:
                raise taken.error
            _note(taken.task, taken.value, told, journal, passed)
        _tell(passed, told)
    finally:
        yield Close(stream)


def _left(units: Iterable[Unit], journal: WorkJournal | None, passed: list[Unit]) -> Iterator[Unit]:
    for unit in units:
        if journal is not None and journal.is_done(unit.name):
            passed.append(unit)
        else:
            yield unit


def _note(
    unit: Unit,
    nbytes: tuple[int, int],
    told: Progress,
    journal: WorkJournal | None,
    passed: list[Unit],
) -> None:
    _tell(passed, told)
    if journal is not None:
        journal.note(unit.name)
    told.advance(unit.nparts, *nbytes)


def _tell(passed: list[Unit], told: Progress) -> None:
    """Tell of what was done by an earlier call."""
    while passed:
        told.advance(passed.pop().nparts)


def name_of(keys: Iterable[str]) -> str:
    """Name a unit by the keys that it is about, as other keys are another unit."""
    import hashlib

    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:24]
