"""Values of parameters of codecs by zarr-python's names: tuples of them, and older classes.

A member of a class is a plain text, and a warning says so, as in zarr-python.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from warnings import warn

__all__ = [
    "BLOSC_CNAME",
    "BLOSC_SHUFFLE",
    "ENDIAN",
    "INDEX_LOCATION",
    "SUBCHUNK_WRITE_ORDER",
    "BloscCname",
    "BloscCnameLiteral",
    "BloscShuffle",
    "BloscShuffleLiteral",
    "Endian",
    "EndianLiteral",
    "IndexLocation",
    "ShardingCodecIndexLocation",
    "SubchunkWriteOrder",
]

BLOSC_SHUFFLE = ("noshuffle", "shuffle", "bitshuffle")
BLOSC_CNAME = ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")
ENDIAN = ("little", "big")
INDEX_LOCATION = ("start", "end")
SUBCHUNK_WRITE_ORDER = ("morton", "unordered", "lexicographic", "colexicographic")

BloscShuffleLiteral = Literal["noshuffle", "shuffle", "bitshuffle"]
BloscCnameLiteral = Literal["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"]
EndianLiteral = Literal["little", "big"]
IndexLocation = Literal["start", "end"]
SubchunkWriteOrder = Literal["morton", "unordered", "lexicographic", "colexicographic"]


class _OfTexts(type):
    """A class whose members are texts."""

    values: tuple[str, ...]

    def __getattr__(cls, name: str) -> str:
        if name.startswith("_") or name not in cls.values:
            raise AttributeError(f"{cls.__name__} has no member {name!r}")
        warn(
            f"{cls.__name__}.{name} will go: write the text {name!r}",
            DeprecationWarning,
            stacklevel=2,
        )
        return name

    def __call__(cls, value: Any) -> Any:
        if value not in cls.values:
            raise ValueError(f"{value!r} is no {cls.__name__}: {', '.join(cls.values)}")
        return value

    def __iter__(cls) -> Any:
        return iter(cls.values)


class BloscShuffle(metaclass=_OfTexts):
    """How Blosc groups bytes."""

    values: ClassVar[tuple[str, ...]] = BLOSC_SHUFFLE

    @staticmethod
    def from_int(num: int) -> str:
        """Name what a number stands for, as the C library has it."""
        if num not in range(len(BLOSC_SHUFFLE)):
            raise ValueError(f"{num!r} is no way to group bytes: 0, 1 or 2")
        return BLOSC_SHUFFLE[num]


class BloscCname(metaclass=_OfTexts):
    """What Blosc compresses by."""

    values: ClassVar[tuple[str, ...]] = BLOSC_CNAME


class Endian(metaclass=_OfTexts):
    """Order of the bytes of an element."""

    values: ClassVar[tuple[str, ...]] = ENDIAN


class ShardingCodecIndexLocation(metaclass=_OfTexts):
    """Where in a shard its index lies."""

    values: ClassVar[tuple[str, ...]] = INDEX_LOCATION
