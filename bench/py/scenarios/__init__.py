"""The workloads, one a file: the same code for every library, through its adapter.

A scenario module has ``rows(quick)``, the rows of the table that it makes, and three functions:
``prepare(library, row, folder)`` returns a state, ``run(state)`` is what is measured, and
``settle(state, result)`` checks the result and undoes what a run has left behind.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from scenarios.base import Row

NAMES = (
    "whole_read",
    "small_chunks",
    "windows",
    "selections",
    "shards",
    "columns",
    "reductions",
    "exzarr",
    "handles",
    "whole_write",
    "partial_write",
    "pieces",
    "appends",
    "strings",
    "views",
    "zip_files",
    "import_time",
)

#: Rows of the quick form, one of each kind of work.
QUICK = (
    "read-cube-none",
    "read-cube-blosc",
    "small-local",
    "windows",
    "select-points",
    "shards-read",
    "exzarr-local",
    "exzarr-memory",
    "open",
    "item",
    "write-blosc",
    "import",
)


def load(name: str) -> ModuleType:
    """Import a scenario by name."""
    return importlib.import_module(f"scenarios.{name}")


def all_rows(quick: bool) -> list[Row]:
    """Return the rows of every scenario, in the order of the table."""
    return [row for name in NAMES for row in load(name).rows(quick)]


def in_order(rows: dict[str, Any]) -> dict[str, Any]:
    """Return results in the order of the table: "the same" is the same as the row above."""
    places = {row.key: place for place, row in enumerate(all_rows(quick=False))}
    return dict(sorted(rows.items(), key=lambda item: places.get(item[0], len(places))))


def chosen_rows(quick: bool, only: str) -> list[Row]:
    """Return the rows whose key contains a word; without one, those of the (quick) table."""
    if quick and not only:
        return [row for row in all_rows(quick) if row.key in QUICK]
    rows = all_rows(quick)
    return [row for row in rows if (only in row.key if only else not row.apart)]
