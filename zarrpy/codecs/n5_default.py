"""The ``n5_default`` codec: blocks of N5 (array -> bytes)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToBytes, Buffer, BytesToBytes, ChunkSpec, Codec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.conditional import documents
from zarrpy.codecs.notation import parse_codec
from zarrpy.codecs.parameters import reject
from zarrpy.codecs.transpose import Transpose
from zarrpy.config import config
from zarrpy.errors import CodecError, CorruptChunkError

_RIGHT = "a transpose that reverses the axes, bytes in big-endian order, and at most one compressor"
_MODES = {1: "varlength", 2: "object"}


@dataclass(frozen=True, slots=True)
class N5Default(ArrayToBytes):
    """Store chunks as N5 does: a header with their shape, then big-endian values.

    Parameters
    ----------
    codecs : sequence of codecs
        A `transpose` that reverses the axes, `bytes` in big-endian order, and at most one
        bytes-to-bytes codec, as N5's compressor.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/n5_default

    N5 writes blocks at the edge of an array in full or cut off. Both are read; what is cut off is
    filled with the fill value.

    Examples
    --------
    >>> import numpy as np
    >>> codec = N5Default([{"name": "transpose", "configuration": {"order": [0]}}, "bytes:big"])
    >>> bytes(codec.encode(np.array([1, 2], "int16"))).hex(" ", 2)
    '0000 0001 0000 0002 0001 0002'
    """

    name: ClassVar[str] = "n5_default"

    codecs: tuple[Codec, ...]

    def __post_init__(self) -> None:
        given: Any = self.codecs
        if isinstance(given, str) or not isinstance(given, Sequence) or not 2 <= len(given) <= 3:
            reject(self.name, "codecs", given, f"a list of {_RIGHT}")
        codecs = tuple(parse_codec(each) for each in given)
        object.__setattr__(self, "codecs", codecs)
        reverses = isinstance(codecs[0], Transpose) and codecs[0].order == tuple(
            range(len(codecs[0].order))[::-1]
        )
        ordered = isinstance(codecs[1], Bytes) and codecs[1].endian in ("big", None)
        if not reverses or not ordered or not isinstance(codecs[-1], (Bytes, BytesToBytes)):
            reject(self.name, "codecs", [codec.name for codec in codecs], _RIGHT)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        if "codecs" not in configuration:
            reject(cls.name, "codecs", None, f"a list of {_RIGHT}")
        made = super(N5Default, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._check(spec)
        return made

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec with what was left open filled in from the chunk."""
        self._check(spec)
        return type(self)(tuple(codec.fitted(spec) for codec in self.codecs))

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {"codecs": documents(self.codecs)}

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        self._check(ChunkSpec(array.shape, array.dtype, None))
        data: Buffer = self._values.encode(array.transpose())
        for codec in self._compressors:
            data = codec.encode(data)
        return struct.pack(f">HH{array.ndim}I", 0, array.ndim, *array.shape) + bytes(data)

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self._check(spec)
        shape, body = self._parse(memoryview(data), spec)
        own = replace(spec, shape=shape[::-1])
        for codec in self._compressors:
            body = codec.decode(body, own.nbytes)
        block = self._values.decode(body, own).transpose()
        if shape == spec.shape:
            return block
        chunk = np.full(spec.shape, 0 if spec.fill_value is None else spec.fill_value, spec.dtype)
        part = tuple(slice(min(a, b)) for a, b in zip(shape, spec.shape, strict=True))
        chunk[part] = block[part]
        return chunk

    @property
    def _values(self) -> Bytes:
        assert isinstance(self.codecs[1], Bytes)
        return replace(self.codecs[1], endian="big")

    @property
    def _compressors(self) -> list[BytesToBytes]:
        return [codec for codec in self.codecs[2:] if isinstance(codec, BytesToBytes)]

    def _parse(self, view: memoryview, spec: ChunkSpec) -> tuple[tuple[int, ...], Buffer]:
        """Read the header; give the shape of the block and what is behind it."""
        ndim = len(spec.shape)
        if len(view) < 4 + 4 * ndim:
            raise CorruptChunkError(
                f"{len(view)} bytes are too short for a header", codec=self.name
            )
        mode, found = struct.unpack_from(">HH", view)
        if mode:
            raise CorruptChunkError(
                f"is a block of mode {_MODES.get(mode, mode)!r}, and not of the default mode",
                codec=self.name,
            )
        if found != ndim:
            raise CorruptChunkError(f"has {found} axes, not {ndim}", codec=self.name)
        shape = struct.unpack_from(f">{ndim}I", view, 4)
        limit = config.limits.max_chunk_bytes
        if prod(shape) * spec.dtype.itemsize > limit:
            raise CorruptChunkError(
                f"says to have the shape {shape}, which is over the limit of {limit} bytes",
                codec=self.name,
            )
        return shape, view[4 + 4 * ndim :]

    def _check(self, spec: ChunkSpec) -> None:
        assert isinstance(self.codecs[0], Transpose)
        if len(self.codecs[0].order) != len(spec.shape):
            reject(
                self.name,
                "codecs",
                list(self.codecs[0].order),
                f"a transpose of the {len(spec.shape)} axes",
            )
        if spec.dtype.str[1:] not in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"):
            raise CodecError(f"N5 has no elements of {spec.dtype}", codec=self.name)
        if any(n >= 2**32 for n in spec.shape):
            raise CodecError(f"N5 has no blocks of shape {spec.shape}", codec=self.name)
