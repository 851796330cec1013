"""What this process has changed, so that results computed from it before can be told from new ones.

Each change has a number.  Chunks are noted under the path of their array; documents are not, as
who opens a node again reads them; whatever else changes keys may be about any node of its store,
and is noted for all of them.
"""

from __future__ import annotations

from itertools import count
from os import getpid
from uuid import uuid4

from zarrpy.engine.requests import (
    Delete,
    DeletePrefix,
    Move,
    Put,
    Request,
    Restore,
    Run,
    Update,
)
from zarrpy.metadata.names import DOCUMENTS

#: Tells the changes of this process from those of others; a child that was forked has its number.
_process = uuid4().hex
_numbers = count(1)
#: The latest change of each array and who made it, by the scope of its store and its path; None
#: stands for all paths.
_latest: dict[tuple[int, str | None], tuple[int, int]] = {}
_NONE = (0, 0)


def note(scope: int, request: Request) -> None:
    """Note what a request may have changed in a store."""
    match request:
        case Run(batch=batch, path=path):
            if batch.writing:
                _latest[scope, path] = next(_numbers), getpid()
        case Put(items=items):
            if not all(_is_document(key) for key, _ in items):
                _latest[scope, None] = next(_numbers), getpid()
        case Update(key=key):
            if not _is_document(key):
                _latest[scope, None] = next(_numbers), getpid()
        case Delete() | DeletePrefix() | Move() | Restore():
            _latest[scope, None] = next(_numbers), getpid()


def _is_document(key: str) -> bool:
    return key.rpartition("/")[2] in DOCUMENTS


def latest(scope: int, path: str) -> tuple[str, int, int] | None:
    """Tell the latest change to an array; None when this process has made none."""
    found = max(_latest.get((scope, path), _NONE), _latest.get((scope, None), _NONE))
    return None if found is _NONE else (_process, *found)
