"""Operations of more than one store: part of the steps is taken in another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from zarrpy.engine.requests import Commit, Elsewhere
from zarrpy.errors import MetadataError, NodeExistsError, NodeKindError, NodeNotFoundError

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

T = TypeVar("T")

ABOUT_NODES = (MetadataError, NodeNotFoundError, NodeExistsError, NodeKindError)


def elsewhere(store: Store, steps: Steps[T]) -> Steps[T]:
    """Take steps in a store that is not the one of the operation they are part of.

    Errors about nodes say where that store is.
    """
    try:
        request = next(steps)
        while True:
            inner = isinstance(request, Elsewhere | Commit)
            try:
                given = yield request if inner else Elsewhere(store, request)
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
    except ABOUT_NODES as error:
        store.locate(error)
        raise
