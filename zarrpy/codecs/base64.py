"""The ``base64`` codec: bytes as letters (bytes -> bytes)."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import ClassVar

from zarrpy.codecs.base import Buffer, BytesToBytes
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

    def encode(self, data: Buffer) -> Buffer:
        """Encode bytes."""
        return binascii.b2a_base64(data, newline=False)

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> Buffer:
        """Decode bytes."""
        try:
            result = binascii.a2b_base64(data, strict_mode=True)
        except binascii.Error as error:
            raise CorruptChunkError(f"is not base64: {error}", codec=self.name) from error
        if nbytes is not None and (exact or len(result) > nbytes):
            self._check_size(len(result), nbytes)
        return result
