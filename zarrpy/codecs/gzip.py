"""The ``gzip`` codec: Deflate in the gzip format (bytes -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from zarrpy.codecs.base import BytesToBytes, ChunkSpec, Step
from zarrpy.codecs.parameters import integer


@dataclass(frozen=True, slots=True)
class Gzip(BytesToBytes):
    """Compress each chunk as one gzip member.

    Parameters
    ----------
    level : int, default 5
        From 0 (store) over 1 (fast) to 9 (small).  Zarr v2 has -1 for the usual, which is 6.

    Notes
    -----
    Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/gzip/index.html

    Several members in a row, and zeros behind the last, are read; anything else there is an error.

    Examples
    --------
    >>> import gzip
    >>> gzip.decompress(Gzip(level=1).encode(b"aaaa" * 100)) == b"aaaa" * 100
    True
    """

    name: ClassVar[str] = "gzip"
    v2_id: ClassVar[str] = "gzip"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.gzip",)

    level: int = 5

    def __post_init__(self) -> None:
        integer(self.name, "level", self.level, -1, 9)

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {"level": 6 if self.level < 0 and dialect == 3 else self.level}

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step("gzip", level=self.level)
