"""The attributes of a node, as a mapping that writes through to the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol

from zarrpy.metadata.attributes import normalise

if TYPE_CHECKING:
    from collections.abc import Callable


class Node(Protocol):
    """What the attributes belong to."""

    @property
    def path(self) -> str:
        """Path within the store."""

    def _attributes(self) -> dict[str, Any]: ...
    def change_attributes(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Apply a function to the stored attributes, and write them."""


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

    def __init__(self, node: Node) -> None:
        self._node = node

    def __getitem__(self, name: str) -> Any:
        return self.asdict()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        self._node.change_attributes(lambda attributes: attributes.__delitem__(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._node._attributes())

    def __len__(self) -> int:
        return len(self._node._attributes())

    def asdict(self) -> dict[str, Any]:
        """All attributes, as a dictionary of the caller's own."""
        return normalise(self._node._attributes(), allow_nan=True, path=self._node.path)

    def put(self, attributes: Mapping[str, Any]) -> None:
        """Replace all attributes, in one write."""
        new = normalise(attributes, path=self._node.path)

        def replace(old: dict[str, Any]) -> None:
            old.clear()
            old.update(new)

        self._node.change_attributes(replace)

    def update(  # type: ignore[override]
        self, other: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **more: Any
    ) -> None:
        """Set several attributes in one write."""
        new = normalise(dict(other, **more), path=self._node.path)
        self._node.change_attributes(lambda attributes: attributes.update(new))

    def __repr__(self) -> str:
        return f"Attributes({self._node._attributes()!r})"
