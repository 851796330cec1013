"""The ``zlib`` codec: Deflate in the zlib format (bytes -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zarrpy.codecs.base import BytesToBytes, ChunkSpec, Step
from zarrpy.codecs.parameters import integer


@dataclass(frozen=True, slots=True)
class Zlib(BytesToBytes):
    """Compress each chunk as one zlib stream.

    Parameters
    ----------
    level : int, default 1
        From 0 (store) over 1 (fast) to 9 (small); -1 is the usual, which is 6.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions (``numcodecs.zlib``)

    Examples
    --------
    >>> import zlib
    >>> zlib.decompress(Zlib(level=9).encode(b"aaaa" * 100)) == b"aaaa" * 100
    True
    """

    name: ClassVar[str] = "numcodecs.zlib"
    v2_id: ClassVar[str] = "zlib"

    level: int = 1

    def __post_init__(self) -> None:
        integer(self.name, "level", self.level, -1, 9)

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step("zlib", level=self.level)
