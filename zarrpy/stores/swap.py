"""Replace a value by what a function makes of it, where somebody else may do so at the same time.

A service that compares before it swaps turns away who comes second; that one reads again and makes
its change anew, after a while that grows and is left to chance, so that two do not go on in step.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.stores.base import Bytes

_FIRST_SECONDS = 0.005
_LONGEST_SECONDS = 1.0


def swap(
    key: str,
    read: Callable[[], tuple[Bytes | None, Any]],
    write: Callable[[Bytes | None, Any], bool],
    change: Callable[[Bytes | None], Bytes | None],
) -> None:
    """Change a value until nobody came between reading and writing it.

    Parameters
    ----------
    key : str
        For the error.
    read : callable
        Gives the value and its version; None and None when there is none.
    write : callable
        Replaces the value of a version, or makes one that was absent, or deletes it for None; False
        when it is another one.
    change : callable
        May be called several times.

    Raises
    ------
    ConflictError
        When others were always faster, for `config.lock_timeout` seconds.
    """
    patience = config.lock_timeout
    end = time.monotonic() + patience if patience >= 0 else None
    attempts = 0
    while True:
        value, version = read()
        attempts += 1
        if write(change(value), version):
            return
        if end is not None and time.monotonic() > end:
            raise ConflictError(
                f"others changed it again and again for {patience:g} s",
                key=key,
                operation="update",
                attempts=attempts,
                hint="config.lock_timeout sets how long to try",
            )
        longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** min(attempts, 10))
        time.sleep(random.uniform(0, longest))
