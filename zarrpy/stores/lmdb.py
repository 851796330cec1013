"""Values in an LMDB database, read where they are in memory, without copying."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from zarrpy.metadata.names import check_key
from zarrpy.stores.lmdb_environment import ENVIRONMENTS, Environment, driver
from zarrpy.stores.path_lock import KeyOfFile
from zarrpy.stores.single_file import SingleFileStore

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Exclusive, Names, Values
    from zarrpy.stores.stage import Check

    Pairs = list[tuple[bytes, int]]

#: Keys that are listed by one transaction: a long one keeps what is deleted from being used again.
_TOGETHER = 1000


class LMDBStore(SingleFileStore[Environment]):
    """Keep every value in an LMDB database.

    All that is set together is there together or not at all, also when the process is killed. Any
    number of processes read without waiting for anybody; those that write wait for each other.
    What is read is a view of the file in memory, which stays as it was however the value changes.

    Databases that zarr-python 2 wrote are read and written as they are.

    Parameters
    ----------
    path : str or path-like
        A directory, made by the first write; a path that ends in ``.mdb`` is a file without one.
    read_only : bool
        Refuse every change.
    """

    kind = "lmdb"
    package: ClassVar[str] = "lmdb"

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        driver()
        self.path = os.path.abspath(os.path.expanduser(os.fspath(path)))
        self.read_only = read_only
        self._begin()

    def _begin(self) -> None:
        self._share(ENVIRONMENTS)

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """View a value or a part of it."""
        value = self._shared.view(_encoded(key))
        return value if value is None or byte_range is None else byte_range.of(value)

    def get_many(self, keys: Sequence[str]) -> Values:
        """View several whole values."""
        return [self.get(key) for key in keys]

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self.size(key) is not None

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        encoded = _encoded(key)
        with self._shared.reading() as transaction:
            value = None if transaction is None else transaction.get(encoded)
            return None if value is None else len(value)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return (key for key, _ in self.list_sizes(prefix))

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        start = prefix.encode()
        after, more = start, True
        while more:
            page = self._page(start, after)
            yield from ((key.decode(), size) for key, size in page)
            more = len(page) == _TOGETHER
            after = page[-1][0] + b"\0" if page else after

    def _page(self, prefix: bytes, after: bytes) -> Pairs:
        """Give the first keys with a prefix that are not before another one."""
        found: Pairs = []
        with self._shared.reading() as transaction:
            cursor = None if transaction is None else transaction.cursor()
            if cursor is None or not (cursor.set_range(after) if after else cursor.first()):
                return found
            for key, value in cursor.iternext(keys=True, values=True):
                name = bytes(key)
                if not name.startswith(prefix) or len(found) == _TOGETHER:
                    break
                found.append((name, len(value)))
        return found

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, passing over what lies below them."""
        start = prefix.encode()
        names: set[str] = set()
        with self._shared.reading() as transaction:
            cursor: Any = None if transaction is None else transaction.cursor()
            there = cursor is not None and (cursor.set_range(start) if start else cursor.first())
            while there and bytes(cursor.key()).startswith(start):
                key = bytes(cursor.key())
                name = key[len(start) :].partition(b"/")[0]
                names.add(name.decode())
                folder = start + name
                there = cursor.set_range(key + b"\0" if key == folder else folder + b"0")
        return sorted(names)

    # --------------------------------------------------------------------------------- writing

    def sync(self, path: str) -> None:
        """Let all that was committed last."""
        self._shared.sync()

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.set_many([key], [value])

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values in one transaction; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        changes = [
            (_encoded(key), None if value is None else memoryview(value).cast("B"))
            for key, value in zip(keys, values, strict=True)
        ]
        with self._shared.writing() as transaction:
            for key, value in changes:
                if value is None:
                    transaction.delete(key)
                else:
                    transaction.put(key, value)

    def set_together(
        self, keys: Sequence[str], values: Sequence[Bytes | None], check: Check
    ) -> None:
        """Replace several values in one transaction, which reads what it goes by as well."""
        with self._shared.writing() as transaction:
            check(lambda key: transaction.get(_encoded(key)))
            for key, value in zip(keys, values, strict=True):
                if value is None:
                    transaction.delete(_encoded(key))
                else:
                    transaction.put(_encoded(key), bytes(value))

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value unless somebody else has changed it meanwhile; then begin again."""
        self.check_writable("update", key)
        encoded = _encoded(key)
        # what `change` does may write as well: it must not run while others wait for us to write
        while True:
            before = self.get(key)
            new = change(before)
            with self._shared.writing() as transaction:
                now = transaction.get(encoded)
                if (now is None) == (before is None) and (now is None or before == now):
                    if new is not None:
                        transaction.put(encoded, bytes(new))
                    elif now is not None:
                        transaction.delete(encoded)
                    return

    @property
    def guards(self) -> bool:
        """What was changed meanwhile is updated again."""
        return True

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.check_writable("delete", key)
        if self.exists(key):
            self.set_many([key], [None])

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix` in one transaction."""
        self.check_writable("delete", prefix)
        keys = [*self.list(prefix)]
        self.set_many(keys, [None] * len(keys))

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a value another key."""
        self.check_writable("rename", key)
        old_key, new_key = _encoded(key), _encoded(new)
        if not self.exists(key):
            return False
        with self._shared.writing() as transaction:
            value = transaction.get(old_key)
            if value is None or not transaction.put(new_key, bytes(value), overwrite=replace):
                return False
            if old_key != new_key:
                transaction.delete(old_key)
            return True

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep other processes out that change an array as a whole."""
        self.check_writable("lock", key)
        return KeyOfFile(self._shared.outside, key, self.set, patience)

    # ------------------------------------------------------------------------------- describing

    @property
    def other_processes(self) -> str:
        """Everything, by the locks of the file."""
        return "write"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the file and its path in it."""
        return f"lmdb:{self._shared.path}", path

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return f"lmdb:{self.path}/{path}" if path else f"lmdb:{self.path}"

    @property
    def tells_sizes(self) -> bool:
        """Without touching the values."""
        return True

    def __repr__(self) -> str:
        return f"LMDBStore({self.path!r})"


def _encoded(key: Any) -> bytes:
    return check_key(key).encode()
