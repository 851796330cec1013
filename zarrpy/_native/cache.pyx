# cython: language_level=3, freethreading_compatible=True
"""Decoded chunks of files, kept in memory; by the rules of csrc/cache.c."""

from libc.stdint cimport int64_t

from zarrpy._native.core cimport (
    zp_cache_after_fork,
    zp_cache_clear,
    zp_cache_limit,
    zp_cache_look,
    zp_cache_new,
    zp_free,
)


cdef class ChunkCache:
    """A bounded memory of decoded chunks, for any number of arrays and threads.

    Parameters
    ----------
    limit : int
        Bytes to keep.
    settle_ns : int
        How long a file must have been left alone before its chunk is kept: longer than the clock
        of its file system takes from one tick to the next.
    """

    def __cinit__(self, int64_t limit=0, int64_t settle_ns=1_000_000_000):
        self.cache = zp_cache_new()
        if self.cache == NULL:
            raise MemoryError("no memory for a cache")
        zp_cache_limit(self.cache, limit, settle_ns)

    def __dealloc__(self):
        if self.cache != NULL:
            zp_cache_clear(self.cache)  # nobody holds an entry: batches hold the cache
            zp_free(self.cache)

    def resize(self, int64_t limit, int64_t settle_ns=-1):
        """Set the bytes to keep; what is over them goes, the least recently used first."""
        zp_cache_limit(self.cache, limit, settle_ns)

    def clear(self):
        """Forget all chunks, and the counts."""
        zp_cache_clear(self.cache)

    def after_fork(self):
        """Begin anew in a child process."""
        zp_cache_after_fork(self.cache)

    def counts(self):
        """Give limit, bytes, chunks, hits, misses and evictions."""
        stats = zp_cache_look(self.cache)
        return (stats.limit, stats.nbytes, stats.nentries, stats.nhits, stats.nmisses,
                stats.nevicted)
