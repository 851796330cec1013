"""Stores that are only read: whatever would change one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from zarrpy.errors import ReadOnlyStoreError
from zarrpy.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from zarrpy.stores.base import Bytes


class ReaderStore(Store):
    """A store that nothing can be written to, whatever `read_only` says."""

    read_only = True
    #: What it is, as errors name it.
    what: ClassVar[str] = "the store"

    def set(self, key: str, value: Bytes) -> None:
        """Refuse."""
        self._refuse_change("set", key)

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Refuse, unless there is nothing to set."""
        for key in keys:
            self._refuse_change("set", key)

    def update(self, key: str, change: Any) -> None:
        """Refuse."""
        self._refuse_change("update", key)

    def delete(self, key: str) -> None:
        """Refuse."""
        self._refuse_change("delete", key)

    def delete_prefix(self, prefix: str) -> None:
        """Refuse."""
        self._refuse_change("delete", prefix)

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Refuse."""
        self._refuse_change("rename", key)

    def check_writable(self, operation: str, key: str) -> None:
        """Refuse, unless a class below can write after all."""
        if self.read_only:
            self._refuse_change(operation, key)

    @property
    def way_to_write(self) -> str:
        """Write somewhere else."""
        return "copy it with zarrpy.copy into a store that can be written to, and change the copy"

    @property
    def other_processes(self) -> str:
        """Read."""
        return "read"

    def _refuse_change(self, operation: str, key: str) -> NoReturn:
        raise ReadOnlyStoreError(
            f"{self.what} is only read",
            store=repr(self),
            key=key,
            operation=operation,
            hint=self.way_to_write,
        )
