"""Warnings that point at the line of the program that called zarrpy, however deep they arise."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]

_PACKAGE = __name__.partition(".")[0]
# Between a method that a mapping inherits and the one of ours that it calls.
_BETWEEN = ("_collections_abc", "collections.abc", "contextlib")

#: What this process was told already, and how much of it is remembered.
_told: set[tuple[type[Warning], str]] = set()
_MOST_TOLD = 1000


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of something in the name of the line that called the library, once in a process.

    Python by itself tells once for each line of a program. Who asks for all warnings, or for errors
    in their place, gets all of them.
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    if (category, message) in _told and _is_told_once(message, category):
        return
    if len(_told) >= _MOST_TOLD:
        _told.clear()
    _told.add((category, message))
    warnings.warn(message, category, stacklevel=level)


def _is_told_once(message: str, category: type[Warning]) -> bool:
    """Whether the filters in force want no repetition, whichever line it is for."""
    for action, text, kind, module, line in warnings.filters:
        if issubclass(category, kind) and (text is None or text.match(message)):
            of_any_line = module is None and not line
            return of_any_line and action in ("default", "module", "once")
    return True


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE or module in _BETWEEN
