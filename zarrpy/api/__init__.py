"""The functions that users call first: create, open, save, load."""

from zarrpy.api.consolidate import (
    consolidate_metadata,
    is_consolidated,
    open_consolidated,
    remove_consolidated,
    verify_consolidated,
)
from zarrpy.api.convert import convert
from zarrpy.api.copy import copy, copy_all, copy_store, delete
from zarrpy.api.create import (
    array,
    create,
    create_array,
    create_group,
    empty,
    full,
    ones,
    zeros,
)
from zarrpy.api.hierarchy import create_hierarchy
from zarrpy.api.like import (
    empty_like,
    from_array,
    full_like,
    ones_like,
    open_like,
    zeros_like,
)
from zarrpy.api.move import move
from zarrpy.api.open import group, open, open_array, open_group
from zarrpy.api.save import load, save, save_array, save_group, tree

__all__ = [
    "array",
    "consolidate_metadata",
    "convert",
    "copy",
    "copy_all",
    "copy_store",
    "create",
    "create_array",
    "create_group",
    "create_hierarchy",
    "delete",
    "empty",
    "empty_like",
    "from_array",
    "full",
    "full_like",
    "group",
    "is_consolidated",
    "load",
    "move",
    "ones",
    "ones_like",
    "open",
    "open_array",
    "open_consolidated",
    "open_group",
    "open_like",
    "remove_consolidated",
    "save",
    "save_array",
    "save_group",
    "tree",
    "verify_consolidated",
    "zeros",
    "zeros_like",
]
