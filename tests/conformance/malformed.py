"""Documents with one thing wrong: every member of valid ones left out, or given a strange value."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.corpus import Document, codec

Path = tuple[str | int, ...]

#: Left out, in place of a value.
MISSING: Any = object()
STRANGE = (None, True, -1, 1.5, "novelty", [], {}, [None], {"novelty": 1}, 2**70)

LITTLE = codec("bytes", endian="little")
_INDEX = [LITTLE, {"name": "crc32c"}]
_COMPRESSORS = [
    codec("blosc", cname="lz4", clevel=5, shuffle="shuffle", typesize=4, blocksize=0),
    codec("zstd", level=3, checksum=False),
    codec("gzip", level=5),
    codec("numcodecs.lz4", acceleration=1),
    codec("numcodecs.lzma", format=1, check=-1, preset=None, filters=None),
    codec("numcodecs.shuffle", elementsize=4),
]


def _array(**members: Any) -> Document:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [4, 6],
        "data_type": "int32",
        "chunk_grid": codec("regular", chunk_shape=[2, 3]),
        "chunk_key_encoding": codec("default", separator="/"),
        "fill_value": 0,
        "codecs": [codec("transpose", order=[1, 0]), LITTLE, *_COMPRESSORS],
        "dimension_names": ["y", "x"],
        "storage_transformers": [],
        **members,
    }


def _of_type(data_type: Any, fill_value: Any, *codecs: Document) -> Document:
    return _array(data_type=data_type, fill_value=fill_value, codecs=list(codecs or (LITTLE,)))


_FIELDS = [{"name": "a", "data_type": "int16"}, {"name": "b", "data_type": "float32"}]

#: Valid documents by key; their key ends in the name of the document.
DOCUMENTS: dict[str, Document] = {
    "plain/zarr.json": _array(),
    "sharded/zarr.json": _array(codecs=[codec(
        "sharding_indexed", chunk_shape=[1, 3], codecs=[LITTLE], index_codecs=_INDEX,
        index_location="end")]),
    "rectilinear/zarr.json": _array(
        chunk_grid=codec("rectilinear", kind="inline", chunk_shapes=[[2, 2], [[3, 2]]])),
    "dates/zarr.json": _of_type(codec("numpy.datetime64", unit="s", scale_factor=1), 0),
    "structure/zarr.json": _of_type(codec("struct", fields=_FIELDS), {"a": 0, "b": 0.0}),
    "text/zarr.json": _of_type(codec("fixed_length_utf32", length_bytes=12), ""),
    "cast/zarr.json": _array(codecs=[
        codec("scale_offset", offset=0, scale=1),
        codec("cast_value", data_type="int16", rounding="nearest-even", out_of_range="clamp"),
        LITTLE]),
    "rounded/zarr.json": _of_type(
        "float32", 0.0, codec("bitround", keepbits=3),
        codec("numcodecs.quantize", digits=2, dtype="<f4"), codec("reshape", shape=[-1]),
        codec("zfp", mode="fixed_rate", rate=8)),
    "packed/zarr.json": _array(codecs=[
        codec("packbits", padding_encoding="none", first_bit=0, last_bit=3)]),
    "v2/.zarray": {
        "zarr_format": 2, "shape": [4, 6], "chunks": [2, 3], "dtype": "<i4",
        "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0},
        "fill_value": 0, "order": "C", "filters": [{"id": "delta", "dtype": "<i4"}],
        "dimension_separator": "."},
    "group/zarr.json": {"zarr_format": 3, "node_type": "group", "attributes": {}},
    "group2/.zgroup": {"zarr_format": 2},
}  # fmt: skip


@dataclass(frozen=True)
class Malformed:
    """One document, where it was changed, and by what."""

    key: str
    path: Path
    value: Any
    document: Document

    @property
    def members(self) -> list[str]:
        """Names on the way to what was changed, innermost first, those of extensions left out."""
        ways = [each for each in reversed(self.path) if isinstance(each, str)]
        return [each for each in ways if each not in ("configuration", "name")] or ways


def malformed(key: str) -> Iterator[Malformed]:
    """Change every member of a document in every way."""
    for path in _paths(DOCUMENTS[key]):
        for value in (MISSING, *STRANGE):
            yield Malformed(key, path, value, _changed(DOCUMENTS[key], path, value))


def _paths(document: Any, path: Path = ()) -> Iterator[Path]:
    entries: Any = ()
    if isinstance(document, dict):
        entries = document.items()
    elif isinstance(document, list):
        entries = enumerate(document)
    for name, value in entries:
        yield (*path, name)
        yield from _paths(value, (*path, name))


def _changed(document: Document, path: Path, value: Any) -> Document:
    changed: Any = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed
