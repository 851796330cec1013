"""Keywords of older libraries, and of zarr-python's functions, in the spelling of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.codecs.base import ArrayToArray, ArrayToBytes
from zarrpy.codecs.notation import codec_name, parse_codec
from zarrpy.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALIASES = {"compressor": "compressors", "chunk_shape": "chunks"}
#: Keywords of zarr-python that tune it, and change nothing of what is stored.
TUNING = ("synchronizer", "cache_metadata", "cache_attrs", "meta_array", "read_only")


def auto_keyword(keywords: dict[str, Any]) -> dict[str, Any]:
    """Bring keywords of older libraries into their present spelling."""
    renamed = {}
    for name, value in keywords.items():
        if name in TUNING:
            continue
        name = _ALIASES.get(name, name)
        if name in renamed:
            raise TypeError(f"{name!r} is given twice, once under an older name")
        renamed[name] = value
    refuse_chunk_store(renamed.pop("chunk_store", None))
    if renamed.pop("codecs", None) is not None:
        renamed |= _parted(keywords["codecs"])
    if "write_empty_chunks" in renamed:
        empty = renamed.pop("write_empty_chunks")
        renamed["config"] = {"write_empty_chunks": empty, **dict(renamed.get("config") or {})}
    if "dimension_separator" in renamed:
        separator = renamed.pop("dimension_separator")
        if separator is not None:
            renamed["chunk_key_encoding"] = {"name": "v2", "separator": separator}
    return renamed


def refuse_chunk_store(chunk_store: Any) -> None:
    """Refuse a second store for chunks, which zarr-python 2 had.

    Raises
    ------
    TypeError
    """
    if chunk_store is not None:
        raise TypeError("chunk_store: chunks are kept where their metadata are -> one store")


def _parted(codecs: Iterable[Any]) -> dict[str, Any]:
    """Part codecs of one list by the keyword that each belongs to."""
    parts: dict[str, list[Any]] = {"filters": [], "serializer": [], "compressors": []}
    for given in codecs:
        codec = parse_codec(given, None, "codecs")
        takes_array = isinstance(codec, ArrayToArray)
        makes_bytes = isinstance(codec, ArrayToBytes)
        part = "filters" if takes_array else "serializer" if makes_bytes else "compressors"
        parts[part].append(given)
    serializers = parts.pop("serializer")
    if len(serializers) != 1:
        raise MetadataError(
            "must hold exactly one array-to-bytes codec, such as 'bytes'",
            field="codecs",
            value=[codec_name(each) for each in codecs],
        )
    return {**parts, "serializer": serializers[0]}
