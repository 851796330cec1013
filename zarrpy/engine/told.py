"""What consolidated metadata tell of the nodes below a group, as objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from zarrpy.engine.nodes import given_node
from zarrpy.errors import MetadataError
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata

if TYPE_CHECKING:
    from zarrpy.engine.consolidate import Entries

__all__ = ["ConsolidatedMetadata", "of_member", "telling"]


class ConsolidatedMetadata:
    """The metadata of all nodes below a group, kept in one document of it.

    Parameters
    ----------
    metadata : dict
        Of the direct members by their names; groups tell of their own members.
    kind : str
        Where they are kept: "inline".
    must_understand : bool
    """

    def __init__(
        self,
        metadata: Mapping[str, ArrayMetadata | GroupMetadata],
        kind: str = "inline",
        must_understand: bool = False,
    ) -> None:
        self.metadata = dict(metadata)
        self.kind, self.must_understand = kind, must_understand

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Understand the member of a document of Zarr v3, which has an entry for each path.

        Raises
        ------
        MetadataError
            When it is of another kind than "inline".
        TypeError
            When it, or one of its entries, is no object.
        """
        kind = data.get("kind")
        if kind != "inline":
            raise MetadataError(
                f"is kind='{kind}', and only 'inline' is known", field="consolidated_metadata"
            )
        rows = data.get("metadata")
        if not isinstance(rows, Mapping):
            raise TypeError(f"Unexpected type for 'metadata': {type(rows).__name__}, not an object")
        for key, row in rows.items():
            if not isinstance(row, Mapping):
                raise TypeError(
                    f"Invalid value for metadata items: key='{key}', type='{type(row).__name__}'"
                )
        nodes = {path: given_node(path, _with_lists(row)) for path, row in rows.items()}
        return cls(_nested(nodes), kind, bool(data.get("must_understand", False)))

    @classmethod
    def of_entries(cls, entries: Entries, start: str) -> Self:
        """Tell of the entries below a path; they are understood when they are looked at.

        Parameters
        ----------
        entries : dict
        start : str
            The path of the group, and a slash; "" for the root.
        """
        made = cls.__new__(cls)
        made.kind, made.must_understand = "inline", False
        made._entries, made._start = entries, start
        return made

    _entries: Entries
    _start: str

    @cached_property
    def metadata(self) -> dict[str, ArrayMetadata | GroupMetadata]:
        """Metadata of the direct members by their names."""
        nodes = {}
        n = len(self._start)
        for path, documents in self._entries.items():
            if path.startswith(self._start) and len(path) > n:
                nodes[path[n:]] = given_node(path, _in_one(documents))
        return _nested(nodes)

    @property
    def flattened_metadata(self) -> dict[str, ArrayMetadata | GroupMetadata]:
        """Metadata of all nodes below by their paths; the groups tell of no members."""
        nodes = sorted(self._walk(""), key=lambda each: (each[0].count("/"), each[0].casefold()))
        return {path: _alone(node) for path, node in nodes}

    def _walk(self, start: str) -> Iterator[tuple[str, ArrayMetadata | GroupMetadata]]:
        for name, node in self.metadata.items():
            yield start + name, node
            if isinstance(node, GroupMetadata) and node.consolidated_metadata is not None:
                yield from node.consolidated_metadata._walk(f"{start}{name}/")

    def to_dict(self) -> dict[str, Any]:
        """Write the member of a document, as `from_dict` understands it."""
        rows = {path: node.to_dict() for path, node in self.flattened_metadata.items()}
        return {"kind": self.kind, "must_understand": self.must_understand, "metadata": rows}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ConsolidatedMetadata):
            return NotImplemented
        return (self.kind, self.metadata) == (other.kind, other.metadata)

    __hash__ = None  # type: ignore[assignment]  # it holds dicts

    def __repr__(self) -> str:
        return f"ConsolidatedMetadata({', '.join(self.metadata)})"


def _with_lists(value: Any) -> Any:
    """Give a document as JSON has it, where `to_dict` tells tuples."""
    if isinstance(value, Mapping):
        return {name: _with_lists(each) for name, each in value.items()}
    return [_with_lists(each) for each in value] if isinstance(value, list | tuple) else value


def _nested(
    nodes: Mapping[str, ArrayMetadata | GroupMetadata],
) -> dict[str, ArrayMetadata | GroupMetadata]:
    """Put nodes into the groups that they lie in, in whatever order they come."""
    below: dict[str, dict[str, ArrayMetadata | GroupMetadata]] = {}
    for path, node in nodes.items():
        parent, _, name = path.rpartition("/")
        below.setdefault(parent, {})[name] = node

    def settled(parent: str) -> dict[str, ArrayMetadata | GroupMetadata]:
        found = {}
        for name, node in below.get(parent, {}).items():
            path = f"{parent}/{name}" if parent else name
            found[name] = node
            if isinstance(node, GroupMetadata):
                found[name] = telling(node, ConsolidatedMetadata(settled(path)))
        return found

    return settled("")


def of_member(member: Any) -> ConsolidatedMetadata | None:
    """Tell of what a document of Zarr v3 keeps; None where that is not of a kind that is known."""
    rows = member.get("metadata") if isinstance(member, Mapping) else None
    if not isinstance(rows, Mapping) or member.get("kind") != "inline":
        return None
    return ConsolidatedMetadata.of_entries({path: {"": row} for path, row in rows.items()}, "")


def telling(group: GroupMetadata, consolidated: ConsolidatedMetadata | None) -> GroupMetadata:
    """Give the metadata of a group that tells of its members."""
    return replace(group, told=lambda: consolidated)


def _alone(node: ArrayMetadata | GroupMetadata) -> ArrayMetadata | GroupMetadata:
    if isinstance(node, ArrayMetadata) or node.consolidated_metadata is None:
        return node
    return telling(node, ConsolidatedMetadata({}))


def _in_one(documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Give the one document that there is of a node, with the attributes in it."""
    node = next(each for name, each in documents.items() if name != ".zattrs")
    attributes = documents.get(".zattrs")
    return node if attributes is None else {**node, "attributes": attributes}
