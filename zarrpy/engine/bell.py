"""A lock with changes to wait for, which Ctrl-C leaves as it is.

`threading.Condition` is written in Python: an interrupt within it may leave its lock held for ever,
and whoever wants it next waits for ever, or have one let go that nobody holds.
"""

from __future__ import annotations

import threading

#: Who was interrupted while ringing may have left some asleep.
_POLL_SECONDS = 0.05


class Bell:
    """What happens under a lock, with a sign to those who wait for it.

    Attributes
    ----------
    lock : RLock
        Taken and let go of by ``with bell.lock:``, which no interrupt comes in between of.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._asleep: list[threading.Lock] = []

    def sleeper(self) -> threading.Lock:
        """Give what wakes the caller at the next change; with the lock.

        It is waited for by `wait`, without the lock.
        """
        sleeper = threading.Lock()
        sleeper.acquire()
        self._asleep.append(sleeper)
        return sleeper

    def wait(self, sleeper: threading.Lock) -> None:
        """Sleep until something changes, or for a moment."""
        if not sleeper.acquire(timeout=_POLL_SECONDS):
            with self.lock:
                if sleeper in self._asleep:  # or those who wait for long would be very many
                    self._asleep.remove(sleeper)

    def ring(self) -> None:
        """Wake all who sleep; with the lock."""
        asleep, self._asleep = self._asleep, []
        for sleeper in asleep:
            sleeper.release()
