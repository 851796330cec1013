"""Several changes as one: all of them, or none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zarrpy.config import config
from zarrpy.engine.consolidate import note_change
from zarrpy.engine.drive import call_async
from zarrpy.engine.latecomers import latecomers_of
from zarrpy.engine.locks import hold_of
from zarrpy.errors import TransactionError, ZarrError
from zarrpy.metadata.names import DOCUMENTS
from zarrpy.node import Node
from zarrpy.stores import as_store
from zarrpy.stores.transaction import TransactionStore, documents_first

if TYPE_CHECKING:
    from zarrpy.stores.base import Store

T = TypeVar("T")

#: What a handle has found out about the values of its store, and what it knows of its documents.
_FOUND = ("_sight", "_prepared", "_ahead")
_KNOWN = ("metadata", "_index")


def transaction(node: T) -> Transaction[T]:
    """Write all of what a ``with`` block writes, or nothing of it.

    Within the block the node itself reads and writes in the transaction, and so do members that
    are opened or created from it there; it sees what it has written. Other handles, threads that
    use them, and other processes see nothing of it until the block ends; then all changes are
    committed. An exception in the block undoes it. So does a commit that finds that another
    writer has changed one of the same keys since the transaction met it.

    A process that is killed at any time leaves all or nothing: in databases by their own
    transactions, in local directories by a journal, which the next one that opens a node of those
    that were changed completes. Who reads while a commit goes on may see a part of it in local
    directories. ``async with`` works as well.

    Parameters
    ----------
    node : Array or Group, or str, path-like or Store
        Of a place, a store is given: open nodes of it within the block.

    Returns
    -------
    context manager
        Gives the node itself, or a store.

    Raises
    ------
    TransactionError
        On entering, when the store cannot change several keys as one step, or when the node is in
        a transaction or in `buffered` already; at the end of the block, when another writer has
        changed the same: nothing is written then, and the block can be run again.
    ReadOnlyStoreError
        When the node cannot be written.

    Examples
    --------
    >>> import zarrpy
    >>> group = zarrpy.create_group({})
    >>> array = group.create_array("temperature", shape=4, dtype="f4")
    >>> with zarrpy.transaction(group):
    ...     group["temperature"][...] = 20
    ...     group.attrs["measured"] = "today"
    >>> float(array[0]), group.attrs["measured"]
    (20.0, 'today')
    """
    return Transaction(node)


def group_commit(node: T) -> Transaction[T]:
    """Write a block that survives a loss of power from its end on, for a part of the price.

    It is a `transaction`, whatever `config.durability` says, committed as "durable": nothing in the
    block waits for the disk, and at its end all values are synced together, which a disk does
    several times faster than one after the other. After a loss of power all of the block is there,
    or nothing of it.

    Parameters
    ----------
    node : Array or Group, or str, path-like or Store
        As of `transaction`.

    Returns
    -------
    context manager
        Gives the node itself, or a store.

    Raises
    ------
    TransactionError, ReadOnlyStoreError
        As `transaction` does.

    Examples
    --------
    >>> import zarrpy
    >>> array = zarrpy.create_array({}, shape=4, dtype="f4")
    >>> with zarrpy.group_commit(array):
    ...     for i in range(4):
    ...         array[i] = i
    """
    return Transaction(node, durability="durable")


class Transaction(Generic[T]):
    """A block whose changes are committed together; made by `transaction` and `group_commit`."""

    def __init__(self, node: T, durability: str | None = None) -> None:
        self._given = node
        self._durability = durability
        self._outer: Store | None = None
        self._known: dict[str, Any] = {}
        self._made: TransactionStore | None = None

    def __enter__(self) -> T:
        node: Any = self._given
        if self._made is not None:
            raise TransactionError("this transaction was begun already", hint="make another one")
        if not isinstance(node, Node):
            self._made = TransactionStore(as_store(node))
            given: Any = self._made
            result: T = given
            return result
        node._check_writable("begin a transaction in")
        if getattr(node, "_buffer", None) is not None:
            raise TransactionError(
                f"the array {node.name!r} is buffered", hint="begin buffered() in the transaction"
            )
        self._outer = node.store
        self._made = TransactionStore(node.store)
        _use(node, self._made)
        try:
            node._read_again()  # what was known before may be old: the block goes by what is now
        except BaseException:
            self._made.discard()
            _use(node, self._outer)
            raise
        self._known = {name: vars(node)[name] for name in _KNOWN if name in vars(node)}
        return self._given

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        made = self._made
        assert made is not None
        keys: list[str] = []
        undone = True
        try:
            keys = made.changed_keys()
            if error is None:
                self._commit(made, keys)
                undone = False
        finally:
            made.discard()
            note_change()  # what others of this process have consolidated is older than this
            if isinstance(self._given, Node):
                assert self._outer is not None
                _use(self._given, self._outer)
                if undone:
                    _recall(self._given, self._known)
            if undone:
                _tell_undone(made, keys, self._given)

    def _commit(self, made: TransactionStore, keys: list[str]) -> None:
        documents, others = documents_first(keys)
        durability = self._durability or config.durability
        added = latecomers_of(made)
        with (
            config.set(durability=durability),
            hold_of(made.lower, documents),
            hold_of(made.lower, others),
        ):
            made.commit(added)

    async def __aenter__(self) -> T:
        return await call_async(self.__enter__)

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await call_async(self.__exit__, kind, error, trace)


def _use(node: Node[Any], store: Store) -> None:
    """Have a handle read and write another store, which has the same nodes."""
    for name in _FOUND:
        node.__dict__.pop(name, None)
    node.store = store


def _recall(node: Node[Any], known: dict[str, Any]) -> None:
    """Have a handle know again what it knew before the block."""
    node._accept(known["metadata"])
    vars(node).update(known)


def _tell_undone(made: TransactionStore, keys: list[str], given: object) -> None:
    """Have handles of a transaction that was undone know what is stored."""
    changed = {path for path, _, name in (key.rpartition("/") for key in keys) if name in DOCUMENTS}
    for node in list(made.handles.values()):
        if node is not given and node.path in changed:
            _use(node, node.store)
            with suppress(ZarrError):  # of what was created in the block nothing is there
                node._read_again()
