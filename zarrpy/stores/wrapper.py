"""What stores over other stores have in common.

A wrapper hands every request on.  Its subclass changes one thing: which keys the store below sees
(`PrefixStore`), or what happens `around` a request: it is logged, counted, refused, tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from zarrpy.metadata.names import check_key
from zarrpy.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy._native.files import Directory
    from zarrpy.stores.base import (
        Above,
        ByteRange,
        Bytes,
        Exclusive,
        Names,
        NodeError,
        Signs,
        Values,
    )
    from zarrpy.stores.transaction import TransactionStore

T = TypeVar("T")


@dataclass(slots=True)
class Call(Generic[T]):
    """One request to the store below, not yet made.

    Parameters
    ----------
    operation : str
        Name of the method, such as "get".
    keys : sequence of str
        What it is about; of listings and of deleting all, the prefix.
    make : callable
        Makes the request; more than once, where that is wanted.
    nbytes : int
        Bytes that are written.
    changes : bool
        Whether the store may be another afterwards.
    """

    operation: str
    keys: Sequence[str]
    make: Callable[[], T]
    nbytes: int = 0
    changes: bool = False


class _Held:
    """The lock of a key of the store below; the value that ends it goes through the wrapper."""

    def __init__(self, wrapper: WrapperStore, key: str, lock: Exclusive) -> None:
        self._wrapper, self._key, self._lock = wrapper, key, lock

    def __enter__(self) -> object:
        self._lock.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._lock.__exit__(*failure)

    def commit(self, data: Bytes, durable: bool = False) -> None:
        make = partial(self._lock.commit, data, durable)
        self._wrapper.around(Call("commit", (self._key,), make, nbytes_of(data), True))


class WrapperStore(Store):
    """A store over another one; hands on everything.

    Subclasses override `around`, or methods of their own.

    Parameters
    ----------
    store : Store
    """

    #: Set where `around` has to see a listing to its end; otherwise it comes bit by bit.
    lists_whole: ClassVar[bool] = False
    #: What all keys begin with in the store below.
    _start: str = ""

    def __init__(self, store: Store) -> None:
        if not isinstance(store, Store):
            raise TypeError(
                f"{type(self).__name__} lies over a store, not over {type(store).__name__}; "
                "zarrpy.stores.as_store makes one of a path or URL"
            )
        self.store = store
        self.read_only = store.read_only

    @property
    def way_to_write(self) -> str:
        """Say what the store below says."""
        return self.store.way_to_write

    def around(self, call: Call[T]) -> T:
        """Make a request of the store below; subclasses do something before or after."""
        return call.make()

    def _below(self, key: str) -> str:
        return self._start + check_key(key)

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        make = partial(self.store.get, self._below(key), byte_range)
        return self.around(Call("get", (key,), make))

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values, together if the store below can."""
        make = partial(self.store.get_many, [self._below(key) for key in keys])
        return self.around(Call("get_many", keys, make))

    def get_versioned(
        self, key: str, byte_range: ByteRange | None = None, version: Hashable | None = None
    ) -> tuple[Bytes | None, Hashable | None]:
        """Read a value or a part of it with its version, where `get` gives what is below."""
        if type(self).get is not WrapperStore.get:
            return super().get_versioned(key, byte_range, version)
        make = partial(self.store.get_versioned, self._below(key), byte_range, version)
        return self.around(Call("get", (key,), make))

    @property
    def requests(self) -> int:
        """As many as of the store below."""
        return self.store.requests

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self.around(Call("exists", (key,), partial(self.store.exists, self._below(key))))

    def present(self, keys: Sequence[str]) -> Signs:
        """Tell which of several keys have values, where `get` gives what is below."""
        if type(self).get is not WrapperStore.get:
            return super().present(keys)
        make = partial(self.store.present, [self._below(key) for key in keys])
        return self.around(Call("present", keys, make))

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        return self.around(Call("size", (key,), partial(self.store.size, self._below(key))))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return self._listed("list", prefix, self._keys(self.store.list, prefix))

    def list_entries(self, prefix: str = "", *, follow: bool = False) -> Iterator[str]:
        """Yield what deleting a prefix would have to remove."""
        listing = partial(self.store.list_entries, follow=follow)
        return self._listed("list_entries", prefix, self._keys(listing, prefix))

    def list_empty(self, prefix: str = "") -> Iterator[str]:
        """Yield what is below a prefix and leads to no value."""
        return self._listed("list_empty", prefix, self._keys(self.store.list_empty, prefix))

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        start = len(self._start)

        def found() -> Iterator[tuple[str, int]]:
            sizes = self.store.list_sizes(self._start + prefix)
            return ((key[start:], size) for key, size in sizes)

        return self._listed("list_sizes", prefix, found)

    def _keys(self, listing: Callable[[str], Iterator[str]], prefix: str) -> Any:
        start = len(self._start)
        return lambda: (key[start:] for key in listing(self._start + prefix))

    def _listed(self, operation: str, prefix: str, make: Callable[[], Iterator[T]]) -> Iterator[T]:
        if not self.lists_whole:
            return self.around(Call(operation, (prefix,), make))
        return iter(self.around(Call(operation, (prefix,), lambda: [*make()])))

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix."""
        make = partial(self.store.list_dir, self._start + prefix)
        return self.around(Call("list_dir", (prefix,), make))

    def list_folders(self, prefix: str = "") -> Names:
        """List those names of `list_dir` that keys may lie below."""
        make = partial(self.store.list_folders, self._start + prefix)
        return self.around(Call("list_folders", (prefix,), make))

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        make = partial(self.store.set, self._below(key), value)
        self.around(Call("set", (key,), make, nbytes_of(value), True))

    def set_new(self, key: str, value: Bytes) -> bool:
        """Store a value where there is none, where `set` stores below."""
        if type(self).set is not WrapperStore.set:
            return super().set_new(key, value)
        self.check_writable("set", key)
        make = partial(self.store.set_new, self._below(key), value)
        return self.around(Call("set", (key,), make, nbytes_of(value), True))

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values, together if the store below can; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        make = partial(self.store.set_many, [self._below(key) for key in keys], values)
        self.around(Call("set_many", keys, make, sum(map(nbytes_of, values)), True))

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value by what `change` makes of it."""
        self.check_writable("update", key)
        make = partial(self.store.update, self._below(key), change)
        self.around(Call("update", (key,), make, changes=True))

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.check_writable("delete", key)
        make = partial(self.store.delete, self._below(key))
        self.around(Call("delete", (key,), make, changes=True))

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix`."""
        self.check_writable("delete", prefix)
        make = partial(self.store.delete_prefix, self._start + prefix)
        self.around(Call("delete_prefix", (prefix,), make, changes=True))

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a value another key."""
        self.check_writable("rename", key)
        below, above = self._below(key), self._below(new)
        make = partial(self.store.rename, below, above, replace=replace)
        return self.around(Call("rename", (key, new), make, changes=True))

    def sync(self, path: str) -> None:
        """Let all values below a path last."""
        self.store.sync((self._start + path).rstrip("/"))

    def settle(self) -> None:
        """Make what was written whole for others to read."""
        self.store.settle()

    def complete(self, path: str) -> bool:
        """Complete a transaction that a killed process left at a node."""
        return self.store.complete((self._start + path).rstrip("/"))

    def is_cut_off(self, path: str) -> bool:
        """Whether there is such a transaction."""
        return self.store.is_cut_off((self._start + path).rstrip("/"))

    @property
    def transaction(self) -> TransactionStore | None:
        """That of the store below."""
        return self.store.transaction

    def tidy(self, prefix: str) -> None:
        """Remove what deleted keys below a prefix have left."""
        make = partial(self.store.tidy, self._start + prefix)
        self.around(Call("tidy", (prefix,), make, changes=True))

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep other processes that ask for the same key out, as the store below does."""
        make = partial(self.store.exclusive, self._below(key), patience)
        return _Held(self, key, self.around(Call("exclusive", (key,), make)))

    # ------------------------------------------------------------------------------ describing

    def read_above(self, names: Sequence[str]) -> Above:
        """Read values above the root of the store below, where this store has the same root."""
        return [] if self._start else self.store.read_above(names)

    def enclosing(self, names: Sequence[str]) -> Iterator[tuple[Store, str]]:
        """Give the places that the root lies in, where this store has that of the one below."""
        return iter(()) if self._start else self.store.enclosing(names)

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node as the store below does."""
        return self.store.locus((self._start + path).rstrip("/"))

    def identity(self, key: str) -> Hashable:
        """Tell where a value is and which version of it that is."""
        return self.store.identity(self._below(key))

    def version(self, key: str) -> Hashable | None:
        """Tell which version of a value there is now."""
        return self.around(Call("version", (key,), partial(self.store.version, self._below(key))))

    def stamp(self, key: str) -> object:
        """Tell what is the same only as long as a value does not change."""
        return self.around(Call("stamp", (key,), partial(self.store.stamp, self._below(key))))

    def directory(self, path: str, *, create: bool = False) -> Directory | None:
        """Give no directory: files would be read and written past this store."""
        return None

    @property
    def tells_sizes(self) -> bool:
        """Whether `size` costs less than reading the value."""
        return self.store.tells_sizes

    @property
    def excludes_writers(self) -> bool:
        """Whether the store below does."""
        return self.store.excludes_writers

    @property
    def guards(self) -> bool:
        """Whether the store below does."""
        return self.store.guards

    @property
    def guards_deletions(self) -> bool:
        """Whether the store below does."""
        return self.store.guards_deletions

    @property
    def lock_scope(self) -> int:
        """The same as of the store below."""
        return self.store.lock_scope

    @property
    def other_processes(self) -> str:
        """The same as in the store below."""
        return self.store.other_processes

    def lock_names(self, keys: Sequence[str]) -> Sequence[str]:
        """Name keys as the store below does."""
        return self.store.lock_names([(self._start + key).rstrip("/") for key in keys])

    def overlaps(self, path: str, other: Store, other_path: str) -> bool:
        """Whether one of two nodes lies within the other, or they are the same."""
        return self.store.overlaps((self._start + path).rstrip("/"), other, other_path)

    def innermost(self, path: str) -> tuple[Store, str]:
        """Give the store that has the values, and the path in it."""
        return self.store.innermost((self._start + path).rstrip("/"))

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return self.store.place_of((self._start + path).rstrip("/"))

    def locate(self, error: NodeError) -> NodeError:
        """Say in an error where this store is."""
        return super().locate(error) if self._start else self.store.locate(error)

    @property
    def label(self) -> str:
        """Name the store below."""
        return self.store.label

    def close(self) -> None:
        """Let go of what the store below holds open."""
        self.store.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.store!r})"


def nbytes_of(answer: object) -> int:
    """Count the bytes of a value, or of several; anything else has none."""
    if isinstance(answer, list | tuple):
        return sum(map(nbytes_of, answer))
    try:
        return memoryview(answer).nbytes  # type: ignore[arg-type]
    except TypeError:
        return 0
