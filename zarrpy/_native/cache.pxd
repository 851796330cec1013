from zarrpy._native.core cimport zp_cache


cdef class ChunkCache:
    cdef zp_cache *cache
