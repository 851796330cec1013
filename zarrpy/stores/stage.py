"""Where a transaction keeps what it changes, and how a store takes all of that at once."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from zarrpy.errors import TransactionError
from zarrpy.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from typing import TypeAlias

    from zarrpy.stores.base import Bytes, Store

    #: Is given what reads a key, and raises an error where nothing shall be written.
    Check: TypeAlias = Callable[[Callable[[str], Bytes | None]], None]

    #: Changed keys, and whether each has a value in the upper store now, or is deleted.
    Changes: TypeAlias = Mapping[str, bool]
    #: Keys with what `Stage.state` told when the transaction met them first.
    Seen: TypeAlias = Mapping[str, Hashable]
    #: Called when nobody else can commit, to name what others have stored meanwhile.
    Late: TypeAlias = Callable[[], list[str]]


class Stage(Protocol):
    """What a store gives to a transaction."""

    @property
    def upper(self) -> Store:
        """Takes what is written until the end."""

    @property
    def cheap(self) -> bool:
        """Whether to tell a state costs less than to read the value."""

    def state(self, key: str) -> Hashable:
        """Tell what differs when the value does."""

    def commit(self, changes: Changes, seen: Seen, nodes: Mapping[str, str], late: Late) -> None:
        """Make all changes or none.

        Parameters
        ----------
        changes : mapping
        seen : mapping
            What has to be as it was.
        nodes : mapping
            To each node of which something changes the key of its document.
        late : callable
            Names keys that must not be there.

        Raises
        ------
        TransactionError
            When somebody else has changed one of the keys; nothing is changed then.
        """

    def discard(self) -> None:
        """Forget all that was staged."""


def digest(value: Bytes | None) -> Hashable:
    """Tell values apart."""
    return None if value is None else blake2b(value, digest_size=20).digest()


def check_unchanged(changed: list[str]) -> None:
    """Refuse to commit over what others have written.

    Raises
    ------
    TransactionError
        When there is any.
    """
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise TransactionError(
            f"{changed[0]!r}{more} was changed by another writer since this transaction met it; "
            "nothing of the transaction was written",
            hint="run it again",
        )


class MemoryStage:
    """Changes in memory, for stores that take several as one step of their own."""

    cheap = False

    def __init__(self, store: Store) -> None:
        store.check_writable("begin a transaction", "")
        self._store = store
        self.upper: Store = MemoryStore()

    def state(self, key: str) -> Hashable:
        """Tell a digest of the value."""
        return digest(self._store.get(key))

    def commit(self, changes: Changes, seen: Seen, nodes: Mapping[str, str], late: Late) -> None:
        """Make all changes or none."""

        def check(get: Callable[[str], Bytes | None]) -> None:
            check_unchanged([key for key, state in seen.items() if digest(get(key)) != state])
            check_unchanged(late())

        values = [self.upper.get(key) if there else None for key, there in changes.items()]
        self._store.set_together(list(changes), values, check)

    def discard(self) -> None:
        """Forget all that was staged."""
        self.upper.delete_prefix("")
