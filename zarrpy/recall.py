"""What was worked out before, by what it was made of.

Opening an array again, or the next of a thousand alike, asks for the same parse of the same
bytes. A recall never tells what a store holds: its keys are the bytes themselves, read anew each
time. What else a result depends on are the registries and the settings; when one changes, all is
forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zarrpy.config import config
from zarrpy.registry import nchanges

if TYPE_CHECKING:
    from collections.abc import Hashable

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
    >>> recall.get(b"a") or recall.keep(b"a", 1)
    1
    >>> recall.get(b"a"), recall.get(b"b")
    (1, None)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: dict[Hashable, T] = {}
        self._circumstances: tuple[Any, ...] = ()

    def get(self, key: Hashable) -> T | None:
        """Give what was kept; None when nothing was, or when it may be another thing by now."""
        current = config.current
        if "recall" in current.disable:
            return None
        circumstances = (nchanges(), current.limits, current.disable)
        if circumstances != self._circumstances:
            self._results = {}
            self._circumstances = circumstances
            return None
        result = self._results.pop(key, None)
        if result is not None:
            self._results[key] = result
        return result

    def keep(self, key: Hashable, result: T) -> T:
        """Keep a result that was just worked out, and give it back."""
        results = self._results
        results[key] = result
        while len(results) > self._most:
            results.pop(next(iter(results)), None)
        return result
