"""The functions that users call first: create, open, save, load."""

from zarrpy.api.consolidate import (
    consolidate_metadata,
    is_consolidated,
    open_consolidated,
    remove_consolidated,
    verify_consolidated,
)
from zarrpy.api.convert import convert
from zarrpy.api.create import (
    array,
    create,
    create_array,
    create_group,
    empty,
    empty_like,
    full,
    full_like,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from zarrpy.api.open import group, open, open_array, open_group
from zarrpy.api.save import load, save, save_array, save_group, tree

__all__ = [
    "array",
    "consolidate_metadata",
    "convert",
    "create",
    "create_array",
    "create_group",
    "empty",
    "empty_like",
    "full",
    "full_like",
    "group",
    "is_consolidated",
    "load",
    "ones",
    "ones_like",
    "open",
    "open_array",
    "open_consolidated",
    "open_group",
    "remove_consolidated",
    "save",
    "save_array",
    "save_group",
    "tree",
    "verify_consolidated",
    "zeros",
    "zeros_like",
]
