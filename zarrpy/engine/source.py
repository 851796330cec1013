"""What is copied, and whether it stays what it was while that is done.

Chunks are copied as bytes, by a document that was read before.  Who deletes the array meanwhile, or
puts another one in its place, takes chunks away, and a copy of what is left would be a copy of fill
values.  So the document is looked at before the chunks and after them; an equal document may be
that of another array, which is told by its state, as `zarrpy.engine.watch` does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zarrpy.engine.nodes import array_key, key_of, parse_array, require_opened
from zarrpy.engine.requests import Fetch, State
from zarrpy.engine.resize import Leftover
from zarrpy.engine.watch import check_reach, check_same, same_state
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import SHRINK

if TYPE_CHECKING:
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

__all__ = ["Source", "current", "state_of"]


def current(path: str, known: Metadata) -> Steps[Metadata]:
    """Read a node that a handle knows; an array of which others made more has the handle's shape.

    Raises
    ------
    NodeNotFoundError
        When it is not there any more, or, as a `StaleArrayError`, another array is.
    SelectionError
        An IndexError, when the array has become shorter.
    """
    if not isinstance(known, ArrayMetadata):
        return (yield from require_opened(path, known.zarr_format, GroupMetadata))
    found = yield from require_opened(path, known.zarr_format, ArrayMetadata)
    assert isinstance(found, ArrayMetadata)
    check_same(path, known, found)
    check_reach(path, known.shape, found.shape, known.shape)
    return _shaped(found, known)


def _shaped(metadata: ArrayMetadata, like: ArrayMetadata) -> ArrayMetadata:
    """Give metadata with the shape of others, and the chunks that go with it."""
    if metadata.shape == like.shape:
        return metadata
    return replace(metadata, shape=like.shape, chunk_grid=like.chunk_grid)


class Source:
    """An array that is copied; its steps are taken in its store.

    Parameters
    ----------
    store : Store
    path : str
    metadata : ArrayMetadata
        By which it is copied.

    Attributes
    ----------
    moved : bool
        Whether the document may be another one than when it was looked at before.
    replaced : bool
        Whether it surely is, though it says the same: so is the array.
    leftover : bytes or None
        The marker that a copy needs: chunks at its end may hold what is not of it.
    """

    def __init__(self, store: Store, path: str, metadata: ArrayMetadata) -> None:
        self.store = store
        self.path = path
        self.metadata = metadata
        self.moved = self.replaced = False
        self.leftover: bytes | None = None
        self._key = array_key(path, metadata.zarr_format)
        self._state: tuple[object, bool] = None, False
        self._document: Any = None
        self._found = metadata

    def begin(self, *, follow: bool = False) -> Steps[None]:
        """Look at the document, before chunks are; if asked for, the shape is that of now."""
        self._state = yield State(self._key)
        found = yield from self._look()
        if follow:
            self.metadata = _shaped(self.metadata, found)
        self._compare(found)

    def end(self) -> Steps[None]:
        """Look again, after the chunks.

        Raises
        ------
        ArrayNotFoundError
            When the array is not there any more, or, as a `StaleArrayError`, another one is.
        SelectionError
            An IndexError, when the array has become shorter.
        """
        before, document = self._state, self._document
        self._state = state = yield State(self._key)
        found = yield from self._look()
        self._compare(found)
        self.moved = state[0] is None or not same_state(before[0], state[0])
        self.replaced = self.moved and before[1] and state[1] and self._document == document

    def _look(self) -> Steps[ArrayMetadata]:
        """Read the document, and the marker of who changes the shape."""
        key, known = key_of(self.path, SHRINK), self._document
        self._document, marker = yield Fetch((self._key, key))
        if known is None or self._document != known:
            self._found = parse_array(self.path, self._key, self._document)
            check_same(self.path, self.metadata, self._found)
        if marker is not None:
            self._reaches(Leftover.read(marker, key, self._found.ndim))
        return self._found

    def _compare(self, found: ArrayMetadata) -> None:
        shape = self.metadata.shape
        check_reach(self.path, shape, found.shape, shape)
        if found.shape != shape:  # others have written to the last chunks
            self._reaches(Leftover.of(found))

    def _reaches(self, leftover: Leftover) -> None:
        """Take down how far values may be stored."""
        mine = Leftover.of(self.metadata)
        if leftover.joined(mine) == mine:
            return
        if self.leftover is not None:
            known = Leftover.read(self.leftover, SHRINK, len(leftover.shape))
            leftover = leftover.joined(known)
        self.leftover = leftover.written()


def state_of(store: Store, request: State) -> tuple[object, bool]:
    """Answer a request; as stamps of a store, but of files also when they were just changed."""
    path, _, name = request.key.rpartition("/")
    directory = store.directory(path)
    if directory is not None:
        return directory.version(name, young=True), True
    state = store.stamp(request.key)
    if type(state) is object:
        return None, False
    # values may be copies
    if isinstance(state, bytes | tuple) and not same_state(state, store.stamp(request.key)):
        return None, False
    if isinstance(state, bytes):
        return state, True
    if store.requests > 1:
        return state, state is not None
    # a database tells its own state, which is that of any key
    return state, state is not None and store.stamp(key_of(path, SHRINK)) != state
