"""A group in a store: a mapping from names to arrays and groups."""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from zarrpy.container import Container
from zarrpy.engine.copy import copy_node
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import delete_node, move_node, warn_of_foreign
from zarrpy.engine.nodes import key_of, not_found
from zarrpy.engine.operation import operation
from zarrpy.errors import MetadataError, NodeNotFoundError, ZarrError
from zarrpy.maker import Maker
from zarrpy.node import Node, api_function

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zarrpy.asynchronous import AsyncGroup
    from zarrpy.container import Member
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import GroupMetadata

# What a handle is made of; other names stand for members.
_OWN = frozenset(
    ("store", "path", "metadata", "read_only", "cache", "given", "prefetch", "metadata_ttl")
)

# In the place of a default that is not given.
_REQUIRED: Any = object()


class Group(Maker, MutableMapping[str, Any]):
    """Arrays and groups by name; nested ones by path, such as ``group["a/b"]``.

    Made by `open_group`, `create_group` and their relatives, not by hand. Members whose names are
    identifiers can be read as attributes, too: ``group.a.b``.

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

    #: Opens a group: `zarrpy.open_group`.
    open: api_function[Group] = api_function("open_group")
    #: Creates a group: `zarrpy.create_group`.
    from_store: api_function[Group] = api_function("create_group")
    #: What zarr-python 2 kept writers apart with; writers are kept apart without it.
    synchronizer = None

    @property
    def async_group(self) -> AsyncGroup:
        """The same group, for callers that await, by zarr-python's names."""
        from zarrpy.asynchronous import AsyncGroup

        return AsyncGroup.of(self)

    _async_group = async_group

    async def update_attributes_async(self, new_attributes: Mapping[str, Any]) -> Self:
        """Set several attributes in one write; the group itself is returned."""
        await self.async_group.update_attributes(new_attributes)
        return self

    def __setitem__(self, name: str, value: Any) -> None:
        self.set(name, value)

    @operation
    def set(self, name: str, value: Any) -> Steps[Member]:
        """Store an array under a name, as ``group[name] = value`` does; what was there goes.

        Parameters
        ----------
        name : str
            Path of the member; groups on the way are created.
        value : array-like, Array or Group
            An array or a group of any store is copied as it is stored.
        """
        self._check_writable("create an array in")
        if not isinstance(value, Node):
            made = self.create_array.steps(name, data=_array_like(value), overwrite=True)
            return (yield from made)
        path = self._new(name)
        yield from elsewhere(value.store, value._settle())
        source = (value.store, value.path)
        copied = yield from copy_node(source, value.metadata, (self.store, path), overwrite=True)
        return self._node(path, copied)

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
        yield from self._tell_anew()

    @operation
    def clear(self) -> Steps[None]:
        """Delete all members, one after the other."""
        for name in (yield from self.keys.steps()):
            yield from self.delete.steps(name)

    @operation
    def pop(self, name: str, default: Any = _REQUIRED) -> Steps[Any]:
        """Delete a member, and give what it was.

        Its shape, its attributes and so on can still be asked for; what it held is gone.

        Parameters
        ----------
        name : str
            Path of the member.
        default : object, optional
            Given where there is no member; without it that is an error.
        """
        node = yield from self._look(name)
        if node is None:
            if default is _REQUIRED:
                raise (yield from not_found(self._below(name), opening=False))
            return default
        yield from self.delete.steps(name)
        return node

    @operation
    def popitem(self) -> Steps[tuple[str, Member]]:
        """Delete the last member, and give its name and what it was, as `pop` does.

        Raises
        ------
        NodeNotFoundError
            A KeyError, when there is none.
        """
        names = list((yield from self.keys.steps()))
        if not names:
            raise NodeNotFoundError(f"the group at {self.path or '/'!r} is empty", path=self.path)
        return names[-1], (yield from self.pop.steps(names[-1]))

    @operation
    def setdefault(self, name: str, default: Any = None) -> Steps[Member]:
        """Read a member; where there is none, store one as `set` does."""
        node = yield from self.get.steps(name)
        return (yield from self.set.steps(name, default)) if node is None else node

    @operation
    def update(  # type: ignore[override]
        self, other: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **more: Any
    ) -> Steps[None]:
        """Store several members, one after the other, as `set` does.

        `create_hierarchy` stores all of them or none.
        """
        if isinstance(other, Container):
            other = yield from elsewhere(other.store, other.items.steps())
        for name, value in dict(other, **more).items():
            yield from self.set.steps(name, value)

    @operation
    def copy(self, source: str, target: str, *, overwrite: bool = False) -> Steps[Member]:
        """Copy a member, with all below it, to another path of this group, as it is stored.

        Parameters
        ----------
        source, target : str
            Paths below this group; groups on the way to the target are created.
        overwrite : bool
            Replace what is at the target.

        Returns
        -------
        Array or Group
            The copy.

        Raises
        ------
        NodeExistsError
            When there is something at the target, or it lies within the source.

        See Also
        --------
        zarrpy.copy : between groups and stores.
        """
        self._check_writable("copy members of")
        node = yield from self._required(self._below(source))
        path = self._new(target)
        ours = (self.store, node.path), (self.store, path)
        copied = yield from copy_node(ours[0], node.metadata, ours[1], overwrite=overwrite)
        return self._node(path, copied)

    @operation
    def move(self, source: str, dest: str) -> Steps[None]:
        """Give a member, with all below it, another path; nothing is read or written again.

        Arrays and groups that were opened at the old path have to be opened anew.

        Parameters
        ----------
        source, dest : str
            Paths below this group; groups on the way to the second are created.

        Raises
        ------
        NodeExistsError
            When there is something at `dest`.

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
        yield from move_node(path, self._new(dest))

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
        if "/" in new.strip("/") or not new.strip("/"):
            raise MetadataError(f"{new!r} is no name of a member", hint="move() takes paths")
        folder = name.strip("/").rpartition("/")[0]
        yield from self.move.steps(name, key_of(folder, new.strip("/")))

    def _existing(self, name: str, operation: str) -> Steps[str]:
        """Find the path of a member that is to be changed."""
        self._check_writable(operation)
        path = self._below(name)
        if path == self.path:
            raise ValueError(f"a group cannot {operation.split()[0]} itself")
        if (yield from self._find_stored(path)) is None:
            raise (yield from not_found(path, opening=False))
        return path

    def _group(self, path: str, metadata: GroupMetadata) -> Group:
        return Group(self.store, path, metadata, read_only=self.read_only, index=self._index)

    # --------------------------------------------------------------------- members as attributes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "store" not in self.__dict__:  # nobody asks the store for those
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        try:
            return self.get_node(name)
        except NodeNotFoundError as error:
            raise AttributeError(str(error)) from error

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in _OWN:
            raise AttributeError(
                f"members are not set as attributes -> group[{name!r}] = ... stores an array"
            )
        super().__setattr__(name, value)

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *filter(str.isidentifier, self._names())})

    def _ipython_key_completions_(self) -> list[str]:
        return self._names()

    def _names(self) -> list[str]:
        """List the members for who only looks around, and is not to be told of any trouble."""
        with suppress(ZarrError):
            return list(self)
        return []


def _array_like(value: Any) -> Any:
    import numpy as np

    return np.asarray(value)
