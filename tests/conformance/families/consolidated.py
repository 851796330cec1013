"""Consolidated metadata of both formats: a copy of the documents below a group."""

from __future__ import annotations

from typing import Any

from conformance.corpus import (
    FIVE,
    NUMBERS,
    NUMBERS_V2,
    Group,
    Refusal,
    array,
    array_v2,
    group,
    hierarchy,
)
from zarrpy.errors import MetadataError

ZGROUP = {"zarr_format": 2}


def below(path: str, chunks: dict[str, Any]) -> dict[str, Any]:
    return {f"{path}/{key}": value for key, value in chunks.items()}


def inline(metadata: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"must_understand": False, "kind": "inline", "metadata": metadata, **members}


V2 = {
    ".zgroup": ZGROUP,
    ".zmetadata": {
        "zarr_consolidated_format": 1,
        "metadata": {
            ".zgroup": ZGROUP,
            "a/.zarray": array_v2(),
            "a/.zattrs": {"units": "m"},
            "g/.zgroup": ZGROUP,
            "g/b/.zarray": array_v2(),
        },
    },
    "a/.zarray": array_v2(),
    "a/.zattrs": {"units": "m"},
    **below("a", NUMBERS_V2),
    "g/.zgroup": ZGROUP,
    "g/b/.zarray": array_v2(),
    **below("g/b", NUMBERS_V2),
}
NODES = {"a": array(attributes={"units": "m"}), "g": group(), "g/b": array()}
V3 = {
    "zarr.json": group(consolidated_metadata=inline(NODES)),
    **{f"{path}/zarr.json": node for path, node in NODES.items()},
    **below("a", NUMBERS),
    **below("g/b", NUMBERS),
}
MEMBERS = Group({"a": "array", "g": "group"})

CASES = [
    hierarchy("v2", "A copy beside the documents changes nothing.", V2, MEMBERS),
    hierarchy("v2, an array", "A copy beside the documents changes nothing.", V2, FIVE, "a"),
    hierarchy("v2, a group within", "A copy beside the documents changes nothing.", V2,
              Group({"b": "array"}), "g"),
    hierarchy("v3", "A copy in the document of the group changes nothing.", V3, MEMBERS),
    hierarchy("v3, an array", "A copy in the document of the group changes nothing.", V3, FIVE,
              "a"),
    hierarchy("v3, a group within", "A copy in the document of the group changes nothing.", V3,
              Group({"b": "array"}), "g"),
    hierarchy("v3, null", "One writer says null for no copy.",
              {"zarr.json": group(consolidated_metadata=None)}, Group()),
    hierarchy("v3, empty", "A group without members has an empty copy.",
              {"zarr.json": group(consolidated_metadata=inline({}))}, Group()),
    hierarchy("v3, a group in a group", "Groups in the copy may carry null, or a copy of theirs.",
              {"zarr.json": group(consolidated_metadata=inline(
                  {"g": group(consolidated_metadata=None)})), "g/zarr.json": group(
                      consolidated_metadata=inline({}))}, Group({"g": "group"})),
    hierarchy("v3, no object", "The copy is an object.",
              {"zarr.json": group(consolidated_metadata=[])},
              Refusal(MetadataError, ("consolidated_metadata",))),
]  # fmt: skip
