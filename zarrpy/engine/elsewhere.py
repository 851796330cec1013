"""Operations of more than one store: part of the steps is taken in another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from zarrpy.engine.relay import relayed
from zarrpy.engine.requests import Commit, Elsewhere, Foretell
from zarrpy.errors import ABOUT_DOCUMENTS, NodeExistsError, NodeKindError, NodeNotFoundError

if TYPE_CHECKING:
    from zarrpy.engine.requests import Request, Steps
    from zarrpy.stores.base import Store

T = TypeVar("T")

ABOUT_NODES = (*ABOUT_DOCUMENTS, NodeNotFoundError, NodeExistsError, NodeKindError)


def elsewhere(store: Store, steps: Steps[T]) -> Steps[T]:
    """Take steps in a store that is not the one of the operation they are part of.

    Errors about nodes say where that store is.
    """

    def sent(request: Request) -> Request:
        known = isinstance(request, Elsewhere | Commit | Foretell)
        return request if known else Elsewhere(store, request)

    try:
        return (yield from relayed(steps, sent))
    except ABOUT_NODES as error:
        store.locate(error)
        raise
