"""Metadata by zarr-python's names, which tell formats apart by class; made of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from zarrpy.compat.grids import check_allowed
from zarrpy.compat.mending import mended
from zarrpy.compat.settings import config
from zarrpy.compat.shapes import parse_shapelike
from zarrpy.compat.types import ZDType, parse_dtype
from zarrpy.engine.nodes import dump, given_array, given_node
from zarrpy.engine.told import ConsolidatedMetadata, telling
from zarrpy.errors import MetadataError, NodeKindError
from zarrpy.metadata import model
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata, NamedConfig

__all__ = [
    "ArrayV2Metadata",
    "ArrayV3Metadata",
    "ConsolidatedMetadata",
    "GroupMetadata",
    "V2ChunkKeyEncoding",
    "buffers_of",
]

#: What documents of arrays of Zarr v3 say; nothing else may be said under these names.
_RESERVED = frozenset(
    (
        *("zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding"),
        *("fill_value", "codecs", "attributes", "storage_transformers", "dimension_names"),
        "extra_fields",
    )
)


class _OfFormat(type):
    """A class whose instances are metadata of one format."""

    zarr_format = 0

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, ArrayMetadata) and instance.zarr_format == cls.zarr_format

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        return cls.made(*args, **keywords)  # type: ignore[attr-defined]


class ArrayV2Metadata(metaclass=_OfFormat):
    """Metadata of an array of Zarr v2."""

    zarr_format = 2

    @staticmethod
    def made(
        *,
        shape: Any,
        dtype: ZDType,
        chunks: Any,
        fill_value: Any,
        order: str,
        dimension_separator: str = ".",
        compressor: Any = None,
        filters: Iterable[Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> ArrayMetadata:
        """Make them of what they say."""
        kind = dtype if isinstance(dtype, ZDType) else parse_dtype(dtype, zarr_format=2)
        shape, chunks = parse_shapelike(shape), parse_shapelike(chunks)
        if len(shape) != len(chunks):
            raise MetadataError(
                f"`chunks` has length {len(chunks)}, but `shape` has length {len(shape)}",
                field="chunks",
            )
        document = {
            "zarr_format": 2,
            "shape": shape,
            "chunks": chunks,
            "dtype": kind.to_json(zarr_format=2)["name"],
            "order": order,
            "dimension_separator": dimension_separator,
            "compressor": compressor,
            "filters": None if filters is None else list(filters),
            "fill_value": None
            if fill_value is None
            else kind.to_json_scalar(fill_value, zarr_format=2),
            "attributes": dict(attributes or {}),
        }
        return given_array("", _as_json(document))

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ArrayMetadata:
        """Understand a document, with the attributes in it."""
        document = _as_json(dict(data))
        if document.get("filters") == []:
            from warnings import warn

            from zarrpy.compat.errors import ZarrUserWarning

            words = (
                "Found an empty list of filters in the array metadata document. No filters are "
                "null in Zarr v2"
            )
            warn(words, ZarrUserWarning, stacklevel=2)
            document["filters"] = None
        return given_array("", document)


class ArrayV3Metadata(metaclass=_OfFormat):
    """Metadata of an array of Zarr v3."""

    zarr_format = 3

    @staticmethod
    def made(
        *,
        shape: Any,
        data_type: Any,
        chunk_grid: Any,
        chunk_key_encoding: Any,
        fill_value: Any,
        codecs: Iterable[Any],
        attributes: Mapping[str, Any] | None = None,
        dimension_names: Any = None,
        storage_transformers: Iterable[Any] | None = None,
        extra_fields: Mapping[str, Any] | None = None,
    ) -> ArrayMetadata:
        """Make them of what they say."""
        more = dict(extra_fields or {})
        if taken := sorted(more.keys() & _RESERVED):
            raise MetadataError(
                f"extra_fields has keys that collide with keys reserved for metadata: {taken}"
            )
        kind = data_type if isinstance(data_type, ZDType) else parse_dtype(data_type)
        document = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": shape,
            "data_type": kind.to_json(zarr_format=3),
            "chunk_grid": chunk_grid,
            "chunk_key_encoding": chunk_key_encoding,
            "fill_value": kind.to_json_scalar(fill_value, zarr_format=3),
            "codecs": list(codecs),
            "attributes": dict(attributes or {}),
            "storage_transformers": list(storage_transformers or ()),
            **({} if dimension_names is None else {"dimension_names": list(dimension_names)}),
            **more,
        }
        return _of_v3(document)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ArrayMetadata:
        """Understand a document."""
        return _of_v3(dict(data))


def _of_v3(given: dict[str, Any]) -> ArrayMetadata:
    document = _as_json(given)
    odd = [
        name
        for name in document.keys() - _RESERVED
        if not isinstance(document[name], dict)
        or document[name].get("must_understand") is not False
    ]
    if odd:
        raise MetadataError(f"Got a Zarr V3 metadata document with disallowed extra fields: {odd}")
    found = given_array("", document)
    if not mended(found):
        check_allowed(found)
    if not found.data_type.ordered:
        codecs = tuple(NamedConfig("bytes") if c.name == "bytes" else c for c in found.codecs)
        found = replace(found, codecs=codecs)
    return found


class _Group(type):
    """What stands for the class of the metadata of groups."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, model.GroupMetadata)

    def __call__(
        cls,
        attributes: Mapping[str, Any] | None = None,
        zarr_format: int = 3,
        consolidated_metadata: ConsolidatedMetadata | None = None,
        extra_fields: Mapping[str, Any] | None = None,
        node_type: str = "group",
    ) -> Any:
        document = {"zarr_format": zarr_format, "attributes": dict(attributes or {})}
        if not format_of(zarr_format).ordered_types:
            document |= {"node_type": "group", **(extra_fields or {})}
        elif extra_fields:
            raise MetadataError(
                "Zarr format 2 group metadata does not support fields of others",
                field="extra_fields",
            )
        made = given_node("", _as_json(document))
        assert isinstance(made, model.GroupMetadata)
        return made if consolidated_metadata is None else telling(made, consolidated_metadata)


class GroupMetadata(metaclass=_Group):
    """Metadata of a group."""

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> model.GroupMetadata:
        """Understand a document; of v2 with the attributes in it."""
        found = given_node("", _as_json(dict(data)))
        if not isinstance(found, model.GroupMetadata):
            raise NodeKindError("these are the metadata of an array, not of a group")
        return found


def _as_json(value: Any) -> Any:
    """Make of a document in Python one as JSON has it: lists, and codecs as they are written."""
    if isinstance(value, Mapping):
        return {str(name): _as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, np.generic):
        return _as_json(value.item())
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    for name in ("to_dict", "to_v3", "get_config"):
        if hasattr(value, name):
            return _as_json(getattr(value, name)())
    return value


def buffers_of(metadata: Any, prototype: Any) -> dict[str, Any]:
    """Write the documents of a node, each as a buffer by its file name."""
    documents: dict[str, Any] = dict(dump(metadata))
    told = getattr(metadata, "consolidated_metadata", None)
    if format_of(metadata.zarr_format).ordered_types:
        documents.setdefault(".zattrs", dict(metadata.attributes))
        if told is not None:
            rows: dict[str, Any] = {}
            for path, node in told.flattened_metadata.items():
                rows |= {f"{path}/{name}": each for name, each in dump(node).items()}
                rows.setdefault(f"{path}/.zattrs", dict(node.attributes))
            rows |= documents
            documents[".zmetadata"] = {"metadata": rows, "zarr_consolidated_format": 1}
    elif told is not None:
        documents["zarr.json"] = metadata.to_dict()
    indent = config.get("json_indent")
    return {
        name: prototype.buffer.from_bytes(json.dumps(each, indent=indent).encode())
        for name, each in documents.items()
    }


class V2ChunkKeyEncoding(ChunkKeyEncoding):
    """The keys of chunks as Zarr v2 spells them; made as ``V2ChunkKeyEncoding(separator="/")``."""

    def __new__(cls, separator: str = ".") -> Any:
        """Make one of ours, of that name."""
        return ChunkKeyEncoding("v2", separator)
