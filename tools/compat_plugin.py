"""A plug-in of pytest: serves zarrpy in the place of zarr-python to the tests of others.

Tests that are named in the file of the variable ZARRPY_COMPAT_EXCLUDED are left out.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

import zarrpy.compat

zarrpy.compat.install()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out the tests that are excluded by name."""
    listed = tomllib.loads(Path(os.environ["ZARRPY_COMPAT_EXCLUDED"]).read_text())["excluded"]
    project = os.environ["ZARRPY_COMPAT_PROJECT"]
    names = {each["test"] for each in listed if each["project"] == project}
    out = [item for item in items if any(_is_meant(_name(item), name) for name in names)]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]
    note({"excluded": len(out)})


def note(what: dict[str, Any]) -> None:
    """Tell who runs the suite what was left out."""
    place = Path(os.environ["ZARRPY_COMPAT_LEFT_OUT"])
    known = json.loads(place.read_text()) if place.exists() else {}
    place.write_text(json.dumps({**known, **what}))


def _is_meant(test: str, name: str) -> bool:
    """Whether a name is that of a test, of its function, of its class or of its file."""
    return test == name or test.startswith((f"{name}[", f"{name}::"))


def pytest_runtest_setup(item: Any) -> None:
    """Skip what a mark of xarray's names; its wheel lacks what understands the mark."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    for mark in item.iter_markers("skip_if_param"):
        wanted = {name: value for name, value in mark.kwargs.items() if name in parameters}
        meant = all(parameters[name] == value for name, value in wanted.items())
        if wanted and meant and mark.kwargs.get("condition", True):
            pytest.skip(mark.kwargs.get("reason", "by a mark"))


def _name(item: Any) -> str:
    """Name a test as the list of exclusions does: file and function, without the folder."""
    return f"{Path(item.path).name}::{item.nodeid.partition('::')[2]}"
