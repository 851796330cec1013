"""What is told about arrays and groups, without reading a chunk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zarrpy.display.codecs import chain_label, inner_label
from zarrpy.display.sizes import (
    format_chunks,
    format_named_shape,
    format_nbytes,
    format_ratio,
    format_shape,
    format_size,
)
from zarrpy.display.text import printable
from zarrpy.display.tree import Branch, draw_tree
from zarrpy.errors import MetadataError, ZarrError
from zarrpy.metadata.sharding import inner_chunk_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zarrpy.array import Array
    from zarrpy.container import Container
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.node import Node
    from zarrpy.occupancy import Stored


@dataclass(frozen=True)
class Info:
    """Facts about a node, in the order in which people ask for them.

    Attributes
    ----------
    facts : dict of str to str
    """

    facts: dict[str, str]

    @classmethod
    def of_array(cls, array: Array) -> Info:
        """Tell what an array's metadata say."""
        metadata = array.metadata
        return cls(
            {
                "name": array.name,
                "kind": f"array, Zarr v{metadata.zarr_format}",
                "data type": str(metadata.data_type),
                "shape": format_shape(array.shape),
                **_dimensions(metadata),
                **_layout(array),
                "codecs": chain_label(metadata.codecs),
                "fill value": _fill_text(metadata),
                **({"attributes": str(len(metadata.attributes))} if metadata.attributes else {}),
                "size": format_size(known_nbytes(array)),
                "store": repr(array.store),
            }
        )

    @classmethod
    def of_stored(cls, array: Array, stored: Stored) -> Info:
        """Tell what an array's metadata say, and how much of it is stored."""
        nbytes = known_nbytes(array)
        more = {"stored": f"{format_nbytes(stored.nbytes)} ({stored.nbytes} bytes)"}
        if nbytes is not None:
            more["ratio"] = format_ratio(nbytes, stored.nbytes)
        more["chunks stored"] = f"{stored.nchunks} of {array.nchunks}"
        if inner_chunk_shape(array.metadata.codecs, array.ndim) is not None:
            more["shards stored"] = f"{stored.nvalues} of {math.prod(array.metadata.grid_shape)}"
        return cls(cls.of_array(array).facts | more)

    @classmethod
    def of_group(cls, group: Container) -> Info:
        """Tell what a group's metadata say."""
        return cls(
            {
                "name": group.name,
                "kind": f"group, Zarr v{group.metadata.zarr_format}",
                "attributes": str(len(group.metadata.attributes)),
                "store": repr(group.store),
            }
        )

    @classmethod
    def of_hierarchy(cls, group: Container, arrays: int, groups: int, nbytes: int) -> Info:
        """Tell about a group and all that is below it."""
        more = {
            "arrays below": str(arrays),
            "groups below": str(groups),
            "stored": f"{format_nbytes(nbytes)} ({nbytes} bytes)",
        }
        return cls(cls.of_group(group).facts | more)

    def __repr__(self) -> str:
        width = max(map(len, self.facts))
        return "\n".join(f"{name:{width}}  {text}" for name, text in self.facts.items())


def _dimensions(metadata: ArrayMetadata) -> dict[str, str]:
    """Name the dimensions, where any has a name."""
    names = metadata.dimension_names or ()
    if not any(name is not None for name in names):
        return {}
    told = ("(unnamed)" if name is None else printable(name) for name in names)
    return {"dimensions": ", ".join(told)}


@dataclass(frozen=True)
class Tree:
    """A hierarchy, drawn when it is shown.

    Attributes
    ----------
    root : Branch
    max_nodes : int
    """

    root: Branch
    max_nodes: int

    @classmethod
    def of(cls, group: Container, level: int | None, max_nodes: int) -> Steps[Tree]:
        """Walk a hierarchy, no further than is drawn; chunks are never listed."""
        return cls((yield from _Walk(max_nodes).branch(group, level)), max_nodes)

    def __repr__(self) -> str:
        return "\n".join(draw_tree(self.root, max_nodes=self.max_nodes))


class _Walk:
    """A walk that ends after so many nodes."""

    def __init__(self, most: int) -> None:
        self._left = most

    def branch(self, node: Array | Container, level: int | None) -> Steps[Branch]:
        """Draw a node and what is below it, in the order of the lines."""
        from zarrpy.container import Container

        self._left -= 1
        name = node.basename or "/"
        if not isinstance(node, Container):
            return Branch(name, array_facts(node))
        if level == 0 or self._left <= 0:
            return Branch(node.basename, group=True, unknown=True)
        below = None if level is None else level - 1
        children = []
        for child_name, child in (yield from node.members_or_errors.steps()):
            if isinstance(child, MetadataError):
                self._left -= 1
                children.append(Branch(child_name, [unreadable(child)]))
            else:
                children.append((yield from self.branch(child, below)))
        return Branch(node.basename, children=children, group=True)


def _names_now(array: Array) -> tuple[str | None, ...] | None:
    """Give the names of dimensions; none where they cannot be read, as a line of a log stands."""
    try:
        return array.dimension_names
    except ZarrError:
        return None


def array_line(array: Array) -> str:
    """Tell on one line what matters about an array; of one that is far, names may be asked for."""
    chunks = array.metadata.chunk_grid
    stored = _plain(chunks.chunk_shape) if chunks.regular else format_chunks(chunks.listed())
    inner = inner_chunk_shape(array.metadata.codecs, array.ndim)
    layout = f"chunks={stored}" if inner is None else f"chunks={_plain(inner)} shards={stored}"
    words = (
        repr(array.name),
        shape_text(array.shape, _names_now(array)),
        array.metadata.data_type.name,
        layout,
        inner_label(array.metadata.codecs),
        printable(array.store.label),
    )
    return f"<zarrpy.Array {' '.join(words)}>"


def card_of(node: Node[Any]) -> str:
    """Tell about a node in HTML, with a drawing of an array; nothing is read."""
    from zarrpy.array import Array
    from zarrpy.display.box import box_svg
    from zarrpy.display.html import card

    facts, picture = dict(node.info.facts), ""  # type: ignore[attr-defined]
    if isinstance(node, Array):
        grid = node.metadata.chunk_grid
        lengths = [n if isinstance(n, list) else (n,) for n in grid.listed()]
        stored = tuple(_plain_lengths(axis) for axis in lengths)
        inner = inner_chunk_shape(node.metadata.codecs, node.ndim)
        chunks = stored if inner is None else tuple((n,) for n in inner)
        shards = None if inner is None else stored
        picture = box_svg(node.shape, chunks, shards, node.dimension_names)
    title = f"zarrpy.{type(node).__name__} {node.name}"
    return card(title, facts, node.metadata.attributes, picture)


def _plain_lengths(lengths: Iterable[Any]) -> tuple[int, ...]:
    """Write out lengths that are run-length coded."""
    found: list[int] = []
    for each in lengths:
        found += [each[0]] * each[1] if isinstance(each, list) else [each]
    return tuple(found)


def group_line(group: Container) -> str:
    """Tell on one line what is known of a group; nothing is read, so its members are not told."""
    count = len(group.metadata.attributes)
    told = f" {count} attribute{'s' if count > 1 else ''}" if count else ""
    place = printable(group.store.label)
    return f"<zarrpy.Group {group.name!r} v{group.metadata.zarr_format}{told} {place}>"


def shape_text(shape: tuple[int, ...], names: Sequence[str | None] | None) -> str:
    """Write a shape as Python does, with the names of the dimensions."""
    parts = [
        f"{printable(name)} {n}" if name else str(n)
        for name, n in zip(names or [None] * len(shape), shape, strict=True)
    ]
    return f"({', '.join(parts)})"


def _plain(shape: tuple[int, ...]) -> str:
    return f"({','.join(map(str, shape))})"


def known_nbytes(array: Array) -> int | None:
    """Bytes of all elements in memory; None where that depends on the elements."""
    return None if array.metadata.data_type.variable else array.nbytes


def _fill_text(metadata: ArrayMetadata) -> str:
    """Write a fill value; an empty or a blank one is seen by its quotes."""
    if not metadata.fill_defined:
        return "not defined"
    value = metadata.fill_value
    return repr(value) if metadata.data_type.variable else str(value)


def unreadable(error: MetadataError) -> str:
    """Say in a tree why there is nothing to tell of a node."""
    return f"cannot be read: {error}"


def array_facts(array: Array) -> list[str]:
    """Tell the most important facts about an array in a few words each."""
    return [
        array.metadata.data_type.name,
        format_named_shape(array.shape, array.dimension_names),
        *(f"{name} {lengths}" for name, lengths in _layout(array).items()),
        chain_label(array.metadata.codecs),
        format_size(known_nbytes(array)),
    ]


def _layout(array: Array) -> dict[str, str]:
    """Tell the lengths of what is stored, and of the chunks in it."""
    stored = format_chunks(array.metadata.chunk_grid.listed())
    inner = inner_chunk_shape(array.metadata.codecs, array.ndim)
    if inner is None:
        return {"chunks": stored}
    return {"chunks": format_shape(inner), "shards": stored}
