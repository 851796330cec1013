"""Open an array again that has not changed since it was opened last.

An array of files is known by the states of its directory and of its document.  As long as they are
the same, the document need not be read; when a state is so young that two changes may share it, it
is not trusted.  By whatever else is asked for, an array is opened the long way.
"""

from __future__ import annotations

import os
import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from zarrpy._native.files import Directory, node_states
from zarrpy.array import Array
from zarrpy.engine.parsing import parsed
from zarrpy.engine.resuming import are_same
from zarrpy.errors import ZarrError
from zarrpy.metadata.names import DOCUMENTS
from zarrpy.recall import Recall
from zarrpy.stores.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    State = tuple[Any, ...]

#: Arrays to remember.
_MOST = 256
#: Longer than the clock of a file system takes from one tick to the next.
_SETTLED_NS = 1_000_000_000
#: Modes that open what is there, and whether they only read.
_READ_ONLY = {None: False, "r": True, "r+": False}

#: Documents of an array with no other node beside it.
_OF_ONE_NODE = ({"zarr.json"}, {".zarray"}, {".zarray", ".zattrs"})

#: Where the name of a drive ends, with which paths may begin.
_DRIVE = 2 if os.name == "nt" else 0

_opened: Recall[Array] = Recall(_MOST)


class Reopening:
    """One call that opens: what it may be answered with, and what to remember of its answer.

    Parameters
    ----------
    place : object
        What the user calls a store.
    keywords : mapping
        All others of the call.
    """

    __slots__ = ("_key", "_read_only")

    def __init__(self, place: Any, keywords: Mapping[str, Any]) -> None:
        self._key: State | None = None
        self._read_only, path = False, ""
        if type(place) is not str:
            return
        if keywords:
            if not _plain(keywords):
                return
            self._read_only = _READ_ONLY[keywords.get("mode")]
            path = keywords.get("path") or ""
        self._key = _state(place, path)

    def recalled(self) -> Array | None:
        """Give another handle of an array that was opened in the same state."""
        if self._key is None:
            return None
        known = _opened.find(self._key)
        return None if known is None else _like(known, self._read_only)

    def remember(self, node: object) -> None:
        """Keep an array for the next time, if its directory holds no other node."""
        if self._key is None or type(node) is not Array or type(node.store) is not LocalStore:
            return
        folder = node.store.place_of(node.path)
        found = {name for name in DOCUMENTS if os.path.lexists(os.path.join(folder, name))}
        if found in _OF_ONE_NODE and _is_of(self._key, node):
            _opened.of(self._key, lambda: _template(node))


def _plain(keywords: Mapping[str, Any]) -> bool:
    for name in keywords:
        if name not in ("mode", "path"):
            return False
    return keywords.get("mode") in _READ_ONLY


def _is_of(key: State, node: Array) -> bool:
    """Whether a node is what its files hold in a state: it was read later, maybe of other files."""
    _, _, folder, first, *rest = key
    states = [first, *rest] if rest else [first[:4], first[4:]]
    names = (".zarray", ".zattrs") if rest else ("zarr.json",)
    try:
        directory = Directory(folder)
        values = {name: directory.read(name) for name in names}
        now = [directory.state(), *map(directory.file_state, names)]
        documents = {name: value for name, value in values.items() if value is not None}
        return now == states and are_same(parsed(node.path, documents), node.metadata)
    except (OSError, ValueError, ZarrError):
        return False


def _template(array: Array) -> Array:
    """Make a handle that nobody uses but to make others like it."""
    metadata = array.metadata.with_attributes(deepcopy(array.metadata.attributes))
    made = Array(array.store, array.path, metadata)
    made.__dict__.update(codecs=array.codecs, _sight=array._sight)  # what one sees, all know
    return made


def _like(template: Array, read_only: bool) -> Array:
    made = Array.__new__(Array)
    made.__dict__.update(template.__dict__)
    if read_only:
        made.read_only = True
    metadata = template.metadata
    if metadata.attributes:  # whoever changes what an attribute holds changes it for himself
        made.metadata = metadata.with_attributes(deepcopy(metadata.attributes))
    return made


def _state(place: str, path: str) -> State | None:
    """Tell the state of an array's files; None when there is none, or it is too young."""
    folder = f"{place}/{path}" if path else place
    if place[:1] == "~" or ".." in folder or "|" in folder or ":" in folder[_DRIVE:]:
        return None  # stores may understand these as another place than the system does
    if not folder.startswith("/") and not os.path.isabs(folder):
        folder = os.path.join(os.getcwd(), folder)
    try:
        # the coming of another document would change the directory
        state = node_states(folder, _SETTLED_NS)
    except ValueError:
        return None
    if state is None:
        return _older_state(place, path, folder)
    return (place, path, folder, state) if state else None


def _older_state(place: str, path: str, folder: str) -> State | None:
    """Tell the state of an array of Zarr v2."""
    try:
        directory = Directory(folder)
    except (OSError, ValueError):
        return None
    itself, *documents = (
        directory.state(),
        directory.file_state(".zarray"),
        directory.file_state(".zattrs"),
    )
    if itself is None or documents[0] is None:
        return None
    youngest = max([*itself[2:], *documents[0][2:4], *(documents[-1] or ())[2:4]])
    if youngest > time.time_ns() - _SETTLED_NS:
        return None
    return (place, path, folder, itself, *documents)
