"""Stores that go to other processes by their parameters, and begin again there."""

from __future__ import annotations

from typing import Any


class BegunAgain:
    """What is pickled without its private state, which `_begin` makes anew where it comes to."""

    def _begin(self) -> None:
        """Make what is not pickled: connections, locks, what was read."""
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        """Give what the user named; open files and connections stay here."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()
