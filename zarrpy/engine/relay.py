"""Take the steps of an operation within another, and see each request as it goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from zarrpy.engine.requests import Fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zarrpy.engine.requests import Request, Steps

T = TypeVar("T")


def relayed(
    steps: Steps[T],
    passing: Callable[[Request], Request],
    known: Callable[[Request], Any] | None = None,
) -> Steps[T]:
    """Take steps as ``yield from`` does, but ask what `passing` makes of each request.

    Answers, errors and cancellations go back into the steps as they come. What `known` has an
    answer to is not asked; its None is none.
    """
    try:
        request = next(steps)
        while True:
            try:
                given = None if known is None else known(request)
                if given is None:
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


def foreseen(steps: Steps[T], values: Mapping[str, Any]) -> Steps[T]:
    """Take steps, and answer what they fetch from values that were just read, by their keys."""

    def known(request: Request) -> list[Any] | None:
        if not isinstance(request, Fetch) or request.ranges or not values.keys() >= {*request.keys}:
            return None
        return [values[key] for key in request.keys]

    return relayed(steps, lambda request: request, known)
