"""The store of a transaction: what is written stays apart, and is read, until it is committed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from zarrpy.errors import LockTimeoutError, TransactionError
from zarrpy.metadata.names import DOCUMENTS, LOCK_SUFFIX, OURS
from zarrpy.stores.overlay import OverlayStore
from zarrpy.stores.stage import digest
from zarrpy.stores.wrapper import WrapperStore

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from zarrpy._native.files import Directory
    from zarrpy.stores.base import ByteRange, Bytes, Store, Values
    from zarrpy.stores.stage import Stage
    from zarrpy.stores.wrapper import Call

T = TypeVar("T")

_READS = frozenset(("get", "get_many"))
#: What is about keys that are there or not; locks are taken to read first.
_WRITES = frozenset(("set", "set_many", "update", "delete", "rename", "exclusive"))
#: What takes away the first of its keys.
_REMOVES = frozenset(("delete", "rename"))
#: Documents of which a node has one.
_OF_NODES = ("zarr.json", ".zarray", ".zgroup")


class TransactionStore(WrapperStore):
    """Lies over a store until `commit` or `discard`; is that store afterwards.

    Made by `zarrpy.transaction`. It notes the state of each key that it meets, and what there is
    below each node that is deleted or replaced.

    Parameters
    ----------
    store : Store

    Attributes
    ----------
    handles : mapping
        Of nodes that were opened in it, as long as somebody has them.
    """

    def __init__(self, store: Store) -> None:
        self.handles: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self.lower = store
        self._stage: Stage | None = store.stage()
        self._overlay = OverlayStore(store, self._stage.upper)
        self._seen: dict[str, Hashable] = {}
        self._left: dict[str, frozenset[str]] = {}
        self._pid = os.getpid()
        super().__init__(self._overlay)

    # ------------------------------------------------------------------------- what it meets

    def around(self, call: Call[T]) -> T:
        """Make a request; note what it is about first."""
        stage = self._staged()
        if stage is not None:
            if call.operation == "delete_prefix":
                below = list(self._overlay.list(call.keys[0]))
                self._note(stage, below)
                self._leave(below)
            elif call.operation in _WRITES or (stage.cheap and call.operation in _READS):
                self._note(stage, call.keys)
                if call.operation in _REMOVES:
                    self._leave(call.keys[:1])
        return call.make()

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values; None deletes the key."""
        if self._stage is not None:
            self._leave([key for key, value in zip(keys, values, strict=True) if value is None])
        super().set_many(keys, values)

    def _leave(self, keys: Sequence[str]) -> None:
        """Note what there is below nodes whose documents go now.

        What comes there afterwards belongs to what the transaction takes away.
        """
        for key in keys:
            folder, _, name = key.rpartition("/")
            if name in _OF_NODES and not self._is_left(folder) and self.lower.exists(key):
                self._left[folder] = frozenset(self._below_node(folder))

    def _is_left(self, folder: str) -> bool:
        """Whether a node, or one above it, was taken away before."""
        above = folder.split("/")
        return "" in self._left or any(
            "/".join(above[:n]) in self._left for n in range(1, len(above) + 1)
        )

    def _below_node(self, path: str) -> Iterator[str]:
        """List what is stored below a node, but for what is there for a while only."""
        for key in self.lower.list_entries(path + "/" if path else ""):
            if not any(part.startswith(OURS) for part in key.split("/")):
                yield key

    def _note(self, stage: Stage, keys: Sequence[str]) -> None:
        for key in keys:
            if key not in self._seen:
                self._seen[key] = stage.state(key)

    def _staged(self) -> Stage | None:
        if self._stage is not None and self._pid != os.getpid():
            raise TransactionError(
                "the transaction belongs to the process that began it",
                hint="open the node again in the forked process",
            )
        return self._stage

    @property
    def other_processes(self) -> str:
        """Nothing while changes wait to be committed: they are of this process."""
        return "none" if self._stage is not None else super().other_processes

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        stage = self._staged()
        if stage is not None and not stage.cheap and byte_range is not None:
            self._note(stage, [key])
        value = super().get(key, byte_range)
        if stage is not None and byte_range is None and key not in self._seen:
            self._seen[key] = digest(value)
        return value

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values."""
        values = super().get_many(keys)
        if self._stage is not None:
            for key, value in zip(keys, values, strict=True):
                if key not in self._seen:
                    self._seen[key] = digest(value)
        return values

    # ----------------------------------------------------------------------------- its end

    def commit(self, added: Callable[[], list[str]] | None = None) -> None:
        """Make all changes in the store below, or none.

        Parameters
        ----------
        added : callable, optional
            Names keys that others have stored, and that would be of another node after it.

        Raises
        ------
        TransactionError
            When somebody else has changed the same; nothing is written then.
        """
        stage = self._staged()
        if stage is None:
            raise TransactionError("the transaction has ended")
        changed, gone = self._overlay.changes()
        if changed or gone:
            nodes = self._nodes([*changed, *gone])
            met = {*changed, *gone, *nodes.values()}
            seen = {key: state for key, state in self._seen.items() if key in met}
            changes = {**dict.fromkeys(changed, True), **dict.fromkeys(gone, False)}

            def late() -> list[str]:
                return [*self._late(changes), *(() if added is None else added())]

            stage.commit(changes, seen, nodes, late)
        self._end()

    def _late(self, changes: Mapping[str, bool]) -> Iterator[str]:
        """Name what others have stored below nodes since these were taken away, or store now."""
        for path, before in self._left.items():
            for key in self._below_node(path):
                value = key.removesuffix(LOCK_SUFFIX)
                if value in changes:
                    continue
                if value == key:
                    if key not in before:
                        yield key
                elif value.rpartition("/")[2] not in DOCUMENTS and _is_locked(self.lower, value):
                    yield value

    def documents(self) -> Iterator[tuple[str, str, Bytes, Bytes]]:
        """Give the documents of nodes that are changed, but of none that was taken away.

        Each is the path of its node and its name, with its value of before and its new one.
        """
        for key in self.changed_keys():
            path, _, name = key.rpartition("/")
            if name in _OF_NODES and not self._is_left(path):
                old, new = self.lower.get(key), self._overlay.get(key)
                if old is not None and new is not None:
                    yield path, name, old, new

    def changed_keys(self) -> list[str]:
        """Name all keys that the commit changes."""
        if self._stage is None:
            return []
        changed, gone = self._overlay.changes()
        return [*changed, *gone]

    def discard(self) -> None:
        """Forget all that was written."""
        if self._stage is not None and self._pid == os.getpid():
            self._end()

    def _end(self) -> None:
        stage, self._stage = self._stage, None
        self.store = self.lower
        self.of_files = self.lower.of_files
        assert stage is not None
        stage.discard()

    def _nodes(self, keys: Sequence[str]) -> dict[str, str]:
        """Find the nodes that keys belong to, with the key of the document of each."""
        found: dict[str, tuple[str, str] | None] = {}
        nodes = {}
        for key in keys:
            node = self._node(key.rpartition("/")[0], found)
            if node is not None:
                nodes[node[0]] = node[1]
        return nodes

    def _node(self, path: str, found: dict[str, tuple[str, str] | None]) -> tuple[str, str] | None:
        if path not in found:
            prefix = path + "/" if path else ""
            documents = [prefix + name for name in _OF_NODES]
            is_there = [self._overlay.exists(key) or self.lower.exists(key) for key in documents]
            if any(is_there):
                found[path] = path, documents[is_there.index(True)]
            else:
                found[path] = self._node(path.rpartition("/")[0], found) if path else None
        return found[path]

    # ------------------------------------------------------------------------- describing

    @property
    def transaction(self) -> TransactionStore | None:
        """Itself, until the end."""
        return self if self._stage is not None else self.lower.transaction

    def directory(self, path: str, *, create: bool = False) -> Directory | None:
        """Open the directory of a node, after the end."""
        return None if self._stage is not None else self.lower.directory(path, create=create)

    def complete(self, path: str) -> bool:
        """Complete a transaction of others that was cut off."""
        return self.lower.complete(path)

    def is_cut_off(self, path: str) -> bool:
        """Whether there is such a transaction."""
        return self.lower.is_cut_off(path)

    def stage(self) -> Stage:
        """Refuse another transaction within this one, unless it has ended."""
        if self._stage is not None:
            raise TransactionError(
                "this is within a transaction already",
                hint="write in the one that there is, or end it first",
            )
        return self.lower.stage()

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._stage is not None:
            raise TypeError(
                "cannot pickle what is within a transaction: the copy would not commit with it; "
                "leave the block of transaction() first"
            )
        return super().__reduce_ex__(protocol)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out who was told of its end, which is past."""
        return {name: value for name, value in vars(self).items() if name != "handles"}

    def __repr__(self) -> str:
        return f"TransactionStore({self.lower!r})" if self._stage else repr(self.lower)


def documents_first(keys: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part keys into documents and others, in the order in which their locks are taken."""
    documents = [key for key in keys if key.rpartition("/")[2] in DOCUMENTS]
    return documents, [key for key in keys if key.rpartition("/")[2] not in DOCUMENTS]


def _is_locked(store: Store, key: str) -> bool:
    """Whether somebody holds the lock of a key now."""
    try:
        with store.exclusive(key, 0):
            return False
    except LockTimeoutError:
        return True
