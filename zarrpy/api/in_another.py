"""Convert a hierarchy into another store: all chunks first, then documents, the uppermost last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.recode import values
from zarrpy.array import Array
from zarrpy.engine import consolidate
from zarrpy.engine.copy import copy_array
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.nodes import documents_of, key_of, read_children, read_node
from zarrpy.engine.requests import Commit, Put
from zarrpy.engine.resuming import resumed
from zarrpy.engine.scattered import documents_below
from zarrpy.engine.source import Source
from zarrpy.errors import NodeExistsError
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.api.conversion import Conversion
    from zarrpy.engine.copy import Manner
    from zarrpy.engine.journal import WorkJournal
    from zarrpy.engine.lifecycle import Members
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.engine.resuming import Documents
    from zarrpy.stores.base import Store

__all__ = ["InAnother"]


class InAnother:
    """A conversion into another store, in which these steps are taken.

    Parameters
    ----------
    source : tuple of Store and str
        Where the uppermost node is.
    target : Store
        Its root becomes that node.
    changes : tuple of Conversion
        Nodes that are not among them stay as they are.
    how : Manner
    """

    def __init__(
        self,
        source: tuple[Store, str],
        target: Store,
        changes: tuple[Conversion, ...],
        how: Manner,
    ) -> None:
        self._store, self._path = source
        self._target = target
        self._changes = {each.path: each for each in changes}
        self._how = how

    def done(self, root: Metadata, groups: Iterable[str], asked: list[Any]) -> Steps[None]:
        """Do it, or what is left of it; then consolidate the metadata of some groups.

        What else tells this work from another is for the journal.
        """
        self._target.check_writable("convert", "")
        if self._store.overlaps(self._path, self._target, ""):
            raise self._taken()
        new = self._new(self._path, root)

        def consolidated() -> Steps[None]:
            start = len(self._path) + 1 if self._path else 0
            for group in groups:
                yield from consolidate.consolidate(group[start:], new.zarr_format)

        def content(journal: WorkJournal | None) -> Steps[tuple[Members, Documents]]:
            members: dict[str, Metadata] = {}
            yield from self._below(self._path, root, "", members, journal)
            items = (documents_of(name, member) for name, member in members.items())
            return members, tuple(item for several in items for item in several)

        if self._how.journal is not None:
            about = yield from self._about(root, asked)
            yield from resumed(self._how.journal, about, "", new, content, consolidated)
            return
        if (yield from read_node("")) is not None:
            raise self._taken()
        yield Commit()
        _, below = yield from content(None)
        for item in reversed(below):
            yield Put((item,))
        yield Put(documents_of("", new))
        yield from consolidated()

    def _about(self, root: Metadata, asked: list[Any]) -> Steps[list[Any]]:
        documents = documents_below(self._path, root)
        below = yield from elsewhere(self._store, documents)
        places = [self._store.place_of(self._path), self._target.place_of("")]
        return [*places, "convert", *asked, sorted(map(str, below.items()))]

    def _taken(self) -> NodeExistsError:
        return NodeExistsError(
            f"there is a node in {self._target!r} already, or it overlaps what is converted",
            path="",
            hint="give the converted nodes a place of their own",
        )

    def _new(self, path: str, node: Metadata) -> Metadata:
        change = self._changes.get(path)
        if change is None:
            return node
        assert change.new is not None
        return change.new

    def _below(
        self,
        path: str,
        node: Metadata,
        where: str,
        members: dict[str, Metadata],
        journal: WorkJournal | None,
    ) -> Steps[None]:
        """Store the chunks of an array, or of all below a group, whose members are gathered."""
        if isinstance(node, ArrayMetadata):
            yield from self._array(path, node, where, journal)
            return
        children = yield from elsewhere(self._store, read_children(path, node.zarr_format))
        for name, child in children.items():
            from_, to = key_of(path, name), key_of(where, name)
            members[to] = self._new(from_, child)
            yield from self._below(from_, child, to, members, journal)

    def _array(
        self, path: str, node: ArrayMetadata, where: str, journal: WorkJournal | None
    ) -> Steps[None]:
        new = self._new(path, node)
        assert isinstance(new, ArrayMetadata)
        change = self._changes.get(path)
        if change is None or change.action != "recode":
            source = Source(self._store, path, node)
            yield from elsewhere(self._store, source.begin())
            yield from copy_array(source, (self._target, where), new, self._how, journal)
            return
        unborn = Array(self._target, where, new)
        unborn._unborn = True
        yield from values(Array(self._store, path, node), unborn, self._how, journal, path)
