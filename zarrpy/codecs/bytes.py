"""The ``bytes`` codec: elements one after the other, in one byte order (array -> bytes)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np

from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec
from zarrpy.codecs.parameters import chosen
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.metadata import element

_ORDERS: dict[str, Literal["<", ">"]] = {"little": "<", "big": ">"}


@dataclass(frozen=True, slots=True)
class Bytes(ArrayToBytes):
    r"""Store elements as they are in memory, in C order.

    Parameters
    ----------
    endian : {"little", "big"} or None
        Byte order of elements longer than one byte; None for those of single bytes, and for
        structures of which each field has its own order.

    Notes
    -----
    Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/bytes/index.html

    In a native chain this codec costs nothing: bytes are swapped while chunks are copied.

    Examples
    --------
    >>> import numpy as np
    >>> bytes(Bytes("big").encode(np.array([1, 2], "uint16")))
    b'\x00\x01\x00\x02'
    """

    name: ClassVar[str] = "bytes"
    aliases: ClassVar[tuple[str, ...]] = ("endian",)

    endian: str | None = sys.byteorder

    def __post_init__(self) -> None:
        if self.endian is not None:
            chosen(self, "endian", _ORDERS)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        # Not the constructor's default: documents that do not say mean that it does not matter.
        made = super(Bytes, cls).from_config({"endian": None, **configuration}, dialect=dialect)
        if made.endian is None and spec is not None and _needs_order(spec.dtype):
            raise MetadataError(
                f"is missing, and elements have {spec.dtype.itemsize} bytes",
                field="bytes.endian",
                hint='add "endian": "little" or "big"',
            )
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {} if self.endian is None else {"endian": self.endian}

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec itself; elements of many lengths have no bytes one after the other."""
        if spec.dtype.hasobject:
            raise CodecError(
                f"is for elements of one size, and not for {spec.dtype}",
                codec=self.name,
                hint="'vlen-utf8' stores the data type string, 'vlen-bytes' bytes",
            )
        return self

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        if self._swaps(array.dtype):
            stored = element.swapped(array)
        else:
            stored = np.ascontiguousarray(array, dtype=self._stored(array.dtype))
        return stored.reshape(-1).view(np.uint8).data

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        raw = np.frombuffer(data, np.uint8)
        if raw.nbytes != spec.nbytes:
            raise CorruptChunkError(
                f"{raw.nbytes} bytes cannot be {spec.shape} elements of {spec.dtype.itemsize} "
                f"bytes, which are {spec.nbytes}",
                codec=self.name,
            )
        if self._swaps(spec.dtype):
            return element.swapped(raw.view(spec.dtype).reshape(spec.shape))
        stored = raw.view(self._stored(spec.dtype)).reshape(spec.shape)
        return stored.astype(spec.dtype, copy=False)

    def encoded_nbytes(self, spec: ChunkSpec) -> int:
        """Tell how many bytes `encode` makes of a chunk."""
        return spec.nbytes

    def _swaps(self, dtype: np.dtype[Any]) -> bool:
        """Whether elements are stored in the other byte order than they have in memory."""
        other = self.endian is not None and _ORDERS[self.endian] != element.NATIVE
        return other and element.order(dtype) == element.NATIVE

    def _stored(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        return dtype if self.endian is None else dtype.newbyteorder(_ORDERS[self.endian])


def _needs_order(dtype: np.dtype[Any]) -> bool:
    """Whether elements have a byte order that they do not bring along, field by field."""
    return element.order(dtype) not in ("|", None)
