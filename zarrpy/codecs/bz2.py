"""The ``bz2`` codec: bzip2 by the standard library (bytes -> bytes)."""

from __future__ import annotations

import bz2
from dataclasses import dataclass
from typing import ClassVar

from zarrpy.codecs.base import Buffer, BytesToBytes
from zarrpy.codecs.parameters import integer
from zarrpy.codecs.streams import decompress
from zarrpy.errors import ChunkError, CorruptChunkError


@dataclass(frozen=True, slots=True)
class BZ2(BytesToBytes):
    """Compress each chunk as one bzip2 stream.

    Parameters
    ----------
    level : int, default 1
        From 1 to 9: size of the compressor's blocks in units of 100,000 bytes.

    Examples
    --------
    >>> codec = BZ2(level=9)
    >>> codec.decode(codec.encode(b"aaaa" * 100)) == b"aaaa" * 100
    True
    """

    name: ClassVar[str] = "numcodecs.bz2"
    v2_id: ClassVar[str] = "bz2"

    level: int = 1

    def __post_init__(self) -> None:
        integer(self.name, "level", self.level, 1, 9)

    def encode(self, data: Buffer) -> bytes:
        """Encode bytes."""
        return bz2.compress(data, self.level)

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> bytes:
        """Decode bytes."""
        try:
            decoded = decompress(self.name, bz2.BZ2Decompressor, data, nbytes)
        except ChunkError:
            raise
        except (OSError, ValueError, EOFError) as error:
            raise CorruptChunkError(f"{error}", codec=self.name) from error
        if exact and nbytes is not None:
            self._check_size(len(decoded), nbytes)
        return decoded
