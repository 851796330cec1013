"""A store for tests: it fails and dawdles as told, and remembers what it was asked."""

from __future__ import annotations

import random
import threading
from time import sleep
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from zarrpy.errors import StoreError
from zarrpy.stores.memory import MemoryStore
from zarrpy.stores.wrapper import Call, WrapperStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zarrpy.stores.base import Store

T = TypeVar("T")

#: Seconds; or the least and the most of them; or a function that draws them.
Latency: TypeAlias = "float | tuple[float, float] | Callable[[random.Random], float]"

_MODES = ("never", "always", "random")


class MockCall(NamedTuple):
    """One request that was made.

    Attributes
    ----------
    operation : str
        Name of the method, such as "get".
    keys : tuple of str
    nbytes : int
        Bytes that were to be written.
    failed : bool
        Whether it ended with an error, of the mock store or of the one below.
    """

    operation: str
    keys: tuple[str, ...]
    nbytes: int
    failed: bool


class MockStore(WrapperStore):
    """Fail and wait as told, remember every request, and show what is stored.

    Parameters
    ----------
    store : Store, optional
        Has the values; by default a new memory store.
    error_mode : {"never", "always", "random"}
        Which requests fail. A request that fails is not made.
    probability : float
        Of a failure, where they are random.
    seed : int, optional
        For the same failures and waits each time.
    fail_on : str or iterable of str, optional
        Only requests of these methods fail, such as "set" or ("get", "get_many"). Given alone,
        they always do.
    error : callable
        Makes the error of the name of the method and the first key; by default a `StoreError` that
        is transient.
    latency : float, (float, float) or callable
        Seconds before each request: so many, a random number between two, or what a function makes
        of a `random.Random`.

    Attributes
    ----------
    calls : list of MockCall
        All requests since the beginning or `reset`, in order.

    Examples
    --------
    >>> store = MockStore(fail_on="set")
    >>> store.set("a", b"1")
    Traceback (most recent call last):
        ...
    zarrpy.errors.StoreError: cannot set 'a' in MockStore...: the mock store was told to fail
    >>> store.get("a"), store.count("set"), store.state()
    (None, 1, {})
    """

    lists_whole = True

    def __init__(
        self,
        store: Store | None = None,
        *,
        error_mode: str | None = None,
        probability: float = 0.5,
        seed: int | None = None,
        fail_on: str | Iterable[str] | None = None,
        error: Callable[[str, str], BaseException] | None = None,
        latency: Latency = 0.0,
    ) -> None:
        super().__init__(MemoryStore() if store is None else store)
        if error_mode is None:
            error_mode = "never" if fail_on is None else "always"
        if error_mode not in _MODES:
            raise ValueError(f"error_mode must be one of {', '.join(_MODES)}, not {error_mode!r}")
        if not 0 <= probability <= 1:
            raise ValueError(f"probability must be from 0 to 1, not {probability!r}")
        self.error_mode = error_mode
        self.probability = probability
        self.seed = seed
        self.fail_on = _names(fail_on)
        self.error = error
        self.latency = _checked(latency)
        self._lock = threading.Lock()
        self.reset()

    def reset(self, *, values: bool = False) -> None:
        """Forget all calls and begin random numbers anew; with `values`, forget those as well."""
        with self._lock:
            self.calls: list[MockCall] = []
            self._random = random.Random(self.seed)
        if values:
            self.store.delete_prefix("")

    def around(self, call: Call[T]) -> T:
        """Wait, fail or make a request, and remember it."""
        with self._lock:
            seconds, fails = self._seconds(), self._fails(call.operation)
        if seconds > 0:
            sleep(seconds)
        failed = True
        try:
            if fails:
                raise self._error(call)
            answer = call.make()
            failed = False
            return answer
        finally:
            made = MockCall(call.operation, tuple(call.keys), call.nbytes, failed)
            with self._lock:
                self.calls.append(made)

    def _seconds(self) -> float:
        if callable(self.latency):
            return self.latency(self._random)
        if isinstance(self.latency, tuple):
            return self._random.uniform(*self.latency)
        return self.latency

    def _fails(self, operation: str) -> bool:
        if self.error_mode == "never" or (self.fail_on and operation not in self.fail_on):
            return False
        return self.error_mode == "always" or self._random.random() < self.probability

    def _error(self, call: Call[Any]) -> BaseException:
        key = call.keys[0] if call.keys else ""
        if self.error is not None:
            return self.error(call.operation, key)
        return StoreError(
            "the mock store was told to fail",
            store=repr(self),
            key=key,
            operation=call.operation,
            transient=True,
        )

    def count(self, operation: str | None = None, *, key: str | None = None) -> int:
        """Count the calls, of one method and of one key where they are given."""
        return sum(
            operation in (None, call.operation) and (key is None or key in call.keys)
            for call in self.calls
        )

    def state(self) -> dict[str, bytes]:
        """Give every value that is stored, by its key; this is no call."""
        found = {key: self.store.get(key) for key in sorted(self.store.list())}
        return {key: bytes(value) for key, value in found.items() if value is not None}

    def __getstate__(self) -> dict[str, Any]:
        """Give a copy calls of its own."""
        return {k: v for k, v in vars(self).items() if k not in ("_lock", "_random", "calls")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
        self.reset()


def _checked(latency: Any) -> Latency:
    """Refuse what is no time to wait, before the first request."""
    bounds = latency if isinstance(latency, tuple) else (latency,)
    numbers = all(isinstance(n, int | float) and n >= 0 for n in bounds)
    if callable(latency) or (numbers and len(bounds) in (1, 2) and bounds[0] <= bounds[-1]):
        known: Latency = latency
        return known
    raise ValueError(
        f"latency must be seconds, the least and the most of them, or a function, not {latency!r}"
    )


def _names(given: str | Iterable[str] | None) -> frozenset[str]:
    if given is None:
        return frozenset()
    names = frozenset([given]) if isinstance(given, str) else frozenset(given)
    methods = {name for name in vars(WrapperStore) if not name.startswith("_")} | {"commit"}
    if not names <= methods:
        raise ValueError(f"a store has no method {', '.join(map(repr, sorted(names - methods)))}")
    return names
