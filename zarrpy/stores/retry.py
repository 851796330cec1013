"""A store that asks the store below again when that may help."""

from __future__ import annotations

import random
from errno import (
    EAGAIN,
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EHOSTUNREACH,
    EINTR,
    ENETRESET,
    ENETUNREACH,
    EPIPE,
    ETIMEDOUT,
)
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from zarrpy.errors import ConflictError, LockTimeoutError, ReadOnlyStoreError, StoreError
from zarrpy.stores.wrapper import Call, WrapperStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.stores.base import Bytes, Store

T = TypeVar("T")

_FINAL = (ReadOnlyStoreError, ConflictError, LockTimeoutError)
_PASSING = frozenset(
    (
        *(EAGAIN, ECONNABORTED, ECONNREFUSED, ECONNRESET, EHOSTUNREACH),
        *(EINTR, ENETRESET, ENETUNREACH, EPIPE, ETIMEDOUT),
    )
)
#: Requests that may have been granted though no answer came, and are then not the same again.
_ONCE = ("rename", "exclusive", "commit")


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed a little later.

    A store says so of its errors by `StoreError.transient`. Of others it is so when a connection
    failed or nobody answered in time.
    """
    if isinstance(error, _FINAL):
        return False
    told = getattr(error, "transient", None)
    if told is not None:
        return bool(told)
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, OSError) and error.errno in _PASSING:
        return True
    cause = error.__cause__
    return isinstance(error, StoreError) and cause is not None and is_transient(cause)


class RetryStore(WrapperStore):
    """Ask the store below again after errors that pass, a little later each time.

    An absent value is an answer, and no reason to ask again; neither is a lock that is not free.
    Renaming is not repeated, as it may have been done when the error came.

    Parameters
    ----------
    store : Store
    attempts : int
        How often to ask in all.
    delay : float
        Seconds before the second attempt. Each wait is a random part, at least half, of a time
        that doubles.
    max_delay : float
        The longest wait in seconds.
    deadline : float or None
        Seconds after which no other attempt begins.
    retryable : callable, optional
        Tells of an error whether to ask again; by default `is_transient`.
    seed : int, optional
        For the same waits each time.
    """

    lists_whole = True

    def __init__(
        self,
        store: Store,
        *,
        attempts: int = 5,
        delay: float = 0.1,
        max_delay: float = 10.0,
        deadline: float | None = 60.0,
        retryable: Callable[[BaseException], bool] = is_transient,
        seed: int | None = None,
    ) -> None:
        super().__init__(store)
        if attempts < 1 or delay < 0 or max_delay < 0:
            raise ValueError("attempts must be 1 at least, delay and max_delay 0 at least")
        self.attempts = attempts
        self.delay = delay
        self.max_delay = max_delay
        self.deadline = deadline
        self.retryable = retryable
        self._random = random.Random(seed)

    def around(self, call: Call[T]) -> T:
        """Make a request until it is answered, or there is no more sense in it."""
        end = None if self.deadline is None else monotonic() + self.deadline
        attempt = 1
        while True:
            try:
                return call.make()
            except _OwnError as error:  # of the caller's own function
                raise error.error from error.error.__cause__
            except Exception as error:
                wait = self._wait(attempt)
                late = end is not None and monotonic() + wait > end
                last = attempt >= self.attempts or call.operation in _ONCE or late
                if last or not self.retryable(error):
                    if isinstance(error, StoreError) and attempt > 1:
                        error.fill(attempts=attempt)
                    raise
            sleep(wait)
            attempt += 1

    def _wait(self, attempt: int) -> float:
        longest = min(self.max_delay, self.delay * 2.0 ** min(attempt - 1, 60))
        return self._random.uniform(longest / 2, longest)

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value by what `change` makes of it, once.

        What was written though the answer got lost is known again, and not changed twice.
        """
        made: list[bytes | None] = []

        def once(value: Bytes | None) -> Bytes | None:
            if made and value is not None and bytes(value) == made[-1]:
                return made[-1]
            try:
                new = change(value)
                made.append(None if new is None else bytes(new))
            except Exception as error:
                raise _OwnError(error) from error
            return made[-1]

        super().update(key, once)


class _OwnError(Exception):
    """Carries an error of the caller's own function past those of the store."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error
