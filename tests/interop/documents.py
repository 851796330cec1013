"""How cases are written: documents of both formats, and values of every number type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Document = dict[str, Any]

SHAPE = (43, 30)
CHUNKS = (24, 16)
SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}


@dataclass(frozen=True)
class Case:
    """One array.

    Parameters
    ----------
    name : str
        ``v2/...`` or ``v3/...``.
    document : dict
        Its metadata document.
    values : ndarray
        What is written, in the byte order of this machine.
    absent : str
        Key of a chunk that is deleted after writing, so that it reads as the fill value.
    """

    name: str
    document: Document
    values: np.ndarray
    absent: str = ""

    @property
    def codec(self) -> str:
        """The middle of the name: what failures are grouped by."""
        return self.name.split("/")[1]


def values_of(name: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return values of a data type: a smooth field, and every special value of floats."""
    dtype = np.dtype(name)
    count = int(np.prod(shape))
    ramp = np.arange(count)
    if dtype.kind == "b":
        return (ramp // 3 % 2 == 0).reshape(shape)
    if dtype.kind in "iu":
        extreme = np.iinfo(dtype)
        flat = (ramp // 2 * 7).astype(dtype)
        flat[:2] = [extreme.min, extreme.max][:count]
        return flat.reshape(shape)
    if dtype.kind == "f":
        flat = (np.sin(ramp / 40) * 90).round(2).astype(dtype)
        special = [np.nan, np.inf, -np.inf, -0.0, np.finfo(dtype).tiny, np.finfo(dtype).max]
        flat[: len(special)] = special[:count]
        flat[len(special) : len(special) + 1] = odd_nan(dtype)
        return flat.reshape(shape)
    part = np.dtype(f"f{dtype.itemsize // 2}")
    parts = values_of(part.name, (2 * count,))
    return parts.view(dtype).reshape(shape)


def odd_nan(dtype: np.dtype[Any]) -> Any:
    """Return a NaN whose bits are not those of the usual one."""
    usual = np.array([np.nan], dtype).view(f"u{dtype.itemsize}")
    return (usual + 5).astype(f"u{dtype.itemsize}").view(dtype)[0]


def whole_numbers(name: str) -> np.ndarray:
    """Return values whose differences are exact, for the delta filter."""
    ramp = np.arange(int(np.prod(SHAPE))).reshape(SHAPE)
    return (ramp % 60).astype(name)


def with_first_chunk(values: np.ndarray, fill: Any) -> np.ndarray:
    """Return the values as they read after the first chunk was deleted."""
    values = values.copy()
    values[: CHUNKS[0], : CHUNKS[1]] = fill
    return values


def v3(
    dtype: str,
    codecs: list[Document],
    *,
    shape: tuple[int, ...] = SHAPE,
    chunks: tuple[int, ...] = CHUNKS,
    fill: Any = None,
    keys: tuple[str, str] = ("default", "/"),
    **members: Any,
) -> Document:
    """Return a v3 metadata document."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {"name": keys[0], "configuration": {"separator": keys[1]}},
        "fill_value": zero_of(dtype) if fill is None else fill,
        "codecs": codecs,
        "attributes": {},
        **members,
    }


def zero_of(dtype: str) -> Any:
    """Return zero as a fill value of a document."""
    if dtype in ("string", "bytes"):
        return ""
    kind = np.dtype(dtype).kind
    return False if kind == "b" else [0.0, 0.0] if kind == "c" else 0.0 if kind == "f" else 0


def named(name: str, **configuration: Any) -> Document:
    """Return one codec of a v3 document; zarr-python wants a configuration of numcodecs' codecs."""
    if configuration or name.startswith("numcodecs."):
        return {"name": name, "configuration": configuration}
    return {"name": name}


def bytes_codec(dtype: str, order: str = "little") -> Document:
    """Return the ``bytes`` codec; one byte has no order."""
    return named("bytes") if np.dtype(dtype).itemsize == 1 else named("bytes", endian=order)


def blosc_v3(compressor: str, shuffle: str, typesize: int, level: int = 5) -> Document:
    """Return the ``blosc`` codec of a v3 document."""
    return named(
        "blosc", cname=compressor, clevel=level, shuffle=shuffle, typesize=typesize, blocksize=0
    )


def sharding(
    chunks: tuple[int, ...],
    codecs: list[Document],
    location: str = "end",
    index: tuple[Document, ...] = (named("bytes", endian="little"), named("crc32c")),
) -> Document:
    """Return the codec of shards that hold chunks of a shape."""
    return named(
        "sharding_indexed",
        chunk_shape=list(chunks),
        codecs=codecs,
        index_codecs=list(index),
        index_location=location,
    )


def v2(
    dtype: str,
    *,
    shape: tuple[int, ...] = SHAPE,
    chunks: tuple[int, ...] = CHUNKS,
    compressor: Document | None = None,
    filters: list[Document] | None = None,
    fill: Any = None,
    order: str = "C",
    separator: str = ".",
    big: bool = False,
) -> Document:
    """Return a v2 metadata document."""
    kind = np.dtype(dtype)
    zero = zero_of(dtype)
    return {
        "zarr_format": 2,
        "shape": list(shape),
        "chunks": list(chunks),
        "dtype": kind.newbyteorder(">").str if big else kind.str,
        "compressor": compressor,
        "filters": filters,
        "fill_value": zero if fill is None else fill,
        "order": order,
        "dimension_separator": separator,
    }


def blosc_v2(compressor: str, shuffle: str) -> Document:
    """Return the ``blosc`` compressor of a v2 document."""
    return {
        "id": "blosc",
        "cname": compressor,
        "clevel": 5,
        "shuffle": SHUFFLES[shuffle],
        "blocksize": 0,
    }
