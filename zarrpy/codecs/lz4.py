"""The ``lz4`` codec: LZ4 blocks behind their size (bytes -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zarrpy.codecs.base import BytesToBytes, ChunkSpec, Step
from zarrpy.codecs.parameters import integer


@dataclass(frozen=True, slots=True)
class LZ4(BytesToBytes):
    """Compress each chunk as one LZ4 block.

    Parameters
    ----------
    acceleration : int, default 1
        The larger, the faster and the less compressed; below 1 is 1.

    Notes
    -----
    Four bytes before the block hold the decoded size, as numcodecs writes them; the frames of
    the ``lz4`` command and the blocks of N5 are other formats.

    Examples
    --------
    >>> codec = LZ4()
    >>> codec.decode(codec.encode(b"aaaa" * 100)) == b"aaaa" * 100
    True
    """

    name: ClassVar[str] = "numcodecs.lz4"
    v2_id: ClassVar[str] = "lz4"

    acceleration: int = 1

    def __post_init__(self) -> None:
        integer(self.name, "acceleration", self.acceleration, -(2**31), 2**31 - 1)

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step("lz4", level=max(self.acceleration, 1))
