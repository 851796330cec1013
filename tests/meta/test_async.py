"""Whatever reads or writes a store can be awaited."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import zarrpy
from zarrpy.engine.operation import Entry, Function, operation
from zarrpy.node import api_function

#: Beginnings of names of functions that only look into a table in memory, or change it.
NO_IO = (
    *("register_", "unregister_", "available_", "cache_", "metadata_"),
    *("print_debug_info", "profile"),
    *("group_commit", "transaction"),  # async with
    "advise",  # measures times, for which nothing else may go on in its thread
)

#: Methods that are not awaited as such, and what is instead.
INSTEAD = {
    "Array.__getitem__": "read",
    "Array.__setitem__": "write",
    "Array.chunk_key": "no I/O",
    "Array.chunk_shape": "no I/O",
    "Array.chunk_slices": "no I/O",
    "Array.buffered": "no I/O; async with",
    "Array.close": "no I/O",
    "Array.with_config": "no I/O",
    "Array.from_dict": "no I/O",
    "Group.update_attributes_async": "update_attributes",
    "Group.close": "no I/O",
    "Attributes.asdict": "no I/O: of the node as it was read",
    "Attributes.get": "no I/O",
    "Attributes.items": "no I/O",
    "Attributes.keys": "no I/O",
    "Attributes.values": "no I/O",
}
#: Methods that do nothing yet: what they return is awaited, or gone through by `async for`.
LAZY = {"Array.lazy", "Array.to_dask", "Array.isel", "Array.iter_chunks", "Array.iter_shards"}


def functions() -> Iterator[tuple[str, Any]]:
    """Every public callable of the package that is neither a class nor a module."""
    for name in zarrpy.__all__:
        value = getattr(zarrpy, name)
        if callable(value) and not inspect.isclass(value) and not inspect.ismodule(value):
            yield name, value


def methods() -> Iterator[tuple[str, Any]]:
    """Every public method of nodes and attributes, as it is defined."""
    for kind in (zarrpy.Array, zarrpy.Group, zarrpy.Attributes):
        for name in dir(kind):
            if not name.startswith("_"):
                value = inspect.getattr_static(kind, name)
                kinds = operation | api_function | classmethod | staticmethod
                if callable(value) or isinstance(value, kinds):
                    yield f"{kind.__name__}.{name}", value


@pytest.mark.parametrize(("name", "value"), list(functions()))
def test_every_public_function_that_does_io_can_be_awaited(name, value):
    """By `.aio`; one that does none is on a list that says why."""
    assert isinstance(value, Entry | Function) or name.startswith(NO_IO), (
        f"zarrpy.{name} has no .aio"
    )
    if not isinstance(value, Entry | Function):
        return
    assert inspect.iscoroutinefunction(value.aio)
    assert inspect.isgeneratorfunction(value._steps), f"zarrpy.{name} does not give its steps"


@pytest.mark.parametrize(("name", "value"), list(methods()))
def test_every_public_method_that_does_io_can_be_awaited(name, value):
    """By `.aio`, or by another method that a list names."""
    if name in INSTEAD or name in LAZY:
        return
    if isinstance(value, api_function):
        kind, _, method = name.partition(".")
        assert isinstance(getattr(getattr(zarrpy, kind), method), Entry)
        return
    assert isinstance(value, operation), f"{name} has no .aio"
    assert inspect.isgeneratorfunction(value.__wrapped__), f"{name} does not give its steps"


@pytest.mark.parametrize("name", INSTEAD)
def test_the_lists_name_what_there_is(name):
    """And what is to be awaited instead is an operation."""
    kind, _, method = name.partition(".")
    assert hasattr(getattr(zarrpy, kind), method)
    instead = INSTEAD[name]
    if not instead.startswith("no I/O"):
        assert isinstance(inspect.getattr_static(getattr(zarrpy, kind), instead), operation)
