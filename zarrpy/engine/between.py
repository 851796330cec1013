"""Values on their way from files to files: they become those of other keys, never in our memory."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from zarrpy._native.files import Arrival
from zarrpy.config import config
from zarrpy.errors import StoreError
from zarrpy.metadata.names import check_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy._native.files import Directory, KeyLock
    from zarrpy.engine.requests import Pairs
    from zarrpy.stores.base import Store


def ends(source: Store, target: Store) -> tuple[Directory, Directory] | None:
    """Open the directories that two stores are made of; None where one of them is not.

    That of the target is made.
    """
    if "copy" in config.disable:
        return None
    ours = source.directory("")
    theirs = None if ours is None else target.directory("", create=True)
    return None if ours is None or theirs is None else (ours, theirs)


class Between:
    """Files that are copied by several threads, each whole or not at all.

    What `zarrpy.engine.pool` runs, as it does batches of chunks. Each replaces what may be there
    under the lock of its key; one that nobody can meet yet is made under its name.

    Parameters
    ----------
    source, target : Store
    directories : tuple of Directory
        Those of the two stores.
    pairs : sequence of (str, str)
        A key of the source and one of the target, each.
    unmet : bool
        Whether nobody else can meet the latter yet.

    Attributes
    ----------
    sizes : list of int or None
        Bytes of each value that was copied; None where there was none.
    """

    writing = True

    def __init__(
        self,
        source: Store,
        target: Store,
        directories: tuple[Directory, Directory],
        pairs: Pairs,
        *,
        unmet: bool = False,
    ) -> None:
        self._source, self._target = source, target
        self._from, self._into = directories
        self._pairs = pairs
        self._unmet = unmet
        self._stretch = 1
        self._cursor = count()
        self._durable = config.durability == "durable"
        self._timeout_ms = int(config.lock_timeout * 1000)
        self._held: set[KeyLock | Arrival] = set()
        self._cancelled = False
        self._failure: BaseException | None = None
        self.sizes: list[int | None] = [None] * len(pairs)

    @property
    def ntasks(self) -> int:
        """Number of files."""
        return len(self._pairs)

    #: Nobody has asked: two of them are worth a second thread.
    nbytes = 1 << 62

    def share(self, nworkers: int) -> None:
        """Let each have files beside each other, as a directory takes one name at a time."""
        self._stretch = max(1, len(self._pairs) // (2 * nworkers))

    def run(self, alone: bool = False) -> None:
        """Work until no file is left; many threads may do so at once."""
        while not self._cancelled and self._failure is None:
            start = next(self._cursor) * self._stretch
            if start >= len(self._pairs):
                return
            numbers = range(start, min(start + self._stretch, len(self._pairs)))
            try:
                (self._arrive if self._unmet else self._replace)(numbers)
            except StoreError as error:
                at = self._source if error.operation == "get" else self._target
                error.fill(store=repr(at))
                self._failure = self._failure or error
            except Exception as error:
                self._failure = self._failure or error

    def _arrive(self, numbers: range) -> None:
        """Copy some files that nobody can meet yet."""
        arrival = Arrival(self._into)
        with self._told(arrival):
            for number in numbers:
                if self._cancelled or self._failure is not None:
                    return
                key, new = self._pairs[number]
                size = arrival.copy(self._from, check_key(key), check_key(new), self._durable)
                self.sizes[number] = size

    def _replace(self, numbers: range) -> None:
        """Copy some files, each under its lock."""
        for number in numbers:
            if self._cancelled or self._failure is not None:
                return
            key, new = self._pairs[number]
            with self._into.lock(check_key(new), self._timeout_ms) as lock, self._told(lock):
                if not self._cancelled:  # before it could be told of
                    self.sizes[number] = lock.copy(self._from, check_key(key), self._durable)

    @contextmanager
    def _told(self, held: KeyLock | Arrival) -> Iterator[None]:
        """Let it be cancelled."""
        self._held.add(held)
        try:
            yield
        finally:
            self._held.discard(held)

    def cancel(self) -> None:
        """Make all workers stop soon, amid a large file as well."""
        self._cancelled = True
        for each in list(self._held):
            each.cancel()

    def check(self) -> None:
        """Raise the first error that any worker met; let names last where bytes do."""
        if self._failure is not None:
            raise self._failure
        if self._durable:
            self._into.sync_names([new for _, new in self._pairs])
