"""What a store is: a mapping from keys to bytes, in four methods.

Keys are relative paths with ``/``.  *Absent* is None, never an exception; every other failure is an
exception, never None.  The other methods have defaults that are right, if not fast.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from os import urandom
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, TypeAlias

from zarrpy.errors import (
    ABOUT_DOCUMENTS,
    NEVER_CREATES,
    CodecError,
    ConflictError,
    LimitError,
    MetadataError,
    NodeExistsError,
    NodeKindError,
    NodeNotFoundError,
    ReadOnlyStoreError,
    TransactionError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from typing import Any, Self

    from zarrpy._native.files import Directory
    from zarrpy.stores.stage import Check, Stage
    from zarrpy.stores.transaction import TransactionStore

    #: Contiguous bytes; anything else with the buffer protocol will do as well.
    Bytes: TypeAlias = bytes | bytearray | memoryview
    # Stores have a method of the name `list`, so the types of lists are named outside.
    Values: TypeAlias = list[Bytes | None]
    Names: TypeAlias = list[str]
    Signs: TypeAlias = list[bool]
    Above: TypeAlias = list[tuple[str, Bytes]]

#: An error about a node, which may say where the store is.
NodeError: TypeAlias = (
    MetadataError | CodecError | LimitError | NodeNotFoundError | NodeExistsError | NodeKindError
)


class ByteRange(NamedTuple):
    """A part of a value: `length` bytes from `offset`.

    Attributes
    ----------
    offset : int
        First byte; negative counts from the end of the value.
    length : int
        Number of bytes; -1 means up to the end. Bytes past the end are left out.
    """

    offset: int
    length: int = -1

    def of(self, value: Bytes) -> Bytes:
        """Cut this range out of a whole value."""
        start, stop = self.within(len(value))
        return value[start:stop]

    def within(self, nbytes: int) -> tuple[int, int]:
        """Tell where this range begins and ends in a value of so many bytes."""
        start = min(self.offset, nbytes) if self.offset >= 0 else max(nbytes + self.offset, 0)
        return start, nbytes if self.length < 0 else min(start + self.length, nbytes)


class Exclusive(Protocol):
    """The lock of a key between processes: a context manager, left by `commit` or at its end."""

    def __enter__(self) -> object: ...
    def __exit__(self, *failure: object) -> None: ...

    def commit(self, data: Bytes, durable: bool = False) -> None:
        """Replace the value of the key."""


class _Alone:
    """The lock of a key of a store that other processes do not write to, or cannot lock."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key

    def __enter__(self) -> object:
        return self

    def __exit__(self, *failure: object) -> None:
        return

    def commit(self, data: Bytes, durable: bool = False) -> None:
        self._store.set(self._key, data)


class Store(ABC):
    """Keys to bytes. Subclasses write `get`, `set`, `delete` and `list`."""

    #: Refuses every change when true.
    read_only: bool = False
    #: Whether nodes are directories, as `directory` opens them.
    of_files: bool = False
    #: Whether `set_many` is done with its values when it returns, so that any buffer will do.
    takes_buffers: ClassVar[bool] = False
    #: Whether a whole value costs no more than a part of it, as it is there already.
    in_memory: ClassVar[bool] = False

    @abstractmethod
    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it; None when the key does not exist."""

    @abstractmethod
    def set(self, key: str, value: Bytes) -> None:
        """Replace a value, all at once."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete a key; deleting what is absent is not an error."""

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield every key that starts with `prefix`, in any order."""

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Store:
        """Make a store of a URL: of what comes after its scheme, and of `storage_options`.

        Parameters
        ----------
        url : str
        read_only : bool
            Refuse every change.
        **options
            Keywords of the class.
        """
        place = url.partition(":")[2].removeprefix("//")
        store = cls(*([place] if place else []), **options)
        store.read_only = store.read_only or read_only
        return store

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values."""
        return [self.get(key) for key in keys]

    def get_versioned(
        self, key: str, byte_range: ByteRange | None = None, version: Hashable | None = None
    ) -> tuple[Bytes | None, Hashable | None]:
        """Read a value or a part of it, and tell which version that is of; None: it cannot tell.

        Parameters
        ----------
        key : str
        byte_range : ByteRange, optional
        version : hashable, optional
            The only one that is wanted.

        Raises
        ------
        ConflictError
            When the value is of another version than the one that is wanted.
        """
        before = self.version(key) if version is None else version
        value = self.get(key, byte_range)
        if version is not None and self.version(key) != version:
            raise ConflictError("it was replaced meanwhile", key=key, operation="get")
        return value, before

    @property
    def requests(self) -> int:
        """How many requests at a time the store answers sooner than one after the other."""
        return 1

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values; None deletes the key."""
        for key, value in zip(keys, values, strict=True):
            if value is None:
                self.delete(key)
            else:
                self.set(key, value)

    def set_new(self, key: str, value: Bytes) -> bool:
        """Store a value where there is none; whether that was done.

        The caller keeps other writers of this process out; a store that other processes write to
        keeps those out itself, as far as it can.
        """
        if self.exists(key):
            return False
        self.set(key, value)
        return True

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value by what `change` makes of it, and an absent one by what it makes of None.

        When that is None the key is deleted. The caller keeps other writers of this process out; a
        store that other processes write to keeps those out itself, as far as it can.
        """
        new = change(self.get(key))
        if new is None:
            self.delete(key)
        else:
            self.set(key, new)

    def stage(self) -> Stage:
        """Give what a transaction of several keys needs.

        Raises
        ------
        TransactionError
            When the store cannot change several keys as one step.
        """
        if type(self).set_together is not Store.set_together:
            from zarrpy.stores.stage import MemoryStage

            return MemoryStage(self)
        raise TransactionError(
            f"{self!r} cannot change several keys as one step",
            hint="local directories, SQLite, LMDB, PostgreSQL, Redis and memory can; elsewhere "
            "Icechunk's stores do",
        )

    @property
    def transaction(self) -> TransactionStore | None:
        """The transaction that this store writes in, until that ends."""
        return None

    def set_together(
        self, keys: Sequence[str], values: Sequence[Bytes | None], check: Check
    ) -> None:
        """Replace several values as one step; None deletes the key.

        Parameters
        ----------
        keys, values : sequence
        check : callable
            Is given what reads a key within that step; what it raises undoes the step.
        """
        raise NotImplementedError

    def sync(self, path: str) -> None:  # noqa: B027 - most stores keep what they have confirmed
        """Let all values below a path last, as after a write with ``durability="durable"``."""

    def settle(self) -> None:  # noqa: B027 - most stores are always whole
        """Make what was written whole for others to read; stores that are one file may not be."""

    def complete(self, path: str) -> bool:
        """Complete a transaction that a killed process left at a node; whether there was one."""
        return False

    def is_cut_off(self, path: str) -> bool:
        """Whether there is such a transaction."""
        return False

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix`."""
        for key in list(self.list(prefix)):
            self.delete(key)

    def list_entries(self, prefix: str = "", *, follow: bool = False) -> Iterator[str]:
        """Yield what deleting a prefix would have to remove.

        That is every key; stores made of files add locks, and give links to directories as one
        entry that ends in "/". With `follow` they give what is behind such links, as readers find
        it, and empty directories as such entries.
        """
        return self.list(prefix)

    def list_empty(self, prefix: str = "") -> Iterator[str]:
        """Yield empty directories, each with a "/", and links to nothing; most stores have none."""
        return iter(())

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a value another key; whether that was done.

        It is not when there is no such value, nor, unless `replace` is true, when there is one of
        the other key. Stores made of files rename directories as well.
        """
        value = self.get(key)
        if value is None or (not replace and self.exists(new)):
            return False
        self.set(new, value)
        self.delete(key)
        return True

    def tidy(self, prefix: str) -> None:  # noqa: B027 - most stores keep nothing but keys
        """Remove what deleted keys below a prefix have left, as empty directories."""

    def read_above(self, names: Sequence[str]) -> Above:
        """Read values of these names from the places that the root of this store lies in.

        Answers pairs of place and value; a store that lies in nothing has none.
        """
        return []

    def enclosing(self, names: Sequence[str]) -> Iterator[tuple[Store, str]]:
        """Give the places that the root of this store lies in, as stores, nearest first.

        Only those that have a value of one of these names; each with the path of this store's
        root in it. A store that lies in nothing gives none.
        """
        return iter(())

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep other processes that ask for the same key out, as far as the store can.

        Raises
        ------
        LockTimeoutError
            When it is not free within `patience` seconds; by default `config.lock_timeout`.
        """
        return _Alone(self, key)

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix that is empty or ends with "/", sorted."""
        start = len(prefix)
        return sorted({key[start:].split("/", 1)[0] for key in self.list(prefix)})

    def list_folders(self, prefix: str = "") -> Names:
        """List those names of `list_dir` that keys may lie below."""
        return self.list_dir(prefix)

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self.get(key, ByteRange(0, 0)) is not None

    def present(self, keys: Sequence[str]) -> Signs:
        """Tell which of several keys have values, by as few requests as the store can."""
        return [value is not None for value in self.get_many(keys)]

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value; None when the key does not exist."""
        value = self.get(key)
        return None if value is None else len(value)

    @property
    def tells_sizes(self) -> bool:
        """Whether `size` costs less than reading the value, as it does where it is overridden."""
        return type(self).size is not Store.size

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        for key in self.list(prefix):
            size = self.size(key)
            if size is not None:
                yield key, size

    @property
    def other_processes(self) -> str:
        """What others may do here by a pickled copy of this store: "write", "read" or "none".

        A copy of a store whose values are in memory has values of its own; so nothing, unless a
        store says otherwise.
        """
        return "none"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node so that all stores of this process that reach the same one name it alike.

        Places that lie in it have names that begin with its name and "/".
        """
        return self.lock_scope, path

    def identity(self, key: str) -> Hashable:
        """Tell where a value is and which version of it that is, as far as the store knows.

        Two stores that give the same have the same value there, in whatever process. Here each
        store is one of its own.
        """
        attributes = getattr(self, "__dict__", {})  # without, it is another one each time
        identity: str = attributes.setdefault("_identity", urandom(16).hex())
        return identity

    def version(self, key: str) -> Hashable | None:
        """Tell which version of a value there is now, by less than it takes to read it.

        A version never comes again when the value has changed; that a key does not exist is a
        version as well. None says that the store cannot tell: chunks are not read ahead then.
        """
        return None

    def stamp(self, key: str) -> object:
        """Tell what is the same only as long as a value does not change.

        That is its version, or in stores that tell none whatever else costs next to nothing; the
        value itself will do. An answer that equals no other says that it may have changed, None
        that this store cannot tell: then writing does not find out that somebody has put another
        array in the place of the one that it means.
        """
        return self.version(key)

    def directory(self, path: str, *, create: bool = False) -> Directory | None:
        """Open the directory whose files are the keys below `path`, for stores made of files.

        None says that this store is not, or that the directory does not exist.
        """
        return None

    @property
    def excludes_writers(self) -> bool:
        """Whether `exclusive` keeps all other writers out, of other processes as well."""
        return self.of_files or self.in_memory

    @property
    def guards(self) -> bool:
        """Whether `update` keeps out all others who update the same key, in whatever process."""
        return False

    @property
    def guards_deletions(self) -> bool:
        """Whether that holds for what `update` deletes as well."""
        return self.guards

    @property
    def lock_scope(self) -> int:
        """Number that two stores share when their keys are the same values of this process."""
        return id(self)

    def lock_names(self, keys: Sequence[str]) -> Sequence[str]:
        """Name keys alike in all stores of one `lock_scope`."""
        return keys

    def overlaps(self, path: str, other: Store, other_path: str) -> bool:
        """Whether one of two nodes lies within the other, or they are the same."""
        if self.lock_scope != other.lock_scope:
            return False
        (ours,), (theirs,) = self.lock_names([path]), other.lock_names([other_path])
        ours, theirs = ours + "/" if ours else "", theirs + "/" if theirs else ""
        return ours.startswith(theirs) or theirs.startswith(ours)

    def innermost(self, path: str) -> tuple[Store, str]:
        """Give the store that has the values, below all that only hand on, and the path in it."""
        return self, path

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return f"/{path}"

    def locate(self, error: NodeError) -> NodeError:
        """Say in an error where this store is, as far as people know it by a place."""
        place = self._place_in(error)
        if place is None:
            return error
        if error.hint == NEVER_CREATES:
            error.hint = _in_zip(place) or error.hint
        if not isinstance(error, ABOUT_DOCUMENTS):
            if error.path:
                error.message = error.message.replace(repr(error.path), repr(place))
            error.message = error.message.replace("'/'", repr(self.place_of("")))
        error.path = place
        return error

    def _place_in(self, error: NodeError) -> str | None:
        """Find the place that an error is about; None if it says so already, or cannot."""
        root, path = self.place_of(""), error.path
        said = path not in (None, "", "/") and str(path).startswith(root)
        if root in ("", "/") or said or (path is None and isinstance(error, ABOUT_DOCUMENTS)):
            return None
        try:
            return self.place_of((path or "").strip("/"))
        except MetadataError:  # the error is that it is no path
            return None

    def check_writable(self, operation: str, key: str) -> None:
        """Refuse a change of a read-only store."""
        if self.read_only:
            raise ReadOnlyStoreError(
                "the store is read-only",
                store=repr(self),
                key=key,
                operation=operation,
                hint=self.way_to_write,
            )

    @property
    def way_to_write(self) -> str:
        """Say to whom it is refused what they can do."""
        return "make the store anew, without read_only=True, to change it"

    @property
    def label(self) -> str:
        """Name the store in a few letters, as in what an array shows of itself."""
        return type(self).__name__

    def close(self) -> None:  # noqa: B027 - most stores hold nothing open
        """Let go of what the store holds open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def _in_zip(place: str) -> str | None:
    """Say how what is in a zip file is named, where a place may be one that is far away."""
    scheme, far, path = place.partition("://")
    file, end, inner = path.partition(".zip")
    if not far or not end or inner[:1] not in ("", "/"):
        return None
    return f"if that is a zip file, {f'{scheme}://{file}.zip|zip:{inner[1:]}'!r} opens it"
