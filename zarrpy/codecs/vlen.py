"""The ``vlen-*`` codecs: elements one after the other, each with its length before it.

A chunk is the number of its elements, and then each element after its size in bytes; numbers are
32-bit and little endian.  Elements follow each other in C order of the chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from zarrpy._native import failure
from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec, Step
from zarrpy.codecs.parameters import reject
from zarrpy.config import config
from zarrpy.errors import CodecError, CorruptChunkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_U32 = Struct("<I")


@dataclass(frozen=True, slots=True)
class VLenUTF8(ArrayToBytes):
    r"""Store texts as UTF-8, each with its length.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/vlen-utf8

    Arrays in memory are of NumPy's ``StringDType``. Streams are checked before anything is made
    of them: what ends too early or too late, or is not UTF-8, is a corrupt chunk.

    Examples
    --------
    >>> texts = np.array(["a", "Łódź"], np.dtypes.StringDType())
    >>> VLenUTF8().encode(texts)[:9]
    b'\x02\x00\x00\x00\x01\x00\x00\x00a'
    """

    name: ClassVar[str] = "vlen-utf8"
    v2_id: ClassVar[str] = "vlen-utf8"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.vlen-utf8",)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        made = super(VLenUTF8, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            _check_kind(cls.name, spec.dtype, "T", "string")
        return made

    def decoding_step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form that decodes; encoding needs NumPy."""
        return Step("vlen-utf8", itemsize=spec.dtype.itemsize)

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        _check_kind(self.name, array.dtype, "T", "string")
        if "native" in config.disable:
            return _join(each.encode() for each in array.reshape(-1).tolist())
        from zarrpy._native.strings import pack_text

        return pack_text(array)

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        array = np.empty(spec.shape, spec.dtype)
        self.decode_into(data, spec, tuple(slice(0, n, 1) for n in spec.shape), array)
        return array

    def decode_into(
        self,
        data: Buffer,
        spec: ChunkSpec,
        selection: tuple[slice, ...],
        out: np.ndarray[Any, Any],
    ) -> None:
        """Decode a part of one chunk into `out`; of the other elements no text is made."""
        _check_kind(self.name, spec.dtype, "T", "string")
        count = int(np.prod(spec.shape))
        try:
            if "native" in config.disable:
                texts = np.array(_texts(data, count), spec.dtype)
                out[...] = texts.reshape(spec.shape)[selection]
            else:
                from zarrpy._native.strings import unpack_text

                unpack_text(data, count, out, *_walk(spec.shape, selection))
        except CorruptChunkError as error:
            error.fill(codec=self.name)
            raise


@dataclass(frozen=True, slots=True)
class VLenBytes(ArrayToBytes):
    r"""Store strings of bytes, each with its length.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/vlen-bytes

    Arrays in memory hold `bytes` objects.

    Examples
    --------
    >>> VLenBytes().encode(np.array([b"ab"], object))
    b'\x01\x00\x00\x00\x02\x00\x00\x00ab'
    """

    name: ClassVar[str] = "vlen-bytes"
    v2_id: ClassVar[str] = "vlen-bytes"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.vlen-bytes",)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        made = super(VLenBytes, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            _check_kind(cls.name, spec.dtype, "O", "bytes")
        return made

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        _check_kind(self.name, array.dtype, "O", "bytes")
        return _pack(self.name, array.reshape(-1).tolist())

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        _check_kind(self.name, spec.dtype, "O", "bytes")
        return _unpack(self.name, data, spec)


@dataclass(frozen=True, slots=True)
class VLenArray(ArrayToBytes):
    r"""Store arrays of one axis, each with its length in bytes.

    Parameters
    ----------
    dtype : str or numpy.dtype, optional
        Data type of the inner arrays, in the words of NumPy, such as ``"<i4"``. Without it
        elements are bytes, as in `VLenBytes`.

    Examples
    --------
    >>> chunk = np.empty(1, object)
    >>> chunk[0] = np.array([1, 2], "u1")
    >>> VLenArray("u1").encode(chunk)[-6:]
    b'\x02\x00\x00\x00\x01\x02'
    """

    name: ClassVar[str] = "vlen-array"
    v2_id: ClassVar[str] = "vlen-array"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.vlen-array",)

    dtype: str | None = None

    def __post_init__(self) -> None:
        if self.dtype is not None:
            object.__setattr__(self, "dtype", _dtype_text(self.dtype))

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        made = super(VLenArray, cls).from_config(configuration, dialect=dialect)
        if made.dtype is None and dialect == 2:
            reject(cls.name, "dtype", None, "a NumPy data type such as '<i4'")
        if spec is not None:
            _check_kind(cls.name, spec.dtype, "O", "bytes, or |O of Zarr v2")
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {} if self.dtype is None else {"dtype": self.dtype}

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        elements: list[Any] = array.reshape(-1).tolist()
        if self.dtype is None:
            return _pack(self.name, elements)
        dtype = np.dtype(self.dtype)
        if "native" in config.disable:
            return _join(_inner(each, i, dtype).tobytes() for i, each in enumerate(elements))
        from zarrpy._native.strings import pack_arrays

        return pack_arrays(elements, dtype, lambda each, i: _inner(each, i, dtype))

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        if self.dtype is None:
            return _unpack(self.name, data, spec)
        count, dtype = int(np.prod(spec.shape)), np.dtype(self.dtype)
        try:
            if "native" in config.disable:
                array, cut, nbytes = _arrays(data, count, dtype)
            else:
                from zarrpy._native.strings import unpack_arrays

                array, cut, nbytes = unpack_arrays(data, count, dtype)
        except CorruptChunkError as error:
            error.fill(codec=self.name)
            raise
        if cut >= 0:
            raise CorruptChunkError(
                f"element {cut} has {nbytes} bytes, which are no array of {dtype}", codec=self.name
            )
        return array.reshape(spec.shape)


def _dtype_text(given: Any) -> str:
    """Check the data type of inner arrays; return it as NumPy writes it."""
    try:
        if not isinstance(given, str | np.dtype | type):
            raise TypeError
        dtype = np.dtype(given)
    except TypeError:
        reject(VLenArray.name, "dtype", given, "a NumPy data type such as '<i4'")
    if dtype.hasobject or dtype.itemsize == 0 or dtype.names is not None:
        reject(VLenArray.name, "dtype", str(given), "a plain data type such as '<i4'")
    return dtype.str


def _inner(value: Any, i: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Bring one element into the form of the inner arrays; nothing is the empty one."""
    if value is None:
        return np.empty(0, dtype)
    array = np.asarray(value)
    if array.ndim != 1 or not (array.size == 0 or np.can_cast(array.dtype, dtype, "same_kind")):
        raise CodecError(
            f"element {i} is {array.dtype} of {array.ndim} axes, and no array of {dtype} of one",
            codec=VLenArray.name,
            direction="encode",
        )
    return np.ascontiguousarray(array, dtype)


def _check_kind(codec: str, dtype: np.dtype[Any], kind: str, right: str) -> None:
    if dtype.kind != kind:
        raise CodecError(f"is for the data type {right}, and not for {dtype}", codec=codec)


def _walk(shape: tuple[int, ...], selection: tuple[slice, ...]) -> tuple[int, list[int]]:
    """Turn a part of a chunk into its first element, and the way to the next on each axis."""
    first, steps, stride = 0, [], 1
    for length, term in zip(reversed(shape), reversed(selection), strict=True):
        first += term.start * stride
        steps.append((term.step or 1) * stride)
        stride *= length
    return first, steps[::-1]


def _pack(codec: str, elements: list[Any]) -> Buffer:
    """Make a stream of `bytes` objects."""
    try:
        if "native" in config.disable:
            return _join(_checked(elements))
        from zarrpy._native.strings import pack_bytes

        return pack_bytes(elements)
    except TypeError as error:
        raise CodecError(str(error), codec=codec, direction="encode") from None


def _unpack(codec: str, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
    """Make `bytes` objects of a stream."""
    count = int(np.prod(spec.shape))
    try:
        if "native" not in config.disable:
            from zarrpy._native.strings import unpack_bytes

            return unpack_bytes(data, count).reshape(spec.shape)
        array = np.empty(count, object)
        array[:] = list(_split(data, count))
        return array.reshape(spec.shape)
    except CorruptChunkError as error:
        error.fill(codec=codec)
        raise


# ------------------------------------------------------------------- the same without native code


def _checked(elements: list[Any]) -> Iterable[bytes]:
    for i, each in enumerate(elements):
        if type(each) is not bytes:
            raise TypeError(f"element {i} is no bytes but {type(each).__name__}")
        yield each


def _join(elements: Iterable[bytes]) -> bytes:
    parts = [part for each in elements for part in (_U32.pack(len(each)), each)]
    return b"".join([_U32.pack(len(parts) // 2), *parts])


def _split(data: Buffer, count: int) -> Iterator[bytes]:
    """Take a stream apart; what is wrong with it is told where it comes."""
    stream = bytes(data)
    found = _U32.unpack_from(stream)[0] if len(stream) >= 4 else -1
    if found != count:
        raise failure.stream_failure(failure.VLEN_COUNT, found, count)
    end = 4
    for i in range(count):
        start = end + 4
        end = start + _U32.unpack_from(stream, start - 4)[0] if start <= len(stream) else start
        if end > len(stream):
            raise failure.stream_failure(failure.VLEN_SHORT, i, count)
        yield stream[start:end]
    if end != len(stream):
        raise failure.stream_failure(failure.VLEN_LONG, len(stream) - end, count)


def _texts(data: Buffer, count: int) -> list[str]:
    """Take a stream of texts apart."""
    texts = []
    for i, each in enumerate(_split(data, count)):
        try:
            texts.append(each.decode())
        except UnicodeDecodeError:
            raise failure.stream_failure(failure.VLEN_UTF8, i, count) from None
    return texts


def _arrays(
    data: Buffer, count: int, dtype: np.dtype[Any]
) -> tuple[np.ndarray[Any, Any], int, int]:
    """Make arrays of a stream, up to one that is cut: its number and its bytes, or -1."""
    array = np.empty(count, object)
    for i, stored in enumerate(list(_split(data, count))):
        if len(stored) % dtype.itemsize:
            return array, i, len(stored)
        array[i] = np.frombuffer(stored, dtype).copy()
    return array, -1, -1
