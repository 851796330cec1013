"""What arrays and groups have in common: a place in a store, and attributes."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from time import time
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Self, TypeVar, cast

from zarrpy.attributes import Attributes
from zarrpy.engine.nodes import change_attributes, require_opened
from zarrpy.engine.operation import operation
from zarrpy.errors import ReadOnlyStoreError
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zarrpy.engine.operation import Entry
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

M = TypeVar("M", ArrayMetadata, GroupMetadata)
T = TypeVar("T")


class StorePath(NamedTuple):
    """A place in a store.

    Attributes
    ----------
    store : Store
    path : str
    """

    store: Store
    path: str = ""

    def __str__(self) -> str:
        return self.store.place_of(self.path)

    def __truediv__(self, other: str) -> Self:
        return type(self)(self.store, "/".join(filter(None, (self.path, other.strip("/")))))

    @property
    def read_only(self) -> bool:
        """Whether every change is refused."""
        return self.store.read_only


def placed(place: Any) -> tuple[Store, str]:
    """Find the store and the path of a `StorePath`, or of what names a store: its root."""
    if isinstance(place, StorePath):
        return place.store, place.path
    return as_store(place), ""


def _kind_of(metadata: M) -> type[M]:
    """Give the class of all metadata of arrays, or of groups."""
    kind: Any = ArrayMetadata if isinstance(metadata, ArrayMetadata) else GroupMetadata
    return cast("type[M]", kind)


class api_function(Generic[T]):  # noqa: N801 - it stands where a method would be defined
    """A function of `zarrpy.api` that can be called as one of a class, with its `aio`.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, owner: object, kind: type) -> Entry[..., T]:
        # which is built on these classes
        found: Entry[..., T] = getattr(import_module("zarrpy.api"), self._name)
        return found


def _blocking(handle: Any, kind: type[T]) -> T:
    """Give the node that a handle for those who await stands for."""
    found = getattr(handle, "blocking", handle)
    if not isinstance(found, kind):
        raise TypeError(
            f"{kind.__name__}() takes a store, a path and metadata, or the asynchronous handle of "
            f"one, not {type(handle).__name__}"
        )
    return found


class Node(Generic[M]):
    """An array or a group in a store.

    Parameters
    ----------
    store : Store
        Or the handle of `zarrpy.asynchronous` of the same node; nothing else is given then.
    path : str
        Within the store; "" is the root.
    metadata : ArrayMetadata or GroupMetadata
    read_only : bool
        Refuse every change.
    """

    #: "array" or "group".
    kind: ClassVar[str]
    #: Bytes of decoded chunks to keep in the cache; None as the settings say.
    cache: int | None = None
    #: Codec objects for names in documents that are not known; see `zarrpy.open`.
    given: tuple[Any, ...] = ()
    #: Chunks to fetch ahead of a scan; None as the settings say.
    prefetch: int | None = None
    #: Seconds that documents of members may be old; None as the settings say.
    metadata_ttl: float | None = None

    def __init__(
        self,
        store: Any,
        path: str | None = None,
        metadata: M | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        if path is None or metadata is None:  # of a handle for those who await
            self.__dict__.update(_blocking(store, type(self)).__dict__)
            self._join()
            return
        self.store = cast("Store", store)
        self.path = path
        self.metadata: M = metadata
        #: When the documents had just been read.
        self._made_at = time()
        self.read_only = read_only or self.store.read_only
        self._join()

    def _join(self) -> None:
        """Be among the handles of a transaction, which is told to them when it is undone."""
        made = self.store.transaction
        if made is not None:
            made.handles[id(self)] = self

    def _settle(self) -> Steps[None]:
        """Write what is collected, so that all who look at the store see it: arrays may have some.

        These steps are taken in the store of the node.
        """
        yield from ()

    def __eq__(self, other: object) -> bool:
        """Whether both are handles of one node, and know the same of it."""
        if self is other:
            return True
        if not isinstance(other, Node) or type(other) is not type(self):
            return NotImplemented
        here = other.path == self.path and bool(other.store == self.store)
        return here and bool(other.metadata == self.metadata)

    def __hash__(self) -> int:
        return hash((self.kind, self.path))

    @property
    def name(self) -> str:
        """Path with a leading slash."""
        return "/" + self.path

    @property
    def place(self) -> str:
        """Where people find it, as errors say: a path of files, a URL, or a path in the store."""
        return self.store.place_of(self.path)

    @property
    def basename(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def attrs(self) -> Attributes:
        """Attributes, written through to the store."""
        return Attributes(self)

    @operation
    def change_attributes(self, change: Callable[[dict[str, Any]], Any]) -> Steps[None]:
        """Apply a function to the attributes as they are stored now, and write them."""
        self._check_writable("change the attributes of")
        kind = _kind_of(self.metadata)
        new = yield from change_attributes(
            self.path, self.metadata.zarr_format, kind, change, self._check_same
        )
        self._accept(cast("M", new))

    @operation
    def update_attributes(self, new_attributes: Mapping[str, Any]) -> Steps[Self]:
        """Set several attributes in one write; the node itself is returned.

        Raises
        ------
        AttributeNotJSONError
            When a value is not JSON and has no plain form in it.
        """
        made = normalise(new_attributes, path=self.path)
        yield from self.change_attributes.steps(lambda attributes: attributes.update(made))
        return self

    @operation
    def read_attributes(self) -> Steps[dict[str, Any]]:
        """Read the attributes afresh from the store, for what others have changed.

        Raises
        ------
        NodeNotFoundError
            When the node is not there any more; a `StaleArrayError` when another array is.
        """
        kind = _kind_of(self.metadata)
        found = yield from require_opened(self.path, self.metadata.zarr_format, kind)
        self._check_same(cast("M", found))
        self.metadata = self.metadata.with_attributes(dict(found.attributes))
        return self.attrs.asdict()

    @operation
    def _read_again(self) -> Steps[None]:
        """Know the node as it is stored now."""
        kind = _kind_of(self.metadata)
        found = yield from require_opened(self.path, self.metadata.zarr_format, kind)
        self._check_same(cast("M", found))
        if isinstance(found, GroupMetadata) and isinstance(self.metadata, GroupMetadata):
            found = replace(found, told=self.metadata.told)
        self._accept(cast("M", found))
        self._made_at = time()

    @property
    def store_path(self) -> StorePath:
        """The store and the path in it."""
        return StorePath(self.store, self.path)

    def _repr_html_(self) -> str:
        from zarrpy.info import card_of

        return card_of(self)

    def close(self) -> None:
        """Let go of what the store holds open; members of the same store are closed as well."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    def _check_same(self, found: M) -> None:
        """Refuse metadata of another node than was opened; one group is as good as another."""

    def _accept(self, metadata: M) -> None:
        """Know the node by new metadata from now on."""
        self.metadata = metadata

    def _check_writable(self, operation: str) -> None:
        if self.store.read_only:
            self.store.check_writable(operation, self.name)
        if self.read_only:
            raise ReadOnlyStoreError(
                f"the {self.kind} was opened read-only",
                store=repr(self.store),
                key=self.name,
                operation=operation,
                hint="open it with mode='r+' to change it",
            )
