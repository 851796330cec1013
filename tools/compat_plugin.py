"""A plug-in of pytest: serves zarrpy in the place of zarr-python to the tests of others.

Tests that are named in the file of the variable ZARRPY_COMPAT_EXCLUDED are left out.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import zarrpy.compat

zarrpy.compat.install()


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out the tests that are excluded by name."""
    given = os.environ.get("ZARRPY_COMPAT_EXCLUDED")
    if given is None:
        return
    names = {each["test"] for each in tomllib.loads(Path(given).read_text())["excluded"]}
    out = [item for item in items if _name(item) in names or _name(item).partition("[")[0] in names]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


def _name(item: Any) -> str:
    """Name a test as the list of exclusions does: file and function, without the folder."""
    path, _, rest = item.nodeid.partition("::")
    return f"{Path(path).name}::{rest}"
