"""The cache of decoded chunks, one for the process.

Only chunks of files are kept, as files tell their state each time they are opened: a chunk that
anybody changed is read again.  Arrays that are not to use the cache have a limit of 0, which is the
default.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from zarrpy._native.cache import ChunkCache
from zarrpy.config import config, parse_size
from zarrpy.engine.recent import recent

#: Bytes of decoded chunks that ``cache=True`` keeps, unless the settings name a number.
DEFAULT_NBYTES = 256 << 20

_cache = ChunkCache()


class CacheInfo(NamedTuple):
    """What the cache of decoded chunks holds, and how often it helped.

    Attributes
    ----------
    limit, nbytes : int
        Bytes that may be kept, and that are.
    nchunks : int
        Kept chunks, and indexes of shards.
    hits, misses : int
        Chunks that were found, and that had to be decoded.
    evicted : int
        Chunks that had to go for others.
    """

    limit: int
    nbytes: int
    nchunks: int
    hits: int
    misses: int
    evicted: int


def cache_info() -> CacheInfo:
    """Tell what the process's cache of decoded chunks holds, and how often it helped.

    Examples
    --------
    >>> cache_info().nbytes <= max(cache_info().limit, 0)
    True
    """
    return CacheInfo(*_cache.counts())


def cache_clear() -> None:
    """Forget all decoded chunks and documents, the counts, and how much arrays wanted to keep."""
    _cache.resize(0)
    _cache.clear()
    recent.clear()


def checked_limit(cache: bool | int | str | None) -> int | None:
    """Read the keyword `cache`: bytes, or None where the settings decide.

    Raises
    ------
    ValueError
        When it is neither a size nor a yes or no.
    """
    if cache is None or cache is False:
        return None if cache is None else 0
    if cache is True:
        return config.cache or DEFAULT_NBYTES
    try:
        return parse_size(cache)
    except ValueError as error:
        raise ValueError(f"cache {error}, or True or False") from None


def cache_for(limit: int | None) -> ChunkCache | None:
    """Give the cache to arrays that want one of so many bytes; it grows to the largest wish."""
    wanted = config.cache if limit is None else limit
    if not wanted or "cache" in config.disable:
        return None
    if wanted > _cache.counts()[0]:
        _cache.resize(wanted)
    return _cache


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_cache.after_fork)
