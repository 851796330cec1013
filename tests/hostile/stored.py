"""Valid arrays, as files by name: what hostile inputs are made of."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

import zarrpy

Files = dict[str, bytes]

SHAPE = (64, 32)
VALUES = np.arange(2048, dtype="i4").reshape(SHAPE)
TEXTS = np.array([f"text {i}" * (i % 5) for i in range(64)])

#: The same array in nine stored forms: keywords of `create_array` beside the data.
FORMS: dict[str, dict[str, Any]] = {
    "raw": {"compressors": None},
    "blosc": {"compressors": [zarrpy.codecs.Blosc(cname="lz4")]},
    "zstd": {"compressors": [zarrpy.codecs.Zstd(level=3, checksum=False)]},
    "zstd-checksum": {"compressors": [zarrpy.codecs.Zstd(level=3, checksum=True)]},
    "gzip": {"compressors": [zarrpy.codecs.Gzip(level=5)]},
    "lz4": {"compressors": ["numcodecs.lz4"]},
    "default": {},
    "shard": {"chunks": (16, 32), "shards": SHAPE, "compressors": None},
    "shard-of-zstd": {"chunks": (16, 32), "shards": SHAPE, "compressors": ["zstd"]},
}

#: More codecs that have a decoder.
OTHERS: dict[str, dict[str, Any]] = {
    "bz2": {"compressors": ["numcodecs.bz2"]},
    "lzma": {"compressors": ["numcodecs.lzma"]},
    "zlib": {"compressors": ["numcodecs.zlib"]},
    "snappy": {"compressors": [zarrpy.codecs.Blosc(cname="snappy")]},
    "blosclz": {"compressors": [zarrpy.codecs.Blosc(cname="blosclz")]},
    "blosc-zstd": {"compressors": [zarrpy.codecs.Blosc(cname="zstd", shuffle="bitshuffle")]},
    "fletcher32": {"compressors": ["numcodecs.fletcher32"]},
    "base64": {"zarr_format": 2, "filters": [{"id": "base64"}], "compressors": None},
}

KEY = "c/0/0"


def array(keywords: dict[str, Any], values: np.ndarray = VALUES) -> Files:
    """Return the files of an array of one chunk."""
    files: dict[str, Any] = {}
    given = {"chunks": values.shape, **keywords}
    zarrpy.create_array(files, data=values, **given)
    return {key: bytes(value) for key, value in files.items()}


def key_of(files: Files) -> str:
    """Return the key of the one chunk."""
    (key,) = (key for key in files if not key.rpartition("/")[2].startswith((".z", "zarr.json")))
    return key


def document(files: Files) -> dict[str, Any]:
    """Return the document of an array of Zarr v3."""
    parsed: dict[str, Any] = json.loads(files["zarr.json"])
    return parsed


def with_members(files: Files, **members: Any) -> Files:
    """Replace members of the document."""
    return {**files, "zarr.json": json.dumps({**document(files), **members}).encode()}
