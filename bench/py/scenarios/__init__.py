"""The workloads, one a file: the same code for every library, through its adapter.

A scenario module has ``rows(quick)``, the rows of the table that it makes, and three functions:
``prepare(library, row, folder)`` returns a state, ``run(state)`` is what is measured, and
``settle(state, result)`` checks the result and undoes what a run has left behind.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from scenarios.base import Row

NAMES = (
    "whole_read",
    "small_chunks",
    "selections",
    "shards",
    "columns",
    "reductions",
    "exzarr",
    "handles",
    "whole_write",
    "appends",
    "strings",
    "views",
    "import_time",
)


def load(name: str) -> ModuleType:
    """Import a scenario by name."""
    return importlib.import_module(f"scenarios.{name}")


def all_rows(quick: bool) -> list[Row]:
    """Return the rows of every scenario, in the order of the table."""
    return [row for name in NAMES for row in load(name).rows(quick)]
