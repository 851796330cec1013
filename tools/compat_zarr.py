"""A plug-in of pytest for zarr-python's own tests: of its public interface, over zarrpy."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import compat_stand_ins
import pytest
from compat_plugin import note
from compat_plugin import pytest_collection_modifyitems as leave_out
from compat_public import Rule

PACKAGE = Path(os.environ["ZARRPY_COMPAT_SOURCE"]) / "src" / "zarr"

compat_stand_ins.serve(str(PACKAGE / "testing"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out what is not of the public interface, and what is excluded by name."""
    rule = Rule(PACKAGE)
    private = [item for item in items if rule.why_private(item) is not None]
    config.hook.pytest_deselected(items=private)
    gone = set(map(id, private))
    items[:] = [item for item in items if id(item) not in gone]
    public, left_out = _by_file(items), _by_file(private)
    files = sorted({*public, *left_out})
    note({"private": {file: [public[file], left_out[file]] for file in files}})
    leave_out(config, items)


def _by_file(items: list[Any]) -> Counter[str]:
    return Counter(item.nodeid.partition("::")[0] for item in items)


def pytest_collection_finish(session: Any) -> None:
    """From now on a stand-in fails where it is used."""
    compat_stand_ins.running = True
