"""The codecs ``zarrs.vlen`` and ``zarrs.vlen_v2``: elements of many lengths (array -> bytes).

Both are of the library zarrs, and store texts as well as bytes.  ``zarrs.vlen_v2`` puts the length
of each element before it, as the ``vlen-*`` codecs do; ``zarrs.vlen`` keeps the elements together,
and apart from them where each one ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec, Codec, Step
from zarrpy.codecs.conditional import documents
from zarrpy.codecs.inner import bound, made
from zarrpy.codecs.parameters import choice, reject
from zarrpy.codecs.vlen import VLenBytes, VLenUTF8
from zarrpy.errors import CodecError, CorruptChunkError

if TYPE_CHECKING:
    from zarrpy.codecs.chain import CodecChain

_U64 = Struct("<Q")
# How far each data type of an index counts.
_INDEX_TYPES = {"uint32": (1 << 32) - 1, "uint64": (1 << 64) - 1}
_LOCATIONS = ("start", "end")


@dataclass(frozen=True, slots=True)
class VLenV2(ArrayToBytes):
    r"""Store texts or bytes, each with its length, whatever the data type is.

    Notes
    -----
    Of zarrs, which calls it experimental: https://codec.zarrs.dev/array_to_bytes/vlen_v2. The bytes
    are those of `vlen-utf8` and `vlen-bytes`, which every library reads.

    Examples
    --------
    >>> VLenV2().encode(np.array([b"ab"], object))
    b'\x01\x00\x00\x00\x02\x00\x00\x00ab'
    """

    name: ClassVar[str] = "zarrs.vlen_v2"

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        codec = super(VLenV2, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            _for_elements(cls.name, spec.dtype)
        return codec

    def decoding_step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form that decodes, which texts have."""
        return _for_elements(self.name, spec.dtype).decoding_step(spec)

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        return _for_elements(self.name, array.dtype).encode(array)

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        return _for_elements(self.name, spec.dtype).decode(data, spec)


@dataclass(frozen=True, slots=True)
class VLen(ArrayToBytes):
    """Store texts or bytes together, and where each one ends apart from them.

    Parameters
    ----------
    index_codecs : sequence of codecs
        What the places of the elements pass through: one more than there are elements.
    data_codecs : sequence of codecs
        What the elements pass through, as one row of bytes.
    index_data_type : {"uint32", "uint64"}
    index_location : {"start", "end"}
        Whether the places are in front of the elements or behind them.

    Notes
    -----
    Of zarrs, which calls it experimental: https://codec.zarrs.dev/array_to_bytes/vlen. `vlen-utf8`
    and `vlen-bytes` are read by every library.

    Examples
    --------
    >>> codec = VLen(("bytes:little",), ("bytes",), "uint32")
    >>> codec.encode(np.array([b"ab", b"c"], object)).hex(" ", -4)
    '0c000000 00000000 00000000 02000000 03000000 616263'
    """

    name: ClassVar[str] = "zarrs.vlen"

    index_codecs: tuple[Codec, ...]
    data_codecs: tuple[Codec, ...]
    index_data_type: str
    index_location: str = "start"

    def __post_init__(self) -> None:
        choice(self.name, "index_data_type", self.index_data_type, _INDEX_TYPES)
        choice(self.name, "index_location", self.index_location, _LOCATIONS)
        for name in ("index_codecs", "data_codecs"):
            object.__setattr__(self, name, made(self.name, name, getattr(self, name)))

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        given = dict(configuration)
        choice(cls.name, "index_data_type", given.get("index_data_type"), _INDEX_TYPES)
        of = {"index_codecs": given["index_data_type"], "data_codecs": "uint8"}
        for name, dtype in of.items():
            if name not in given:
                reject(cls.name, name, None, "a list of codecs")
            given[name] = bound(cls.name, name, given[name], _row(0, dtype))
        if spec is not None:
            _for_elements(cls.name, spec.dtype)
        return super(VLen, cls).from_config(given, dialect=dialect)

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON.

        The usual place of the index is left out, as older versions of zarrs do not know the member.
        """
        told: dict[str, Any] = {
            "index_codecs": documents(self.index_codecs),
            "data_codecs": documents(self.data_codecs),
            "index_data_type": self.index_data_type,
        }
        return told if self.index_location == "start" else {**told, "index_location": "end"}

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        _for_elements(self.name, array.dtype)
        elements = _plain(array)
        ends = np.zeros(len(elements) + 1, np.uint64)
        np.cumsum(np.array([len(each) for each in elements], np.uint64), out=ends[1:])
        if int(ends[-1]) > _INDEX_TYPES[self.index_data_type]:
            raise CodecError(
                f"{ends[-1]} bytes are more than {self.index_data_type} counts",
                codec=self.name,
                direction="encode",
                hint="take smaller chunks, or index_data_type: uint64",
            )
        index = bytes(self._index(ends.size).encode(ends.astype(self.index_data_type)))
        joined = np.frombuffer(b"".join(elements), np.uint8)
        data = bytes(self._data(joined.size).encode(joined)) if joined.size else b""
        length = _U64.pack(len(index))
        return length + index + data if self.index_location == "start" else data + index + length

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        _for_elements(self.name, spec.dtype)
        index, body = self._parted(bytes(data))
        count = int(np.prod(spec.shape))
        ends = self._index(count + 1).decode(index)
        total = int(ends[-1])
        if (ends[1:] < ends[:-1]).any():
            raise CorruptChunkError("elements end before they begin", codec=self.name)
        joined = self._data(total).decode(body).tobytes() if total else b""
        places = ends.tolist()
        found = [joined[places[i] : places[i + 1]] for i in range(count)]
        if spec.dtype.kind == "T":
            return np.array(_decoded(found, self.name), spec.dtype).reshape(spec.shape)
        array = np.empty(count, object)
        array[:] = found
        return array.reshape(spec.shape)

    def _parted(self, chunk: bytes) -> tuple[bytes, bytes]:
        """Part a chunk into the encoded index and the encoded elements."""
        size = _U64.size
        at_start = self.index_location == "start"
        length = chunk[:size] if at_start else chunk[max(len(chunk) - size, 0) :]
        rest = chunk[size:] if at_start else chunk[:-size]
        nbytes = _U64.unpack(length)[0] if len(length) == size else len(rest) + 1
        if nbytes > len(rest):
            raise CorruptChunkError(f"{len(chunk)} bytes are too few for an index", codec=self.name)
        cut = nbytes if at_start else len(rest) - nbytes
        return (rest[:cut], rest[cut:]) if at_start else (rest[cut:], rest[:cut])

    def _index(self, count: int) -> CodecChain:
        return _chain(self.index_codecs, _row(count, self.index_data_type))

    def _data(self, nbytes: int) -> CodecChain:
        return _chain(self.data_codecs, _row(nbytes, "uint8"))


def _chain(codecs: tuple[Codec, ...], spec: ChunkSpec) -> CodecChain:
    from zarrpy.codecs.chain import CodecChain  # which imports all kinds of codecs

    return CodecChain.of(codecs, spec)


def _row(count: int, dtype: str) -> ChunkSpec:
    """Describe a row of numbers."""
    return ChunkSpec((count,), np.dtype(dtype), None)


def _for_elements(codec: str, dtype: np.dtype[Any]) -> VLenUTF8 | VLenBytes:
    """Find the codec that stores such elements one by one."""
    if dtype.kind == "T":
        return VLenUTF8()
    if dtype.kind == "O":
        return VLenBytes()
    raise CodecError(f"is for the data types string and bytes, and not for {dtype}", codec=codec)


def _plain(array: np.ndarray[Any, Any]) -> list[bytes]:
    """Give the bytes of each element."""
    elements: list[Any] = array.reshape(-1).tolist()
    if array.dtype.kind == "T":
        return [each.encode() for each in elements]
    for i, each in enumerate(elements):
        if type(each) is not bytes:
            raise CodecError(
                f"element {i} is no bytes but {type(each).__name__}",
                codec=VLen.name,
                direction="encode",
            )
    return elements


def _decoded(elements: list[bytes], codec: str) -> list[str]:
    """Make texts of what is stored."""
    texts = []
    for i, each in enumerate(elements):
        try:
            texts.append(each.decode())
        except UnicodeDecodeError:
            raise CorruptChunkError(f"element {i} is not UTF-8", codec=codec) from None
    return texts
