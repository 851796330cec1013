"""The tree of modules of zarr-python, served by zarrpy."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any
from warnings import warn

from zarrpy.compat.adapting import ADAPTED, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["MODULES", "VERSION", "Finder", "loaded", "served", "standalone"]

#: The version of zarr-python whose names these are.
VERSION = "3.4.2"

_HANDLES = {
    "Array": "zarrpy.array:Array",
    "Group": "zarrpy.group:Group",
    "AsyncArray": "zarrpy.asynchronous:AsyncArray",
    "AsyncGroup": "zarrpy.asynchronous:AsyncGroup",
}
_ATTRIBUTES = {"Attributes": "zarrpy.attributes:Attributes"}
_CONFIG = {"config": "zarrpy.compat.settings:config", "Config": "zarrpy.compat.settings:Config"}
_METADATA = {
    "ArrayMetadata": "zarrpy.metadata.model:ArrayMetadata",
    "ArrayV2Metadata": "zarrpy.compat.documents:ArrayV2Metadata",
    "ArrayV3Metadata": "zarrpy.compat.documents:ArrayV3Metadata",
    "GroupMetadata": "zarrpy.compat.documents:GroupMetadata",
    "ConsolidatedMetadata": "zarrpy.compat.documents:ConsolidatedMetadata",
}
_GRIDS = {
    "RegularChunkGridMetadata": "zarrpy.compat.grids:RegularChunkGridMetadata",
    "RectilinearChunkGridMetadata": "zarrpy.compat.grids:RectilinearChunkGridMetadata",
}
_PATHS = {
    "_join_paths": "zarrpy.compat.places:join_paths",
    "normalize_path": "zarrpy.compat.places:normalize_path",
}
_KEYS = {
    "ChunkKeyEncoding": "zarrpy.metadata.chunk_keys:ChunkKeyEncoding",
    "DefaultChunkKeyEncoding": "zarrpy.metadata.chunk_keys:ChunkKeyEncoding",
    "V2ChunkKeyEncoding": "zarrpy.compat.documents:V2ChunkKeyEncoding",
}
_INDEXERS = {
    "AsyncOIndex": "zarrpy.asynchronous:AsyncOIndex",
    "AsyncVIndex": "zarrpy.asynchronous:AsyncVIndex",
    "OIndex": "zarrpy.indexing:Indexer",
    "VIndex": "zarrpy.indexing:Indexer",
    "BlockIndex": "zarrpy.indexing:Indexer",
}
_COMMON = {
    "parse_shapelike": "zarrpy.compat.shapes:parse_shapelike",
    "AccessModeLiteral": "zarrpy.compat.types:AccessModeLiteral",
    "JSON": "zarrpy.compat.types:JSON",
    "MemoryOrder": "zarrpy.compat.types:MemoryOrder",
    "ZarrFormat": "zarrpy.compat.types:ZarrFormat",
    "ZARR_JSON": "zarrpy.compat.types:ZARR_JSON",
    "ZARRAY_JSON": "zarrpy.compat.types:ZARRAY_JSON",
    "ZATTRS_JSON": "zarrpy.compat.types:ZATTRS_JSON",
    "ZGROUP_JSON": "zarrpy.compat.types:ZGROUP_JSON",
    "ZMETADATA_V2_JSON": "zarrpy.compat.types:ZMETADATA_V2_JSON",
}
_WARNINGS = {"UnstableSpecificationWarning": "zarrpy.compat.errors:UnstableSpecificationWarning"}
_CODECS = ("zarrpy.compat.enumerations", "zarrpy.codecs")
_STORES = ("common", "fsspec", "logging", "memory", "obstore", "wrapper", "zip")
#: Functions that are to be awaited where they are asked for in the core of zarr-python.
_AWAITED = {name: f"zarrpy.compat.coroutines:{name}" for name in ("create_array", "from_array")}
_KINDS = ("bool", "bytes", "common", "complex", "float", "int", "string", "structured", "time")

#: Of each module: modules whose names it has, and names with where they are.
MODULES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "zarr": (("zarrpy.compat.functions",), {**_HANDLES, **_CONFIG}),
    "zarr.abc": ((), {}),
    "zarr.abc.buffer": (("zarrpy.compat.buffers",), {}),
    "zarr.abc.codec": (("zarrpy.compat.abstract", "zarrpy.compat.protocols"), {}),
    "zarr.abc.metadata": ((), {"Metadata": "zarrpy.metadata.model:ArrayMetadata"}),
    "zarr.abc.store": (("zarrpy.compat.abstract", "zarrpy.compat.protocols"), {}),
    "zarr.api": ((), {}),
    "zarr.api.asynchronous": (("zarrpy.compat.coroutines",), {}),
    "zarr.api.synchronous": (("zarrpy.compat.functions",), {}),
    "zarr.buffer": ((), {}),
    "zarr.buffer.cpu": (("zarrpy.compat.buffers",), {}),
    "zarr.codecs": (_CODECS, {}),
    "zarr.codecs.blosc": (_CODECS, {}),
    "zarr.codecs.bytes": (_CODECS, {}),
    "zarr.codecs.cast_value": (
        ("zarrpy.codecs",),
        {"parse_scalar_map": "zarrpy.compat.shapes:parse_scalar_map"},
    ),
    "zarr.codecs.crc32c_": (("zarrpy.codecs",), {}),
    "zarr.codecs.gzip": (("zarrpy.codecs",), {}),
    "zarr.codecs.numcodecs": (("zarrpy.compat.numcodecs", "zarrpy.codecs"), {}),
    "zarr.codecs.scale_offset": (("zarrpy.codecs",), {}),
    "zarr.codecs.sharding": (_CODECS, {}),
    "zarr.codecs.transpose": (("zarrpy.codecs",), {}),
    "zarr.codecs.vlen_utf8": (("zarrpy.codecs",), {}),
    "zarr.codecs.zstd": (("zarrpy.codecs",), {}),
    "zarr.convenience": (("zarrpy.compat.functions",), {}),
    "zarr.core": ((), _HANDLES),
    "zarr.core.array": (("zarrpy.compat.functions",), {**_HANDLES, **_AWAITED}),
    "zarr.core.attributes": ((), _ATTRIBUTES),
    "zarr.core.buffer": (("zarrpy.compat.buffers",), {}),
    "zarr.core.buffer.core": (("zarrpy.compat.buffers",), {}),
    "zarr.core.buffer.cpu": (("zarrpy.compat.buffers",), {}),
    "zarr.core.chunk_grids": ((), {"RegularChunkGrid": "zarrpy.metadata.grid:ChunkGrid"}),
    "zarr.core.chunk_key_encodings": ((), _KEYS),
    "zarr.core.common": ((), _COMMON),
    "zarr.core.config": ((), _CONFIG),
    "zarr.core.dtype": (("zarrpy.compat.types",), {}),
    "zarr.core.dtype.common": (("zarrpy.compat.types",), _WARNINGS),
    "zarr.core.dtype.wrapper": (("zarrpy.compat.types",), {}),
    "zarr.core.dtype.npy": ((), {}),
    **{f"zarr.core.dtype.npy.{kind}": (("zarrpy.compat.dtypes",), {}) for kind in _KINDS},
    "zarr.core.group": (("zarrpy.compat.functions",), {**_HANDLES, **_METADATA}),
    "zarr.core.indexing": ((), _INDEXERS),
    "zarr.core.metadata": ((), _METADATA),
    "zarr.core.metadata.v2": ((), _METADATA),
    "zarr.core.metadata.v3": ((), {**_METADATA, **_GRIDS}),
    "zarr.core.sync": (("zarrpy.compat.loop",), {}),
    "zarr.creation": (("zarrpy.compat.functions",), {}),
    "zarr.dtype": (("zarrpy.compat.types",), {}),
    "zarr.experimental": ((), {}),
    "zarr.experimental.cache_store": (("zarrpy.compat.caching",), {}),
    "zarr.errors": (("zarrpy.errors",), {}),
    "zarr.hierarchy": ((), _HANDLES),
    "zarr.registry": (("zarrpy.compat.registry",), {}),
    "zarr.storage": (("zarrpy.storage",), {}),
    **{f"zarr.storage._{kind}": (("zarrpy.storage",), {}) for kind in _STORES},
    "zarr.storage._utils": ((), _PATHS),
    "zarr.types": (("zarrpy.compat.types",), {}),
}


#: Names that modules have still, with a warning that they will go from there.
_MOVED = {
    "DataTypeValidationError": ("zarr.dtype", "zarr.core.dtype", "zarr.core.dtype.common"),
}


class _Served(ModuleType):
    """A module whose names are looked up when they are asked for."""

    _homes: tuple[str, ...]
    _names: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return dir(self)
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__ in _MOVED.get(name, ()):
            return _moved(self.__name__, name)
        found = self._found(name)
        setattr(self, name, found)
        return found

    def _found(self, name: str) -> Any:
        below = f"{self.__name__}.{name}"
        if below in MODULES:
            served_to_all = sys.modules.get(self.__name__) is self
            return import_module(below) if served_to_all else served(below)
        if name in self._names:
            module, _, attribute = self._names[name].partition(":")
            return getattr(import_module(module), attribute)
        for home in self._homes:
            module_found = import_module(home)
            if name in vars(module_found) or hasattr(module_found, name):
                return getattr(module_found, name)
        raise AttributeError(
            f"module {self.__name__!r}, which zarrpy serves in the place of zarr-python, has no "
            f"attribute {name!r}"
        )

    def __dir__(self) -> list[str]:
        exported = [name for home in self._homes for name in import_module(home).__all__]
        below = [
            name.rpartition(".")[2] for name in MODULES if name.rpartition(".")[0] == self.__name__
        ]
        return sorted({*exported, *self._names, *below})


def _moved(module: str, name: str) -> Any:
    errors = import_module("zarrpy.compat.errors")
    warn(
        f"{name} will go from {module}: take it from zarr.errors",
        errors.ZarrDeprecationWarning,
        stacklevel=3,
    )
    return errors.NAMES[name]


class Finder(DistributionFinder):
    """Finds the modules of zarr-python, and what is asked of it as an installed distribution."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        """Find one of the modules."""
        if fullname in ADAPTED:
            return spec_of(fullname, path)
        if fullname not in MODULES:
            return None
        return ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make a module whose names are looked up later."""
        return served(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be run."""

    def find_distributions(
        self, context: DistributionFinder.Context | None = None
    ) -> Iterator[Distribution]:
        """Say which version of zarr-python is served."""
        if context is None or context.name in ("zarr", None):
            yield _Distribution()


class _Distribution(Distribution):
    """Tells the version of zarr-python that is served."""

    def read_text(self, filename: str) -> str | None:
        """Give one of the files that describe an installed distribution."""
        if filename == "METADATA":
            return f"Metadata-Version: 2.1\nName: zarr\nVersion: {VERSION}\n"
        return None

    def locate_file(self, path: Any) -> Any:
        """Give the place of a file, of which there is none."""
        raise FileNotFoundError(path)


def served(name: str) -> ModuleType:
    """Make one of the modules."""
    homes, names = MODULES[name]
    made = _Served(name)
    made.__path__ = []
    made.__file__ = __file__  # programs print where it comes from
    made._homes, made._names = homes, names
    if name == "zarr":
        made.__version__ = VERSION  # type: ignore[attr-defined]
    return made


def standalone() -> ModuleType:
    """Make the tree for one program; `zarr` stays what it is for all others."""
    return served("zarr")


def loaded() -> list[str]:
    """Name the modules of any `zarr` that are imported now."""
    return [name for name in sys.modules if name == "zarr" or name.startswith("zarr.")]
