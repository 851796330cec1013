"""Replace a node where a rename is a copy: what goes is deleted, what comes lies beside it already.

A record says so.  When the old documents are gone the new node counts, and whoever finds the record
of a process that was killed goes on: deletes the old chunks, puts what is new into its place, the
documents last.  Each step can be taken a second time.  So the old chunks need not be kept, each by
a copy and a deletion, until all is done.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from zarrpy.errors import ConflictError, StoreError
from zarrpy.metadata.names import DOCUMENTS, MOVES
from zarrpy.stores.in_flight import in_flight

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from zarrpy.stores.base import Bytes, Store

_HINT = "the new one counts by now: opening it with mode='r+' brings that to its end"


class Onward:
    """The replacement of one node.

    Parameters
    ----------
    store : Store
    path : str
        Of the node; all other names are relative to it.
    leaving : sequence of str
        Values that are deleted, or folders of such; what makes the old node one is the first.
    coming : sequence of (str, str)
        Values, or folders of such, that lie beside the node, and their names in it; what makes
        the new node one is the last.
    cleared : bool
        Whether the old chunks are gone, and some of the new ones may be in their place.
    """

    def __init__(
        self,
        store: Store,
        path: str,
        leaving: Sequence[str],
        coming: Sequence[tuple[str, str]],
        *,
        cleared: bool = False,
    ) -> None:
        self._store = store
        self._start = path + "/" if path else ""
        self._leaving = list(leaving)
        self._coming = list(coming)
        self._cleared = cleared
        self._documents: dict[str, Bytes | None] = {}

    @classmethod
    def read(cls, store: Store, path: str, record: Bytes) -> Onward | None:
        """Understand a record; None when it is one of renames."""
        found: Any = json.loads(bytes(record))
        if not isinstance(found, dict):
            return None
        pairs = [(old, new) for old, new in found["coming"]]
        return cls(store, path, found["leaving"], pairs, cleared=found["cleared"])

    def _write_down(self) -> None:
        about = {"leaving": self._leaving, "coming": self._coming, "cleared": self._cleared}
        self._store.set(self._start + MOVES, json.dumps(about).encode())

    def begin(self) -> None:
        """Delete the documents of the old node; when that fails nothing has changed."""
        documents = [self._start + name for name in self._leaving if name in DOCUMENTS]
        # who replaces the node at the same time may take what is staged for leftovers
        new = [old for old, new in self._coming if new in DOCUMENTS]
        values = self._store.get_many([self._start + name for name in new])
        self._documents = dict(zip(new, values, strict=True))
        self._write_down()
        try:
            for key in documents:
                self._store.delete(key)
        except BaseException:
            with suppress(StoreError):
                if all(self._store.present(documents)):
                    self._store.delete(self._start + MOVES)
            raise

    def leave(self, names: Iterable[str]) -> None:
        """Let more chunks leave, which came in the meantime."""
        self._leaving += names

    def finish(self, *, alone: bool = True) -> None:
        """Do what is left.

        Parameters
        ----------
        alone : bool
            Whether nobody else does so; otherwise the record tells whether all was done meanwhile.
        """
        try:
            if not self._cleared and not self._clear(alone=alone):
                return
            self._bring()
            own = [self._start + old for old, new in self._coming if new in DOCUMENTS]
            keys = [*own, self._start + MOVES]
            self._store.set_many(keys, [None] * len(keys))
        except StoreError as error:
            error.hint = error.hint or _HINT
            raise

    def _clear(self, *, alone: bool) -> bool:
        """Delete what is old; whether that was not done by somebody else."""
        gone = {*self._leaving, *(new for _, new in self._coming)}
        keys = [key for key in self._store.list(self._start) if self._is_in(key, gone)]
        if not alone and not self._store.exists(self._start + MOVES):
            return False
        if keys:
            self._store.set_many(keys, [None] * len(keys))
        self._cleared = True
        if any(new not in DOCUMENTS for _, new in self._coming):
            self._write_down()  # new chunks in the place of old ones are not deleted with them
        return True

    def _is_in(self, key: str, names: Collection[str]) -> bool:
        """Whether a key is one of these names, or lies below one."""
        name = key[len(self._start) :]
        while name and name not in names:
            name = name.rpartition("/")[0]
        return bool(name)

    def _bring(self) -> None:
        """Put what is new into its place: values first, documents one after the other."""
        store, start = self._store, self._start
        pairs: list[tuple[str, str]] = []
        for old, new in self._coming:
            if new not in DOCUMENTS:
                below = [key for key in store.list(start + old) if self._is_in(key, {old})]
                if self._documents and not below:
                    raise ConflictError(
                        "somebody else replaced the node at the same time",
                        key=start + old,
                        operation="replace",
                        hint="try again",
                    )
                pairs += [(key, start + new + key[len(start + old) :]) for key in below]
        in_flight(lambda pair: store.rename(*pair), pairs, store.requests, finish=True)
        for old, new in self._coming:
            if new in DOCUMENTS:
                value = self._documents.get(old) or store.get(start + old)
                if value is not None:
                    store.set(start + new, value)

    def resume(self) -> None:
        """Go on with what a killed process has begun; where there is a node, that stays."""
        documents = [self._leaving[0]] if self._leaving else []
        documents.append(self._coming[-1][1])
        if any(self._store.present([self._start + name for name in documents])):
            for folder in {old.partition("/")[0] for old, _ in self._coming}:
                self._store.delete_prefix(f"{self._start}{folder}/")
            self._store.delete(self._start + MOVES)
        else:
            self.finish(alone=False)
