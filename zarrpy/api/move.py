"""Move an array or a group to another place; with a journal, over several runs."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zarrpy.api.copy import deleted, node_of, opened, target_of
from zarrpy.array import Array
from zarrpy.display.progress import Progress
from zarrpy.engine.consolidate import forget, record
from zarrpy.engine.contents import contents
from zarrpy.engine.copy import Manner, copy_node, refuse_overlap
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.journal import WorkJournal
from zarrpy.engine.lifecycle import IN_THE_WAY, move_node
from zarrpy.engine.nodes import documents_of, key_of, read_node
from zarrpy.engine.operation import function
from zarrpy.engine.requests import Commit, Delete, ListKeys, Tidy
from zarrpy.engine.scattered import documents_below
from zarrpy.engine.scheduler import check_reach
from zarrpy.errors import ConflictError, NodeExistsError
from zarrpy.group import Group
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from pathlib import Path

    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

__all__ = ["move"]

#: What the source was when it had been copied: its documents, and the names of all that goes.
_SOURCE = "source.json"
#: Keys that are deleted at once.
_MOST_KEYS = 1024


@function
def move(
    source: Any,
    target: Any,
    name: str | None = None,
    *,
    progress: Any = None,
    scheduler: Any = None,
    journal: str | os.PathLike[str] | None = None,
) -> Steps[Array | Group]:
    """Move an array, or a group with all that is below it, to another place.

    Within a store it is given its new path, and nothing is read or written again. Between stores
    it is copied as it is stored, and deleted when the copy is complete.

    Parameters
    ----------
    source, target, name, progress, scheduler
        As of `copy`.
    journal : str or path-like, optional
        A folder that says what is done, for work that goes on after it was killed: call again
        with the same arguments. By then the source may be gone: name it by its place.

    Returns
    -------
    Array or Group
        The node at its new place.

    Raises
    ------
    NodeExistsError
        When there is a node at the target, or it lies within the source.
    ConflictError
        When the journal is about other work, or the source is another one by now.
    """
    how = Manner(Progress(progress), scheduler, journal, restore=True)
    if journal is not None:
        return (yield from _over_runs(source, target, name, how))
    node = yield from node_of(source)
    node._check_writable("move")
    yield from elsewhere(node.store, node._settle())
    store, path = target_of(node, target, name)
    _refuse_within((node.store, node.path), (store, path))
    if _is_rename(node.store, node.path, store):
        yield from elsewhere(store, move_node(node.path, path))
    else:
        check_reach(scheduler, (node.store,), (store,))
        try:
            yield from copy_node((node.store, node.path), node.metadata, (store, path), how=how)
        except NodeExistsError as error:
            error.hint = IN_THE_WAY
            raise
        yield Commit()
        yield from elsewhere(node.store, deleted(node.store, node.path))
    return (yield from opened(store, path))


def _refuse_within(source: tuple[Store, str], target: tuple[Store, str]) -> None:
    """Refuse to move a node to where it is, or into itself."""
    try:
        refuse_overlap(source, target)
    except NodeExistsError as error:
        (ours, path), (theirs, new) = source, target
        raise NodeExistsError(
            f"cannot move {path or '/'!r} of {ours!r} to {new or '/'!r} of {theirs!r}: "
            "they are one, or one lies within the other",
            path=error.path,
            hint="move to a place outside of it",
        ) from None


def _is_rename(source: Store, path: str, target: Store) -> bool:
    return bool(path) and source.lock_scope == target.lock_scope


def _over_runs(source: Any, target: Any, name: str | None, how: Manner) -> Steps[Array | Group]:
    """Do what is left: copy, with a journal within the journal; then delete."""
    is_node = isinstance(source, Array | Group)
    place = (source.store, source.path) if is_node else (as_store(source), "")
    place[0].check_writable("move", place[1])
    theirs = target_of(source, target, name)
    moving = _Moving(place, theirs, how)
    if moving.is_finished:
        moving.finish()
    elif moving.was_begun:
        yield from moving.ended()
    else:
        node = yield from node_of(source)
        yield from elsewhere(node.store, node._settle())
        _refuse_within((node.store, node.path), theirs)
        check_reach(how.scheduler, (node.store,), (theirs[0],))
        yield from moving.begun(node)
    return (yield from opened(*theirs))


class _Moving:
    """A move that a journal tells of: what it is about is written when the copy is complete."""

    def __init__(self, source: tuple[Store, str], target: tuple[Store, str], how: Manner) -> None:
        self._store, self._path = source
        self._target = target
        assert how.journal is not None
        places = [store.place_of(path) for store, path in (source, target)]
        self._journal = WorkJournal(how.journal, ["move", *places])
        self._said = " to ".join(places)
        self._how = replace(how, journal=self._journal.room / "copy", then=self._copied)

    @property
    def is_finished(self) -> bool:
        """Whether only the journal is left."""
        return self._journal.is_finished

    @property
    def was_begun(self) -> bool:
        """Whether the source may be gone, or a part of it."""
        return self._journal.goes_on

    def finish(self) -> None:
        """Remove the journal."""
        self._journal.finish()

    def begun(self, node: Array | Group) -> Steps[None]:
        """Rename it; or copy it, or what is left to copy, and delete the source."""
        if not _is_rename(self._store, self._path, self._target[0]):
            yield from copy_node(
                (self._store, self._path), node.metadata, self._target, how=self._how
            )
            yield from self.ended()
            return
        self._journal.begin(self._said)
        try:
            yield from elsewhere(self._store, move_node(self._path, self._target[1]))
        finally:  # one step: it is done, or taken back
            self._journal.finish()

    def _copied(self) -> Steps[None]:
        """Write down what is to be deleted: from now on it may be."""
        yield Commit()
        yield from elsewhere(self._store, self._noted())
        self._journal.begin(self._said)

    def _noted(self) -> Steps[None]:
        found = yield from contents(self._path)
        text = {
            "documents": (yield from self._documents()),
            "names": [] if found.is_link else [*found.documents, *found.others],
        }
        made = self._journal.room / f"{_SOURCE}.new"
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(json.dumps(text), encoding="utf-8")
        os.replace(made, self._journal.room / _SOURCE)

    def _documents(self) -> Steps[list[list[str]]]:
        found = yield from read_node(self._path)
        if found is None:
            return []
        return [[key, text.decode()] for key, text in documents_of("", found)]

    def ended(self) -> Steps[None]:
        """Delete the source, or what is left of it."""
        source: Path = self._journal.room / _SOURCE
        steps = self._gone(source) if source.exists() else self._renamed()
        yield from elsewhere(self._store, steps)
        self._journal.finish()

    def _gone(self, source: Path) -> Steps[None]:
        known = json.loads(source.read_text(encoding="utf-8"))
        found = yield from self._documents()
        if found and found != known["documents"]:
            raise ConflictError(
                f"{self._store.place_of(self._path)} is another node than the one that was copied",
                operation="move",
                hint=f"it stays, as the copy; remove the journal {str(self._journal.folder)!r}",
            )
        if found:
            yield from deleted(self._store, self._path)
        start = self._path + "/" if self._path else ""
        keys = set((yield ListKeys(start))) & {key_of(self._path, each) for each in known["names"]}
        left = sorted(keys)
        for i in range(0, len(left), _MOST_KEYS):
            yield Delete(tuple(left[i : i + _MOST_KEYS]))
        if left and self._path:
            yield Tidy(start)

    def _renamed(self) -> Steps[None]:
        """Rename it, unless it was; name it in the consolidated documents above."""
        if (yield from read_node(self._path)) is not None:
            yield from move_node(self._path, self._target[1])
            return
        there = yield from elsewhere(self._target[0], read_node(self._target[1]))
        if there is not None:
            yield from forget(self._path)
            below = documents_below(self._target[1], there)
            yield from elsewhere(self._target[0], self._recorded(below))

    def _recorded(self, below: Steps[Any]) -> Steps[None]:
        yield from record((self._target[1],), (yield from below))
