"""Set damaged values aside, and clean up after writers that were killed; nothing is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zarrpy.engine.nodes import key_of
from zarrpy.engine.operation import entry
from zarrpy.engine.requests import ListEntries, Lock, Move, Recover, Restore
from zarrpy.errors import LockTimeoutError, TransactionError
from zarrpy.metadata.names import LOCK_SUFFIX, MOVES, QUARANTINE, TRANSACTION, normalise_path
from zarrpy.ops.report import KINDS
from zarrpy.ops.verify import verify

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.ops.report import Finding, Report
    from zarrpy.stores.base import Store


class Repaired(NamedTuple):
    """What `repair` did.

    Attributes
    ----------
    report : Report
        What it went by.
    quarantined : tuple of (str, str)
        Keys of damaged values, and where these are now.
    cleaned : tuple of str
        Keys that a killed writer left, and that are gone.
    """

    report: Report
    quarantined: tuple[tuple[str, str], ...]
    cleaned: tuple[str, ...]

    @property
    def left(self) -> tuple[Finding, ...]:
        """What is wrong with data still."""
        mended = dict(self.quarantined)
        return tuple(
            finding
            for finding in self.report.findings
            if KINDS[finding.kind] and not (finding.kind == "corrupt" and finding.key in mended)
        )

    def __str__(self) -> str:
        lines = [f"set aside  {key} -> {place}" for key, place in self.quarantined]
        lines += [f"cleaned    {key}" for key in self.cleaned]
        lines += [f"left       {finding}" for finding in self.left]
        done = f"{len(self.quarantined)} values set aside, {len(self.cleaned)} leftovers cleaned"
        done += f", {len(self.left)} left as they are" if self.left else ""
        return "\n".join([*lines, done])


@entry
def repair(
    store: Store,
    /,
    *,
    path: str | None = None,
    deep: bool = False,
    clean: bool = True,
    quarantine: bool = True,
    workers: int | None = None,
    progress: Any = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Repaired]:
    """Make a damaged hierarchy readable again, without deleting any data.

    A chunk that cannot be decoded is moved out of the way: it reads as the fill value then, and its
    bytes lie in the directory ``.__zp-quarantine`` of its array. A shard of which one chunk is
    damaged is moved as a whole. Locks that nobody holds are removed, and what a killed process had
    begun to rename is taken back. Documents, strays and stale consolidated metadata are left alone.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of a node within the store.
    deep : bool
        Find damage by decoding every chunk, as `verify` does.
    clean, quarantine : bool
        What of this is done.
    workers, progress, storage_options
        As of `verify`.

    Returns
    -------
    Repaired

    Raises
    ------
    NodeNotFoundError
        When nothing is stored there.
    ReadOnlyStoreError
        When the store cannot be changed.
    """
    store.check_writable("repair", path or "")
    where = normalise_path(path or "")
    steps = verify.steps(store, path=where, deep=deep, workers=workers, progress=progress)
    report = yield from steps
    moved: list[tuple[str, str]] = []
    if quarantine:
        for finding in report.of("corrupt"):
            moved += yield from _set_aside(finding, dict(moved))
    cleaned: list[str] = []
    if clean:
        for finding in report.of("leftover"):
            if finding.key is not None and (yield from _clean(finding, finding.key)):
                cleaned.append(finding.key)
    return Repaired(report, tuple(moved), tuple(cleaned))


def _set_aside(finding: Finding, moved: dict[str, str]) -> Steps[list[tuple[str, str]]]:
    """Move a damaged value, once, to a name that is free."""
    key = finding.key
    if key is None or key in moved:
        return []
    name = key[len(finding.path) + 1 :] if finding.path else key
    place = key_of(finding.path, f"{QUARANTINE}/{name}")
    taken = set((yield ListEntries(key_of(finding.path, QUARANTINE + "/"))) or ())
    number = 0
    free = place
    while free in taken:
        number += 1
        free = f"{place}.{number}"
    yield Move(finding.path, ((key, free),))
    return [(key, free)]


def _clean(finding: Finding, key: str) -> Steps[bool]:
    """Remove what a killed writer left; what somebody works with stays."""
    if key.rpartition("/")[2] == TRANSACTION:
        return (yield from _without_marker(key))
    journal = key.partition("/")[0]
    if journal.startswith(TRANSACTION) and not key.endswith(LOCK_SUFFIX):
        return bool((yield Recover((journal,))))
    if key.rpartition("/")[2] == MOVES:
        return bool((yield Restore(finding.path)))
    if not key.endswith(LOCK_SUFFIX):
        return False
    request = Lock(key.removesuffix(LOCK_SUFFIX))
    request.cancel()  # whoever would have to wait for it does not want it
    try:
        held = yield request
    except LockTimeoutError:
        return False
    if held is None:
        return False
    held.release()
    return True


def _without_marker(key: str) -> Steps[bool]:
    """Remove what leads to a transaction that is over, and lies where no node is any more."""
    try:
        return bool((yield Recover((key,))))
    except TransactionError:  # nobody knows what it is
        return False
