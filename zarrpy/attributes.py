"""The attributes of a node, as a mapping that writes through to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from zarrpy.engine.operation import operation
from zarrpy.metadata.attributes import normalise

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.node import Node
    from zarrpy.stores.base import Store

# In the place of a default that is not given.
_REQUIRED: Any = object()


class _AbsentError(Exception):
    """No attribute has the name: nothing is written."""


class Attributes(MutableMapping[str, Any]):
    """Metadata of the user's own: JSON values by name.

    Every change is written at once; `update` writes several in one go. NumPy scalars and arrays,
    dates, paths and enumerations become JSON.

    Raises
    ------
    AttributeNotJSONError
        When a value is not JSON and has no plain form in it.
    """

    __slots__ = ("_node",)

    def __init__(self, node: Node[Any]) -> None:
        self._node = node

    @property
    def store(self) -> Store:
        """Where they are kept."""
        return self._node.store

    def __getitem__(self, name: str) -> Any:
        return self.asdict()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        self._node.change_attributes(lambda attributes: attributes.__delitem__(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._node.metadata.attributes)

    def __len__(self) -> int:
        return len(self._node.metadata.attributes)

    def asdict(self) -> dict[str, Any]:
        """All attributes, as a dictionary of the caller's own."""
        return normalise(self._node.metadata.attributes, allow_nan=True, path=self._node.path)

    @operation
    def refresh(self) -> Steps[None]:
        """Read them again, for what others have changed since the node was opened."""
        yield from self._node.read_attributes.steps()

    @operation
    def put(self, attributes: Mapping[str, Any]) -> Steps[None]:
        """Replace all attributes, in one write."""
        new = normalise(attributes, path=self._node.path)

        def replace(old: dict[str, Any]) -> None:
            old.clear()
            old.update(new)

        yield from self._node.change_attributes.steps(replace)

    @operation
    def update(  # type: ignore[override]
        self, other: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **more: Any
    ) -> Steps[None]:
        """Set several attributes in one write."""
        new = normalise(dict(other, **more), path=self._node.path)
        yield from self._node.change_attributes.steps(lambda attributes: attributes.update(new))

    @operation
    def clear(self) -> Steps[None]:
        """Delete all attributes, in one write."""
        yield from self.put.steps({})

    @operation
    def pop(self, name: str, default: Any = _REQUIRED) -> Steps[Any]:
        """Delete an attribute, and give the value that was stored.

        Parameters
        ----------
        name : str
        default : object, optional
            Given where there is no such attribute; without it that is a KeyError.
        """
        try:
            _, value = yield from self._take(lambda attributes: (name, attributes.pop(name)))
        except _AbsentError:
            if default is _REQUIRED:
                raise KeyError(name) from None
            return default
        return value

    @operation
    def popitem(self) -> Steps[tuple[str, Any]]:
        """Delete the last attribute, and give its name and value.

        Raises
        ------
        KeyError
            When there is none.
        """
        try:
            return (yield from self._take(dict.popitem))
        except _AbsentError:
            raise KeyError("there are no attributes") from None

    def _take(self, take: Callable[[dict[str, Any]], tuple[str, Any]]) -> Steps[tuple[str, Any]]:
        """Take one out of the attributes as they are stored now."""
        taken: list[tuple[str, Any]] = []

        def change(attributes: dict[str, Any]) -> None:
            try:
                taken[:] = [take(attributes)]
            except KeyError:  # other KeyErrors are about the node
                raise _AbsentError from None

        yield from self._node.change_attributes.steps(change)
        name, value = taken[0]
        return name, self._own(name, value)

    @operation
    def setdefault(self, name: str, default: Any = None) -> Steps[Any]:
        """Give the value of an attribute; where there is none, set it.

        Of several writers the first sets it, and all are given that value.
        """
        known = self._node.metadata.attributes
        if name in known:
            return self._own(name, known[name])
        new = normalise({name: default}, path=self._node.path)
        found: list[Any] = []

        def change(attributes: dict[str, Any]) -> None:
            found[:] = [attributes.setdefault(name, new[name])]

        yield from self._node.change_attributes.steps(change)
        return self._own(name, found[0])

    def _own(self, name: str, value: Any) -> Any:
        """Give a value to the caller to keep."""
        return normalise({name: value}, allow_nan=True, path=self._node.path)[name]

    def __repr__(self) -> str:
        return f"Attributes({self._node.metadata.attributes!r})"
