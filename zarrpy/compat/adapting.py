"""What libraries find out about zarr-python by other means than its names."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from warnings import warn

from zarrpy.array import Array
from zarrpy.buffering import Bufferable
from zarrpy.compat.errors import ZarrUserWarning
from zarrpy.compat.grids import check_allowed
from zarrpy.compat.mending import before_writing, mend, mended
from zarrpy.compat.phrases import said_of, said_with
from zarrpy.engine import missing, nodes, parsing
from zarrpy.errors import ZarrError, say_also
from zarrpy.metadata import v2, v3
from zarrpy.metadata.formats import format_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["ADAPTED", "adapt", "restore", "spec_of"]


class _OfV2:
    """An array of Zarr v2 as zarr-python tells of one.

    Its metadata have no names of dimensions, and its fill value is None where none is defined.
    """

    metadata = SimpleNamespace(zarr_format=2)
    __class__ = Array  # type: ignore[assignment]

    def __init__(self, array: Array) -> None:
        self._array = array
        self.fill_value = array.fill_value if array.metadata.fill_defined else None

    def __getitem__(self, key: Any) -> Any:
        return self._array[key]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _OfV2, (self._array,)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._array, name)


def _of_v2(node: Any) -> Any:
    if type(node) is not Array:
        return node
    return _OfV2(node) if format_of(node.metadata.zarr_format).undefined_fill else node


def _adapt_xarray(module: ModuleType) -> None:
    original = module._get_zarr_dims_and_attrs
    members = vars(module.ZarrStore)["members"]

    def dims_and_attrs(zarr_obj: Any, *args: Any, **keywords: Any) -> Any:
        return original(_of_v2(zarr_obj), *args, **keywords)

    def as_zarr_python_tells(self: Any) -> dict[str, Any]:
        return {name: _of_v2(each) for name, each in members.fget(self).items()}

    _replace(module, "_get_zarr_dims_and_attrs", dims_and_attrs)
    _replace(module.ZarrStore, "members", property(as_zarr_python_tells))


def _fill_value(array: Array) -> Any:
    """Tell the fill value of an array, or None where Zarr v2 defines none."""
    metadata = array.metadata
    undefined = not metadata.fill_defined and format_of(metadata.zarr_format).undefined_fill
    return None if undefined else metadata.fill_value


_stored_order: Any = Array.order


def _order(array: Array) -> Any:
    """Tell the order of elements in memory; in Zarr v2 that is the one they are stored in."""
    if format_of(array.metadata.zarr_format).ordered_types:
        return _stored_order.fget(array)
    return array.config.order


def _warn_of_stray(path: str) -> None:
    """Warn of what is no node, in the words by which programs filter such warnings."""
    words = f"Object at {path} is not recognized as a component of a Zarr hierarchy."
    warn(words, ZarrUserWarning, stacklevel=2)


_dump_v2 = v2.dump


def _with_attributes(model: Any) -> dict[str, dict[str, Any]]:
    """Write the documents of a node of Zarr v2, that of attributes also where there are none."""
    return {v2.ATTRIBUTES: {}, **_dump_v2(model)}


_dump_v3 = v3.dump


def _if_allowed(model: Any) -> dict[str, dict[str, Any]]:
    """Write the documents of a node of Zarr v3, unless a setting refuses its chunks."""
    check_allowed(model)
    return _dump_v3(model)


def _mending(write: Any) -> Any:
    """Store a valid document before chunks are written, where the one that is stored is not."""

    def writing(self: Any, what: Any, *args: Any, **keywords: Any) -> Any:
        if mended(self.metadata) and getattr(what, "size", True):
            yield from before_writing(self)
        return (yield from write(self, what, *args, **keywords))

    return writing


_made: Any = ZarrError.__init__


def _of_several(self: ZarrError, *words: Any, **fields: Any) -> None:
    """Make an error, also of the several words of which programs made them once."""
    _made(self, *((said_of(self, words),) if len(words) > 1 else words), **fields)


_replaced: list[tuple[Any, str, Any]] = []


def _replace(owner: Any, name: str, value: Any) -> None:
    """Replace an attribute, until `restore`."""
    _replaced.append((owner, name, vars(owner)[name]))
    setattr(owner, name, value)


#: What is done with a module when it has been imported.
ADAPTED = {"xarray.backends.zarr": _adapt_xarray}


def adapt() -> None:
    """Adapt what is imported already, and the texts of errors."""
    say_also(said_with)
    _replace(ZarrError, "__init__", _of_several)
    _replace(nodes, "on_stray", _warn_of_stray)
    _replace(parsing, "mend", mend)
    _replace(missing, "in_shards", False)
    _replace(v2, "dump", _with_attributes)
    _replace(v3, "dump", _if_allowed)
    _replace(Array, "_write_chunks", _mending(vars(Array)["_write_chunks"]))
    _replace(Bufferable, "_write_pieces", _mending(vars(Bufferable)["_write_pieces"]))
    _replace(Array, "fill_value", property(_fill_value))
    _replace(Array, "order", property(_order))
    for name, change in ADAPTED.items():
        if name in sys.modules:
            change(sys.modules[name])


def restore() -> None:
    """Undo it."""
    say_also(None)
    while _replaced:
        setattr(*_replaced.pop())


def spec_of(fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Find a module that is to be adapted when it has been imported."""
    spec = PathFinder.find_spec(fullname, path)
    if spec is None or spec.loader is None:
        return None
    loader: Any = spec.loader
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        run(module)
        ADAPTED[fullname](module)

    loader.exec_module = exec_module
    return spec
