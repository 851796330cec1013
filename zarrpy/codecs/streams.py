"""Decompression by the standard library, without ever making more than was asked for.

A few bytes of bz2 or xz can hold gigabytes of zeros; a chunk's size is known, so that decoding
stops where it would be passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from zarrpy._native.failure import over_limit
from zarrpy.codecs.base import Buffer
from zarrpy.config import config
from zarrpy.errors import CorruptChunkError

__all__ = ["Decompressor", "decompress"]


class Decompressor(Protocol):
    """What `bz2` and `lzma` have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was met."""

    @property
    def unused_data(self) -> bytes:
        """What lies behind the end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Decompress up to `max_length` bytes."""


def decompress(
    codec: str, start: Callable[[], Decompressor], data: Buffer, nbytes: int | None
) -> bytes:
    """Decompress all streams in `data`.

    Parameters
    ----------
    codec : str
        For error messages.
    start : callable
        Makes a decompressor for one stream.
    data : bytes-like
    nbytes : int or None
        The most bytes that may come out; None: the limit of the settings.
    """
    limit = config.limits.max_chunk_bytes if nbytes is None else nbytes
    parts: list[bytes] = []
    room, left = limit, bytes(data)
    while left or not parts:
        stream = start()
        part = stream.decompress(left, room + 1)
        room -= len(part)
        if room < 0 and nbytes is None:
            raise over_limit(limit).fill(codec=codec)
        if room < 0:
            raise CorruptChunkError(f"decodes to more than {limit} bytes", codec=codec)
        if not stream.eof:
            raise CorruptChunkError("the stream is truncated", codec=codec)
        parts.append(part)
        left = stream.unused_data
    return b"".join(parts)
