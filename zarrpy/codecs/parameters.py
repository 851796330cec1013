"""Checks of one parameter of a codec, with an error that says it all.

Documents come from anywhere, so that types are exact: ``true`` is not 1, and 5.0 is not 5.
"""

import math
from collections.abc import Collection
from enum import Enum
from typing import Any, NoReturn
from warnings import warn

from zarrpy.errors import MetadataError

__all__ = ["boolean", "choice", "finite", "integer", "reject"]


def reject(codec: str, parameter: str, value: object, right: str) -> NoReturn:
    """Raise the error: the parameter must be what is right, and is not."""
    raise MetadataError(f"must be {right}", field=f"{codec}.{parameter}", value=value)


def integer(codec: str, parameter: str, value: Any, low: int, high: int | None = None) -> None:
    """Check an integer between `low` and `high`, both included."""
    right = f"an integer of at least {low}" if high is None else f"an integer from {low} to {high}"
    if not isinstance(value, int) or isinstance(value, bool):
        reject(codec, parameter, value, right)
    if value < low or (high is not None and value > high):
        reject(codec, parameter, value, right)


def finite(codec: str, parameter: str, value: Any) -> int | float:
    """Check a number that is neither infinite nor NaN; one of NumPy comes back as Python's."""
    plain = (
        value.item() if hasattr(value, "item") and not isinstance(value, (int, float)) else value
    )
    right = "a finite number"
    if isinstance(plain, bool) or not isinstance(plain, (int, float)) or not math.isfinite(plain):
        reject(codec, parameter, value, right)
    return plain


def boolean(codec: str, parameter: str, value: Any) -> None:
    """Check a truth value."""
    if not isinstance(value, bool):
        reject(codec, parameter, value, "true or false")


def choice(codec: str, parameter: str, value: Any, choices: Collection[str]) -> None:
    """Check that a value is one of a few strings."""
    if not isinstance(value, str) or value not in choices:
        reject(codec, parameter, value, "one of " + ", ".join(map(repr, choices)))


def chosen(codec: Any, parameter: str, choices: Collection[str]) -> None:
    """Check that a parameter of a codec is one of a few strings; of enumerations keep the text."""
    value = getattr(codec, parameter)
    if isinstance(value, Enum) and not isinstance(value, str):
        warn(
            f"Passing an enum to {type(codec).__name__}Codec({parameter}=...) will go: pass "
            f"{value.value!r}",
            DeprecationWarning,
            stacklevel=5,
        )
        value = value.value
        object.__setattr__(codec, parameter, value)
    choice(codec.name, parameter, value, choices)
    if type(value) is not str:
        object.__setattr__(codec, parameter, str.__str__(value))
