"""The table of a SQLite file that has the values: what is taken for one, as files come from anyone.

A view may be any query, and a column that is generated any expression: a small file could keep
readers busy for ever, or fill their memory.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from zarrpy.errors import StoreError


class Connection(sqlite3.Connection):
    """A connection that knows which tables were looked at."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.known: set[str] = set()


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether there is a table; each connection looks once at what it is.

    Raises
    ------
    StoreError
        When something else has the name, or columns are computed or missing.
    """
    known = connection.known if isinstance(connection, Connection) else set()
    if name in known:
        return True
    if not _is_there(connection, name):
        return False
    _check_columns(connection, name)
    known.add(name)
    return True


def _is_there(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute(
        "SELECT type, rootpage FROM sqlite_master "
        "WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')",
        (name,),
    ).fetchall()
    for kind, page in found:
        if kind != "table" or not page:  # virtual tables have no pages of their own
            what = "view" if kind == "view" else "virtual table"
            raise StoreError(
                f"{name!r} is a {what}, and no table with values",
                operation="open",
                hint="copy its rows into a table with the columns k and v",
            )
    return bool(found)


def _check_columns(connection: sqlite3.Connection, name: str) -> None:
    statement = "SELECT lower(name), hidden FROM pragma_table_xinfo(?)"
    columns = dict(connection.execute(statement, (name,)))
    computed = [column for column, hidden in columns.items() if hidden]
    if computed:
        raise StoreError(
            f"the column {computed[0]!r} of the table {name!r} is computed, and has no values",
            operation="open",
        )
    missing = {"k", "v"} - columns.keys()
    if missing:
        raise StoreError(
            f"the table {name!r} has no column {min(missing)!r}, so it has no keys with values",
            operation="open",
        )
