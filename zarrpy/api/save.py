"""Save and load whole arrays and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.api.create import create_array
from zarrpy.api.open import open as open_node
from zarrpy.array import Array
from zarrpy.creation import array_metadata
from zarrpy.engine.copy import copy_node
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.nodes import check_format
from zarrpy.engine.operation import entry, function
from zarrpy.group import Group
from zarrpy.hierarchy import create_all
from zarrpy.metadata.names import check_path
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.info import Tree
    from zarrpy.stores.base import Store

_SAVE_OPTIONS = {"zarr_format", "path", "storage_options"}


@function
def save(store: Any, *arrays: Any, **named: Any) -> Steps[None]:
    """Save one array, several, or a live `Array` or `Group` of another store.

    One array is saved at the root. Several go into a group, as ``arr_0``, ``arr_1`` and so on, or
    under the names given. An `Array` or `Group` is copied as stored, without being loaded.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    *arrays, **named : array-like, Array or Group
        Also ``zarr_format``, ``path`` and ``storage_options`` as of `create_array`.

    Raises
    ------
    NodeExistsError
        When something is there already.
    """
    if not arrays and not named.keys() - _SAVE_OPTIONS:
        raise ValueError("nothing to save: give at least one array")
    _refuse_keywords(len(arrays), named)
    options = {name: named.pop(name) for name in _SAVE_OPTIONS if name in named}
    if len(arrays) == 1 and not named:
        yield from save_array.steps(store, arrays[0], **options)
    else:
        yield from save_group.steps(store, *arrays, **options, **named)


def _refuse_keywords(count: int, named: dict[str, Any]) -> None:
    """Refuse to save ``overwrite=True`` and its like as arrays of these names."""
    keywords = {*(array_metadata.__kwdefaults__ or {}), "overwrite"} - _SAVE_OPTIONS
    meant = sorted(named.keys() & keywords)
    alone = count == 1 and len(meant) == len(named.keys() - _SAVE_OPTIONS)
    no_data = any(isinstance(named[name], bool | str | dict | None) for name in meant)
    if no_data or (meant and alone):
        raise TypeError(
            f"save() takes names of arrays, so {meant} would be saved as arrays; save_array() takes"
            " the keywords of create_array(), and save_group() saves arrays of any name"
        )


@function
def save_array(
    store: Any,
    arr: Any,
    *,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **keywords: Any,
) -> Steps[None]:
    """Save one array; keywords as of `create_array`."""
    target = as_store(store, storage_options=storage_options)
    if isinstance(arr, Array | Group):
        yield from _save_node(target, arr, path, zarr_format, keywords)
        return
    keywords |= {"name": path, "data": arr, "zarr_format": zarr_format}
    yield from elsewhere(target, create_array.steps(target, **keywords))


def _save_node(
    target: Store,
    node: Array | Group,
    path: str | None,
    zarr_format: int | None,
    keywords: dict[str, Any],
) -> Steps[None]:
    """Copy a live node; what would change its bytes is refused."""
    check_format(node.path, node.metadata, zarr_format)
    if keywords.keys() - {"overwrite"}:
        raise TypeError(
            f"{sorted(keywords)} do not apply: a live array or group is saved as it is stored"
        )
    where = check_path(path) if path else ""
    yield from elsewhere(node.store, node._settle())
    yield from copy_node((node.store, node.path), node.metadata, (target, where), **keywords)


@function
def save_group(
    store: Any,
    *arrays: Any,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    **named: Any,
) -> Steps[None]:
    """Save several arrays into one new group; all of them, or none."""
    target = as_store(store, storage_options=storage_options)
    members = {f"arr_{i}": each for i, each in enumerate(arrays)}
    for name in named:
        if name in members:
            raise ValueError(f"the name {name!r} is taken by an array without a name")
    members.update(named)
    nodes: dict[str, Any] = {"": None}
    for name, each in members.items():
        nodes[check_path(name)] = each if isinstance(each, Array | Group) else {"data": each}
        if isinstance(each, Array | Group):
            check_format(each.path, each.metadata, zarr_format)
    where = check_path(path) if path else ""
    yield from elsewhere(target, create_all(target, where, nodes, zarr_format=zarr_format))


@entry
def load(
    store: Store,
    /,
    path: str | None = None,
    zarr_format: int | None = None,
    *,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Any]:
    """Read an array, or every array of a group, into memory.

    Returns
    -------
    ndarray or dict of str to ndarray
        For a group, arrays by their path within it.
    """
    node = yield from open_node.steps(store, mode="r", path=path, zarr_format=zarr_format)
    if isinstance(node, Array):
        return (yield from node.read.steps())
    found = {}
    for name, member in (yield from node.members.steps(None)):
        if isinstance(member, Array):
            found[name] = yield from member.read.steps()
    return found


@function
def tree(
    grp: Group,
    level: int | None = None,
    *,
    expand: bool | None = None,
    max_nodes: int = 500,
    plain: bool = False,
) -> Steps[Tree]:
    """Draw the hierarchy below a group; parameters as of its method `tree`."""
    steps = grp.tree.steps(level, expand=expand, max_nodes=max_nodes, plain=plain)
    return (yield from elsewhere(grp.store, steps))
