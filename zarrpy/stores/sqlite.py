"""Values in one table of a SQLite file: changed in transactions, read in parts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import StoreError
from zarrpy.metadata.names import DOCUMENTS, check_key, check_keys
from zarrpy.stores.path_lock import KeyOfFile
from zarrpy.stores.single_file import SingleFileStore
from zarrpy.stores.sqlite_database import DATABASES, Database
from zarrpy.stores.sqlite_table import has_table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Exclusive, Names, Values
    from zarrpy.stores.stage import Check

#: A bound of keys; in bytes, as it has to be behind some that are not UTF-8.
_BOUND = "CAST(? AS TEXT)"
#: The bytes of a value, also of text, and of nothing, which is read as no bytes.
_SIZE = "coalesce(length(CAST(v AS BLOB)), 0)"


class SQLiteStore(SingleFileStore[Database]):
    """Keep every value in a row of one SQLite file.

    All that is set together is there together or not at all, also when the process is killed. Any
    number of threads and processes read and write; writers wait for each other.

    Files that zarr-python 2 wrote are read and written as they are.

    Parameters
    ----------
    path : str or path-like
        The file; made by the first write.
    table : str
        The table, with a column `k` of keys and a column `v` of values.
    read_only : bool
        Refuse every change.

    Examples
    --------
    >>> import os, tempfile
    >>> store = SQLiteStore(os.path.join(tempfile.mkdtemp(), "a.sqlite"))
    >>> store.set_many(["a", "b"], [b"1", b"2"])
    >>> list(store.list())
    ['a', 'b']
    """

    kind = "sqlite"

    def __init__(
        self, path: str | os.PathLike[str], table: str = "zarr", *, read_only: bool = False
    ) -> None:
        self.path = os.path.abspath(os.path.expanduser(os.fspath(path)))
        if not table or "\0" in table:
            raise ValueError(f"{table!r} is no name of a table")
        self.table = table
        self.read_only = read_only
        self._begin()

    def _begin(self) -> None:
        if os.path.isdir(self.path):
            raise StoreError(f"it is a directory: {self.path!r}", operation="open")
        self._share(DATABASES)
        self._name = '"' + self.table.replace('"', '""') + '"'

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        """Read rows; none when the file or the table is not there."""
        with self._shared.reading() as connection:
            return [] if connection is None else self._asked(connection, statement, values)

    def _asked(self, connection: sqlite3.Connection, statement: str, values: Any) -> list[Any]:
        import sqlite3

        try:
            if not self._has_table(connection):
                return []
            return self._run(connection, statement, *values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # it was dropped meanwhile
                return []
            raise

    def _has_table(self, connection: sqlite3.Connection) -> bool:
        try:
            return has_table(connection, self.table)
        except StoreError as error:
            raise error.fill(store=self.path) from None

    def _run(
        self, connection: sqlite3.Connection, statement: str, *keys: str | bytes
    ) -> sqlite3.Cursor:
        try:
            return connection.execute(statement.format(t=self._name, b=_BOUND), keys)
        except UnicodeEncodeError:  # of a key that is not UTF-8, as it was listed
            statement = statement.replace("?", _BOUND).format(t=self._name, b=_BOUND)
            return connection.execute(statement, [*map(_raw, keys)])

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        check_key(key)
        if byte_range is not None:
            return self._get_part(key, byte_range)
        with self._shared.reading() as connection:
            return None if connection is None else self._value(connection, key)

    def _value(self, connection: sqlite3.Connection, key: str) -> Bytes | None:
        """Read a value; a document only when it is no larger than documents may be."""
        if key.rpartition("/")[2] in DOCUMENTS:
            sizes = self._asked(connection, "SELECT length(v) FROM {t} WHERE k = ?", (key,))
            if sizes and (sizes[0][0] or 0) > config.limits.metadata_bytes:
                raise StoreError(
                    f"the document has {sizes[0][0]} bytes, {config.limits.metadata_bytes} are "
                    "allowed",
                    key=key,
                    operation="get",
                    hint="raise config.limits.metadata_bytes",
                )
        rows = self._asked(connection, "SELECT v FROM {t} WHERE k = ?", (key,))
        return _bytes(rows[0][0]) if rows else None

    def _get_part(self, key: str, byte_range: ByteRange) -> Bytes | None:
        """Read a part through a handle of the value, which leaves the rest on the disk."""
        with self._shared.reading() as connection:
            if connection is None:
                return None
            connection.execute("BEGIN")  # the row is the same one for both statements
            try:
                statement = "SELECT rowid, length(v), typeof(v) FROM {t} WHERE k = ?"
                rows = self._asked(connection, statement, (key,))
                if not rows:
                    return None
                row, size, kind = rows[0]
                if kind != "blob" or not isinstance(row, int):
                    value = self._asked(connection, "SELECT v FROM {t} WHERE k = ?", (key,))
                    return byte_range.of(_bytes(value[0][0]))
                start, stop = byte_range.within(size)
                if stop <= start:
                    return b""
                with connection.blobopen(self.table, "v", row, readonly=True) as blob:
                    blob.seek(start)
                    return blob.read(stop - start)
            finally:
                connection.execute("ROLLBACK")

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values."""
        with self._shared.reading() as connection:
            if connection is None:
                return [None] * len(keys)
            return self._values(connection, keys)

    def _values(self, connection: sqlite3.Connection, keys: Sequence[str]) -> Values:
        """Read values; what is the same for all of them is looked up once."""
        import sqlite3

        check_keys(keys)
        if not self._has_table(connection):
            return [None] * len(keys)
        statement = f"SELECT v FROM {self._name} WHERE k = ?"
        ask, documents = connection.execute, tuple(DOCUMENTS)
        values: Values = []
        for key in keys:
            try:
                rows = None if key.endswith(documents) else ask(statement, (key,)).fetchall()
            except (UnicodeEncodeError, sqlite3.OperationalError):
                rows = None
            if rows is None or (rows and type(rows[0][0]) is not bytes):  # the long way
                values.append(self._value(connection, key))
            else:
                values.append(rows[0][0] if rows else None)
        return values

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        statement = "SELECT k FROM {t} WHERE k >= ? AND k < {b} ORDER BY k"
        return (key for (key,) in self._rows(statement, prefix, _behind(prefix)))

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, passing over what lies below them."""
        statement = "SELECT k FROM {t} WHERE k >= ? AND k < {b} ORDER BY k LIMIT 1"
        found = set()
        following = prefix
        while rows := self._rows(statement, following, _behind(prefix)):
            key = rows[0][0]
            name = key[len(prefix) :].partition("/")[0]
            found.add(name)
            folder = f"{prefix}{name}"
            following = folder + "\0" if key == folder else folder + "0"
        return sorted(found)

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        statement = f"SELECT k, {_SIZE} FROM {{t}} WHERE k >= ? AND k < {{b}} ORDER BY k"
        return iter(self._rows(statement, prefix, _behind(prefix)))

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return bool(self._rows("SELECT 1 FROM {t} WHERE k = ?", key))

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        rows = self._rows(f"SELECT {_SIZE} FROM {{t}} WHERE k = ?", key)
        return rows[0][0] if rows else None

    def stamp(self, key: str) -> object:
        """Tell which state the file is in, as nobody counts the changes of one value."""
        return self._shared.state()

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.set_many([key], [value])

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values in one transaction; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        changes = [
            (check_key(key), None if value is None else memoryview(value).cast("B"))
            for key, value in zip(keys, values, strict=True)
        ]
        with self._shared.writing() as connection:
            self._make(connection)
            for key, value in changes:
                self._change(connection, key, value)

    def set_together(
        self, keys: Sequence[str], values: Sequence[Bytes | None], check: Check
    ) -> None:
        """Replace several values in one transaction, which reads what it goes by as well."""

        def get(key: str) -> Bytes | None:
            return self._value(connection, key)

        with self._shared.outside.alone(), self._shared.writing() as connection:
            self._make(connection)
            check(get)
            for key, value in zip(keys, values, strict=True):
                self._change(connection, key, None if value is None else memoryview(value))

    def _make(self, connection: sqlite3.Connection) -> None:
        self._has_table(connection)  # what else has the name is an error
        connection.execute(f"CREATE TABLE IF NOT EXISTS {self._name}(k TEXT PRIMARY KEY, v BLOB)")

    def _change(self, connection: sqlite3.Connection, key: str, value: Bytes | None) -> None:
        """Put a row in the place of all that have its key: others' tables may have several."""
        self._run(connection, "DELETE FROM {t} WHERE k = ?", key)
        if value is None:
            return
        try:
            connection.execute(f"INSERT INTO {self._name}(k, v) VALUES(?, ?)", (key, value))
        except UnicodeEncodeError as error:
            raise _no_text(key) from error

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value while no other thread or process writes."""
        self.check_writable("update", key)
        check_key(key)
        with self._shared.outside.alone(), self._shared.writing() as connection:
            self._make(connection)
            self._change(connection, key, change(self._value(connection, key)))

    @property
    def guards(self) -> bool:
        """The lock of the file keeps others out."""
        return True

    def delete(self, key: str) -> None:
        """Delete a row."""
        self.check_writable("delete", key)
        if self.exists(check_key(key)):
            self.set_many([key], [None])

    def delete_prefix(self, prefix: str) -> None:
        """Delete all rows with this prefix in one transaction."""
        self.check_writable("delete", prefix)
        if not any(True for _ in self.list(prefix)):
            return
        with self._shared.writing() as connection:
            statement = "DELETE FROM {t} WHERE k >= ? AND k < {b}"
            self._run(connection, statement, prefix, _behind(prefix))

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a row another key."""
        self.check_writable("rename", key)
        check_key(new)
        if not self.exists(key):
            return False
        with self._shared.writing() as connection:
            if self._asked(connection, "SELECT 1 FROM {t} WHERE k = ?", (new,)) and new != key:
                if not replace:
                    return False
                self._change(connection, new, None)
            statement = "UPDATE {t} SET k = ? WHERE k = ?"
            return self._run(connection, statement, new, key).rowcount > 0

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep other processes out that change an array as a whole."""
        self.check_writable("lock", key)
        return KeyOfFile(self._shared.outside, key, self.set, patience)

    def sync(self, path: str) -> None:
        """Let all that was committed last."""
        self._shared.sync()

    def compact(self) -> None:
        """Give back what deleted values have taken of the file."""
        self.check_writable("compact", "")
        self._shared.vacuum()

    # ------------------------------------------------------------------------------- describing

    @property
    def other_processes(self) -> str:
        """Everything, by the locks of the file."""
        return "write"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the table and its path in it."""
        return f"sqlite:{self._shared.path}:{self.table}", path

    def __repr__(self) -> str:
        table = "" if self.table == "zarr" else f", {self.table!r}"
        return f"SQLiteStore({self.path!r}{table})"


def _bytes(value: Any) -> Bytes:
    """Give a value as bytes; somebody may have stored text, or nothing."""
    if isinstance(value, bytes):
        return value
    return b"" if value is None else _raw(str(value))


def _behind(prefix: str) -> bytes:
    """Give what is behind every key that begins like this."""
    return _raw(prefix) + b"\xff\xff\xff\xff"


def _raw(text: str | bytes) -> bytes:
    """Give the bytes of text as SQLite has it, which may be no UTF-8."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise _no_text(text) from error


def _no_text(key: str) -> StoreError:
    return StoreError("the key has half of a surrogate pair, which UTF-8 cannot write", key=key)
