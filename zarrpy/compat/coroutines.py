"""The functions of zarr-python that are to be awaited, and give handles whose methods are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from zarrpy.array import Array
from zarrpy.asynchronous import awaited
from zarrpy.compat import functions
from zarrpy.engine.drive import call_async
from zarrpy.group import Group

__all__ = list(functions.__all__)


def __getattr__(name: str) -> Callable[..., Any]:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    blocking = getattr(functions, name)

    @wraps(blocking)
    async def function(*args: Any, **keywords: Any) -> Any:
        result = await call_async(blocking, *args, **keywords)
        return awaited(result) if isinstance(result, Array | Group) else result

    globals()[name] = function
    return function
