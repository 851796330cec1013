"""Convert a hierarchy where it is: chunks first, then documents, members before their groups."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from zarrpy.api.conversion import planned_node, refuse
from zarrpy.api.recode import in_place
from zarrpy.engine import consolidate
from zarrpy.engine.contents import contents
from zarrpy.engine.copy import chunk_keys, copy_chunks
from zarrpy.engine.journal import WorkJournal
from zarrpy.engine.nodes import (
    documents_of,
    key_of,
    read_node,
    replace_format,
)
from zarrpy.engine.parsing import parsed
from zarrpy.engine.requests import Commit, Delete, Put, Restore
from zarrpy.engine.resuming import are_same
from zarrpy.errors import ConflictError, GroupNotFoundError, StoreError
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from zarrpy.api.conversion import Conversion, Goal
    from zarrpy.engine.copy import Manner
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

__all__ = ["Changes", "InPlace"]

#: What is to be done, in the journal's room: half of it done, the store does not tell any more.
_PLAN = "plan.json"


class Changes:
    """What becomes of each node, and which groups have consolidated metadata.

    Parameters
    ----------
    changes : tuple of Conversion
        A group before its members.
    consolidated : dict of str to int
        Paths of such groups, and the formats of these metadata.
    """

    def __init__(self, changes: tuple[Conversion, ...], consolidated: dict[str, int]) -> None:
        self.changes = changes
        self.consolidated = consolidated

    def dumped(self) -> str:
        """Write down the nodes as they are, and the groups."""
        nodes = [
            [each.path, {key: text.decode() for key, text in documents_of("", each.old)}]
            for each in self.changes
        ]
        return json.dumps({"nodes": nodes, "consolidated": self.consolidated})


class InPlace:
    """A conversion in place, in whose store the steps are taken.

    Parameters
    ----------
    store : Store
    path : str
        Of the uppermost node.
    goal : Goal
        What all are to become.
    how : Manner
    asked : list
        What else tells this work from another, for the journal.
    """

    def __init__(self, store: Store, path: str, goal: Goal, how: Manner, asked: list[Any]) -> None:
        self._store = store
        self._goal = goal
        self._how = how
        self._journal: WorkJournal | None = None
        if how.journal is not None:
            place = store.place_of(path)
            self._said = f"convert {place}"
            self._journal = WorkJournal(how.journal, ["convert", place, *asked])

    @property
    def is_finished(self) -> bool:
        """Whether all was done, and only the journal is left."""
        return self._journal is not None and self._journal.is_finished

    def left(self, *, recode: bool) -> Changes | None:
        """Tell what a killed run had in hand; None where there was none."""
        if self._journal is None or not self._journal.goes_on:
            return None
        text = (self._journal.room / _PLAN).read_text(encoding="utf-8")
        known = json.loads(text)
        changes = []
        for path, documents in known["nodes"]:
            node = parsed(path, {key: text.encode() for key, text in documents.items()})
            changes.append(planned_node(self._store, path, node, self._goal, recode))
        return Changes(tuple(changes), known["consolidated"])

    def finish(self) -> None:
        """Remove the journal."""
        if self._journal is not None:
            self._journal.finish()

    def done(self, what: Changes) -> Steps[None]:
        """Do it, or what is left of it."""
        refuse(what.changes)
        yield from self._refuse_links(what)
        yield Commit()  # a hierarchy of which half is in each format is nobody's wish
        self._begin(what)
        try:
            for group, old_format in what.consolidated.items():  # they name nodes of one format
                yield from self._no_longer_consolidated(group, old_format)
            for change in reversed(what.changes):  # members before their groups
                yield from self._node(change)
            for group in what.consolidated:
                yield from consolidate.consolidate(group, self._goal.format.number)
        finally:
            if self._journal is not None:
                self._journal.close()
        self.finish()

    def _no_longer_consolidated(self, group: str, old_format: int) -> Steps[None]:
        try:
            yield from consolidate.remove(group, old_format)
        except GroupNotFoundError:
            if self._journal is None or not self._journal.goes_on:
                raise
            # else a run that was killed had converted the group already

    def _refuse_links(self, what: Changes) -> Steps[None]:
        """Refuse to replace links: only the link would be, before the values are read."""
        for change in what.changes:
            if change.action == "recode" and (yield from contents(change.path)).is_link:
                raise StoreError(
                    "the values of an array behind a link cannot be stored anew in its place",
                    operation="convert",
                    key=change.path,
                    store=self._store.label,
                    hint="convert the directory that the link leads to, or into another store",
                )

    def _begin(self, what: Changes) -> None:
        if self._journal is None:
            return
        if not self._journal.goes_on:
            self._journal.room.mkdir(parents=True, exist_ok=True)
            made = self._journal.room / f"{_PLAN}.new"
            made.write_text(what.dumped(), encoding="utf-8")
            os.replace(made, self._journal.room / _PLAN)
        self._journal.begin(self._said)

    def _node(self, change: Conversion) -> Steps[None]:
        name = f"node {change.path}"
        if self._journal is None:
            yield from self._applied(change)
        elif not self._journal.is_done(name):
            if self._journal.goes_on:
                yield from self._check(change)
            yield from self._applied(change)
            self._journal.note(name)

    def _check(self, change: Conversion) -> Steps[None]:
        """Refuse to go on with an array that somebody has changed meanwhile."""
        if not isinstance(change.old, ArrayMetadata):
            return
        yield Restore(change.path)
        for node in (change.new, change.old):
            if (yield from _is_there(change.path, node)):
                return
        raise ConflictError(
            f"the node at {change.path or '/'!r} is another by now than when the conversion began",
            operation="go on",
            hint=f"remove the journal {str(self._how.journal)!r} to begin anew",
        )

    def _refuse_changed(self, change: Conversion) -> Steps[None]:
        """Refuse to write over what others have stored of a node since it was read.

        A run that goes on has looked at it, and may have replaced it already.
        """
        if self._journal is not None and self._journal.goes_on:
            return
        node = yield from read_node(change.path, change.old.zarr_format)
        if isinstance(change.old, ArrayMetadata):
            same = are_same(node, change.old)
        else:  # whose consolidated metadata have gone
            same = node is not None and node.attributes == change.old.attributes
        if not same:
            raise ConflictError(
                f"somebody has changed the node at {change.path or '/'!r} since it was read",
                operation="convert",
                hint="convert again: nothing of what they stored is replaced",
            )

    def _applied(self, change: Conversion) -> Steps[None]:
        """Chunks first, then the documents: who opens the node meanwhile finds all of it."""
        old, new = change.old, change.new
        assert new is not None
        if change.action == "recode":
            assert isinstance(old, ArrayMetadata)
            assert isinstance(new, ArrayMetadata)
            yield from in_place(self._store, change.path, old, new, self._how, self._journal)
            return
        moved: list[str] = []
        if change.action == "move":
            assert isinstance(old, ArrayMetadata)
            assert isinstance(new, ArrayMetadata)
            place = (self._store, change.path)
            moved = yield from self._moved(place, old, new)
        yield from self._refuse_changed(change)
        if old.zarr_format == new.zarr_format:
            yield Put(documents_of(change.path, new))
        else:
            yield from replace_format(change.path, new)
        yield Delete(tuple(moved))

    def _moved(
        self, place: tuple[Store, str], old: ArrayMetadata, new: ArrayMetadata
    ) -> Steps[list[str]]:
        """Store chunks under their other keys, too; tell those that they have had."""
        goes_on = self._journal is not None and self._journal.goes_on
        if goes_on and (yield from _is_there(place[1], new)):  # it was killed while it deleted them
            return [key_of(place[1], key) for key in (yield from chunk_keys(place[1], old))]
        return (yield from copy_chunks(place, place, old, new, self._how, self._journal))


def _is_there(path: str, node: Metadata | None) -> Steps[bool]:
    """Whether there is this node; documents of the other format may be there as well."""
    if node is None:
        return False
    return are_same((yield from read_node(path, node.zarr_format)), node)
