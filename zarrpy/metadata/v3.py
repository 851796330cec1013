"""Zarr v3 documents: ``zarr.json`` to the model and back.

Parsing is strict, because a document that is read otherwise than it was meant gives wrong
data: every member is checked, and what is not known is refused unless the document itself
says that it need not be understood.  Writing starts from the document that was read and
replaces only the members whose meaning changed.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/core/
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from zarrpy.config import config
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import dtypes, element, exzarr, members, transformers
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.json import copy
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata, NamedConfig

__all__ = ["DOCUMENT", "dump", "parse", "parse_codecs"]

DOCUMENT = "zarr.json"
FORMAT = 3

_ARRAY_MEMBERS = frozenset(
    (
        "zarr_format",
        "node_type",
        "shape",
        "data_type",
        "chunk_grid",
        "chunk_key_encoding",
        "fill_value",
        "codecs",
        "attributes",
        "storage_transformers",
        "dimension_names",
    )
)
# Members that are not there when there is nothing to say.
_LEFT_OUT = frozenset(("dimension_names", "storage_transformers"))
_GROUP_MEMBERS = frozenset(("zarr_format", "node_type", "attributes", "consolidated_metadata"))


def parse(document: dict[str, Any], path: str) -> ArrayMetadata | GroupMetadata:
    """Read a ``zarr.json``.

    Parameters
    ----------
    document : dict
        As `zarrpy.metadata.json.loads` gives it; the model keeps it.
    path : str
        Of the node or of its document, for error messages.

    Raises
    ------
    MetadataError
        If the document is not valid; names the document, the member and the value.
    UnsupportedExtensionError
        If it is valid, but needs something that is not known here.

    Examples
    --------
    >>> parse({"zarr_format": 3, "node_type": "group"}, "a/zarr.json")
    GroupMetadata(attributes={}, zarr_format=3)
    """
    try:
        members.mapping(document, "the document")
        members.exactly(members.require(document, "zarr_format"), "zarr_format", FORMAT)
        node_type = members.require(document, "node_type")
        if members.choice(node_type, "node_type", ("array", "group")) == "group":
            return _parse_group(document)
        return _parse_array(document)
    except MetadataError as error:
        error.fill(path=members.document_path(path, DOCUMENT))
        raise


def dump(model: ArrayMetadata | GroupMetadata) -> dict[str, dict[str, Any]]:
    """Write the documents of a node, by file name."""
    if isinstance(model, GroupMetadata):
        return {DOCUMENT: _dump_group(model)}
    return {DOCUMENT: _dump_array(model)}


def _parse_group(document: dict[str, Any]) -> GroupMetadata:
    _check_members(document, _GROUP_MEMBERS)
    consolidated = document.get("consolidated_metadata")
    if consolidated is not None:
        members.mapping(consolidated, "consolidated_metadata")
    return GroupMetadata(_attributes(document), FORMAT, document)


def _parse_array(document: dict[str, Any]) -> ArrayMetadata:
    _check_members(document, _ARRAY_MEMBERS)
    meant = exzarr.settled(document) if exzarr.wrote(document) else document
    shape = members.shape(members.require(meant, "shape"))
    data_type = dtypes.from_v3(members.require(meant, "data_type"))
    element.check_size(data_type.numpy, "data_type")
    grid = ChunkGrid.from_v3(members.require(meant, "chunk_grid"))
    grid.check(shape)
    keys = ChunkKeyEncoding.from_v3(members.require(meant, "chunk_key_encoding"))
    given = members.require(meant, "fill_value")
    # GDAL and zarrita write null where none was chosen.
    fill_value = fill.default(data_type) if given is None else fill.parse(given, data_type)
    codecs = parse_codecs(members.require(meant, "codecs"))
    if data_type.order is not None:
        codecs = tuple(_with_order(codec, data_type.order) for codec in codecs)
    between = tuple(_transformers(document.get("storage_transformers", [])))
    return ArrayMetadata(
        shape,
        data_type,
        grid,
        keys,
        codecs,
        fill_value,
        _dimension_names(document.get("dimension_names"), len(shape)),
        _attributes(document),
        FORMAT,
        document,
        fill_defined=given is not None or fill_value is None,
        storage_transformers=between,
    )


def parse_codecs(document: object, field: str = "codecs") -> tuple[NamedConfig, ...]:
    """Read a list of codecs; there is at least one, as one has to make bytes of an array."""
    codecs = members.sequence(document, field)
    limit = config.limits.codecs
    if not codecs:
        raise MetadataError(
            "must name at least one codec", field=field, hint='the least is [{"name": "bytes"}]'
        )
    if len(codecs) > limit:
        raise MetadataError(
            f"has {len(codecs)} entries, {limit} are allowed",
            field=field,
            hint="raise config.limits.codecs",
        )
    return tuple(
        NamedConfig(*members.extension(codec, f"{field}[{i}]")) for i, codec in enumerate(codecs)
    )


def _with_order(codec: NamedConfig, order: str) -> NamedConfig:
    """Give `bytes` the byte order that the data type implies, unless it has one."""
    if codec.name not in ("bytes", "endian") or "endian" in codec.configuration:
        return codec
    endian = "little" if order == "<" else "big"
    return replace(codec, configuration={**codec.configuration, "endian": endian})


def _check_members(document: dict[str, Any], known: frozenset[str]) -> None:
    for name in document.keys() - known:
        value = document[name]
        if isinstance(value, dict) and value.get("must_understand") is False:
            continue  # the document says that it may be left aside
        raise UnsupportedExtensionError(
            "is not known",
            kind="member",
            name=name,
            field=name,
            value=value,
            hint=members.nearest(name, known)
            or "only an object with must_understand: false may be left aside",
        )


def _attributes(document: dict[str, Any]) -> dict[str, Any]:
    return members.mapping(document.get("attributes", {}), "attributes")


def _transformers(value: object) -> Iterable[NamedConfig]:
    """Read the storage transformers; one that is not known and must be is refused."""
    field = "storage_transformers"
    for i, each in enumerate(members.sequence(value, field)):
        named = NamedConfig(*members.extension(each, f"{field}[{i}]"))
        if named.must_understand and transformers.find(named.name) is None:
            raise UnsupportedExtensionError(
                "is not supported",
                kind="storage transformer",
                name=named.name,
                field=f"{field}[{i}]",
                hint="zarrpy.register_storage_transformer adds one",
            )
        yield named


def _dimension_names(value: object, ndim: int) -> tuple[str | None, ...] | None:
    if value is None:
        return None
    field = "dimension_names"
    names = members.sequence(value, field)
    for i, name in enumerate(names):
        if name is not None and not isinstance(name, str):
            members.reject(f"{field}[{i}]", name, "a string or null")
    if len(names) != ndim:
        raise MetadataError(
            f"has {len(names)} entries, but the array has {ndim} dimensions",
            field=field,
            value=value,
        )
    return tuple(names)


def _read_before(model: ArrayMetadata | GroupMetadata) -> bool:
    """Whether the model comes from a document of this format."""
    return "zarr_format" in model.document


def _dump_group(model: GroupMetadata) -> dict[str, Any]:
    if not _read_before(model):
        document = {"zarr_format": FORMAT, "node_type": "group", "attributes": {}}
    else:
        document = copy(model.document)
    return _with_attributes(document, model)


def _dump_array(model: ArrayMetadata) -> dict[str, Any]:
    if not _read_before(model):
        return _with_attributes(_fresh(model), model)
    document: dict[str, Any] = copy(model.document)
    old = _parse_array(model.document)
    for name in _changed(old, model):
        written = _WRITERS[name](model)
        if written is None and name in _LEFT_OUT:
            document.pop(name, None)
        else:
            document[name] = written
    return _with_attributes(document, model)


def _with_attributes(
    document: dict[str, Any], model: ArrayMetadata | GroupMetadata
) -> dict[str, Any]:
    if model.attributes or "attributes" in document:
        document["attributes"] = copy(model.attributes)
    return document


def _fresh(model: ArrayMetadata) -> dict[str, Any]:
    """Write all members, in the forms that also readers of Zarr 3.0 know."""
    document: dict[str, Any] = {"zarr_format": FORMAT, "node_type": "array"}
    for name, write in _WRITERS.items():
        written = write(model)
        if written is not None or name not in _LEFT_OUT:
            document[name] = written
    return {**document, "attributes": {}}


def _changed(old: ArrayMetadata, new: ArrayMetadata) -> Iterable[str]:
    """Name the members that mean something else in the new model."""
    if old.shape != new.shape:
        yield "shape"
    if old.data_type != new.data_type:
        yield "data_type"
    if old.chunk_grid != new.chunk_grid:
        yield "chunk_grid"
    if old.chunk_keys != new.chunk_keys:
        yield "chunk_key_encoding"
    if not fill.identical(old.fill_value, new.fill_value):
        yield "fill_value"
    if old.codecs != new.codecs:
        yield "codecs"
    if old.dimension_names != new.dimension_names:
        yield "dimension_names"
    if old.storage_transformers != new.storage_transformers:
        yield "storage_transformers"


def _codec(codec: NamedConfig) -> dict[str, Any]:
    if codec.dialect != FORMAT:
        raise MetadataError(
            f"{codec.name!r} is named as numcodecs does, and has no such form in Zarr v3",
            field="codecs",
            hint=f"name its v3 form, such as 'numcodecs.{codec.name}'",
        )
    document: dict[str, Any] = {"name": codec.name}
    # zarr-python asks for the member where the codec is one of numcodecs
    if codec.configuration or codec.name.startswith("numcodecs."):
        document["configuration"] = copy(codec.configuration)
    if not codec.must_understand:
        document["must_understand"] = False
    return document


_WRITERS: dict[str, Any] = {
    "shape": lambda model: list(model.shape),
    "data_type": lambda model: dtypes.to_v3(model.data_type),
    "chunk_grid": lambda model: model.chunk_grid.to_v3(),
    "chunk_key_encoding": lambda model: model.chunk_keys.to_v3(),
    "fill_value": lambda model: fill.dump(model.fill_value, model.data_type),
    "codecs": lambda model: [_codec(codec) for codec in model.codecs],
    "dimension_names": lambda model: (
        None if model.dimension_names is None else list(model.dimension_names)
    ),
    "storage_transformers": lambda model: (
        [_codec(each) for each in model.storage_transformers] or None
    ),
}
