"""Take the steps of an operation within another, and see each request as it goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.engine.requests import Request, Steps

T = TypeVar("T")


def relayed(steps: Steps[T], passing: Callable[[Request], Request]) -> Steps[T]:
    """Take steps as ``yield from`` does, but ask what `passing` makes of each request.

    Answers, errors and cancellations go back into the steps as they come.
    """
    try:
        request = next(steps)
        while True:
            try:
                given = yield passing(request)
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:
                request = steps.throw(error)
            else:
                request = steps.send(given)
    except StopIteration as stop:
        result: T = stop.value
        return result
