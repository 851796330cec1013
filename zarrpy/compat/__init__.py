"""zarrpy in the place of zarr-python, for programs and libraries that import `zarr`.

``install()`` serves the modules of zarr-python for the whole process; ``from zarrpy.compat import
zarr`` gives them to one program, and leaves others alone.

Examples
--------
>>> from zarrpy.compat import zarr
>>> zarr.open_group({}).create_array("a", data=[1, 2])[:].tolist()
[1, 2]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

__all__ = ["install", "installed", "uninstall", "zarr"]

if TYPE_CHECKING:
    from types import ModuleType

    from zarrpy.compat.tree import Finder

    zarr: ModuleType

_finder: Finder | None = None


def install(*, force: bool = False) -> None:
    """Serve the modules of zarr-python, `zarr` and those below it, to all who import them.

    Call it before the first import of `zarr`, or of a library that imports it.

    Parameters
    ----------
    force : bool
        Also when zarr-python is imported already: it is forgotten, and libraries that have its
        objects keep them.

    Raises
    ------
    RuntimeError
        When zarr-python is imported already.
    """
    global _finder
    from zarrpy.compat.adapting import adapt
    from zarrpy.compat.tree import Finder, loaded

    if _finder is not None:
        return
    there = loaded()
    if there and not force:
        raise RuntimeError(
            "zarr-python is imported already -> call zarrpy.compat.install() before, or with "
            "force=True"
        )
    for name in there:
        del sys.modules[name]
    _finder = Finder()
    sys.meta_path.insert(0, _finder)
    adapt()


def uninstall() -> None:
    """Serve the modules no more; zarr-python is imported again where it is installed."""
    global _finder
    from zarrpy.compat.adapting import restore
    from zarrpy.compat.tree import loaded

    if _finder is None:
        return
    restore()
    sys.meta_path.remove(_finder)
    _finder = None
    for name in loaded():
        del sys.modules[name]


def installed() -> bool:
    """Whether the modules are served now."""
    return _finder is not None


def __getattr__(name: str) -> Any:
    if name != "zarr":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from zarrpy.compat.tree import standalone

    found = standalone()
    globals()[name] = found
    return found
