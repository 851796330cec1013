"""Storage transformers that are known: what documents may name in ``storage_transformers``.

None is built in, as none is registered with Zarr.  What they do is the affair of
`zarrpy.stores.transformer`; here are only their names, so that a document that needs one that
is not known is refused when it is read.
"""

from typing import Any

from zarrpy.registry import PlugInInfo, Registry

__all__ = [
    "available_storage_transformers",
    "find",
    "register_storage_transformer",
    "unregister_storage_transformer",
]

_known: Registry[Any] = Registry("storage transformer", entry_points="zarrpy.storage_transformers")

_METHODS = ("get", "set", "delete", "list")


def register_storage_transformer(transformer: Any, *, force: bool = False) -> None:
    """Make a storage transformer known by its `name`.

    Parameters
    ----------
    transformer : type
        A child of `zarrpy.stores.StorageTransformer`.
    force : bool
        Replace what has the name.

    Raises
    ------
    ValueError
        When the name is taken and `force` is false.
    TypeError
        When it is no class of storage transformers.
    """
    named = isinstance(transformer, type) and isinstance(getattr(transformer, "name", None), str)
    if not named or not all(hasattr(transformer, method) for method in _METHODS):
        raise TypeError(
            f"{transformer!r} is no class of storage transformers: derive it from "
            "zarrpy.StorageTransformer, with a name"
        )
    _known.register(transformer.name, transformer, force=force)


def unregister_storage_transformer(name: str) -> None:
    """Forget a storage transformer.

    Raises
    ------
    KeyError
        When nothing was registered under the name.
    """
    _known.unregister(name)


def available_storage_transformers() -> list[PlugInInfo]:
    """Tell about every storage transformer that is known, in alphabetical order."""
    return _known.infos()


def find(name: str) -> Any:
    """Find the class of a storage transformer; None if there is none of that name."""
    return _known.get(name)
