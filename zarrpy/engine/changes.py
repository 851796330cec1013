"""What this process has changed, so that results computed from it before can be told from new ones.

Each change has a number.  Chunks are noted under the place of their array; documents are not, as
who opens a node again reads them; whatever else changes keys may be about any node of its store,
and is noted for all that lies below the root of it.
"""

from __future__ import annotations

from itertools import count
from os import getpid, urandom
from typing import TYPE_CHECKING, Any

from zarrpy.engine.requests import Bring, Delete, DeletePrefix, Move, Put, Restore, Run, Update
from zarrpy.metadata.names import DOCUMENTS, OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from zarrpy.engine.requests import Request
    from zarrpy.stores.base import Store

    Place = tuple[Hashable, str]
    #: Its number, and the process that made it: one that was forked goes on counting.
    Change = tuple[int, int]

_process = urandom(16).hex()
_numbers = count(1)
#: The latest change of each array, and of everything below a place.
_of_array: dict[Place, Change] = {}
_below: dict[Place, Change] = {}


def note(store: Store, request: Request, answer: Any) -> None:
    """Note what a request may have changed; one that failed may have done a part of its work."""
    changes = _CHANGES.get(type(request))
    if changes is None or not changes(request, answer):
        return
    change = next(_numbers), getpid()
    if isinstance(request, Run):
        _of_array[store.locus(request.path)] = change
    else:
        for path in _touched(request):
            _below[store.locus(path)] = change


def _touched(request: Request) -> tuple[str, ...]:
    """Tell below which paths a request may have changed something."""
    if isinstance(request, Move) and not callable(request.moves):
        names = [source.rpartition("/")[2] for source, _ in request.moves]
        if request.late is None and all(name.startswith(OURS) for name in names):
            return tuple(target for _, target in request.moves)  # what was made beside appears
    return ("",)


def latest(store: Store, path: str) -> tuple[str, int, int] | None:
    """Tell the latest change of an array; None when this process has made none."""
    scope, place = store.locus(path)
    found = [_of_array.get((scope, place))]
    while True:
        found.append(_below.get((scope, place)))
        if not place:
            break
        place = place.rpartition("/")[0]
    changes = [change for change in found if change is not None]
    return (_process, *max(changes)) if changes else None


def _is_chunk(key: str) -> bool:
    name = key.rpartition("/")[2]
    return name not in DOCUMENTS and not name.startswith(OURS)


_CHANGES: dict[type, Callable[[Any, Any], bool]] = {
    Run: lambda request, _: request.batch.writing,
    Put: lambda request, _: any(_is_chunk(key) for key, _ in request.items),
    Bring: lambda request, _: any(_is_chunk(key) for _, key in request.pairs),
    Update: lambda request, _: _is_chunk(request.key),
    Delete: lambda request, _: any(map(_is_chunk, request.keys)),
    DeletePrefix: lambda request, _: True,
    Move: lambda request, _: True,
    Restore: lambda _, answer: answer is not False,
}
