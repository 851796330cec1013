"""A group in a store: a mapping from names to arrays and groups."""

from __future__ import annotations

import errno
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from zarrpy.array import Array
from zarrpy.creation import auto_keyword, check_as_described, created
from zarrpy.engine.lifecycle import create_node, delete_node, move_node, warn_of_foreign
from zarrpy.engine.nodes import (
    consolidated_children,
    consolidated_node,
    find_node,
    key_of,
    not_found,
    require_node,
    try_children,
)
from zarrpy.engine.operation import operation
from zarrpy.engine.requests import ListSizes
from zarrpy.errors import (
    MetadataError,
    NodeKindError,
    NodeNotFoundError,
    StoreError,
)
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.dtypes import from_numpy
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import check_path, normalise_path
from zarrpy.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrpy.engine.consolidate import Index
    from zarrpy.engine.nodes import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.info import Info, Tree
    from zarrpy.stores.base import Store

Member: TypeAlias = "Array | Group"


class Group(Node[GroupMetadata], MutableMapping[str, Any]):
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

    kind = "group"

    def __init__(
        self,
        store: Store,
        path: str,
        metadata: GroupMetadata,
        *,
        read_only: bool = False,
        index: Index | None = None,
    ) -> None:
        super().__init__(store, path, metadata, read_only=read_only)
        self._index = index

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

    @operation
    def info_complete(self) -> Steps[Info]:
        """Tell what `info` tells, what there is below, and how many bytes all of it takes.

        This lists the keys of the whole hierarchy.
        """
        from zarrpy.info import Info

        below = yield from self.members.steps(None)
        sizes = yield ListSizes(key_of(self.path, "") if self.path else "")
        arrays = sum(isinstance(member, Array) for _, member in below)
        return Info.of_hierarchy(
            self, arrays, len(below) - arrays, sum(nbytes for _, nbytes in sizes)
        )

    # ------------------------------------------------------------------------------- members

    def __getitem__(self, path: str) -> Any:
        return self.get_node(path)

    @operation
    def get_node(self, path: str) -> Steps[Member]:
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
    def members_or_errors(self) -> Steps[tuple[tuple[str, Member | MetadataError], ...]]:
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
    ) -> tuple[tuple[str, Member | MetadataError], ...]:
        return tuple(
            (name, self._member(key_of(self.path, name), found)) for name, found in children.items()
        )

    @operation
    def members(self, max_depth: int | None = 0) -> Steps[tuple[tuple[str, Member], ...]]:
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
        found: list[tuple[str, Member]] = []
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

    @operation
    def create_array(self, /, name: str, **keywords: Any) -> Steps[Array]:
        """Create an array below this group; keywords as of `zarrpy.create_array`."""
        self._check_writable("create an array in")
        path = self._new(name)
        keywords = auto_keyword(keywords)
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

    @operation
    def require_array(
        self,
        /,
        name: str,
        *,
        shape: tuple[int, ...] | int,
        dtype: Any = None,
        exact: bool = False,
        **keywords: Any,
    ) -> Steps[Array]:
        """Open an array below this group; create it when it is missing.

        Raises
        ------
        ShapeMismatchError
            When the array there has another shape.
        NodeKindError
            A TypeError, when its data type is another, or with `exact` false, cannot hold `dtype`.
        """
        path = self._below(name)
        found = yield from self._find(path)
        if found is None:
            made = self.create_array.steps(name, shape=shape, dtype=dtype, **keywords)
            return (yield from made)
        if isinstance(found, MetadataError):
            raise found
        if not isinstance(found, ArrayMetadata):
            raise NodeKindError(f"there is a group at {path!r}, not an array", path=path)
        array = Array(self.store, path, found, read_only=self.read_only)
        fits = dtype is None or (not exact and np.can_cast(array.dtype, from_numpy(dtype)[0].numpy))
        check_as_described(array, {"shape": shape, "dtype": None if fits else dtype})
        return array

    def __setitem__(self, name: str, value: Any) -> None:
        self.create_array(name, data=np.asarray(value), overwrite=True)

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    @operation
    def delete(self, name: str) -> Steps[None]:
        """Delete a member, with all that is Zarr below it.

        Other files stay; a `ForeignFilesWarning` names them.
        """
        path = yield from self._existing(name, "delete from")
        foreign = yield from delete_node(path)
        warn_of_foreign(self.store.place_of(path), foreign)

    @operation
    def move(self, source: str, target: str) -> Steps[None]:
        """Give a member, with all below it, another path; nothing is read or written again.

        Arrays and groups that were opened at the old path have to be opened anew.

        Parameters
        ----------
        source, target : str
            Paths below this group; groups on the way to the target are created.

        Raises
        ------
        NodeExistsError
            When there is something at the target.

        Examples
        --------
        >>> import zarrpy
        >>> group = zarrpy.create_group({})
        >>> group["a"] = [1, 2]
        >>> group.move("a", "kept/b")
        >>> group["kept/b"][1]
        np.int64(2)
        """
        path = yield from self._existing(source, "move members of")
        yield from move_node(path, self._new(target))

    @operation
    def rename(self, name: str, new: str) -> Steps[None]:
        """Give a member another name in the group that it is in.

        Parameters
        ----------
        name : str
            Path of the member.
        new : str
            Its last part from now on.
        """
        if "/" in new.strip("/"):
            raise MetadataError(f"{new!r} is a path, not a name", hint="move() takes paths")
        folder = name.strip("/").rpartition("/")[0]
        yield from self.move.steps(name, key_of(folder, new.strip("/")))

    def _existing(self, name: str, operation: str) -> Steps[str]:
        """Find the path of a member that is to be changed."""
        self._check_writable(operation)
        path = self._below(name)
        if path == self.path:
            raise ValueError(f"a group cannot {operation.split()[0]} itself")
        if (yield from self._find_stored(path)) is None:
            raise (yield from not_found(path))
        return path

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

    def _member(self, path: str, found: Metadata | MetadataError) -> Member | MetadataError:
        return found if isinstance(found, MetadataError) else self._node(path, found)

    def _node(self, path: str, metadata: Metadata) -> Member:
        made: Member
        if isinstance(metadata, ArrayMetadata):
            made = Array(self.store, path, metadata, read_only=self.read_only)
        else:
            made = Group(self.store, path, metadata, read_only=self.read_only, index=self._index)
        made.cache = self.cache
        return made

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        from zarrpy.info import group_line

        return group_line(self)
