"""What libraries find out about zarr-python by other means than its names."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from zarrpy.array import Array
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


_replaced: list[tuple[Any, str, Any]] = []


def _replace(owner: Any, name: str, value: Any) -> None:
    """Replace an attribute, until `restore`."""
    _replaced.append((owner, name, vars(owner)[name]))
    setattr(owner, name, value)


#: What is done with a module when it has been imported.
ADAPTED = {"xarray.backends.zarr": _adapt_xarray}


def adapt() -> None:
    """Adapt what is imported already."""
    for name, change in ADAPTED.items():
        if name in sys.modules:
            change(sys.modules[name])


def restore() -> None:
    """Undo it."""
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
