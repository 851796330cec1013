"""The two ``packbits`` codecs: some bits of each element, without gaps."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy._native.steps import decode_step, encode_step
from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, Buffer, ChunkSpec, Step
from zarrpy.codecs.parameters import choice, integer, reject
from zarrpy.errors import CodecError, CorruptChunkError

# enum padding of csrc/step_packbits.c
_PADDINGS = {"none": 0, "first_byte": 1, "last_byte": 2}
# As one document of the specification says, and as the other does.
_SPELLINGS = {
    "start_byte": "first_byte",
    "end_byte": "last_byte",
    "start_bit": "first_bit",
    "end_bit": "last_bit",
}
# Data types of which only the lowest bits of a byte mean something.
_NARROW = {
    "int2": 2,
    "uint2": 2,
    "int4": 4,
    "uint4": 4,
    "float4_e2m1fn": 4,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
}


@dataclass(frozen=True, slots=True)
class Packing:
    """How a data type is packed: see csrc/step_packbits.c.

    Parameters
    ----------
    size : int
        Bytes of a component; complex numbers have two.
    first, nbits : int
        Which bits of a component are kept.
    padding : {0, 1, 2}
    signed : bool
        Whether the highest bit that is kept is a sign.
    highest_first : bool
        Whether bytes are filled from their highest bit.
    truth : bool
        Whether components are booleans.
    """

    size: int
    first: int
    nbits: int
    padding: int
    signed: bool = False
    highest_first: bool = False
    truth: bool = False

    @property
    def step(self) -> Step:
        """The native form."""
        flags = (self.signed, self.highest_first, self.truth)
        aux = struct.pack("=6i", self.first, self.nbits, self.padding, *flags)
        return Step("packbits", itemsize=self.size, aux=aux)

    def nbytes(self, count: int) -> int:
        """Tell the bytes that so many components are stored in."""
        return -(-count * self.nbits // 8) + bool(self.padding)


_BOOLEANS = Packing(1, 0, 1, 1, highest_first=True, truth=True)


@dataclass(frozen=True, slots=True)
class PackBitsOfBooleans(ArrayToArray):
    """Store booleans as single bits, the first in the highest bit of a byte.

    Notes
    -----
    This is the codec of numcodecs; the first byte tells how many bits at the end are padding.
    `packbits` of Zarr v3 fills bytes from their lowest bit.

    Examples
    --------
    >>> import numpy as np
    >>> PackBitsOfBooleans().encode(np.array([True, False, True]))
    array([  5, 160], dtype=uint8)
    """

    name: ClassVar[str] = "numcodecs.packbits"
    v2_id: ClassVar[str] = "packbits"

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        made = super(PackBitsOfBooleans, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._check(spec.dtype)
        return made

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        self._check(spec.dtype)
        shape = (_BOOLEANS.nbytes(prod(spec.shape)),)
        return replace(spec, shape=shape, dtype=np.dtype("u1"), fill_value=None)

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        self._check(spec.dtype)
        return _BOOLEANS.step

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        self._check(array.dtype)
        values = np.ascontiguousarray(array).reshape(-1).view("u1")
        return np.concatenate([[np.uint8(-values.size % 8)], np.packbits(values)])

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        stored = np.ascontiguousarray(data).reshape(-1)
        count = prod(spec.shape)
        if stored.size != _BOOLEANS.nbytes(count) or stored[0] != -count % 8:
            raise CorruptChunkError(
                f"{stored.size} bytes with {stored[:1].tolist()} bits of padding are not "
                f"{count} booleans",
                codec=self.name,
            )
        bits = np.unpackbits(stored[1:])
        if bits[count:].any():
            raise CorruptChunkError("the padding is not zero", codec=self.name)
        return bits[:count].view(spec.dtype).reshape(spec.shape)

    def _check(self, dtype: np.dtype[Any]) -> None:
        if dtype.kind != "b":
            raise CodecError(f"packs booleans, not {dtype}", codec=self.name, direction="encode")


@dataclass(frozen=True, slots=True)
class PackBits(ArrayToBytes):
    r"""Store some bits of each element without gaps, the first in the lowest bit of a byte.

    Parameters
    ----------
    padding_encoding : {"none", "first_byte", "last_byte"}
        Where a byte tells how many bits at the end are padding.
    first_bit : int, optional
        Lowest bit that is kept of each number; by default 0.
    last_bit : int, optional
        Highest bit that is kept; by default the highest there is.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/packbits

    Booleans take one bit, `int4` four, and so on; of longer types the bits that `first_bit` and
    `last_bit` leave out are lost. `PackBitsOfBooleans` of numcodecs fills bytes from their other
    end.

    Examples
    --------
    >>> import numpy as np
    >>> bytes(PackBits().encode(np.array([True, False, True])))
    b'\x05'
    """

    name: ClassVar[str] = "packbits"

    padding_encoding: str = "none"
    first_bit: int | None = None
    last_bit: int | None = None

    def __post_init__(self) -> None:
        choice(self.name, "padding_encoding", self.padding_encoding, _PADDINGS)
        if self.first_bit is not None:
            integer(self.name, "first_bit", self.first_bit, 0, 63)
        if self.last_bit is not None:
            integer(self.name, "last_bit", self.last_bit, self.first_bit or 0, 63)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        told: dict[str, Any] = {}
        for key, value in configuration.items():
            key = _SPELLINGS.get(key, key)
            if key in told:
                reject(cls.name, key, value, "given once, not in two spellings")
            told[key] = _SPELLINGS.get(value, value) if isinstance(value, str) else value
        made = super(PackBits, cls).from_config(told, dialect=dialect)
        if spec is not None:
            made.packing(spec.dtype)
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        told: dict[str, Any] = {"padding_encoding": self.padding_encoding}
        for parameter in ("first_bit", "last_bit"):
            if getattr(self, parameter) is not None:
                told[parameter] = getattr(self, parameter)
        return told

    def packing(self, dtype: np.dtype[Any]) -> Packing:
        """Say how a data type is packed.

        Raises
        ------
        MetadataError
            For bits that it does not have.
        CodecError
            For a data type that is no number.
        """
        narrow = _NARROW.get(dtype.name)
        small = dtype.kind == "V" and dtype.type is not np.void  # of ml_dtypes
        if dtype.kind not in "biufc" and not small:
            raise CodecError(f"packs numbers, not {dtype}", codec=self.name, direction="encode")
        size = dtype.itemsize // (2 if dtype.kind == "c" else 1)
        bits = 1 if dtype.kind == "b" else narrow or 8 * size
        first = self.first_bit or 0
        last = bits - 1 if self.last_bit is None else self.last_bit
        if not first <= last < bits:
            wrong = "first_bit" if self.last_bit is None else "last_bit"
            reject(self.name, wrong, getattr(self, wrong), f"below {bits}, the bits of {dtype}")
        signed = dtype.kind == "i" or dtype.name in ("int2", "int4")
        padding = _PADDINGS[self.padding_encoding]
        return Packing(size, first, last - first + 1, padding, signed, truth=dtype.kind == "b")

    def step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form; it takes numbers as a little-endian machine has them."""
        return self.packing(spec.dtype).step if sys.byteorder == "little" else None

    def encoded_nbytes(self, spec: ChunkSpec) -> int:
        """Tell how many bytes `encode` makes of a chunk."""
        packing = self.packing(spec.dtype)
        return packing.nbytes(spec.nbytes // packing.size)

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        return encode_step(self.packing(array.dtype).step, little.tobytes())

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        decoded = decode_step(self.packing(spec.dtype).step, data, spec.nbytes)
        if len(decoded) != spec.nbytes:
            raise CorruptChunkError(
                f"decodes to {len(decoded)} bytes, not {spec.nbytes}", codec=self.name
            )
        little = np.frombuffer(decoded, np.uint8).view(spec.dtype.newbyteorder("<"))
        return little.astype(spec.dtype).reshape(spec.shape)
