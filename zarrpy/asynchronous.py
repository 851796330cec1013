"""Arrays and groups for callers that await, by the names that zarr-python gives them.

``await array.read.aio(...)`` says the same; this is for programs that are written already.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from zarrpy.api import open_array, open_group
from zarrpy.array import Array
from zarrpy.engine.nodes import given_node
from zarrpy.group import Group
from zarrpy.indexing import unwrapped
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.node import placed

if TYPE_CHECKING:
    from zarrpy.container import Member
    from zarrpy.indexing import Indexer

N = TypeVar("N", Array, Group)

__all__ = ["AsyncArray", "AsyncGroup", "AsyncIndexer", "AsyncOIndex", "AsyncVIndex"]


class _Same:
    """A property that a handle has from the one that it stands for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self.__doc__ = f"As of the blocking handle: `{name}`."

    def __get__(self, handle: _Handle[Any] | None, owner: type) -> Any:
        return self if handle is None else getattr(handle.blocking, self._name)


class _Awaited:
    """A method that a handle has from the one that it stands for, to be awaited."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self.__doc__ = f"Do what `{name}` of the blocking handle does."

    def __get__(self, handle: _Handle[Any] | None, owner: type) -> Any:
        return self if handle is None else getattr(handle.blocking, self._name).aio


class _Handle(Generic[N]):
    """A node for callers that await.

    Attributes
    ----------
    blocking : Array or Group
        The same node for callers that wait.
    """

    blocking: N

    attrs, basename, info, metadata, name, path = (_Same() for _ in range(6))
    read_only, store, store_path = _Same(), _Same(), _Same()
    info_complete = _Awaited()

    @classmethod
    def of(cls, blocking: N) -> Self:
        """Give the handle that stands for a blocking one."""
        made = cls.__new__(cls)
        made.blocking = blocking
        return made

    async def update_attributes(self, new_attributes: Mapping[str, Any]) -> Self:
        """Set several attributes in one write; the handle itself is returned."""
        made = normalise(new_attributes, path=self.blocking.path)
        await self.blocking.change_attributes.aio(lambda found: found.update(made))
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and bool(other.blocking == self.blocking)

    def __hash__(self) -> int:
        return hash(self.blocking)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.blocking!r}>"


class AsyncIndexer:
    """What stands before ``.getitem``, as in ``await array.oindex.getitem(selection)``.

    Parameters
    ----------
    array : AsyncArray
    """

    reads = ""

    def __init__(self, array: AsyncArray) -> None:
        self.array = array

    async def getitem(self, selection: Any) -> Any:
        """Read a selection."""
        indexer: Indexer = getattr(self.array.blocking, self.reads)
        return await indexer.aio(selection)


class AsyncOIndex(AsyncIndexer):
    """Orthogonal indexing: each array selects on an axis of its own."""

    reads = "oindex"


class AsyncVIndex(AsyncIndexer):
    """Vectorized indexing: the arrays name points together."""

    reads = "vindex"


class AsyncArray(_Handle[Array]):
    """An array for callers that await.

    Parameters
    ----------
    metadata : ArrayMetadata or dict
        What the array is, or its document.
    store_path : StorePath, or what names a store
    config : mapping or ArrayConfig, optional
    """

    __class_getitem__: ClassVar[Any] = classmethod(GenericAlias)

    def __init__(self, metadata: Any, store_path: Any, config: Any = None) -> None:
        store, path = placed(store_path)
        found = given_node(path, dict(metadata)) if isinstance(metadata, Mapping) else metadata
        if not isinstance(found, ArrayMetadata):
            raise TypeError(f"these are the metadata of a {type(found).__name__}, not of an array")
        blocking = Array(store, path, found)
        self.blocking = blocking if config is None else blocking.with_config(config)

    cdata_shape, chunks, compressor, compressors, config = (_Same() for _ in range(5))
    dtype, fill_value, filters, nbytes, nchunks, ndim = (_Same() for _ in range(6))
    order, read_chunk_sizes, serializer, shape, shards = (_Same() for _ in range(5))
    size, write_chunk_sizes = _Same(), _Same()
    append, resize = _Awaited(), _Awaited()
    get_coordinate_selection, get_mask_selection, get_orthogonal_selection = (
        _Awaited() for _ in range(3)
    )

    @classmethod
    def from_dict(cls, store_path: Any, data: Mapping[str, Any]) -> AsyncArray:
        """Make a handle of an array from its metadata document; nothing is read or written."""
        return cls.of(Array.from_dict(store_path, data))

    @classmethod
    async def open(
        cls, store: Any, zarr_format: int | None = 3, *, config: Any = None
    ) -> AsyncArray:
        """Open an array at the root of a store, or at a `StorePath`."""
        place, path = placed(store)
        opened = await open_array.aio(place, path=path, zarr_format=zarr_format, mode="r+")
        return cls.of(opened if config is None else opened.with_config(config))

    async def getitem(self, selection: Any, *, prototype: Any = None) -> Any:
        """Read a selection, as ``array[selection]`` does."""
        return unwrapped(await self.blocking.read.aio(selection), selection)

    async def setitem(self, selection: Any, value: Any, prototype: Any = None) -> None:
        """Write a selection, as ``array[selection] = value`` does."""
        await self.blocking.write.aio(selection, value)

    async def nbytes_stored(self) -> int:
        """Count the bytes that the array takes in its store."""
        return int(await self.blocking.nbytes_stored.aio())

    async def nchunks_initialized(self) -> int:
        """Count the chunks that are stored."""
        return int((await self.blocking._stored.aio()).nchunks)

    @property
    def oindex(self) -> AsyncOIndex:
        """Orthogonal indexing."""
        return AsyncOIndex(self)

    @property
    def vindex(self) -> AsyncVIndex:
        """Vectorized indexing."""
        return AsyncVIndex(self)

    def with_config(self, config: Any) -> AsyncArray:
        """Give another handle of the same array, with other settings."""
        return self.of(self.blocking.with_config(config))


class AsyncGroup(_Handle[Group]):
    """A group for callers that await.

    Parameters
    ----------
    metadata : GroupMetadata or dict
        What the group is, or its document.
    store_path : StorePath, or what names a store
    """

    def __init__(self, metadata: Any, store_path: Any) -> None:
        store, path = placed(store_path)
        found = given_node(path, dict(metadata)) if isinstance(metadata, Mapping) else metadata
        if not isinstance(found, GroupMetadata):
            raise TypeError(f"these are the metadata of a {type(found).__name__}, not of a group")
        self.blocking = Group(store, path, found)

    #: Writers are kept apart without it.
    synchronizer = None
    move, nmembers, tree = _Awaited(), _Awaited(), _Awaited()

    @classmethod
    def from_dict(cls, store_path: Any, data: Mapping[str, Any]) -> AsyncGroup:
        """Make a handle of a group from its metadata document; nothing is read or written."""
        return cls(data, store_path)

    @classmethod
    async def from_store(cls, store: Any, **keywords: Any) -> AsyncGroup:
        """Create a group at the root of a store, or at a `StorePath`."""
        place, path = placed(store)
        return cls.of(await Group.from_store.aio(place, path=path, **keywords))

    @classmethod
    async def open(
        cls, store: Any, zarr_format: int | None = 3, use_consolidated: Any = None
    ) -> AsyncGroup:
        """Open a group at the root of a store, or at a `StorePath`."""
        place, path = placed(store)
        opened = await open_group.aio(
            place, path=path, zarr_format=zarr_format, use_consolidated=use_consolidated, mode="r+"
        )
        return cls.of(opened)

    # ---------------------------------------------------------------------------- one member

    async def getitem(self, key: str) -> AsyncArray | AsyncGroup:
        """Read a member by its path."""
        return awaited(await self.blocking.get_node.aio(key))

    async def get(self, key: str, default: Any = None) -> Any:
        """Read a member by its path; give `default` where there is none."""
        found = await self.blocking.get.aio(key)
        return default if found is None else awaited(found)

    async def get_array(self, path: str) -> AsyncArray:
        """Read an array by its path."""
        return AsyncArray.of(await self.blocking.get_array.aio(path))

    async def get_group(self, path: str) -> AsyncGroup:
        """Read a group by its path."""
        return AsyncGroup.of(await self.blocking.get_group.aio(path))

    async def setitem(self, key: str, value: Any) -> None:
        """Store an array under a name; what was there goes."""
        await self.blocking.set.aio(key, value)

    async def delitem(self, key: str) -> None:
        """Delete a member."""
        await self.blocking.delete.aio(key)

    async def contains(self, member: str) -> bool:
        """Whether there is a member at a path."""
        return bool(await self.blocking.has.aio(member))

    # ---------------------------------------------------------------------------- all members

    async def members(
        self, max_depth: int | None = 0, *, use_consolidated_for_children: bool = True
    ) -> AsyncIterator[tuple[str, AsyncArray | AsyncGroup]]:
        """Give the arrays and groups of this group, with their paths."""
        found = await self.blocking.members.aio(
            max_depth, use_consolidated_for_children=use_consolidated_for_children
        )
        for path, node in found:
            yield path, awaited(node)

    async def keys(self) -> AsyncIterator[str]:
        """Name the members."""
        for name in await self.blocking.keys.aio():
            yield name

    async def arrays(self) -> AsyncIterator[tuple[str, AsyncArray]]:
        """Give the arrays with their names."""
        for name, array in await self.blocking.arrays.aio():
            yield name, AsyncArray.of(array)

    async def array_keys(self) -> AsyncIterator[str]:
        """Name the arrays."""
        for name in await self.blocking.array_keys.aio():
            yield name

    async def array_values(self) -> AsyncIterator[AsyncArray]:
        """Give the arrays."""
        for array in await self.blocking.array_values.aio():
            yield AsyncArray.of(array)

    async def groups(self) -> AsyncIterator[tuple[str, AsyncGroup]]:
        """Give the groups with their names."""
        for name, group in await self.blocking.groups.aio():
            yield name, AsyncGroup.of(group)

    async def group_keys(self) -> AsyncIterator[str]:
        """Name the groups."""
        for name in await self.blocking.group_keys.aio():
            yield name

    async def group_values(self) -> AsyncIterator[AsyncGroup]:
        """Give the groups."""
        for group in await self.blocking.group_values.aio():
            yield AsyncGroup.of(group)

    # ------------------------------------------------------------------------------- creating

    async def create_array(self, name: str, **keywords: Any) -> AsyncArray:
        """Create an array below this group."""
        return AsyncArray.of(await self.blocking.create_array.aio(name, **keywords))

    async def create_group(self, name: str, **keywords: Any) -> AsyncGroup:
        """Create a group below this group."""
        return AsyncGroup.of(await self.blocking.create_group.aio(name, **keywords))

    async def create_hierarchy(
        self, nodes: Mapping[str, Any], *, overwrite: bool = False
    ) -> AsyncIterator[tuple[str, AsyncArray | AsyncGroup]]:
        """Create several nodes: all of them, or none."""
        made = await self.blocking.create_hierarchy.aio(nodes, overwrite=overwrite)
        for path, node in dict(made).items():
            yield path, awaited(node)

    async def require_group(self, name: str, overwrite: bool = False) -> AsyncGroup:
        """Open a group below this one; create it when it is missing."""
        if overwrite:
            return await self.create_group(name, overwrite=True)
        return AsyncGroup.of(await self.blocking.require_group.aio(name))

    async def require_groups(self, *names: str) -> tuple[AsyncGroup, ...]:
        """Open several groups below this one; create those that are missing."""
        return tuple(map(AsyncGroup.of, await self.blocking.require_groups.aio(*names)))

    async def require_array(self, name: str, **keywords: Any) -> AsyncArray:
        """Open an array below this group; create it when it is missing."""
        return AsyncArray.of(await self.blocking.require_array.aio(name, **keywords))

    async def full(
        self, *, name: str, shape: Any, fill_value: Any = None, **keywords: Any
    ) -> AsyncArray:
        """Create an array of one value."""
        return AsyncArray.of(await self.blocking.full.aio(name, shape, fill_value, **keywords))

    async def zeros(self, *, name: str, shape: Any, **keywords: Any) -> AsyncArray:
        """Create an array of zeros."""
        return AsyncArray.of(await self.blocking.zeros.aio(name, shape, **keywords))

    async def ones(self, *, name: str, shape: Any, **keywords: Any) -> AsyncArray:
        """Create an array of ones."""
        return AsyncArray.of(await self.blocking.ones.aio(name, shape, **keywords))

    async def empty(self, *, name: str, shape: Any, **keywords: Any) -> AsyncArray:
        """Create an array; what is never written reads as the fill value."""
        return AsyncArray.of(await self.blocking.empty.aio(name, shape, **keywords))

    async def full_like(self, *, name: str, data: Any, **keywords: Any) -> AsyncArray:
        """Create an array of one value, like another one."""
        return AsyncArray.of(await self.blocking.full_like.aio(name, data, **keywords))

    async def zeros_like(self, *, name: str, data: Any, **keywords: Any) -> AsyncArray:
        """As `zeros`, in the shape and layout that another array has."""
        return AsyncArray.of(await self.blocking.zeros_like.aio(name, data, **keywords))

    async def ones_like(self, *, name: str, data: Any, **keywords: Any) -> AsyncArray:
        """As `ones`, in the shape and layout that another array has."""
        return AsyncArray.of(await self.blocking.ones_like.aio(name, data, **keywords))

    async def empty_like(self, *, name: str, data: Any, **keywords: Any) -> AsyncArray:
        """Create an array like another one."""
        return AsyncArray.of(await self.blocking.empty_like.aio(name, data, **keywords))


def awaited(node: Member) -> AsyncArray | AsyncGroup:
    """Give the handle of a node for callers that await."""
    return AsyncArray.of(node) if isinstance(node, Array) else AsyncGroup.of(node)
