"""What is told about an array or a group, gathered from its metadata."""

import json
import math
from collections.abc import Iterator
from typing import Any

from zarrpy.display.codecs import chain_label
from zarrpy.display.sizes import (
    format_chunks,
    format_named_shape,
    format_nbytes,
    format_ratio,
    format_shape,
    format_size,
)
from zarrpy.display.text import printable, shorten

_LONGEST_ATTRIBUTE = 100


def is_array(node: Any) -> bool:
    """Tell an array from a group."""
    return hasattr(node.metadata, "shape")


def node_kind(node: Any) -> str:
    """Name what a node is, as `v3 array`."""
    return f"v{node.metadata.zarr_format} {'array' if is_array(node) else 'group'}"


def node_facts(node: Any, path: str) -> dict[str, Any]:
    """Gather everything a node's metadata tell, as JSON values."""
    metadata = node.metadata
    facts: dict[str, Any] = {"path": path, "kind": "array" if is_array(node) else "group"}
    facts["zarr_format"] = metadata.zarr_format
    if is_array(node):
        facts |= _array_facts(node)
    else:
        facts["members"] = list(node)
    facts["attributes"] = dict(metadata.attributes)
    return facts


def _array_facts(array: Any) -> dict[str, Any]:
    from zarrpy.metadata import fill_value
    from zarrpy.metadata.sharding import inner_chunk_shape

    metadata = array.metadata
    stored, inner = metadata.chunk_grid.listed(), inner_chunk_shape(metadata.codecs, metadata.ndim)
    names = metadata.dimension_names
    return {
        "data_type": metadata.data_type.name,
        "shape": list(metadata.shape),
        "dimension_names": None if names is None else list(names),
        "chunk_shape": stored if inner is None else list(inner),
        "shard_shape": None if inner is None else stored,
        "chunk_grid_shape": list(metadata.grid_shape),
        "codecs": [
            {"name": codec.name, "configuration": codec.configuration} for codec in metadata.codecs
        ],
        "fill_value": fill_value.dump(metadata.fill_value, metadata.data_type)
        if metadata.fill_defined
        else None,
        "nbytes": None if metadata.data_type.variable else array.nbytes,
    }


def stored_facts(node: Any) -> dict[str, Any]:
    """Look at every key of an array and tell how many chunks are stored, and how large."""
    if not is_array(node):
        return {}
    from zarrpy.engine.copy import chunk_keys
    from zarrpy.engine.drive import drive

    start = node.path + "/" if node.path else ""
    keys = drive(node.store, chunk_keys(node.path, node.metadata))
    sizes = [node.store.size(start + key) or 0 for key in keys]
    return {"stored_chunks": len(sizes), "stored_nbytes": sum(sizes)}


def lines(facts: dict[str, Any]) -> Iterator[str]:
    """Write facts one a line, for people."""
    told = list(_told(facts))
    width = max(len(name) for name, _ in told)
    for name, text in told:
        yield f"{name:{width}}  {printable(text)}"
    for name, value in facts["attributes"].items():
        text = json.dumps(value, ensure_ascii=False)
        yield f"  {printable(name)}: {printable(shorten(text, _LONGEST_ATTRIBUTE))}"


def _told(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "path", facts["path"]
    yield "kind", f"v{facts['zarr_format']} {facts['kind']}"
    if facts["kind"] == "array":
        yield from _told_of_array(facts)
    else:
        yield "members", ", ".join(facts["members"]) or "none"
    yield "attributes", str(len(facts["attributes"]) or "none")


def _told_of_array(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    from zarrpy.metadata.model import NamedConfig

    names = facts["dimension_names"]
    codecs = [NamedConfig(codec["name"], codec["configuration"]) for codec in facts["codecs"]]
    grid = facts["chunk_grid_shape"]
    count = math.prod(grid)
    yield "data type", facts["data_type"]
    yield "shape", format_named_shape(tuple(facts["shape"]), names)
    chunks = format_chunks(facts["chunk_shape"])
    if facts["shard_shape"] is None:
        yield "chunks", f"{chunks}, a grid of {format_shape(tuple(grid))}" if grid else "one"
    else:
        shards = format_chunks(facts["shard_shape"])
        yield "shards", f"{shards}, a grid of {format_shape(tuple(grid))}"
        yield "chunks", chunks
    yield "codecs", chain_label(codecs)
    fill = facts["fill_value"]
    yield "fill value", "not defined" if fill is None else json.dumps(fill).strip('"') or '""'
    nbytes = facts["nbytes"]
    yield "size", format_size(nbytes)
    if "stored_chunks" in facts:
        stored = facts["stored_nbytes"]
        what = "chunks" if facts["shard_shape"] is None else "shards"
        told = f"{format_nbytes(stored)} in {facts['stored_chunks']} of {count} {what}"
        ratio = "" if nbytes is None else f", ratio {format_ratio(nbytes, stored)}"
        yield "stored", told + ratio
