"""What was worked out before, by what it was made of.

Opening an array again, or the next of a thousand alike, asks for the same parse of the same
bytes. A recall never tells what a store holds: its keys are the bytes themselves, read anew each
time. What else a result depends on are the registries and the settings; when one changes, all is
forgotten.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zarrpy.config import config
from zarrpy.registry import nchanges

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Recall"]

T = TypeVar("T")


class Recall(Generic[T]):
    """A bounded memory of results; the one not asked for the longest goes first.

    Safe to use from many threads: the worst that a race costs is working something out again.

    Parameters
    ----------
    most : int
        Results to keep.

    Examples
    --------
    >>> recall = Recall(2)
    >>> recall.of(b"a", lambda: 1), recall.of(b"a", lambda: 2)
    (1, 1)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: tuple[tuple[Any, ...], dict[Hashable, T]] = ((), {})

    def of(self, key: Hashable, work: Callable[[], T]) -> T:
        """Give what was worked out for a key before, or work it out, never to None."""
        current = config.current
        if "recall" in current.disable:
            return work()
        results = self._results_under((nchanges(), current.limits, current.disable))
        result = results.pop(key, None)
        if result is None:
            result = work()
        results[key] = result
        while len(results) > self._most:
            with suppress(RuntimeError):  # another thread has changed them between two steps
                results.pop(next(iter(results)), None)
        return result

    def find(self, key: Hashable) -> T | None:
        """Give what was worked out for a key before, or None."""
        current = config.current
        return self._results_under((nchanges(), current.limits, current.disable)).get(key)

    def _results_under(self, circumstances: tuple[Any, ...]) -> dict[Hashable, T]:
        """Give the results to look into, and to keep a result in that is begun now.

        They stay those of their circumstances: what others change meanwhile begins anew.
        """
        known, results = self._kept
        if known != circumstances:
            results = {}
            self._kept = circumstances, results
        return results
