"""Zarr v2 documents: ``.zarray``, ``.zgroup`` and ``.zattrs`` to the model and back.

v3 is the canon, so a v2 array is given the codecs that v3 would name for it:

1. ``order: "F"`` is a ``transpose`` that reverses the dimensions;
2. the filters follow in the order of the list, as numcodecs names them;
3. ``bytes`` comes before the first of them that turns bytes into bytes, or after the last,
   with the byte order of what is then in hand.  A filter may have changed that: `delta` with
   ``astype: ">i2"`` leaves big-endian data, whatever the array has.  A filter that itself
   makes bytes of an array (`vlen-utf8`) stands in its place;
4. the compressor comes last.

Back: what was read keeps its spelling, and only new metadata is translated the other way.

Specification: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html
"""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

import numpy as np

from zarrpy.config import config
from zarrpy.errors import MetadataError
from zarrpy.metadata import dtypes, element, members
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.dtypes import DataType
from zarrpy.metadata.formats import DIMENSIONS
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.json import JSON, copy
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata, NamedConfig, names_from
from zarrpy.metadata.spellings import settled

__all__ = ["ARRAY", "ATTRIBUTES", "GROUP", "dump", "parse", "parse_group"]

ARRAY = ".zarray"
GROUP = ".zgroup"
ATTRIBUTES = ".zattrs"
FORMAT = 2


_ENDIAN = {"<": "little", ">": "big"}
_ORDER = {"little": "<", "big": ">"}
_OBJECTS = "|O"

# What numcodecs' codecs take and give cannot be read off a document, so it stands here.
# A filter in neither set takes an array and gives one.
_COMPRESSORS = frozenset(("blosc", "bz2", "gzip", "lz4", "lzma", "snappy", "zlib", "zstd"))
_CHECKSUMS = frozenset(("adler32", "crc32", "crc32c", "fletcher32", "jenkins_lookup3"))
_BYTES_TO_BYTES = _COMPRESSORS | _CHECKSUMS | {"base64", "shuffle"}
_ARRAY_FILTERS = frozenset(
    ("astype", "bitround", "categorize", "delta", "fixedscaleoffset", "packbits", "quantize")
)
_ARRAY_COMPRESSORS = frozenset(("pcodec", "zfpy"))
_OBJECT_CODECS = frozenset(("json2", "msgpack2", "pickle", "vlen-array", "vlen-bytes", "vlen-utf8"))
_ARRAY_TO_BYTES = _ARRAY_COMPRESSORS | _OBJECT_CODECS
# Filters that give single bytes unless their configuration says otherwise.
_GIVES_BYTES = frozenset(("categorize", "packbits"))


def parse(zarray: dict[str, Any], zattrs: dict[str, Any] | None, path: str) -> ArrayMetadata:
    """Read a ``.zarray`` and, where there is one, its ``.zattrs``.

    Parameters
    ----------
    zarray, zattrs : dict
        As `zarrpy.metadata.json.loads` gives them; the model keeps them.
    path : str
        Of the node, for error messages.

    Raises
    ------
    MetadataError
        If a document is not valid; names the document, the member and the value.
    UnsupportedExtensionError
        If the data type is not known.
    """
    document = {ARRAY: zarray} if zattrs is None else {ARRAY: zarray, ATTRIBUTES: zattrs}
    _check_attributes(zattrs, path)
    try:
        return _parse_array(document)
    except MetadataError as error:
        error.fill(path=members.document_path(path, ARRAY))
        raise


def parse_group(zgroup: dict[str, Any], zattrs: dict[str, Any] | None, path: str) -> GroupMetadata:
    """Read a ``.zgroup`` and, where there is one, its ``.zattrs``."""
    document = {GROUP: zgroup} if zattrs is None else {GROUP: zgroup, ATTRIBUTES: zattrs}
    _check_attributes(zattrs, path)
    try:
        members.mapping(zgroup, "the document")
        members.exactly(members.require(zgroup, "zarr_format"), "zarr_format", FORMAT)
    except MetadataError as error:
        error.fill(path=members.document_path(path, GROUP))
        raise
    return GroupMetadata(dict(zattrs or {}), FORMAT, document)


def dump(model: ArrayMetadata | GroupMetadata) -> dict[str, dict[str, Any]]:
    """Write the documents of a node, by file name.

    Raises
    ------
    MetadataError
        If the model says what Zarr v2 has no words for.
    """
    if isinstance(model, GroupMetadata):
        documents = {GROUP: copy(model.document.get(GROUP, {"zarr_format": FORMAT}))}
        attributes = model.attributes
    else:
        documents = {ARRAY: _dump_array(model)}
        attributes = _attributes(model)
    if attributes or ATTRIBUTES in model.document:
        documents[ATTRIBUTES] = copy(attributes)
    return documents


def _parse_array(document: dict[str, Any]) -> ArrayMetadata:
    zarray = members.mapping(document[ARRAY], "the document")
    members.exactly(members.require(zarray, "zarr_format"), "zarr_format", FORMAT)
    shape = members.shape(members.require(zarray, "shape"))
    chunks = members.integers(members.require(zarray, "chunks"), "chunks", 1, count=len(shape))
    data_type, byteorder = _data_type(zarray)
    element.check_size(data_type.numpy, "dtype")
    fill_document = members.require(zarray, "fill_value")
    attributes = document.get(ATTRIBUTES, {})
    return ArrayMetadata(
        shape,
        data_type,
        ChunkGrid(chunks),
        ChunkKeyEncoding("v2", _separator(zarray)),
        tuple(_canonical(zarray, byteorder, len(shape), data_type.itemsize)),
        _fill_value(fill_document, data_type, byteorder),
        names_from(attributes.get(DIMENSIONS), len(shape)),
        dict(attributes),
        FORMAT,
        document,
        fill_document is not None,
        DIMENSIONS,
    )


def _check_attributes(zattrs: object, path: str) -> None:
    if zattrs is not None and not isinstance(zattrs, dict):
        raise MetadataError(
            "the document must be an object",
            path=members.document_path(path, ATTRIBUTES),
            value=zattrs,
        )


def _data_type(zarray: dict[str, Any]) -> tuple[DataType, str]:
    """Read the data type; what objects are is told by the codec that makes bytes of them."""
    document = members.require(zarray, "dtype")
    if document != _OBJECTS:
        return dtypes.from_v2(document)
    from zarrpy.metadata.dtypes_variable import of_object_codec  # few arrays need it

    compressor = _compressor(zarray)
    codecs = [*_filters(zarray), *([] if compressor is None else [compressor])]
    return of_object_codec(codec.name for codec in codecs), "|"


def _separator(zarray: dict[str, Any]) -> str:
    field = "dimension_separator"
    return members.choice(zarray.get(field, "."), field, (".", "/"))


def _fill_value(document: JSON, data_type: DataType, byteorder: str) -> Any:
    if document is None:
        return fill.default(data_type)
    return fill.parse_v2(document, data_type, byteorder)


def _canonical(
    zarray: dict[str, Any], byteorder: str, ndim: int, itemsize: int
) -> Iterator[NamedConfig]:
    """Give the codecs that v3 would name, in the order of encoding."""
    order = members.choice(members.require(zarray, "order"), "order", ("C", "F"))
    if order == "F" and ndim > 1:
        yield _reversal(ndim)
    filters = [settled(codec, itemsize) for codec in _filters(zarray)]
    compressor = _compressor(zarray)
    if compressor is not None:
        compressor = settled(compressor, itemsize)
    in_bytes = False
    for codec in filters:
        if codec.name in _BYTES_TO_BYTES and not in_bytes:
            yield _to_bytes(byteorder)
            in_bytes = True
        elif codec.name in _ARRAY_TO_BYTES:
            in_bytes = True
        else:
            byteorder = _order_after(codec, byteorder)
        yield codec
    makes_bytes = compressor is not None and compressor.name in _ARRAY_TO_BYTES
    if not in_bytes and not makes_bytes:
        yield _to_bytes(byteorder)
    if compressor is not None:
        yield compressor


def _reversal(ndim: int) -> NamedConfig:
    return NamedConfig("transpose", {"order": list(range(ndim))[::-1]})


def _to_bytes(byteorder: str) -> NamedConfig:
    endian = _ENDIAN.get(byteorder)
    return NamedConfig("bytes", {} if endian is None else {"endian": endian})


def _order_after(codec: NamedConfig, byteorder: str) -> str:
    """Tell the byte order of what a filter gives: its configuration names the data type."""
    names = (codec.configuration.get(name) for name in ("astype", "encode_dtype", "dtype"))
    given = next((name for name in names if name), None)
    if isinstance(given, str) and given[:1] in ("<", ">", "|"):
        return given[0]
    return "|" if codec.name in _GIVES_BYTES else byteorder


def _filters(zarray: dict[str, Any]) -> Iterable[NamedConfig]:
    value = zarray.get("filters")
    if value is None:
        return
    limit = config.limits.codecs
    filters = members.sequence(value, "filters")
    if len(filters) > limit:
        raise MetadataError(
            f"has {len(filters)} entries, {limit} are allowed",
            field="filters",
            hint="raise config.limits.codecs",
        )
    for i, each in enumerate(filters):
        yield _numcodec(each, f"filters[{i}]")


def _compressor(zarray: dict[str, Any]) -> NamedConfig | None:
    value = members.require(zarray, "compressor")
    return None if value is None else _numcodec(value, "compressor")


def _numcodec(value: object, field: str) -> NamedConfig:
    """Read a codec as numcodecs writes it: an object with its ``id`` among its parameters."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        members.reject(field, value, 'an object with the member "id"')
    configuration = {name: each for name, each in value.items() if name != "id"}
    return NamedConfig(value["id"], configuration, dialect=FORMAT)


def _attributes(model: ArrayMetadata) -> dict[str, Any]:
    """Give the attributes, among them the dimension names."""
    if model.dimension_names is None:
        return model.attributes
    names = list(model.dimension_names)
    if model.attributes.get(DIMENSIONS, names) != names:
        raise MetadataError(
            f"must be the dimension names {names}, which Zarr v2 keeps there",
            field=f"attributes.{DIMENSIONS}",
            value=model.attributes[DIMENSIONS],
            hint="leave the attribute out, or give the names once",
        )
    return {**model.attributes, DIMENSIONS: names}


def _dump_array(model: ArrayMetadata) -> dict[str, Any]:
    if ARRAY not in model.document:
        return _fresh(model)
    document: dict[str, Any] = copy(model.document[ARRAY])
    old = _parse_array(model.document)
    if old.shape != model.shape:
        document["shape"] = list(model.shape)
    if old.chunk_grid != model.chunk_grid:
        document["chunks"] = _chunks(model)
    if old.chunk_keys != model.chunk_keys:
        document["dimension_separator"] = _dimension_separator(model)
    same_fill = fill.identical(old.fill_value, model.fill_value)
    same_order = _byteorder(old) == _byteorder(model)  # in which fill values are packed
    if not (same_fill and same_order) or old.fill_defined != model.fill_defined:
        document["fill_value"] = _dump_fill_value(model)
    if old.codecs != model.codecs or old.data_type != model.data_type:
        document |= _chain(model)
    return document


def _fresh(model: ArrayMetadata) -> dict[str, Any]:
    """Write all members."""
    if model.storage_transformers:
        raise _no_words("storage transformers")
    chain = _chain(model)
    return {
        "zarr_format": FORMAT,
        "shape": list(model.shape),
        "chunks": _chunks(model),
        "dtype": chain["dtype"],
        "compressor": chain["compressor"],
        "fill_value": _dump_fill_value(model),
        "order": chain["order"],
        "filters": chain["filters"],
        "dimension_separator": _dimension_separator(model),
    }


def _chunks(model: ArrayMetadata) -> list[int]:
    if not model.chunk_grid.regular:
        raise _no_words("chunks of different shapes")
    return list(model.chunk_grid.chunk_shape)


def _dimension_separator(model: ArrayMetadata) -> str:
    if model.chunk_keys.name != "v2":
        raise _no_words(f"the chunk key encoding {model.chunk_keys.name!r}")
    return model.chunk_keys.separator


def _dump_fill_value(model: ArrayMetadata) -> JSON:
    if not model.fill_defined:
        return None
    dtype = model.data_type.numpy
    document = fill.dump_v2(model.fill_value, model.data_type, _byteorder(model))
    if dtype.type is np.void or dtype.kind in "SUTO":
        return document
    parts = document if isinstance(document, list) else [document]
    if any(isinstance(part, str) and part.startswith("0x") for part in parts):
        raise _no_words("a fill value that is a NaN with other bits than the usual one")
    return document


def _byteorder(model: ArrayMetadata) -> str:
    """Tell the byte order of the stored elements."""
    return _order_before(list(model.codecs)) if model.data_type.ordered else "|"


def _chain(model: ArrayMetadata) -> dict[str, Any]:
    """Say in the words of v2 what the codecs are: order, filters, compressor and dtype."""
    codecs = list(model.codecs)
    order = "C"
    if codecs and codecs[0] == _reversal(model.ndim):
        order = "F"
        del codecs[0]
    named = [codec for codec in codecs if not _is_bytes(codec)]
    for codec in named:
        if codec.dialect != FORMAT:
            raise _no_words(f"the codec {codec.name!r} of Zarr v3")
    in_bytes = any(map(_is_bytes, codecs)) and not _is_bytes(codecs[-1])
    compressor = named.pop() if named and _compresses(named[-1], in_bytes) else None
    words: dict[str, Any] = {
        "dtype": dtypes.to_v2(model.data_type, _order_before(codecs)),
        "compressor": None if compressor is None else _dump_numcodec(compressor),
        "order": order,
        "filters": [_dump_numcodec(codec) for codec in named] or None,
    }
    _, byteorder = _data_type(words)
    canon = {**words, "order": "C"}, byteorder, model.ndim, model.data_type.itemsize
    if not _same(codecs, _canonical(*canon)):
        names = ", ".join(codec.name for codec in model.codecs)
        raise _no_words(f"the codecs {names} in this order")
    return words


def _is_bytes(codec: NamedConfig | None) -> bool:
    """Whether this is `bytes`, which v2 does not name."""
    return codec is not None and codec.name == "bytes" and codec.dialect != FORMAT


def _compresses(codec: NamedConfig, in_bytes: bool) -> bool:
    """Whether a codec at the end of the chain is a compressor, and not the last filter.

    One of somebody else's is one where it comes after `bytes`.
    """
    if in_bytes and codec.name not in _ARRAY_FILTERS:
        return True
    return codec.name in _BYTES_TO_BYTES or codec.name in _ARRAY_COMPRESSORS


def _order_before(codecs: list[NamedConfig]) -> str:
    """Tell the byte order of the array: the first filter names it, or else `bytes`."""
    for codec in codecs:
        if codec.dialect == FORMAT:
            given = codec.configuration.get("dtype") or codec.configuration.get("decode_dtype")
            if isinstance(given, str) and given[:1] in _ENDIAN:
                return given[0]
        elif codec.name == "bytes":
            return _ORDER.get(codec.configuration.get("endian", "little"), "<")
    return "<"


def _same(codecs: Iterable[NamedConfig], canonical: Iterable[NamedConfig]) -> bool:
    """Whether both chains do the same; the byte order of single bytes does not count."""
    return all(
        a == b or (_is_bytes(a) and b == NamedConfig("bytes"))
        for a, b in zip_longest(codecs, canonical)
    )


def _dump_numcodec(codec: NamedConfig) -> dict[str, Any]:
    return {"id": codec.name, **copy(codec.configuration)}


def _no_words(what: str) -> MetadataError:
    return MetadataError(f"Zarr v2 has no words for {what}", hint="use Zarr v3")
