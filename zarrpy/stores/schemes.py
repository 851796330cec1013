"""Which store a scheme of URLs stands for: built in, registered, announced or configured."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from importlib import import_module
from typing import Any

from zarrpy.config import config
from zarrpy.registry import PlugInInfo, Registry
from zarrpy.stores.base import Store
from zarrpy.stores.object_place import SCHEMES

__all__ = ["available_stores", "find_store", "register_store", "unregister_store"]

#: What a class has to have to be one of stores.
_METHODS = ("get", "set", "delete", "list")

stores: Registry[Any] = Registry(
    "store",
    built_in={
        "file": "zarrpy.stores.local:LocalStore",
        "lmdb": "zarrpy.stores.lmdb:LMDBStore",
        "mongodb": "zarrpy.stores.mongodb:MongoDBStore",
        "mongodb+srv": "zarrpy.stores.mongodb:MongoDBStore",
        "postgres": "zarrpy.stores.postgres:PostgresStore",
        "postgresql": "zarrpy.stores.postgres:PostgresStore",
        "redis": "zarrpy.stores.redis:RedisStore",
        "rediss": "zarrpy.stores.redis:RedisStore",
        "reference": "zarrpy.stores.reference:ReferenceStore",
        "shm": "zarrpy.stores.shared_memory:SharedMemoryStore",
        **dict.fromkeys(("http", "https"), "zarrpy.stores.http:HTTPStore"),
        **dict.fromkeys(SCHEMES, "zarrpy.stores.obstore:ObjectStore"),
        "sqlite": "zarrpy.stores.sqlite:SQLiteStore",
        "zip": "zarrpy.stores.zip:ZipStore",
    },
    entry_points="zarrpy.stores",
    extensions=False,
)


def register_store(scheme: str, store: type[Any], *, force: bool = False) -> None:
    """Make URLs that begin with a scheme ones of a class of stores.

    Parameters
    ----------
    scheme : str
        What comes before the colon.
    store : type
        A child of `Store`, or any class with its methods `get`, `set`, `delete` and `list`; they
        may be coroutines. It is made of a URL by its class method `from_url`, if it has one, and
        else of what comes after the colon and two slashes; `storage_options` are keywords.
    force : bool
        Replace what has the scheme, built in or not.

    Raises
    ------
    ValueError
        When the scheme is taken and `force` is false, or cannot be one.
    TypeError
        When it is no class of stores; the text names the method that is missing.
    """
    scheme = _checked_scheme(scheme)
    check_definition(store)
    stores.register(scheme, store, force=force)


def unregister_store(scheme: str) -> None:
    """Take back a registration; a built-in store that it had replaced returns.

    Raises
    ------
    KeyError
        When nothing was registered for the scheme.
    """
    stores.unregister(scheme.lower())


def available_stores() -> list[PlugInInfo]:
    """Tell about every scheme that is known, in alphabetical order."""
    configured: Registry[Any] = Registry("store", built_in=dict(config.stores))
    infos = [*stores.infos(_description), *configured.infos(_description)]
    return sorted({info.name: info for info in infos}.values(), key=lambda info: info.name)


def _description(store: Any) -> str:
    check_definition(store)
    return (store.__doc__ or "").strip().partition("\n")[0]


def find_store(scheme: str) -> Any:
    """Find the class of stores of a scheme; None if there is none.

    Raises
    ------
    TypeError
        When what is announced or configured is no class of stores.
    """
    scheme = scheme.lower()
    target = dict(config.stores).get(scheme)
    found = _announced(scheme) if target is None else _loaded(scheme, target)
    return None if found is None else adopted(found)


def is_replaced(scheme: str) -> bool:
    """Whether a scheme stands for something else than what is built in."""
    scheme = scheme.lower()
    return scheme in dict(config.stores) or (scheme in stores and not stores.is_built_in(scheme))


def _announced(scheme: str) -> Any:
    try:
        return stores.get(scheme)
    except (ImportError, AttributeError) as error:
        if stores.is_built_in(scheme):
            raise
        raise ImportError(f"the store that a package has for {scheme!r}: {error}") from error


def _loaded(scheme: str, target: str) -> Any:
    module, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ImportError(f"config.stores names {target!r} for {scheme!r}: {error}") from error


def _checked_scheme(scheme: str) -> str:
    known = isinstance(scheme, str) and len(scheme) > 1 and scheme[0].isalpha()
    if not known or not scheme.isascii() or not all(c.isalnum() or c in "+.-" for c in scheme):
        raise ValueError(
            f"{scheme!r} is no scheme of URLs: it has two letters or more, digits, '+', '-' and '.'"
        )
    return scheme.lower()


@cache
def adopted(store: Any) -> Any:
    """Make a class of stores of any class with the four methods.

    Raises
    ------
    TypeError
        When one of them is missing.
    """
    check_definition(store)
    if is_asynchronous(store):
        from zarrpy.stores.bridge import bridged

        return bridged(store)
    if issubclass(store, Store):
        return store
    members = {"__doc__": store.__doc__, "__module__": store.__module__, "__reduce__": _reduced}
    return type(store.__name__, (store, Store), members)


def _reduced(self: Any) -> Any:
    """Pickle an object of a class that was made here by the class that it was made of."""
    return _restored, (type(self).__mro__[1], dict(self.__dict__))


def _restored(store: Any, state: dict[str, Any]) -> Any:
    kind = adopted(store)
    restored = kind.__new__(kind)
    restored.__dict__.update(state)
    return restored


def check_definition(store: Any) -> None:
    """Refuse what is no class of stores, and say what it lacks."""
    if not isinstance(store, type):
        raise TypeError(f"{store!r} is no class of stores: give the class, not an object of it")
    defined = {name: getattr(store, name, None) for name in _METHODS}
    check_methods(store, f"{store.__name__} is no class of stores")
    for name, narguments in (("get", 3), ("set", 3), ("delete", 2), ("list", 2)):
        _check_arguments(store, name, defined[name], narguments)


def check_methods(store: Any, refusal: str) -> None:
    """Refuse a store, or a class of stores, that lacks one of the methods; says which."""
    defined = {name: getattr(store, name, None) for name in _METHODS}
    missing = [
        name
        for name, method in defined.items()
        if not callable(method) or getattr(method, "__isabstractmethod__", False)
    ]
    if missing:
        methods = " and ".join(repr(name) for name in missing)
        raise TypeError(f"{refusal}: it has no method {methods}; a store has {', '.join(_METHODS)}")


def _check_arguments(store: type[Any], name: str, method: Any, count: int) -> None:
    """Refuse a method that does not take what it will be called with."""
    try:
        inspect.signature(method).bind(*[None] * count)
    except TypeError as error:
        wanted = {"get": "key, byte_range", "set": "key, value", "delete": "key", "list": "prefix"}
        raise TypeError(
            f"{store.__name__}.{name} does not take ({wanted[name]}): {error}"
        ) from error
    except ValueError:
        return  # it is written in C and does not tell


def is_asynchronous(store: Any) -> bool:
    """Whether the methods of a store, or of a class of stores, are coroutines."""
    return inspect.iscoroutinefunction(getattr(store, "get", None))


def is_of_zarr_python(store: Any) -> bool:
    """Whether an object is a store made for zarr-python, which is not loaded to find out."""
    theirs = getattr(sys.modules.get("zarr.abc.store"), "Store", None)
    return theirs is not None and isinstance(store, theirs)


def is_of_obstore(store: Any) -> bool:
    """Whether an object is a store of obstore, which is not loaded to find out."""
    return type(store).__module__.partition(".")[0] == "obstore" and hasattr(store, "head")
