"""Give several values other names as one step: all of them, or none.

Before the first rename a record of all of them is written, after the last it is deleted.  A
rename that fails takes those before it back.  So does whoever finds the record of a process that
was killed between; a lock tells that process from one that is still at work.  Where the document of
a node, which comes last, has its name, all is done but for the record: others may have written to
the node since then.  Where there is a document in the place of one that was put aside, somebody has
created another node there, which what was put aside has no part in.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from errno import EEXIST, ENOTEMPTY
from typing import TYPE_CHECKING

from zarrpy.engine.locks import hold_of
from zarrpy.engine.onward import Onward
from zarrpy.errors import StoreError
from zarrpy.metadata.names import DOCUMENTS, GUARD, LONG, MOVES, OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrpy.engine.requests import Move, Pairs, Restore, Steps
    from zarrpy.stores.base import Bytes, Store

#: How often to clear a place that others keep filling, before that is an error.
_MOST_TRIES = 1000


def move(store: Store, request: Move, run: Callable[[Steps[Pairs]], Pairs]) -> bool:
    """Do all the renames of a request, or none; `run` takes the steps that tell which.

    Answers whether all that was staged is gone.
    """
    store.check_writable("move", request.path)
    if callable(request.moves):
        with _alone(store, request.path):
            moves = run(request.moves())
            if request.late is not None and store.requests > 1:  # each rename is two of them
                _go_on(store, request.path, moves, request.late, run)
                return True
            _rename_all(store, request, _expanded(store, request.path, moves), run)
        return False
    moves = _expanded(store, request.path, request.moves)
    if len(moves) <= 1:
        _rename_all(store, request, moves, run)
        return False
    with _alone(store, request.path):
        _rename_all(store, request, moves, run)
    return False


def _go_on(
    store: Store,
    path: str,
    moves: Pairs,
    late: Callable[[], Steps[Pairs]],
    run: Callable[[Steps[Pairs]], Pairs],
) -> None:
    """Replace a node without keeping the old chunks."""
    start = len(path) + 1 if path else 0
    pairs = [(old[start:], new[start:]) for old, new in moves]
    # what leaves would go where others do not look; so do leftovers, but not the record itself
    leaving = [old for old, new in pairs if new.startswith(OURS) and old != MOVES]
    coming = [(old, new) for old, new in pairs if not new.startswith(OURS)]
    replacement = Onward(store, path, leaving, coming)
    replacement.begin()
    replacement.leave(old[start:] for old, _ in run(late()))
    replacement.finish()


def _rename_all(
    store: Store, request: Move, moves: Pairs, run: Callable[[Steps[Pairs]], Pairs]
) -> None:
    late = request.late
    if len(moves) <= 1 and late is None:  # nothing can be left half done
        for old, new in moves:
            store.rename(old, new)
        return
    path = request.path
    record = _key(path, MOVES)
    store.set(record, _written(path, moves))
    try:
        n = 0 if late is None else _ndocuments(path, moves)
        for old, new in moves[:n]:
            store.rename(old, new)
        more = () if late is None else run(late())
        if more:
            moves = [*moves[:n], *more, *moves[n:]]
            store.set(record, _written(path, moves))
        tries = _MOST_TRIES if late is not None else 0
        come: list[str] = []
        for old, new in moves[n:]:
            while not _renamed(store, old, new, patient=tries > 0):
                tries -= 1
                # a writer that had looked before the documents went has made directories anew, and
                # maybe not written there
                found = run(late()) if late is not None else ()
                more = [pair for pair in found if not _is_in(pair[0], come)]
                store.tidy(new + "/")
                moves = [*more, *moves]
                store.set(record, _written(path, moves))
                for each in more:
                    store.rename(*each)
            come.append(new)
    except BaseException:
        _take_back(store, moves)
        store.delete(record)
        raise
    store.delete(record)


def _renamed(store: Store, old: str, new: str, *, patient: bool) -> bool:
    """Rename, unless a directory with something in it is in the way of who is patient."""
    try:
        store.rename(old, new)
    except StoreError as error:
        if not patient or error.errno not in (ENOTEMPTY, EEXIST):
            raise
        return False
    return True


def _is_in(key: str, come: list[str]) -> bool:
    """Whether a key is one of those that have come, or lies in such a directory."""
    return any(f"{key}/".startswith(f"{each}/") for each in come)


def _ndocuments(path: str, moves: Pairs) -> int:
    """How many of the first renames take the documents of a node away."""
    documents = {_key(path, name) for name in DOCUMENTS}
    return next((i for i, (old, _) in enumerate(moves) if old not in documents), len(moves))


def restore(store: Store, request: Restore) -> bool:
    """Take back what a killed process has begun, or finish it; whether there was something."""
    record = _key(request.path, MOVES)
    if store.read_only or store.get(record) is None:
        return False
    with _alone(store, request.path):
        value = store.get(record)
        if value is None:
            return True  # it was at work, and has come to its end while we waited
        onward = Onward.read(store, request.path, value)
        if onward is not None:
            onward.resume()
            return True
        moves = _read(request.path, value)
        if _is_done(store, moves) or _is_taken(store, moves):
            leftover = _folders(request.path, [key for pair in moves for key in pair])
        else:
            _take_back(store, moves)
            leftover = _folders(request.path, [old for old, _ in moves])
        for prefix in leftover:
            store.delete_prefix(prefix)
        store.delete(record)
    return True


def _written(path: str, moves: Pairs) -> bytes:
    """Write a record; keys are relative to the node, which other stores may have elsewhere."""
    start = path + "/" if path else ""
    relative = [
        [key[len(start) :] if key.startswith(start) else f"/{key}" for key in pair]
        for pair in moves
    ]
    return json.dumps(relative).encode()


def _read(path: str, record: Bytes) -> Pairs:
    def key(name: str) -> str:
        return name[1:] if name.startswith("/") else _key(path, name)

    return [(key(old), key(new)) for old, new in json.loads(bytes(record))]


def _take_back(store: Store, moves: Pairs) -> None:
    """Give the old names back, the last first; what was not renamed yet has its own still."""
    for old, new in reversed(moves):
        store.rename(new, old, replace=False)


def _is_done(store: Store, moves: Pairs) -> bool:
    """Whether the last thing to be renamed was: the document of a node that is there."""
    old, new = moves[-1]
    is_document = new.rpartition("/")[2] in DOCUMENTS
    return is_document and store.exists(new) and not store.exists(old)


def _is_taken(store: Store, moves: Pairs) -> bool:
    """Whether another document lies where one was put aside.

    The same one lies in both places after a kill within a rename that copies and then deletes.
    """
    for old, new in moves:
        folder, _, name = new.rpartition("/")
        if name in DOCUMENTS and folder.rpartition("/")[2].startswith(OURS):
            here, aside = store.get(old), store.get(new)
            if here is not None and aside is not None and bytes(here) != bytes(aside):
                return True
    return False


def _folders(path: str, keys: list[str]) -> set[str]:
    """Name the directories of ours among keys: for what has never been anybody's, or is no more."""
    start = len(path) + 1 if path else 0
    folders = {key[start:].partition("/")[0] for key in keys}
    return {
        _key(path, folder) + "/"
        for folder in folders
        if folder.startswith(OURS) and not folder.startswith(LONG)
    }


@contextmanager
def _alone(store: Store, path: str) -> Iterator[None]:
    guard = _key(path, GUARD)
    with hold_of(store, [guard]), store.exclusive(guard):
        yield


def _expanded(store: Store, path: str, moves: Pairs) -> Pairs:
    """Spell out directories as keys, for stores that have none."""
    if store.of_files:
        return moves
    numbers = {old: i for i, (old, _) in enumerate(moves)}
    found: list[list[tuple[str, str]]] = [[] for _ in moves]
    for key in store.list(path):
        folder = key
        while folder and folder not in numbers:
            folder = folder.rpartition("/")[0]
        if folder:
            i = numbers[folder]
            found[i].append((key, moves[i][1] + key[len(folder) :]))
    return [pair for pairs in found for pair in pairs]


def _key(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
