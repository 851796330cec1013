"""Storage transformers: what lies between the chunks of one array and the store.

Codecs change the bytes of a chunk.  A storage transformer may change everything else: under
which keys chunks are stored, whether at all, and how often.  An array's document names its
transformers in order, the one nearest to the array first; they see chunks only, never documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from zarrpy.errors import MetadataError
from zarrpy.metadata import transformers
from zarrpy.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrpy.metadata.model import NamedConfig
    from zarrpy.stores.base import ByteRange, Bytes, NodeError

__all__ = ["StorageTransformer", "transformed"]


class StorageTransformer(Store):
    """A store for the chunks of one array, made of the store below.

    Subclasses set `name`, take the parameters of their configuration as keywords, and override
    what they change of `get`, `set`, `delete` and `list`. Keys are whole: they begin with the
    path of the array.

    Parameters
    ----------
    store : Store
        The store below, or the next transformer.

    Attributes
    ----------
    name : str
        As in ``zarr.json``.
    """

    name: ClassVar[str]

    def __init__(self, store: Store) -> None:
        self.store = store
        self.read_only = store.read_only

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it; None when the key does not exist."""
        return self.store.get(key, byte_range)

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value, all at once."""
        self.store.set(key, value)

    def delete(self, key: str) -> None:
        """Delete a key; deleting what is absent is not an error."""
        self.store.delete(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield every key that starts with `prefix`, in any order."""
        return self.store.list(prefix)

    @property
    def lock_scope(self) -> int:
        """Number that two stores share when their keys are the same values of this process."""
        return self.store.lock_scope

    @property
    def other_processes(self) -> str:
        """The same as in the store below."""
        return self.store.other_processes

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return self.store.place_of(path)

    def locate(self, error: NodeError) -> NodeError:
        """Say in an error where this store is, as far as people know it by a place."""
        return self.store.locate(error)

    def __repr__(self) -> str:
        return f"<{self.name} over {self.store!r}>"


def transformed(store: Store, documents: Sequence[NamedConfig]) -> Store:
    """Put the storage transformers of an array over its store.

    Parameters
    ----------
    store : Store
    documents : sequence of NamedConfig
        As the metadata has them: the one nearest to the array first. One that is not known was
        refused when the metadata was read, unless it need not be understood.

    Raises
    ------
    MetadataError
        When a transformer does not take its configuration.
    """
    for document in reversed(documents):
        kind: Any = transformers.find(document.name)
        if kind is None:
            continue
        try:
            store = kind(store, **document.configuration)
        except TypeError as error:
            raise MetadataError(
                f"the storage transformer {document.name!r} does not take its configuration: "
                f"{error}",
                field="storage_transformers",
                value=document.configuration,
            ) from error
    return store
