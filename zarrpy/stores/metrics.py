"""A store that counts the requests to the store below, their bytes and their time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from zarrpy.stores.wrapper import Call, WrapperStore, nbytes_of

if TYPE_CHECKING:
    from zarrpy.stores.base import Store

T = TypeVar("T")

_READS = ("get", "get_many")


@dataclass(slots=True)
class Metric:
    """What was asked of a store by one method.

    Attributes
    ----------
    calls : int
    keys : int
        Values that the calls were about; of listings and deletions of all, prefixes.
    errors : int
        Calls that failed.
    nbytes_read, nbytes_written : int
    seconds : float
        Time until the answers, of calls at the same time added up.
    """

    calls: int = 0
    keys: int = 0
    errors: int = 0
    nbytes_read: int = 0
    nbytes_written: int = 0
    seconds: float = 0.0


class MetricsStore(WrapperStore):
    """Count calls, values, bytes, errors and seconds of each method.

    Parameters
    ----------
    store : Store

    Examples
    --------
    >>> from zarrpy.stores import MemoryStore
    >>> store = MetricsStore(MemoryStore())
    >>> store.set("a", b"123")
    >>> store.get("b") is None
    True
    >>> store.metrics["set"].nbytes_written, store.metrics["get"].calls
    (3, 1)
    """

    lists_whole = True

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._lock = threading.Lock()
        self._counted: dict[str, Metric] = {}

    @property
    def metrics(self) -> dict[str, Metric]:
        """What was counted up to now, by the names of the methods that were called."""
        with self._lock:
            return {name: replace(metric) for name, metric in self._counted.items()}

    @property
    def total(self) -> Metric:
        """All methods together."""
        total = Metric()
        for metric in self.metrics.values():
            for name in Metric.__slots__:
                setattr(total, name, getattr(total, name) + getattr(metric, name))
        return total

    def reset(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self._counted.clear()

    def around(self, call: Call[T]) -> T:
        """Make a request, and count it."""
        began = perf_counter()
        read, failed = 0, True
        try:
            answer = call.make()
            failed = False
            read = nbytes_of(answer) if call.operation in _READS else 0
            return answer
        finally:
            seconds = perf_counter() - began
            with self._lock:
                metric = self._counted.setdefault(call.operation, Metric())
                metric.calls += 1
                metric.keys += len(call.keys)
                metric.errors += failed
                metric.nbytes_read += read
                metric.nbytes_written += 0 if failed else call.nbytes
                metric.seconds += seconds

    def __getstate__(self) -> dict[str, Any]:
        """Give a copy counts of its own."""
        return {name: value for name, value in vars(self).items() if name[0] != "_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["store"])  # type: ignore[misc]
        self.read_only = state["read_only"]
