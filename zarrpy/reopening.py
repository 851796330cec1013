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

from zarrpy._native.files import Directory
from zarrpy.array import Array
from zarrpy.config import config
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
        if type(place) is not str or not _plain(keywords):
            return
        self._read_only = _READ_ONLY[keywords.get("mode")]
        self._key = _state(place, keywords.get("path") or "")

    def recalled(self) -> Array | None:
        """Give another handle of an array that was opened in the same state."""
        if self._key is None:
            return None
        known = _opened.find(self._key)
        return None if known is None else _another(known, self._read_only)

    def remember(self, node: object) -> None:
        """Keep an array for the next time, if its directory holds no other node."""
        if self._key is None or type(node) is not Array or type(node.store) is not LocalStore:
            return
        folder = node.store.place_of(node.path)
        found = {name for name in DOCUMENTS if os.path.lexists(os.path.join(folder, name))}
        if found in _OF_ONE_NODE:
            _opened.of(self._key, lambda: _another(node, read_only=False))


def _plain(keywords: Mapping[str, Any]) -> bool:
    for name in keywords:
        if name not in ("mode", "path"):
            return False
    return keywords.get("mode") in _READ_ONLY and "recall" not in config.disable


def _another(array: Array, read_only: bool) -> Array:
    metadata = array.metadata
    if metadata.attributes:  # whoever changes what an attribute holds changes it for himself
        metadata = metadata.with_attributes(deepcopy(metadata.attributes))
    made = Array(array.store, array.path, metadata, read_only=read_only)
    made.__dict__.update(codecs=array.codecs, _sight=array._sight)  # what one sees, all know
    return made


def _state(place: str, path: str) -> State | None:
    """Tell the state of an array's files; None when there is none, or it is too young."""
    try:
        directory = Directory(f"{place}/{path}" if path else place)
    except (OSError, ValueError):
        return None
    documents = [directory.file_state("zarr.json")]
    if documents[0] is None:  # the coming of another one would change the directory
        documents = [directory.file_state(".zarray"), directory.file_state(".zattrs")]
    itself = directory.state()
    if itself is None or documents[0] is None:
        return None
    youngest = max([*itself[2:], *documents[0][2:4], *(documents[-1] or ())[2:4]])
    if youngest > time.time_ns() - _SETTLED_NS:
        return None
    here = "" if os.path.isabs(place) else os.getcwd()
    return (here, place, path, itself, *documents)
