"""Create a whole hierarchy in one go: all of it, or nothing.

What is wrong with any of the nodes is known before the first is stored.  All documents are then
one request, after one that looks whether something is there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from zarrpy.array import Array
from zarrpy.assignment import assignable
from zarrpy.creation import array_metadata, check_keyword, chosen_format, in_memory
from zarrpy.engine.above import array_on_the_way, paths_above, refuse_beyond, refuse_unnamed
from zarrpy.engine.consolidate import record
from zarrpy.engine.copy import copied_below, refuse_overlap
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.existing import exists
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import documents_of, dump, key_of, try_nodes
from zarrpy.engine.requests import Commit, Put
from zarrpy.engine.source import current
from zarrpy.engine.undo import undone_unless_committed
from zarrpy.errors import MetadataError
from zarrpy.keywords import auto_keyword
from zarrpy.metadata import v3
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import check_path
from zarrpy.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.engine.lifecycle import Members
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store


@dataclass(frozen=True, slots=True)
class _Planned:
    """A node to be created, with what goes into its chunks or comes along below it."""

    metadata: Metadata
    values: np.ndarray[Any, Any] | None = None
    write_empty_chunks: bool | None = None
    #: A live node whose stored bytes are copied.
    source: Node[Any] | None = None

    def content(self, store: Store, where: str) -> Steps[Members]:
        """Write what is more than documents."""
        if self.source is not None:
            source = (self.source.store, self.source.path)
            return (yield from copied_below(source, self.metadata, (store, where)))
        if self.values is not None:
            assert isinstance(self.metadata, ArrayMetadata)
            made = Array(store, where, self.metadata, write_empty_chunks=self.write_empty_chunks)
            yield from made.write.steps(Ellipsis, self.values)
        return {}


Plan: TypeAlias = "dict[str, _Planned]"


def create_all(
    store: Store,
    path: str,
    nodes: Mapping[str, Any],
    *,
    zarr_format: int | None = None,
    overwrite: bool = False,
) -> Steps[dict[str, Metadata]]:
    """Create nodes below a path, and the groups on the way to them.

    Parameters
    ----------
    store : Store
    path : str
    nodes : mapping of str to object
        What to create, by paths relative to `path`; as of `zarrpy.create_hierarchy`.
    zarr_format : {3, 2}, optional
        Of nodes that do not say it.
    overwrite : bool
        Replace nodes that are there, each as one step.

    Returns
    -------
    dict of str to (ArrayMetadata or GroupMetadata)
        By their paths in the store, groups before what is in them.

    Raises
    ------
    NodeExistsError
        When one of the nodes is there already and `overwrite` is false.
    NodeKindError
        When an array stands on the way to a node.
    MetadataError
        When a group on the way has consolidated metadata of another format.
    """
    store.check_writable("create nodes in", path)
    if not isinstance(nodes, Mapping):
        raise TypeError(f"nodes must be a mapping from paths to what is there, not {nodes!r:.80}")
    plan: Plan = {}
    for name, value in nodes.items():
        full = _full(path, name)
        if full in plan:
            raise MetadataError("is named twice", path=full or "/", field="nodes")
        plan[full] = yield from _planned(store, full, value, zarr_format)
    _check_ways(plan)
    implied = _groups_on_the_way(plan)
    replaced = yield from _compare(plan, implied, overwrite)
    plan = dict(sorted((plan | implied).items(), key=lambda item: (item[0].count("/"), item[0])))
    if "" in plan:
        plan = {"": plan[""], **plan}
    if plan:
        yield from undone_unless_committed(_store(store, plan, replaced))
    return {full: planned.metadata for full, planned in plan.items()}


def _full(path: str, name: str) -> str:
    if not isinstance(name, str):
        raise MetadataError(f"must be named by paths, not {name!r}", path=path, field="nodes")
    relative = check_path(name) if name.strip("/") else ""
    return key_of(path, relative) if relative else path


def _planned(store: Store, path: str, value: Any, zarr_format: int | None) -> Steps[_Planned]:
    """Say what becomes of one of the nodes; what is wrong with it is an error now."""
    try:
        if isinstance(value, Node):
            refuse_overlap((value.store, value.path), (store, path))
            yield from elsewhere(value.store, value._settle())
            found = yield from elsewhere(value.store, current(value.path, value.metadata))
            return _Planned(found, source=value)
        if hasattr(value, "to_dict") and hasattr(value, "zarr_format"):
            value = value.to_dict()  # metadata of zarr-python
        if isinstance(value, ArrayMetadata | GroupMetadata):
            planned = _Planned(value)
        elif isinstance(value, Mapping) and "node_type" in value:
            planned = _Planned(v3.parse(_document(value), path))
        elif value is None or (isinstance(value, Mapping) and not value.keys() - _OF_GROUPS):
            planned = _group(path, value or {}, zarr_format)
        else:
            keywords = dict(value) if isinstance(value, Mapping) else {"data": value}
            planned = yield from _array(path, keywords, zarr_format)
        if isinstance(planned.metadata, ArrayMetadata):
            Array(store, path, planned.metadata).codecs  # noqa: B018 - an unknown one is an error
        documents_of(path, planned.metadata)
    except MetadataError as error:
        error.fill(path=path or "/")
        raise
    return planned


_OF_GROUPS = {"attributes", "zarr_format"}


def _document(value: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a document, without members that stand for nothing."""
    optional = ("consolidated_metadata", "dimension_names")
    return {key: each for key, each in value.items() if key not in optional or each is not None}


def _group(path: str, keywords: Mapping[str, Any], zarr_format: int | None) -> _Planned:
    number = chosen_format(keywords.get("zarr_format") or zarr_format)
    return _Planned(GroupMetadata(normalise(keywords.get("attributes") or {}, path=path), number))


def _array(path: str, keywords: dict[str, Any], zarr_format: int | None) -> Steps[_Planned]:
    keywords = auto_keyword(keywords)
    write_data = keywords.pop("write_data", True)
    for name in keywords:
        check_keyword(name, "create_hierarchy", _OF_GROUPS)
    keywords["data"] = data = yield from in_memory(keywords.get("data"), write_data)
    keywords.setdefault("zarr_format", zarr_format)
    metadata, keep_empty = array_metadata(**keywords)
    if data is None or not write_data:
        return _Planned(metadata, write_empty_chunks=keep_empty)
    values = assignable(data, metadata.data_type, metadata.shape, "/" + path)
    return _Planned(metadata, values, keep_empty)


def _check_ways(plan: Plan) -> None:
    """Refuse nodes below arrays, and below groups that come with members of their own."""
    for path in plan:
        for above in paths_above(path):
            planned = plan.get(above)
            if planned is None:
                continue
            if isinstance(planned.metadata, ArrayMetadata):
                raise array_on_the_way(path, above or "/")
            if planned.source is not None:
                raise MetadataError(
                    f"cannot be created in {above or '/'!r}, which is copied with its members",
                    path=path,
                    field="nodes",
                )


def _groups_on_the_way(plan: Plan) -> Plan:
    """Find groups that nobody named, but that nodes lie in."""
    found: Plan = {}
    for path, planned in plan.items():
        for above in paths_above(path):
            if above not in plan and above not in found:
                found[above] = _Planned(GroupMetadata(zarr_format=planned.metadata.zarr_format))
    return found


def _compare(plan: Plan, implied: Plan, overwrite: bool) -> Steps[list[str]]:
    """Look what is there: groups on the way need not be created, other nodes must not be there.

    Returns
    -------
    list of str
        Paths of nodes that are to be replaced, but not of those below others.
    """
    paths = [*plan, *implied]
    formats = {each.metadata.zarr_format for each in plan.values()}
    yield from refuse_beyond(next(iter(plan), ""), formats)
    found = yield from try_nodes(paths)
    there = {path: node for path, node in zip(paths, found, strict=True) if node is not None}
    for path in [each for each in implied if each in there]:
        group = there[path]
        if isinstance(group, MetadataError):
            raise group
        if isinstance(group, ArrayMetadata):
            below = next(each for each in plan if path in paths_above(each))
            raise array_on_the_way(below, path or "/")
        del implied[path], there[path]
        others = {
            each.metadata.zarr_format: name
            for name, each in plan.items()
            if path in paths_above(name)
        }
        for zarr_format, name in others.items():
            yield from refuse_unnamed(name, zarr_format, [(path, group)])
    for path, node in there.items():
        if not overwrite:
            raise node if isinstance(node, MetadataError) else exists(path, node)
    return [path for path in there if not there.keys() & set(paths_above(path))]


def _store(store: Store, plan: Plan, replaced: list[str]) -> Steps[None]:
    """Store what is new, replace what is not, and name it all in consolidated documents."""
    below = {top: _lying_below(top, plan) for top in replaced}
    old = {path for top in replaced for path in (top, *below[top])}
    new = {path: planned for path, planned in plan.items() if path not in old}
    nodes = {path: planned.metadata for path, planned in plan.items()}
    if new:
        yield Put(_documents(new.items()))
    for path, planned in new.items():
        for name, member in (yield from planned.content(store, path)).items():
            nodes[key_of(path, name)] = member
    for top in replaced:

        def content(where: str, top: str = top) -> Steps[Members]:
            return (yield from _content(store, plan, top, below[top], where))

        yield from create_node(top, plan[top].metadata, overwrite=True, content=content)
    yield Commit()
    tops = [path for path in plan if not plan.keys() & set(paths_above(path))]
    yield from record(tops, {path: dump(each) for path, each in nodes.items()})


def _content(store: Store, plan: Plan, top: str, below: list[str], where: str) -> Steps[Members]:
    """Write what belongs to a node that replaces another, at the place where it stands for now."""
    names = {path: path[len(top) :].lstrip("/") for path in below}
    yield Put(_documents((key_of(where, name), plan[path]) for path, name in names.items()))
    members = dict((yield from plan[top].content(store, where)))
    for path, name in names.items():
        members[name] = plan[path].metadata
        for last, member in (yield from plan[path].content(store, key_of(where, name))).items():
            members[key_of(name, last)] = member
    return members


def _documents(nodes: Iterable[tuple[str, _Planned]]) -> tuple[tuple[str, bytes], ...]:
    return tuple(item for path, each in nodes for item in documents_of(path, each.metadata))


def _lying_below(top: str, plan: Plan) -> list[str]:
    start = top + "/" if top else ""
    return [path for path in plan if path != top and path.startswith(start)]
