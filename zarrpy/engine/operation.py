"""One body, two faces: a method that is a generator of requests, called blocking or awaited."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import Signature, signature
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from zarrpy.engine.drive import drive, drive_async
from zarrpy.engine.elsewhere import ABOUT_NODES
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

P = ParamSpec("P")
T = TypeVar("T")


class Owner(Protocol):
    """Whose operations these are: it has a store."""

    @property
    def store(self) -> Store:
        """Where the requests go."""


S = TypeVar("S", bound=Owner)


class BoundOperation(Generic[P, T]):
    """An operation of one object.

    Calling it blocks; ``await operation.aio(...)`` runs the same steps in an event loop.
    """

    __slots__ = ("_owner", "_short", "_steps")

    def __init__(
        self,
        steps: Callable[Concatenate[Any, P], Steps[T]],
        owner: Owner,
        short: Callable[Concatenate[Any, P], T | None] | None = None,
    ) -> None:
        self._steps = steps
        self._owner = owner
        self._short = short

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        """What the method is documented by, as of the bound methods of Python."""
        return self._steps.__doc__

    @property
    def __name__(self) -> str:
        """What the method is called."""
        return self._steps.__name__

    @property
    def __signature__(self) -> Signature:
        """What it is called with, and what it gives."""
        whole = signature(self._steps)
        given = str(whole.return_annotation).removeprefix("Steps[").removesuffix("]")
        return whole.replace(
            parameters=list(whole.parameters.values())[1:], return_annotation=given
        )

    def __repr__(self) -> str:
        return f"<bound operation {self._steps.__qualname__} of {self._owner!r}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoundOperation):
            return NotImplemented
        return self._owner is other._owner and self._steps is other._steps

    def __hash__(self) -> int:
        return hash((id(self._owner), self._steps))

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._owner, self.__name__)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation and wait for it."""
        try:
            if self._short is not None:
                found = self._short(self._owner, *args, **kwargs)
                if found is not None:
                    return found
            return drive(self._owner.store, self._steps(self._owner, *args, **kwargs))
        except ABOUT_NODES as error:
            self._owner.store.locate(error)
            raise

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation without blocking the event loop."""
        try:
            return await drive_async(self._owner.store, self._steps(self._owner, *args, **kwargs))
        except ABOUT_NODES as error:
            self._owner.store.locate(error)
            raise

    def steps(self, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        """Give the operation itself, to be part of another one by ``yield from``."""
        return self._steps(self._owner, *args, **kwargs)


class operation(Generic[S, P, T]):  # noqa: N801 - used as a decorator
    """Make a method of a generator of requests."""

    def __init__(self, steps: Callable[Concatenate[S, P], Steps[T]]) -> None:
        self._steps = steps
        self._short: Callable[Concatenate[S, P], T | None] | None = None
        self.__doc__ = steps.__doc__
        self.__qualname__ = steps.__qualname__
        self.__wrapped__ = steps

    def __set_name__(self, owner: type, name: str) -> None:
        self.__name__ = name

    def short(
        self, way: Callable[Concatenate[S, P], T | None]
    ) -> Callable[Concatenate[S, P], T | None]:
        """Make a method the way around the steps, for calls that block, unless it gives None."""
        self._short = way
        return way

    @overload
    def __get__(self, owner: None, kind: type) -> operation[S, P, T]: ...
    @overload
    def __get__(self, owner: S, kind: type) -> BoundOperation[P, T]: ...
    def __get__(self, owner: S | None, kind: type) -> Any:
        return self if owner is None else BoundOperation(self._steps, owner, self._short)


class Shortcut(Protocol):
    """A way around the steps of an operation."""

    def recalled(self) -> object:
        """Give the result, or None."""

    def remember(self, result: object) -> None:
        """See the result that the steps gave."""


class Entry(Generic[P, T]):
    """An operation that begins with a store: what a user calls first.

    Calling it blocks; ``await entry.aio(...)`` runs the same steps in an event loop.
    """

    #: Of calls that may be answered without their steps; see `zarrpy.reopening`.
    shortcut: Callable[[Any, dict[str, Any]], Shortcut] | None = None

    def __init__(self, steps: Callable[Concatenate[Store, P], Steps[T]]) -> None:
        self._steps = steps
        update_wrapper(self, steps)

    def __call__(self, store: Any = None, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation and wait for it."""
        if self.shortcut is None or args or isinstance(store, tuple):
            return self._run(store, *args, **kwargs)
        short = self.shortcut(store, kwargs)
        found: Any = short.recalled()
        if found is None:
            found = self._run(store, *args, **kwargs)
            short.remember(found)
        result: T = found
        return result

    def _run(self, store: Any, *args: P.args, **kwargs: P.kwargs) -> T:
        opened = self._open(store, kwargs)
        try:
            return drive(opened, self._steps(opened, *args, **kwargs))
        except ABOUT_NODES as error:
            opened.locate(error)
            raise

    def _open(self, store: Any, keywords: dict[str, Any]) -> Store:
        """Make a store of what names one; of a `StorePath` its path goes before the one given."""
        if isinstance(store, tuple) and hasattr(store, "store"):
            place: Any = store
            known = signature(self._steps).parameters
            name = "name" if "name" in known else "path"
            keywords[name] = "/".join(filter(None, (place.path, keywords.get(name)))) or None
            store = place.store
        return as_store(store, storage_options=keywords.get("storage_options"))

    async def aio(self, store: Any = None, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation without blocking the event loop."""
        opened = self._open(store, kwargs)
        try:
            return await drive_async(opened, self._steps(opened, *args, **kwargs))
        except ABOUT_NODES as error:
            opened.locate(error)
            raise

    def steps(self, store: Store, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        """Give the operation itself, to be part of another one by ``yield from``."""
        return self._steps(store, *args, **kwargs)


class Function(Generic[P, T]):
    """An operation that finds its stores among its arguments, one, several or none.

    Its steps say of each request where it goes, by `zarrpy.engine.elsewhere`. Calling it blocks;
    ``await function.aio(...)`` runs the same steps in an event loop.
    """

    def __init__(self, steps: Callable[P, Steps[T]]) -> None:
        self._steps = steps
        update_wrapper(self, steps)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation and wait for it."""
        return drive(None, self._steps(*args, **kwargs))

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation without blocking the event loop."""
        return await drive_async(None, self._steps(*args, **kwargs))

    def steps(self, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        """Give the operation itself, to be part of another one by ``yield from``."""
        return self._steps(*args, **kwargs)


def entry(steps: Callable[Concatenate[Store, P], Steps[T]]) -> Entry[P, T]:
    """Make a function of a generator of requests whose first argument is a store."""
    return Entry(steps)


def function(steps: Callable[P, Steps[T]]) -> Function[P, T]:
    """Make a function of a generator of requests that name their stores."""
    return Function(steps)
