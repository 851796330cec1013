"""The ``snappy`` codec: raw Snappy (bytes -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zarrpy.codecs.base import BytesToBytes, ChunkSpec, Step


@dataclass(frozen=True, slots=True)
class Snappy(BytesToBytes):
    """Compress each chunk in the raw format of Snappy, without frames.

    Notes
    -----
    Encoder and decoder are zarrpy's own.

    Examples
    --------
    >>> codec = Snappy()
    >>> codec.decode(codec.encode(b"aaaa" * 100)) == b"aaaa" * 100
    True
    """

    name: ClassVar[str] = "snappy"
    v2_id: ClassVar[str] = "snappy"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.snappy",)

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step("snappy")
