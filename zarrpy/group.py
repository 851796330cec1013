"""A group in a store: a mapping from names to arrays and groups."""

from __future__ import annotations

import errno
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from zarrpy.array import Array
from zarrpy.attributes import Attributes
from zarrpy.creation import auto_keyword, created
from zarrpy.engine.nodes import (
    change_attributes,
    consolidated_children,
    consolidated_node,
    create_node,
    delete_node,
    find_node,
    key_of,
    not_found,
    require_node,
    try_children,
)
from zarrpy.engine.operation import operation
from zarrpy.errors import (
    MetadataError,
    NodeKindError,
    NodeNotFoundError,
    ReadOnlyStoreError,
    ShapeMismatchError,
    StoreError,
)
from zarrpy.metadata.dtypes import from_numpy
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import check_path, normalise_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zarrpy.engine.consolidate import Index
    from zarrpy.engine.nodes import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.info import Info, Tree
    from zarrpy.stores.base import Store

Node: TypeAlias = "Array | Group"


class Group(MutableMapping[str, Any]):
    """Arrays and groups by name; nested ones by path, such as ``group["a/b"]``.

    Made by `open_group`, `create_group` and their relatives, not by hand.

    Parameters
    ----------
    store : Store
    path : str
        Of the group within the store; "" is the root.
    metadata : GroupMetadata
    read_only : bool
        Refuse every change.
    index : Index, optional
        Consolidated metadata that tell the members, instead of the store.
    """

    def __init__(
        self,
        store: Store,
        path: str,
        metadata: GroupMetadata,
        *,
        read_only: bool = False,
        index: Index | None = None,
    ) -> None:
        self.store = store
        self.path = path
        self.metadata = metadata
        self.read_only = read_only or store.read_only
        self._index = index

    @property
    def name(self) -> str:
        """Path with a leading slash."""
        return "/" + self.path

    @property
    def basename(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def attrs(self) -> Attributes:
        """Attributes, written through to the store."""
        return Attributes(self)

    @property
    def is_consolidated(self) -> bool:
        """Whether members are told by consolidated metadata, of this group or of one above it."""
        return self._index is not None and self._consults_index()

    @operation
    def _consults_index(self) -> Steps[bool]:
        return (yield from self._live_index()) is not None

    def _live_index(self) -> Steps[Index | None]:
        """Give the consolidated metadata as this process last wrote them, while there are any."""
        if self._index is not None and not (yield from self._index.refresh()):
            self._index = None
        return self._index

    @property
    def info(self) -> Info:
        """What there is to know about the group itself."""
        from zarrpy.info import Info

        return Info.of_group(self)

    # ------------------------------------------------------------------------------- members

    def __getitem__(self, path: str) -> Any:
        return self.get_node(path)

    @operation
    def get_node(self, path: str) -> Steps[Node]:
        """Read a member by its path.

        Raises
        ------
        NodeNotFoundError
            A KeyError, when there is nothing at the path.
        """
        full = self._below(path)
        found = yield from self._find(full)
        if found is None:
            raise (yield from not_found(full))
        if isinstance(found, MetadataError):
            raise found
        return self._node(full, found)

    def _find(self, full: str) -> Steps[Metadata | MetadataError | None]:
        """Read the node at a path of the store; below a file there is none."""
        index = yield from self._live_index()
        if index is not None and full != index.path:
            return consolidated_node(full, index.documents(full))
        return (yield from self._find_stored(full))

    def _find_stored(self, full: str) -> Steps[Metadata | MetadataError | None]:
        try:
            found = yield from find_node(full, self.metadata.zarr_format)
        except StoreError as error:
            if error.errno != errno.ENOTDIR:
                raise
            return None
        return found

    def __contains__(self, path: object) -> bool:
        try:
            return isinstance(path, str) and self._has(path)
        except NodeNotFoundError:  # not a path at all
            return False

    @operation
    def _has(self, path: str) -> Steps[bool]:
        found = yield from self._find(self._below(path))
        return found is not None

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.members_or_errors()])

    def __len__(self) -> int:
        return len(self.members_or_errors())

    @operation
    def members_or_errors(self) -> Steps[tuple[tuple[str, Node | MetadataError], ...]]:
        """Read the direct members; an error stands for one that cannot be understood.

        So one array of an unknown data type does not hide the others.
        """
        index = yield from self._live_index()
        if index is not None:
            return self._named(consolidated_children(self.path, index))
        children = yield from try_children(self.path, self.metadata.zarr_format)
        if not children:  # an empty group is one that is there
            yield from require_node(self.path, self.metadata.zarr_format, GroupMetadata)
        return self._named(children)

    def _named(
        self, children: dict[str, Metadata | MetadataError]
    ) -> tuple[tuple[str, Node | MetadataError], ...]:
        return tuple(
            (name, self._member(key_of(self.path, name), found)) for name, found in children.items()
        )

    @operation
    def members(self, max_depth: int | None = 0) -> Steps[tuple[tuple[str, Node], ...]]:
        """Read the arrays and groups of this group.

        Parameters
        ----------
        max_depth : int, optional
            How many levels of groups to descend into: 0 gives the direct members, None all.

        Returns
        -------
        tuple of (str, Array or Group)
            Paths relative to this group.

        Raises
        ------
        MetadataError
            When a member cannot be understood; `members_or_errors` gives the others.
        """
        found: list[tuple[str, Node]] = []
        for name, node in (yield from self.members_or_errors.steps()):
            if isinstance(node, MetadataError):
                raise node
            found.append((name, node))
            if isinstance(node, Group) and max_depth != 0:
                depth = None if max_depth is None else max_depth - 1
                below = yield from node.members.steps(depth)
                found.extend((f"{name}/{path}", member) for path, member in below)
        return tuple(found)

    def arrays(self) -> tuple[tuple[str, Array], ...]:
        """List the arrays directly in this group, with their names."""
        return tuple((name, node) for name, node in self.members() if isinstance(node, Array))

    def groups(self) -> tuple[tuple[str, Group], ...]:
        """List the groups directly in this group, with their names."""
        return tuple((name, node) for name, node in self.members() if isinstance(node, Group))

    def array_keys(self) -> tuple[str, ...]:
        """List the names of the arrays."""
        return tuple(name for name, _ in self.arrays())

    def group_keys(self) -> tuple[str, ...]:
        """List the names of the groups."""
        return tuple(name for name, _ in self.groups())

    def tree(self, level: int | None = None, *, max_nodes: int = 500) -> Tree:
        """Draw the hierarchy below this group.

        Parameters
        ----------
        level : int, optional
            How many levels to descend.
        max_nodes : int
            How many nodes to draw at most.
        """
        from zarrpy.info import Tree

        return Tree.of(self, level, max_nodes)

    # ------------------------------------------------------------------------------ creating

    def create_array(self, name: str, **keywords: Any) -> Array:
        """Create an array below this group; keywords as of `zarrpy.create_array`."""
        return self._create_array(name, auto_keyword(keywords))

    @operation
    def _create_array(self, name: str, keywords: dict[str, Any]) -> Steps[Array]:
        self._check_writable("create an array in")
        path = self._new(name)
        overwrite = keywords.pop("overwrite", False)
        write_data = keywords.pop("write_data", True)
        keywords.setdefault("zarr_format", self.metadata.zarr_format)
        made = created(self.store, path, keywords, overwrite=overwrite, write_data=write_data)
        return (yield from made)

    @operation
    def create_group(
        self, name: str, *, overwrite: bool = False, attributes: Mapping[str, Any] | None = None
    ) -> Steps[Group]:
        """Create a group below this one, and the groups on the way to it.

        Raises
        ------
        NodeExistsError
            When there is a node already and `overwrite` is false.
        """
        from zarrpy.metadata.attributes import normalise

        self._check_writable("create a group in")
        path = self._new(name)
        metadata = GroupMetadata(normalise(attributes or {}, path=path), self.metadata.zarr_format)
        yield from create_node(path, metadata, overwrite=overwrite)
        return Group(self.store, path, metadata, index=self._index)

    @operation
    def require_group(self, name: str) -> Steps[Group]:
        """Open a group below this one; create it when it is missing."""
        path = self._below(name)
        found = yield from self._find(path)
        if found is None:
            return (yield from self.create_group.steps(name))
        if isinstance(found, MetadataError):
            raise found
        if not isinstance(found, GroupMetadata):
            raise NodeKindError(f"there is an array at {path!r}, not a group", path=path)
        return Group(self.store, path, found, read_only=self.read_only, index=self._index)

    def require_array(
        self,
        name: str,
        *,
        shape: tuple[int, ...] | int,
        dtype: Any = None,
        exact: bool = False,
        **keywords: Any,
    ) -> Array:
        """Open an array below this group; create it when it is missing.

        Raises
        ------
        ShapeMismatchError
            When the array there has another shape.
        TypeError
            When its data type is another, or with `exact` false, cannot hold `dtype`.
        """
        path = self._below(name)
        if name not in self:
            return self.create_array(name, shape=shape, dtype=dtype, **keywords)
        found = self[name]
        if not isinstance(found, Array):
            raise NodeKindError(f"there is a group at {path!r}, not an array", path=path)
        wanted = (shape,) if isinstance(shape, int) else tuple(shape)
        if found.shape != wanted:
            raise ShapeMismatchError(
                f"the array at {path!r} has shape {found.shape}, not {wanted}",
                expected=wanted,
                actual=found.shape,
            )
        if dtype is not None:
            given = from_numpy(dtype)[0].numpy
            fits = found.dtype == given if exact else np.can_cast(found.dtype, given)
            if not fits:
                raise TypeError(f"the array at {path!r} has data type {found.dtype}, not {given}")
        return found

    def __setitem__(self, name: str, value: Any) -> None:
        self._store_value(name, np.asarray(value))

    @operation
    def _store_value(self, name: str, value: np.ndarray[Any, Any]) -> Steps[None]:
        keywords = {"data": value, "overwrite": True}
        yield from self._create_array.steps(name, keywords)

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    @operation
    def delete(self, name: str) -> Steps[None]:
        """Delete a member and everything below it."""
        self._check_writable("delete from")
        path = self._below(name)
        if path == self.path:
            raise ValueError("a group cannot delete itself")
        if (yield from self._find_stored(path)) is None:
            raise (yield from not_found(path))
        yield from delete_node(path)

    # ------------------------------------------------------------------------------ changing

    def _attributes(self) -> dict[str, Any]:
        return self.metadata.attributes

    @operation
    def change_attributes(self, change: Callable[[dict[str, Any]], Any]) -> Steps[None]:
        """Apply a function to the attributes as they are stored now, and write them."""
        self._check_writable("change the attributes of")
        format_ = self.metadata.zarr_format
        new = yield from change_attributes(self.path, format_, GroupMetadata, change)
        assert isinstance(new, GroupMetadata)
        self.metadata = new

    def _new(self, name: str) -> str:
        """Give the path of a member to be created."""
        relative = check_path(name)
        if not relative:
            raise MetadataError("a member of a group needs a name", path=self.path or "/")
        return key_of(self.path, relative)

    def _below(self, path: str) -> str:
        try:
            relative = normalise_path(path)
        except ValueError as error:
            raise NodeNotFoundError(str(error), path=str(path)) from error
        return key_of(self.path, relative) if relative else self.path

    def _member(self, path: str, found: Metadata | MetadataError) -> Node | MetadataError:
        return found if isinstance(found, MetadataError) else self._node(path, found)

    def _node(self, path: str, metadata: Metadata) -> Node:
        if isinstance(metadata, ArrayMetadata):
            return Array(self.store, path, metadata, read_only=self.read_only)
        return Group(self.store, path, metadata, read_only=self.read_only, index=self._index)

    def _check_writable(self, operation: str) -> None:
        if self.read_only:
            raise ReadOnlyStoreError(
                "the group was opened read-only",
                store=repr(self.store),
                key=self.name,
                operation=operation,
                hint="open it with mode='r+' to change it",
            )

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return f"<zarrpy.Group {self.name!r} in {self.store!r}>"
