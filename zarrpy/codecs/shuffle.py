"""The ``shuffle`` codec: bytes of equal significance together (bytes -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zarrpy.codecs.base import Buffer, BytesToBytes, ChunkSpec, Step
from zarrpy.codecs.parameters import integer, reject
from zarrpy.errors import CodecError, CorruptChunkError


@dataclass(frozen=True, slots=True)
class Shuffle(BytesToBytes):
    """Store the first bytes of all elements, then the second bytes, and so on.

    Parameters
    ----------
    elementsize : int, default 4
        Bytes of an element; the chunk must be a whole number of them.

    Examples
    --------
    >>> Shuffle(elementsize=2).encode(b"aAbBcC")
    b'abcABC'
    """

    name: ClassVar[str] = "numcodecs.shuffle"
    v2_id: ClassVar[str] = "shuffle"

    elementsize: int = 4

    def __post_init__(self) -> None:
        integer(self.name, "elementsize", self.elementsize, 1, 2**31 - 1)

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step("shuffle", itemsize=self.elementsize)

    def check_nbytes(self, nbytes: int) -> None:
        """Refuse chunks that are not a whole number of elements."""
        if nbytes % self.elementsize:
            right = f"a divisor of the {nbytes} bytes of a chunk"
            reject(self.name, "elementsize", self.elementsize, right)


def encode_slowly(codec: Shuffle, data: Buffer) -> bytes:
    """Say in NumPy what the native codec does; its oracle."""
    elements = np.frombuffer(data, np.uint8)
    if elements.size % codec.elementsize:
        raise CodecError("not a whole number of elements", codec=codec.name, direction="encode")
    return elements.reshape(-1, codec.elementsize).T.tobytes()


def decode_slowly(codec: Shuffle, data: Buffer) -> bytes:
    """Say in NumPy what the native codec does; its oracle."""
    planes = np.frombuffer(data, np.uint8)
    if planes.size % codec.elementsize:
        raise CorruptChunkError("not a whole number of elements", codec=codec.name)
    return planes.reshape(codec.elementsize, -1).T.tobytes()
