"""Create a hierarchy in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.array import Array
from zarrpy.engine.operation import entry
from zarrpy.group import Group
from zarrpy.hierarchy import create_all
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrpy.container import Named
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store


@entry
def create_hierarchy(
    store: Store,
    /,
    nodes: Mapping[str, Any],
    *,
    overwrite: bool = False,
    zarr_format: int | None = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Named]:
    """Create many arrays and groups at once: all of them, or none.

    All is looked at before anything is stored, and all documents are stored in one request.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    nodes : mapping of str to object
        What to create, by path; "" is the root. Keywords of `create_array` or of `create_group` in
        a dict, array-like data, None for a group, an `Array` or a `Group` to be copied as it is
        stored, metadata, or a document such as ``zarr.json`` holds. Groups on the way are created
        where they are missing.
    overwrite : bool
        Replace nodes that are there, each as one step, with all that is Zarr below them.
    zarr_format : {3, 2}, optional
        Of nodes that do not say it.
    storage_options : dict, optional

    Returns
    -------
    tuple of (str, Array or Group)
        The new nodes, the groups on the way included, with their paths; groups come before what
        is in them.

    Raises
    ------
    NodeExistsError
        When one of the nodes is there already and `overwrite` is false.
    NodeKindError
        When a node would lie below an array.
    MetadataError
        When one of the nodes cannot be; names it.

    Examples
    --------
    >>> made = create_hierarchy({}, {"a/b": {"shape": 3, "dtype": "int8"}, "c": [1, 2]})
    >>> [path for path, _ in made]
    ['', 'a', 'c', 'a/b']
    """
    made = yield from create_all(store, "", nodes, zarr_format=zarr_format, overwrite=overwrite)
    return tuple(
        (
            path,
            Array(store, path, node)
            if isinstance(node, ArrayMetadata)
            else Group(store, path, node),
        )
        for path, node in made.items()
    )
