"""Warnings that point at the line of the program that called zarrpy, however deep they arise."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]

_PACKAGE = __name__.partition(".")[0]
# Between a method that a mapping inherits and the one of ours that it calls.
_BETWEEN = ("_collections_abc", "collections.abc", "contextlib")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of something in the name of the line that called the library."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE or module in _BETWEEN
