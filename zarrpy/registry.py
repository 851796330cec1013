"""Names for things that plug in: codecs, stores, data types.

A registry has three layers, looked up in this order: what the program registered, what is
built in, and what installed packages announce as entry points.  Built-in things are written
as ``"module:attribute"`` and imported when first asked for, so that a registry of forty
codecs costs nothing to import.  A name found in a document is only ever looked up here; it
is never imported by itself.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from typing import Any, Generic, TypeVar

from zarrpy.notice import warn

__all__ = ["Registry", "nchanges"]

T = TypeVar("T")

# Names of extensions as Zarr 3.1 has them; URLs are tolerated.
_SPECIFIED = re.compile(r"([a-z][a-z0-9._-]+|[a-z][a-z0-9+.-]*://\S+)\Z")
# Names that installed packages may claim.  Anything else, as it may stand in a hostile
# document, does not even start the search.
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")

_changes = count(1)
_nchanges = 0


def nchanges() -> int:
    """How often any registry was changed; what names mean stays the same while this does."""
    return _nchanges


def _note_change() -> None:
    global _nchanges
    _nchanges = next(_changes)


@dataclass(frozen=True)
class PlugInInfo:
    """What can be told about something that plugs in.

    Parameters
    ----------
    name : str
    kind : str
        Such as "data type".
    description : str
        The first line of what it says of itself.
    version : str or None
    available : bool
    reason : str or None
        Why it is not available.
    """

    name: str
    kind: str
    description: str
    version: str | None
    available: bool
    reason: str | None


class ExtensionNameWarning(UserWarning):
    """A name that the specification does not allow, and that other readers may refuse."""


def _check_name(kind: str, name: str) -> None:
    """Warn of a name that no document should have; who reads such a document needs it all the same.

    Zarr 3.1 has names such as "example.xor", and addresses.
    """
    if not _SPECIFIED.match(name):
        warn(
            f"the {kind} {name!r} has a name that is not one of small letters, digits, '.', '_' "
            "and '-', beginning with a letter: other readers may refuse what names it",
            ExtensionNameWarning,
        )


class Registry(Generic[T]):
    """Things by name, with aliases and built-ins that are imported when first used.

    Parameters
    ----------
    kind : str
        What the things are, for error messages: ``"codec"``.
    built_in : mapping of str to str, optional
        Name to ``"module:attribute"``.
    aliases : mapping of str to str, optional
        Other name to name.
    entry_points : str, optional
        Group of entry points in which installed packages announce theirs.
    extensions : bool
        Whether documents of Zarr v3 name the things.

    Examples
    --------
    >>> shapes = Registry("shape", built_in={"fraction": "fractions:Fraction"})
    >>> shapes.get("fraction")
    <class 'fractions.Fraction'>
    >>> shapes.get("square") is None
    True
    """

    def __init__(
        self,
        kind: str,
        *,
        built_in: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
        entry_points: str | None = None,
        extensions: bool = True,
    ) -> None:
        self.kind = kind
        self._extensions = extensions
        self._built_in = dict(built_in or {})
        self._aliases = dict(aliases or {})
        self._entry_points = entry_points
        self._announced: dict[str, Any] | None = None
        self._registered: dict[str, T] = {}
        self._loaded: dict[str, T] = {}
        self._lock = threading.Lock()

    def register(
        self, name: str, thing: T, *, force: bool = False, aliases: Iterable[str] = ()
    ) -> None:
        """Register a thing under a name; `force` replaces what has the name."""
        if not isinstance(name, str) or not name:
            raise ValueError(f"the name of a {self.kind} must be a string, not {name!r}")
        aliases = tuple(aliases)
        if self._extensions:
            _check_name(self.kind, name)
        with self._lock:
            for each in (name, *aliases):
                if not force and self._taken(each):
                    raise ValueError(
                        f"there is a {self.kind} named {each!r} already; force=True replaces it"
                    )
            self._registered[name] = thing
            self._aliases.pop(name, None)
            self._aliases.update(dict.fromkeys(aliases, name))
        _note_change()

    def unregister(self, name: str) -> None:
        """Take back a registration; a built-in thing that it had replaced returns."""
        with self._lock:
            if name not in self._registered:
                state = "is built in" if name in self._built_in else "is not registered"
                raise KeyError(f"{self.kind} {name!r} {state}")
            del self._registered[name]
            if name not in self._built_in:
                for alias in [key for key, target in self._aliases.items() if target == name]:
                    del self._aliases[alias]
        _note_change()

    def get(self, name: str) -> T | None:
        """Find a thing by name or alias; None if there is none."""
        name = self.canonical(name)
        thing = self._registered.get(name)
        if thing is None:
            thing = self._loaded.get(name)
        return thing if thing is not None else self._load(name)

    def canonical(self, name: str) -> str:
        """Resolve an alias; other names come back as they are."""
        return self._aliases.get(name, name)

    def names(self) -> list[str]:
        """List all names, aliases left out, in alphabetical order."""
        return sorted({*self._registered, *self._built_in, *self._announcements()})

    def registered(self) -> list[str]:
        """List the names that the program has registered."""
        return sorted(self._registered)

    def infos(self, describe: Callable[[T], str] | None = None) -> list[PlugInInfo]:
        """Tell about everything that is known, in alphabetical order.

        Parameters
        ----------
        describe : callable, optional
            Gives the description of a thing; by default the first line of its docstring.
        """
        return [self._about(name, describe or _first_line) for name in self.names()]

    def _about(self, name: str, describe: Callable[[T], str]) -> PlugInInfo:
        try:
            thing = self.get(name)
            assert thing is not None
            text = describe(thing)
        except Exception as error:  # a plug-in may fail in any way; it is told, not suffered
            return PlugInInfo(name, self.kind, "", None, False, f"{type(error).__name__}: {error}")
        version = getattr(thing, "version", None)
        if not isinstance(version, str):  # stores have a method of this name
            version = None
        reason = lack_of(thing)
        return PlugInInfo(name, self.kind, text, version, reason is None, reason)

    def aliases(self) -> dict[str, str]:
        """Map each alias to its name."""
        return dict(self._aliases)

    def is_built_in(self, name: str) -> bool:
        """Whether the thing of this name comes with zarrpy and was not replaced."""
        name = self.canonical(name)
        return name in self._built_in and name not in self._registered

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._taken(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def __repr__(self) -> str:
        return f"<registry of {len(self)} {self.kind}s>"

    def _taken(self, name: str) -> bool:
        name = self.canonical(name)
        return name in self._registered or name in self._built_in or name in self._announcements()

    def _load(self, name: str) -> T | None:
        """Import a thing that is built in or announced, and remember it."""
        target = self._built_in.get(name)
        if target is not None:
            module, _, attribute = target.partition(":")
            thing: T = getattr(import_module(module), attribute)
        elif _PLAIN_NAME.match(name) and name in self._announcements():
            thing = self._announcements()[name].load()
        else:
            return None
        self._loaded[name] = thing
        return thing

    def _announcements(self) -> dict[str, Any]:
        if self._announced is None:
            self._announced = {}
            if self._entry_points is not None:
                from importlib.metadata import entry_points  # slow to import, seldom needed

                self._announced = {
                    point.name: point
                    for point in entry_points(group=self._entry_points)
                    if _PLAIN_NAME.match(point.name)
                }
        return self._announced


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


def lack_of(thing: object) -> str | None:
    """Say which package a plug-in needs and does not find; None when it can be used."""
    from importlib.util import find_spec

    package = getattr(thing, "package", None)
    if package is not None and find_spec(package) is None:
        return f"the package {package!r} is not installed"
    return None
