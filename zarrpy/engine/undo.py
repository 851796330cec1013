"""Take away again what an operation has stored, when it does not come to its end.

A node that is created where nothing was is written in its place, not beside it: that costs no
renames.  Should a chunk of it then fail to be written, or somebody cancel the operation, whoever
looks must not find a part.  So the requests are watched as they go by; of what they stored, all
that was not there before is deleted.  Once the operation commits, nothing is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from zarrpy.engine.contents import contents
from zarrpy.engine.relay import relayed
from zarrpy.engine.requests import Bring, Commit, Delete, Foretell, Put, PutNew, Run, Tidy
from zarrpy.errors import StoreError

if TYPE_CHECKING:
    from zarrpy.engine.requests import Request, Steps

T = TypeVar("T")


def undone_unless_committed(steps: Steps[T]) -> Steps[T]:
    """Take steps that store what was not there; when they fail, delete it again."""
    made = _Made()
    try:
        return (yield from relayed(steps, made.note))
    except GeneratorExit:
        raise  # nobody answers requests any more
    except BaseException:
        yield from made.undo()
        raise


class _Made:
    """What was stored so far: keys, and arrays whose chunks were written."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}
        self._arrays: dict[str, None] = {}
        #: Requests that may have been refused, as somebody else was first.
        self._new: list[PutNew] = []
        self._committed = False

    def note(self, request: Request) -> Request:
        """Look at a request that goes by."""
        if isinstance(request, Commit):
            self._committed = True
        elif isinstance(request, Put):
            self._keys.update((key, None) for key, _ in request.items)
        elif isinstance(request, PutNew):
            self._new.append(request)
        elif isinstance(request, Bring):
            self._keys.update((key, None) for _, key in request.pairs)
        elif isinstance(request, Run) and request.batch.writing:
            self._arrays[request.path] = None
        elif isinstance(request, Foretell):
            self._keys.update(dict.fromkeys(request.keys))
            if request.path is not None:
                self._arrays[request.path] = None
        return request

    def undo(self) -> Steps[None]:
        """Delete it, documents first, so that nobody finds a part; what cannot go is left."""
        if self._committed:
            return
        chunks: list[str] = []
        for path in self._arrays:
            with suppress(StoreError):
                start = path + "/" if path else ""
                chunks += [start + name for name in (yield from contents(path)).others]
        keys = [*chunks, *self._keys, *(each.key for each in self._new if each.done)]
        for key in reversed(keys):  # one that fails does not keep the others
            with suppress(StoreError):
                yield Delete((key,))
        with suppress(StoreError):
            for folder in _emptied(keys):
                yield Tidy(folder)


def _emptied(keys: list[str]) -> set[str]:
    """Find the uppermost directories that may be empty without these keys."""
    folders = {key.rpartition("/")[0] for key in keys}
    if "" in folders:  # the root, where empty directories may be anybody's
        return {key.partition("/")[0] + "/" for key in keys if "/" in key}
    return {folder + "/" for folder in folders if not _above(folder) & folders}


def _above(folder: str) -> set[str]:
    parts = folder.split("/")
    return {"/".join(parts[:i]) for i in range(1, len(parts))}
