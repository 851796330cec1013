"""Patterns of paths: ``*``, ``?`` and ``[abc]`` within a name, ``**`` for any number of names.

A pattern is a small automaton.  Its state is the set of places in the pattern that the names so
far may have led to; so whoever walks a hierarchy knows of each group whether anything below it can
still match, and need not look into the others.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TypeAlias

from zarrpy.errors import MetadataError

__all__ = ["Glob", "State"]

State: TypeAlias = "frozenset[int]"

_ANY = "**"


class Glob:
    """A pattern of paths.

    Parameters
    ----------
    pattern : str
        Such as ``"run-*/t?m"`` or ``"**/mask"``.

    Examples
    --------
    >>> glob = Glob("a/**/t*")
    >>> [path for path in ("a/t", "a/x/y/t2", "b/t", "a") if glob.matches(path)]
    ['a/t', 'a/x/y/t2']
    """

    def __init__(self, pattern: str) -> None:
        if not isinstance(pattern, str):
            raise MetadataError(f"a pattern of paths must be text, not {pattern!r}")
        self._parts = pattern.strip("/").split("/")
        for part in self._parts:
            if part in ("", ".", "..") or (_ANY in part and part != _ANY):
                raise MetadataError(
                    f"{pattern!r} is no pattern of paths",
                    hint="names are apart by one slash, and '**' stands alone between two",
                )

    @property
    def start(self) -> State:
        """Before the first name."""
        return self._closed({0})

    def after(self, state: State, name: str) -> State:
        """Take one more name; nothing matches any more when the result is empty."""
        found = set()
        for i in state:
            if i < len(self._parts):
                part = self._parts[i]
                if part == _ANY:
                    found.add(i)
                elif fnmatchcase(name, part):
                    found.add(i + 1)
        return self._closed(found)

    def accepts(self, state: State) -> bool:
        """Whether the names so far match."""
        return len(self._parts) in state

    def goes_on(self, state: State) -> bool:
        """Whether more names may match."""
        return any(i < len(self._parts) for i in state)

    def only(self, state: State) -> list[str] | None:
        """Give the next names that can match, where the pattern spells them out."""
        parts = {self._parts[i] for i in state if i < len(self._parts)}
        return None if any(set(part) & set("*?[") for part in parts) else sorted(parts)

    def matches(self, path: str) -> bool:
        """Whether a path matches."""
        state = self.start
        for name in path.split("/"):
            state = self.after(state, name)
        return self.accepts(state)

    def _closed(self, state: set[int]) -> State:
        """Add what is reached without a name: "**" may stand for none."""
        for i in sorted(state):
            while i < len(self._parts) and self._parts[i] == _ANY:
                i += 1
                state.add(i)
        return frozenset(state)
