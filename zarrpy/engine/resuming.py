"""A node that is made over several runs: chunks by a journal, then its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from zarrpy.engine.consolidate import record
from zarrpy.engine.existing import exists
from zarrpy.engine.journal import WorkJournal
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import documents_of, dump, key_of, read_node
from zarrpy.engine.requests import Fetch, Put, Settle

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from zarrpy.engine.lifecycle import Members
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps

    Documents: TypeAlias = tuple[tuple[str, Any], ...]
    #: Does what the journal does not say is done; tells the members, and documents below the node.
    Content: TypeAlias = Callable[[WorkJournal], Steps[tuple[Members, Documents]]]

__all__ = ["are_same", "resumed", "stored_again"]


def are_same(node: Metadata | None, other: Metadata | None) -> bool:
    """Whether two nodes are written alike."""
    if node is None or other is None:
        return node is other
    return documents_of("", node) == documents_of("", other)


def stored_again(path: str, metadata: Metadata) -> Steps[None]:
    """Store the document of a node as it is, so that a file which a kill has left is made whole."""
    key = documents_of(path, metadata)[-1][0]
    (value,) = yield Fetch((key,))
    if value is not None:
        yield Put(((key, value),))


def resumed(
    folder: str | os.PathLike[str],
    about: list[Any],
    path: str,
    metadata: Metadata,
    content: Content,
    then: Callable[[], Steps[None]] | None = None,
) -> Steps[None]:
    """Make a node, or what is left of it; these steps are taken in its store.

    Until all of its chunks are stored there is no node: whoever looks finds none, not a part.

    Parameters
    ----------
    folder : str or path-like
        Of the journal.
    about : list
        What the work is.
    path : str
    metadata : ArrayMetadata or GroupMetadata
    content : callable
    then : callable, optional
        Steps for when the node is there, before the journal is removed; taken again by a run
        that goes on there.

    Raises
    ------
    NodeExistsError
        When there is a node that this work has not made.
    ConflictError
        When the journal is about other work.
    """
    documents = documents_of(path, metadata)
    journal = WorkJournal(folder, [*about, list(map(str, documents))])
    if journal.is_finished:
        journal.finish()
        return
    found = yield from read_node(path)
    whole = are_same(found, metadata)
    if found is not None and not (journal.goes_on and whole):
        raise exists(path, found)
    journal.begin(" to ".join(map(str, about[:2])))
    try:
        members, below = yield from content(journal)
        for item in reversed(below):
            yield Put((item,))
        if whole:
            yield from stored_again(path, metadata)
        else:
            yield from create_node(path, metadata)
    finally:
        journal.close()
    named = {path: dump(metadata)}
    named |= {key_of(path, name): dump(each) for name, each in members.items()}
    yield from record((path,), named)
    yield Settle()
    if then is not None:
        yield from then()
    journal.finish()
