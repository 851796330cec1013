"""Groups around single arrays, for libraries that open no array without one."""

from __future__ import annotations

import json
from pathlib import Path

#: The name of an array in its group.
NAME = "values"
GROUPS = {
    ".zarray": (".zgroup", {"zarr_format": 2}),
    "zarr.json": ("zarr.json", {"zarr_format": 3, "node_type": "group"}),
}


def group_around(location: str) -> Path:
    """Return a group in which the array at a location stands, by a link, as ``values``."""
    array = Path(location)
    group = array.with_name(f"{array.name}.group.zarr")
    document = next(name for name in GROUPS if (array / name).exists())
    group.mkdir(exist_ok=True)
    name, content = GROUPS[document]
    (group / name).write_text(json.dumps(content))
    if not (group / NAME).is_symlink():
        (group / NAME).symlink_to(array)
    return group


def document_of(location: str) -> dict[str, object]:
    """Return the metadata document of the array at a location."""
    name = next(name for name in GROUPS if Path(location, name).exists())
    document: dict[str, object] = json.loads(Path(location, name).read_text())
    return document
