"""Codecs of the library ExZarr that have no registered name.

Its documents call them ``shuffle``, ``delta``, ``quantize``, ``lz4`` and ``bz2``; other libraries
mean other things by these words.  They are read, and written again into arrays that have them; no
new array is made with them.
"""

from __future__ import annotations

import bz2
from dataclasses import dataclass, replace
from struct import Struct
from typing import Any, ClassVar

import numpy as np

from zarrpy.codecs import bz2 as bz2_codec
from zarrpy.codecs import lz4 as lz4_codec
from zarrpy.codecs import shuffle as shuffle_codec
from zarrpy.codecs.base import ArrayToArray, Buffer, BytesToBytes, ChunkSpec
from zarrpy.codecs.parameters import choice, finite, integer
from zarrpy.config import config
from zarrpy.errors import CodecError, CorruptChunkError, LimitError

_SIZE = Struct("<Q")
_SHORT = Struct("<I")
_INTEGERS = ("int16", "int32", "int64", "uint8", "uint16", "uint32")


@dataclass(frozen=True, slots=True)
class Shuffle(ArrayToArray):
    """Sort the bytes of elements by significance, before they are written one after the other.

    Parameters
    ----------
    elementsize : int, optional
        Bytes that belong together; by default those of an element.
    """

    name: ClassVar[str] = "exzarr.shuffle"
    v3: ClassVar[bool] = False

    elementsize: int | None = None

    def __post_init__(self) -> None:
        if self.elementsize is not None:
            integer(self.name, "elementsize", self.elementsize, 1, 2**31 - 1)

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        return replace(spec, fill_value=None)

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        planes = shuffle_codec.encode_slowly(self._bytes(array.dtype), _little(array))
        return _elements(planes, array.dtype, array.shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        elements = shuffle_codec.decode_slowly(self._bytes(spec.dtype), _little(data))
        return _elements(elements, spec.dtype, spec.shape)

    def _bytes(self, dtype: np.dtype[Any]) -> shuffle_codec.Shuffle:
        return shuffle_codec.Shuffle(self.elementsize or dtype.itemsize)


@dataclass(frozen=True, slots=True)
class Delta(ArrayToArray):
    """Store elements as they are, which is what ExZarr does under this name in Zarr v3.

    Parameters
    ----------
    dtype : str, optional
        Data type of the elements; it changes nothing.
    """

    name: ClassVar[str] = "exzarr.delta"
    v3: ClassVar[bool] = False
    transparent: ClassVar[bool] = True

    dtype: str = "int64"

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        return array

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        return data


@dataclass(frozen=True, slots=True)
class Quantize(ArrayToArray):
    """Store numbers as counts of a step from an offset, in integers.

    Parameters
    ----------
    dtype : str
        Data type of the integers.
    scale, offset : int or float
        A number x is stored as ``(x - offset) / scale``, rounded.
    """

    name: ClassVar[str] = "exzarr.quantize"
    v3: ClassVar[bool] = False

    dtype: str = "int16"
    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        choice(self.name, "dtype", self.dtype, _INTEGERS)
        for parameter in ("scale", "offset"):
            finite(self.name, parameter, getattr(self, parameter))

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        if spec.dtype.kind != "f":
            raise CodecError(f"takes floats, not {spec.dtype}", codec=self.name)
        return replace(spec, dtype=np.dtype(self.dtype), fill_value=None)

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk; halves are rounded away from zero."""
        steps = (array.astype("f8") - self.offset) / self.scale
        if not np.isfinite(steps).all():
            raise CodecError("takes finite numbers", codec=self.name, direction="encode")
        rounded = np.copysign(np.floor(np.abs(steps) + 0.5), steps)
        limits = np.iinfo(np.dtype(self.dtype).type)
        return np.clip(rounded, float(limits.min), float(limits.max)).astype(self.dtype)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        return (data.astype("f8") * self.scale + self.offset).astype(spec.dtype)


class _Sized(BytesToBytes):
    """Compressed bytes behind eight that tell how many they are without compression."""

    __slots__ = ()

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> Buffer:
        """Decode bytes."""
        view = memoryview(data)
        if len(view) < _SIZE.size:
            raise CorruptChunkError(
                f"{len(view)} bytes are too short for a header", codec=self.name
            )
        (told,) = _SIZE.unpack_from(view)
        limit = config.limits.max_chunk_bytes
        if told > limit:
            raise LimitError(
                f"{self.name}: a chunk says to have {told} bytes", limit=limit, asked=told
            )
        decoded = self._decompressed(view[_SIZE.size :], told)
        for wanted in (told, nbytes if exact else None):
            if wanted is not None:
                self._check_size(len(decoded), wanted)
        return decoded

    def _decompressed(self, data: memoryview, nbytes: int) -> Buffer:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class LZ4(_Sized):
    """Compress each chunk as one LZ4 block behind eight bytes with its size."""

    name: ClassVar[str] = "exzarr.lz4"
    v3: ClassVar[bool] = False

    def encode(self, data: Buffer) -> Buffer:
        """Encode bytes."""
        plain = bytes(data)
        return _SIZE.pack(len(plain)) + bytes(lz4_codec.LZ4().encode(plain))[_SHORT.size :]

    def _decompressed(self, data: memoryview, nbytes: int) -> Buffer:
        return lz4_codec.LZ4().decode(_SHORT.pack(nbytes) + bytes(data), nbytes)


@dataclass(frozen=True, slots=True)
class BZ2(_Sized):
    """Compress each chunk as one stream of bzip2 behind eight bytes with its size."""

    name: ClassVar[str] = "exzarr.bz2"
    v3: ClassVar[bool] = False

    def encode(self, data: Buffer) -> Buffer:
        """Encode bytes."""
        plain = bytes(data)
        return _SIZE.pack(len(plain)) + bz2.compress(plain)

    def _decompressed(self, data: memoryview, nbytes: int) -> Buffer:
        return bz2_codec.BZ2().decode(data, nbytes)


def _little(array: np.ndarray[Any, Any]) -> bytes:
    """Give the bytes of elements, the least significant first."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _elements(
    data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> np.ndarray[Any, np.dtype[Any]]:
    """Make elements of their bytes."""
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
