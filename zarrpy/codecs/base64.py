"""The ``base64`` codec: bytes as letters (bytes -> bytes)."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import ClassVar

from zarrpy.codecs.base import Buffer, BytesToBytes, ChunkSpec, Step
from zarrpy.config import config
from zarrpy.errors import CorruptChunkError


@dataclass(frozen=True, slots=True)
class Base64(BytesToBytes):
    """Store bytes as text of 64 letters, a third longer.

    Examples
    --------
    >>> Base64().encode(b"abc")
    b'YWJj'
    """

    name: ClassVar[str] = "numcodecs.base64"
    v2_id: ClassVar[str] = "base64"
    v3: ClassVar[bool] = False

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step("base64")

    def encode(self, data: Buffer) -> Buffer:
        """Encode bytes."""
        if "native" not in config.disable:
            return super(Base64, self).encode(data)
        return binascii.b2a_base64(data, newline=False)

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> Buffer:
        """Decode bytes."""
        if "native" not in config.disable:
            return super(Base64, self).decode(data, nbytes, exact)
        try:
            # the strict mode of some Pythons is not: it passes over padding in places
            letters = bytes(data).rstrip(b"=")
            if b"=" in letters or len(data) % 4 or len(data) - len(letters) > 2:
                raise binascii.Error("not a whole number of four letters, the last padded")
            result = binascii.a2b_base64(data, strict_mode=True)
        except binascii.Error as error:
            raise CorruptChunkError(f"not base64: {error}", codec=self.name) from error
        if nbytes is not None and (exact or len(result) > nbytes):
            self._check_size(len(result), nbytes)
        return result
