"""Stand-ins for what zarr-python keeps to itself, so that its tests can be collected.

They are there while tests are collected, whose modules import such names next to public ones.
While a test runs, whatever uses one fails.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from zarrpy.compat import tree

#: Whether tests are being run.
running = False


class AbsentError(AttributeError):
    """A test used what is not there."""


class _Meta(type):
    """What stands for a class: it can be a base, be called and be asked for anything."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls.use(name)

    def use(cls, what: str = "") -> Any:
        """Give the next stand-in, or fail where a test runs."""
        if running:
            raise AbsentError(f"{cls.__name__} {what} is not served by zarrpy".replace("  ", " "))
        return cls

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        return cls.use("called")

    def __getitem__(cls, key: Any) -> Any:
        return cls

    def __iter__(cls) -> Any:
        cls.use("iterated")
        return iter((cls,))

    def __len__(cls) -> int:
        cls.use("counted")
        return 1

    def __contains__(cls, what: object) -> bool:
        cls.use("asked")
        return False

    def __subclasscheck__(cls, other: object) -> bool:
        cls.use("asked")
        return False

    def __instancecheck__(cls, instance: object) -> bool:
        cls.use("asked")
        return False

    def __or__(cls, other: Any) -> Any:
        return cls

    __ror__ = __or__


def stand_in(name: str) -> Any:
    """Make one."""
    return _Meta(name, (), {"__module__": "absent", "__doc__": None})


class _Stand(ModuleType):
    """A module of stand-ins."""

    __file__ = os.devnull

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = stand_in(f"{self.__name__}.{name}")
        setattr(self, name, found)
        return found


class Finder:
    """Finds modules of zarr-python that zarrpy does not serve, and its package `zarr.testing`.

    Parameters
    ----------
    testing : str
        Where the package is.
    """

    def __init__(self, testing: str) -> None:
        self._testing = testing

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Find one."""
        if not fullname.startswith("zarr.") or fullname.rpartition(".")[2][:1].isupper():
            return None  # classes are no modules, whatever patches look for
        if fullname.split(".")[1] == "testing":
            place = os.path.join(self._testing, *fullname.split(".")[2:])
            if fullname == "zarr.testing":
                return importlib.util.spec_from_file_location(
                    fullname,
                    os.path.join(place, "__init__.py"),
                    submodule_search_locations=[place],
                )
            return importlib.util.spec_from_file_location(fullname, f"{place}.py")
        return ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make one."""
        made = _Stand(spec.name)
        made.__path__ = []
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be run."""


def serve(testing: str) -> None:
    """Serve stand-ins where zarrpy has nothing."""
    sys.meta_path.append(Finder(testing))  # type: ignore[arg-type]
    served = tree._Served._found

    def found(self: Any, name: str) -> Any:
        try:
            return served(self, name)
        except AttributeError:
            return stand_in(f"{self.__name__}.{name}")

    tree._Served._found = found  # type: ignore[method-assign]
