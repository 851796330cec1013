"""Values in a table of a PostgreSQL database: changed in transactions, read in parts."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakValueDictionary

from zarrpy.metadata.names import check_key
from zarrpy.stores.base import Store
from zarrpy.stores.begun_again import BegunAgain
from zarrpy.stores.postgres_connections import Connections, KeyLock, driver, split

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from zarrpy.stores.base import ByteRange, Bytes, Exclusive, Names, Values
    from zarrpy.stores.stage import Check

#: Behind every key that begins like the one before it.
_LAST = "\U0010ffff"
#: Keys that one statement is about.
_TOGETHER = 1000
#: Longer than any value; the database counts in 32 bits.
_LONGEST = 1 << 30

_connections: WeakValueDictionary[str, Connections] = WeakValueDictionary()
_lock = threading.Lock()

_TABLE = """
CREATE TABLE IF NOT EXISTS {t} (
    k text COLLATE "C" PRIMARY KEY,
    v bytea NOT NULL,
    n bigserial NOT NULL
);
ALTER TABLE {t} ALTER COLUMN v SET STORAGE EXTERNAL
"""
_UPSERT = """
INSERT INTO {t} (k, v) VALUES (%s, %s)
ON CONFLICT (k) DO UPDATE SET v = excluded.v, n = excluded.n
"""
_FROM_END = "greatest(octet_length(v) - %s, 0) + 1"
_NAMES = """
WITH RECURSIVE found(k) AS (
    (SELECT k FROM {t} WHERE k >= %(prefix)s AND k < %(last)s ORDER BY k LIMIT 1)
    UNION ALL
    SELECT (
        SELECT k FROM {t} WHERE k < %(last)s AND k > CASE
            WHEN strpos(substr(found.k, %(start)s), '/') = 0 THEN found.k
            ELSE %(prefix)s || split_part(substr(found.k, %(start)s), '/', 1) || '/' || %(end)s
        END ORDER BY k LIMIT 1
    ) FROM found WHERE found.k IS NOT NULL
)
SELECT DISTINCT split_part(substr(k, %(start)s), '/', 1) FROM found WHERE k IS NOT NULL
"""


class PostgresStore(BegunAgain, Store):
    """Keep every value in a row of a table of a PostgreSQL database.

    All that is set together is there together or not at all. Any number of processes on any number
    of machines read and write.

    Parameters
    ----------
    url : str
        ``postgresql://user:password@host:port/database``; several hosts are separated by commas,
        and parameters of libpq may follow, such as ``?target_session_attrs=read-write``.
    table : str
        Made by the first write; also as ``?table=`` in the URL.
    schema : str, optional
        Where the table is; by default where the database looks for it.
    read_only : bool
        Refuse every change.
    """

    package: ClassVar[str] = "psycopg"

    def __init__(
        self, url: str, table: str = "zarr", *, schema: str | None = None, read_only: bool = False
    ) -> None:
        driver()
        self.url, given = split(url)
        self.table = given.get("table", table)
        self.schema = given.get("schema", schema)
        self.read_only = read_only
        if not self.table:
            raise ValueError("a table needs a name")
        self._begin()

    def _begin(self) -> None:
        with _lock:
            connections = _connections.get(self.url)
            if connections is None:
                _connections[self.url] = connections = Connections(self.url)
            self._connections = connections
        self._made = False

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> PostgresStore:
        """Make a store of a URL of libpq."""
        return cls(url, read_only=read_only, **options)

    # -------------------------------------------------------------------------------- statements

    def _statement(self, text: str) -> Any:
        from psycopg.sql import SQL, Identifier

        names = (self.table,) if self.schema is None else (self.schema, self.table)
        return SQL(text).format(t=Identifier(*names))

    def _rows(self, text: str, values: Any = ()) -> list[Any]:
        """Read rows; none when the table is not there."""
        with self._connections.connected() as connection:
            return self._asked(connection, text, values)

    def _asked(self, connection: Any, text: str, values: Any) -> list[Any]:
        try:
            cursor = connection.execute(self._statement(text), values, binary=True)
            rows: list[Any] = cursor.fetchall()
        except driver().errors.UndefinedTable:
            if connection.info.transaction_status:  # a transaction is of no use after an error
                raise
            return []
        return rows

    def _writing(self) -> AbstractContextManager[Any]:
        if not self._made:
            self._make()
        return self._connections.transaction()

    def _make(self) -> None:
        """Make the table; of several who do so at the same time, one."""
        with self._connections.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._number(""),))
            known = connection.execute(
                "SELECT to_regclass(%s)", (self._statement("{t}").as_string(connection),)
            ).fetchone()
            if known[0] is None:
                connection.execute(self._statement(_TABLE))
        self._made = True

    def _number(self, key: str) -> int:
        """Name a key for the locks of the database, which are numbers."""
        digest = sha256(f"zarrpy\0{self.schema}\0{self.table}\0{key}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it; the rest stays in the database."""
        check_key(key)
        if byte_range is None:
            rows = self._rows("SELECT v FROM {t} WHERE k = %s", (key,))
            return rows[0][0] if rows else None
        start, end = ("%s + 1", "%s") if byte_range.offset >= 0 else (_FROM_END, "%s")
        length = byte_range.length if byte_range.length >= 0 else _LONGEST
        values = (min(abs(byte_range.offset), _LONGEST), min(length, _LONGEST), key)
        rows = self._rows(
            f"SELECT substring(v from {start} for {end}) FROM {{t}} WHERE k = %s", values
        )
        return rows[0][0] if rows else None

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values, many with each statement."""
        found: dict[str, Bytes] = {}
        for start in range(0, len(keys), _TOGETHER):
            some = [check_key(key) for key in keys[start : start + _TOGETHER]]
            found.update(self._rows("SELECT k, v FROM {t} WHERE k = ANY(%s)", (some,)))
        return [found.get(key) for key in keys]

    def exists(self, key: str) -> bool:
        """Whether there is such a row."""
        return bool(self._rows("SELECT 1 FROM {t} WHERE k = %s", (key,)))

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        rows = self._rows("SELECT octet_length(v) FROM {t} WHERE k = %s", (key,))
        return rows[0][0] if rows else None

    def version(self, key: str) -> Hashable | None:
        """Tell the number that a value got when it was set; no other one ever gets it."""
        rows = self._rows("SELECT n FROM {t} WHERE k = %s", (key,))
        return rows[0][0] if rows else "absent"

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`, some thousands with each statement."""
        return (key for key, _ in self._pages("k, 0", prefix))

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        return self._pages("k, octet_length(v)", prefix)

    def _pages(self, columns: str, prefix: str) -> Iterator[Any]:
        text = f"SELECT {columns} FROM {{t}} WHERE k {{op}} %s AND k < %s ORDER BY k LIMIT %s"
        operator, after = ">=", prefix
        while True:
            page = text.replace("{op}", operator)
            rows = self._rows(page, (after, prefix + _LAST, 10 * _TOGETHER))
            yield from rows
            if len(rows) < 10 * _TOGETHER:
                return
            operator, after = ">", rows[-1][0]

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, passing over what lies below them."""
        values = {"prefix": prefix, "last": prefix + _LAST, "start": len(prefix) + 1, "end": _LAST}
        return sorted(name for (name,) in self._rows(_NAMES, values))

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.set_many([key], [value])

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values in one transaction; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        last = dict(zip(map(check_key, keys), values, strict=True))
        # everybody takes rows in one order, so that nobody waits in a circle
        changes = sorted(last.items(), key=lambda change: change[0])
        rows = [(key, bytes(value)) for key, value in changes if value is not None]
        gone = [key for key, value in changes if value is None]
        with self._writing() as connection:
            self._change(connection, rows, gone)

    def set_together(
        self, keys: Sequence[str], values: Sequence[Bytes | None], check: Check
    ) -> None:
        """Replace several values in one transaction that keeps all writers out of the table."""

        def get(key: str) -> Bytes | None:
            rows = self._asked(connection, "SELECT v FROM {t} WHERE k = %s", (key,))
            return rows[0][0] if rows else None

        changes = sorted(zip(keys, values, strict=True), key=lambda change: change[0])
        with self._writing() as connection:
            # readers go on; rows that are absent cannot be locked one by one
            connection.execute(self._statement("LOCK TABLE {t} IN SHARE ROW EXCLUSIVE MODE"))
            check(get)
            rows = [(key, bytes(value)) for key, value in changes if value is not None]
            gone = [key for key, value in changes if value is None]
            self._change(connection, rows, gone)

    def _change(
        self, connection: Any, rows: Sequence[tuple[str, bytes]], gone: Sequence[str]
    ) -> None:
        if rows:
            connection.cursor().executemany(self._statement(_UPSERT), rows)
        if gone:
            connection.execute(self._statement("DELETE FROM {t} WHERE k = ANY(%s)"), (gone,))

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value while nobody else, on whatever machine, changes it."""
        self.check_writable("update", key)
        check_key(key)
        done = False
        while not done:
            with self._writing() as connection:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._number(key),))
                rows = self._asked(connection, "SELECT v FROM {t} WHERE k = %s FOR UPDATE", (key,))
                value = change(rows[0][0] if rows else None)
                if value is None:
                    connection.execute(self._statement("DELETE FROM {t} WHERE k = %s"), (key,))
                    return
                # one that was absent may be there now, and has to be seen first
                text = _UPSERT if rows else _UPSERT.partition("DO ")[0] + "DO NOTHING"
                done = connection.execute(self._statement(text), (key, bytes(value))).rowcount > 0

    @property
    def guards(self) -> bool:
        """The locks of the database keep others out."""
        return True

    def delete(self, key: str) -> None:
        """Delete a row."""
        self.set_many([key], [None])

    def delete_prefix(self, prefix: str) -> None:
        """Delete all rows with this prefix in one transaction."""
        self.check_writable("delete", prefix)
        with self._writing() as connection:
            statement = self._statement("DELETE FROM {t} WHERE k >= %s AND k < %s")
            connection.execute(statement, (prefix, prefix + _LAST))

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a row another key."""
        self.check_writable("rename", key)
        check_key(new)
        if key == new:
            return replace and self.exists(key)
        with self._writing() as connection:
            if replace and self._asked(connection, "SELECT 1 FROM {t} WHERE k = %s", (key,)):
                connection.execute(self._statement("DELETE FROM {t} WHERE k = %s"), (new,))
            statement = self._statement(
                "UPDATE {t} SET k = %s, n = DEFAULT WHERE k = %s"
                " AND NOT EXISTS (SELECT 1 FROM {t} WHERE k = %s)"
            )
            changed: int = connection.execute(statement, (new, key, new)).rowcount
            return changed > 0

    def exclusive(self, key: str, patience: float | None = None) -> Exclusive:
        """Keep others out who lock the same key, on whatever machine."""
        self.check_writable("lock", key)
        return KeyLock(self._connections, self._number(key), key, self.set, patience)

    # ------------------------------------------------------------------------------ describing

    @property
    def excludes_writers(self) -> bool:
        """The locks of the database keep them out."""
        return True

    @property
    def other_processes(self) -> str:
        """Everything, by connections of their own."""
        return "write"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the database, the table and its path in it."""
        return f"{self._connections.place}#{self.schema or ''}.{self.table}", path

    @property
    def lock_scope(self) -> int:
        """The same for all stores of one table."""
        return hash(self.locus("")[0])

    @property
    def label(self) -> str:
        """Name the database and the table."""
        return f"{self._connections.place}#{self.table}"

    def place_of(self, path: str) -> str:
        """Name a node as people find it."""
        return f"{self.label}/{path}" if path else self.label

    def close(self) -> None:
        """Close the connections that are not in use; the store can be used again."""
        self._connections.close()

    def __repr__(self) -> str:
        return f"PostgresStore({self._connections.place!r}, {self.table!r})"
