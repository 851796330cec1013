"""A group as it is read: its members by name, by path, by pattern, and as a drawing."""

from __future__ import annotations

import errno
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

from zarrpy.array import Array
from zarrpy.engine.nodes import (
    consolidated_children,
    consolidated_names,
    consolidated_node,
    find_nodes,
    key_of,
    not_found,
    require_node,
    try_children,
)
from zarrpy.engine.operation import operation
from zarrpy.engine.recent import recently
from zarrpy.engine.requests import ListSizes
from zarrpy.errors import (
    ArrayNotFoundError,
    GroupNotFoundError,
    MetadataError,
    NodeInTheWayError,
    NodeKindError,
    NodeNotFoundError,
    StoreError,
)
from zarrpy.metadata.glob import Glob
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import normalise_path
from zarrpy.node import Node

if TYPE_CHECKING:
    from collections.abc import Collection

    from zarrpy.engine.consolidate import Index
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.group import Group
    from zarrpy.info import Info, Tree
    from zarrpy.metadata.glob import State

    Member: TypeAlias = Array | Group
    Named: TypeAlias = tuple[tuple[str, Member], ...]


class Container(Node[GroupMetadata], Mapping[str, Any]):
    """What a group tells of its members.

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
        store: Any,
        path: str | None = None,
        metadata: GroupMetadata | None = None,
        *,
        read_only: bool = False,
        index: Index | None = None,
    ) -> None:
        super().__init__(store, path, metadata, read_only=read_only)
        if path is None:
            return
        self._index = index
        if index is not None and not self.metadata.tells:
            self.metadata = replace(self.metadata, told=partial(index.below, path))

    def _tell_anew(self) -> Steps[None]:
        """Let the metadata say of the members what is consolidated now."""
        index = yield from self._live_index()
        if index is not None:
            self.metadata = replace(self.metadata, told=partial(index.below, self.path))

    @property
    def is_consolidated(self) -> bool:
        """Whether members are told by consolidated metadata, of this group or of one above it."""
        return self._index is not None and self._consults_index()

    @operation
    def _consults_index(self) -> Steps[bool]:
        return (yield from self._live_index()) is not None

    def _live_index(self) -> Steps[Index | None]:
        """Give the consolidated metadata as this process last wrote them, while there are any.

        In a transaction there are none: what members are is compared when it is committed, so it
        has to be read from their own documents.
        """
        if self.store.transaction is not None:
            return None
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

    # ------------------------------------------------------------------------------ one member

    def __getitem__(self, path: str) -> Any:
        return self.get_node(path)

    @operation
    def get_node(self, path: str) -> Steps[Member]:
        """Read a member by its path.

        Raises
        ------
        NodeNotFoundError
            A KeyError, when there is nothing at the path.
        UnsupportedExtensionError
            When the elements of an array cannot be read here, as it has a codec that is not known.
            `members` gives such an array nevertheless: its metadata can be looked at, and it can
            be copied, moved and deleted.
        """
        return _readable((yield from self._required(self._below(path))))

    @operation
    def get(self, path: str, default: Any = None) -> Steps[Any]:
        """Read a member by its path, as `get_node` does; give `default` where there is none."""
        node = yield from self._look(path)
        return default if node is None else _readable(node)

    @operation
    def get_array(self, path: str) -> Steps[Array]:
        """Read an array by its path.

        Raises
        ------
        ArrayNotFoundError
            When there is nothing.
        NodeKindError
            When there is a group.
        """
        try:
            return as_array((yield from self.get_node.steps(path)))
        except NodeNotFoundError as error:
            raise _of_kind(ArrayNotFoundError, "No array found in store", error) from error
        except NodeKindError as error:
            words = f"A group exists in store: {error.message}"
            raise NodeInTheWayError(words, path=error.path, found="group") from error

    @operation
    def get_group(self, path: str) -> Steps[Group]:
        """Read a group by its path.

        Raises
        ------
        GroupNotFoundError
            When there is nothing.
        NodeKindError
            When there is an array.
        """
        try:
            return as_group((yield from self.get_node.steps(path)))
        except NodeNotFoundError as error:
            raise _of_kind(GroupNotFoundError, "No group found in store", error) from error
        except NodeKindError as error:
            words = f"An array exists in store: {error.message}"
            raise NodeInTheWayError(words, path=error.path, found="array") from error

    def _look(self, path: str) -> Steps[Member | None]:
        """Read a member where there is one, whether or not its elements can be read."""
        try:
            full = self._below(path)
        except NodeNotFoundError:  # not a path at all
            return None
        return (yield from self._member(full))

    def _required(self, full: str) -> Steps[Member]:
        """Read the node at a path of the store, whether or not its elements can be read."""
        node = yield from self._member(full)
        if node is None:
            raise (yield from not_found(full))
        return node

    def _member(self, full: str) -> Steps[Member | None]:
        found = yield from self._find(full)
        if isinstance(found, MetadataError):
            raise found
        return None if found is None else self._node(full, found)

    def _find(self, full: str) -> Steps[Metadata | MetadataError | None]:
        """Read the node at a path of the store; below a file there is none."""
        index = yield from self._live_index()
        if index is not None and full != index.path:
            return consolidated_node(full, index.documents(full))
        return (yield from self._find_stored(full))

    def _find_stored(self, full: str) -> Steps[Metadata | MetadataError | None]:
        """Read a node of the store; where it may be changed, one that was cut off is put back."""
        prefer = self.metadata.zarr_format
        steps = find_nodes([full], prefer, restore=not self.read_only)
        try:
            (found,) = yield from recently(self.metadata_ttl, steps)
        except StoreError as error:
            if error.errno != errno.ENOTDIR:
                raise
            return None
        return found

    def __contains__(self, path: object) -> bool:
        try:
            return isinstance(path, str) and self.has(path)
        except NodeNotFoundError:  # not a path at all
            return False

    @operation
    def has(self, path: str) -> Steps[bool]:
        """Whether there is a member at a path, as ``path in group`` tells."""
        found = yield from self._find(self._below(path))
        return found is not None

    # ----------------------------------------------------------------------------- all members

    def __iter__(self) -> Iterator[str]:
        return iter(self._member_names())

    def __len__(self) -> int:
        return len(self._member_names())

    @operation
    def _member_names(self) -> Steps[list[str]]:
        """List the direct members; what is consolidated need not be understood for that."""
        index = yield from self._live_index()
        if index is not None:
            return consolidated_names(self.path, index)
        return [name for name, _ in (yield from self.members_or_errors.steps())]

    @operation
    def members_or_errors(self) -> Steps[tuple[tuple[str, Member | MetadataError], ...]]:
        """Read the direct members; an error stands for one that cannot be understood.

        So one array of an unknown data type does not hide the others.
        """
        index = yield from self._live_index()
        if index is not None:
            children = consolidated_children(self.path, index)
        else:
            prefer = self.metadata.zarr_format
            steps = try_children(self.path, prefer, restore=not self.read_only)
            children = yield from recently(self.metadata_ttl, steps)
            if not children:  # an empty group is one that is there
                yield from require_node(self.path, prefer, GroupMetadata)
        return self._named(children)

    @operation
    def keys(self) -> Steps[KeysView[str]]:
        """List the names of the direct members as they are now, all of them."""
        return dict.fromkeys((yield from self._member_names.steps())).keys()

    @operation
    def values(self) -> Steps[ValuesView[Member]]:
        """Read the direct members as they are now, as `members` does."""
        return dict((yield from self.members.steps())).values()

    @operation
    def items(self) -> Steps[ItemsView[str, Member]]:
        """Read the direct members as they are now, with their names, as `members` does."""
        return dict((yield from self.members.steps())).items()

    def _named(
        self, children: dict[str, Metadata | MetadataError]
    ) -> tuple[tuple[str, Member | MetadataError], ...]:
        return tuple(
            (name, found if isinstance(found, MetadataError) else self._node(each, found))
            for name, found in children.items()
            for each in [key_of(self.path, name)]
        )

    @operation
    def members(
        self, max_depth: int | None = 0, *, use_consolidated_for_children: bool = True
    ) -> Steps[Named]:
        """Read the arrays and groups of this group.

        Parameters
        ----------
        max_depth : int, optional
            How many levels of groups to descend into: 0 gives the direct members, None all.
        use_consolidated_for_children : bool
            Ask consolidated metadata, where there are some, and not the store.

        Returns
        -------
        tuple of (str, Array or Group)
            Paths relative to this group.

        Raises
        ------
        MetadataError
            When a member cannot be understood; `members_or_errors` gives the others.
        ValueError
            When `max_depth` is negative.
        """
        if self._index is not None and not use_consolidated_for_children:
            plain = self._group(self.path, self.metadata)
            plain._index = None
            return (yield from plain.members.steps(max_depth))
        _check_depth("max_depth", max_depth)
        found: list[tuple[str, Member]] = []
        for name, node in (yield from self.members_or_errors.steps()):
            if isinstance(node, MetadataError):
                raise node
            found.append((name, node))
            if not isinstance(node, Array) and max_depth != 0:
                depth = None if max_depth is None else max_depth - 1
                below = yield from node.members.steps(depth)
                found.extend((f"{name}/{path}", member) for path, member in below)
        return tuple(found)

    @operation
    def nmembers(self, max_depth: int | None = 0) -> Steps[int]:
        """Count the arrays and groups of this group; `max_depth` as of `members`."""
        return len((yield from self.members.steps(max_depth)))

    @operation
    def walk(self, glob: str = "**") -> Steps[Named]:
        """Find the arrays and groups below this group whose paths match a pattern.

        Parameters
        ----------
        glob : str
            ``*``, ``?`` and ``[abc]`` stand for parts of one name, ``**`` for any number of names:
            ``"**/t2m"``, ``"run-*/mask"``. Groups below which nothing can match are not looked
            into.

        Returns
        -------
        tuple of (str, Array or Group)
            Paths relative to this group, each group before its members.

        Raises
        ------
        MetadataError
            When a node that matches cannot be understood, or `glob` is no pattern.

        Examples
        --------
        >>> import zarrpy
        >>> group = zarrpy.create_group({})
        >>> group["a/t2m"], group["b/t2m"], group["b/mask"] = [1, 2], [3], [4]
        >>> [path for path, _ in group.walk("**/t*")]
        ['a/t2m', 'b/t2m']
        """
        pattern = Glob(glob)
        return tuple((yield from self._walk(pattern, pattern.start)))

    def _walk(self, glob: Glob, state: State) -> Steps[list[tuple[str, Member]]]:
        found: list[tuple[str, Member]] = []
        names = glob.only(state)
        if names is None:
            children = yield from self.members_or_errors.steps()
        else:
            children = yield from self._members_of(names)
        for name, node in children:
            after = glob.after(state, name)
            if glob.accepts(after):
                if isinstance(node, MetadataError):
                    raise node
                found.append((name, node))
            if isinstance(node, Container) and glob.goes_on(after):
                below = yield from node._walk(glob, after)
                found.extend((f"{name}/{path}", member) for path, member in below)
        return found

    def _members_of(
        self, names: Collection[str]
    ) -> Steps[tuple[tuple[str, Member | MetadataError], ...]]:
        """Read the members of these names, those that there are."""
        children = {}
        for name in names:
            found = yield from self._find(key_of(self.path, name))
            if found is not None:
                children[name] = found
        return self._named(children)

    # ------------------------------------------------------------------- arrays and groups apart

    @operation
    def arrays(self) -> Steps[tuple[tuple[str, Array], ...]]:
        """Read the arrays directly in this group, with their names."""
        members = yield from self.members.steps()
        return tuple((name, node) for name, node in members if isinstance(node, Array))

    @operation
    def groups(self) -> Steps[tuple[tuple[str, Group], ...]]:
        """Read the groups directly in this group, with their names."""
        members = yield from self.members.steps()
        return tuple((name, node) for name, node in members if not isinstance(node, Array))

    @operation
    def array_keys(self) -> Steps[tuple[str, ...]]:
        """List the names of the arrays."""
        return tuple(name for name, _ in (yield from self.arrays.steps()))

    @operation
    def group_keys(self) -> Steps[tuple[str, ...]]:
        """List the names of the groups."""
        return tuple(name for name, _ in (yield from self.groups.steps()))

    @operation
    def array_values(self) -> Steps[tuple[Array, ...]]:
        """Read the arrays directly in this group."""
        return tuple(node for _, node in (yield from self.arrays.steps()))

    @operation
    def group_values(self) -> Steps[tuple[Group, ...]]:
        """Read the groups directly in this group."""
        return tuple(node for _, node in (yield from self.groups.steps()))

    @operation
    def tree(
        self,
        level: int | None = None,
        *,
        expand: bool | None = None,
        max_nodes: int = 500,
        plain: bool = False,
    ) -> Steps[Tree]:
        """Draw the hierarchy below this group; chunks are never looked at.

        Parameters
        ----------
        level : int, optional
            How many levels to descend.
        expand : bool, optional
            Not looked at: every branch is drawn.
        max_nodes : int
            How many nodes to draw at most. Groups after those are not looked into.
        plain : bool
            Not looked at: a tree is plain text where a terminal shows no colours.
        """
        from zarrpy.info import Tree

        _check_depth("level", level)
        return (yield from Tree.of(self, level, max_nodes))

    # ---------------------------------------------------------------------------------- paths

    def _below(self, path: str) -> str:
        try:
            relative = normalise_path(path)
        except ValueError as error:
            raise NodeNotFoundError(str(error), path=str(path)) from error
        return key_of(self.path, relative) if relative else self.path

    def _node(self, path: str, metadata: Metadata) -> Member:
        made: Member
        if isinstance(metadata, ArrayMetadata):
            made = Array(self.store, path, metadata, read_only=self.read_only)
        else:
            made = self._group(path, metadata)
        made.cache, made.given, made.prefetch = self.cache, self.given, self.prefetch
        made.metadata_ttl = self.metadata_ttl
        return made

    def _group(self, path: str, metadata: GroupMetadata) -> Group:
        """Make a handle of a group below this one."""
        raise NotImplementedError

    __eq__, __hash__ = Node.__eq__, Node.__hash__  # not those of mappings, which read all members

    def __repr__(self) -> str:
        from zarrpy.info import group_line

        return group_line(self)


def _check_depth(name: str, given: int | None) -> None:
    """Refuse what is no number of levels; below zero would be all of them."""
    if given is not None and (not isinstance(given, SupportsIndex) or given.__index__() < 0):
        raise ValueError(f"{name} must be None or an integer of at least 0, not {given!r}")


def _of_kind(
    kind: type[NodeNotFoundError], words: str, error: NodeNotFoundError
) -> NodeNotFoundError:
    """Say of which kind the node is that is not there; programs look for the first words."""
    return kind(f"{words}: {error.message}", path=error.path, nearest=error.nearest)


def as_array(node: Member) -> Array:
    """Refuse a group where an array was asked for."""
    if not isinstance(node, Array):
        where = node.path or "/"
        raise NodeKindError(f"there is a group at {where!r}, not an array", path=node.path)
    return node


def as_group(node: Member) -> Group:
    """Refuse an array where a group was asked for."""
    if isinstance(node, Array):
        where = node.path or "/"
        raise NodeKindError(f"there is an array at {where!r}, not a group", path=node.path)
    return node


def _readable(node: Member) -> Member:
    """Refuse an array of a codec that is not known now, and not at the first read."""
    if isinstance(node, Array):
        node.codecs  # noqa: B018
    return node
