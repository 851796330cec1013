from zarrpy._native.core cimport zp_shard
from zarrpy._native.steps cimport NativeChain


cdef class NativeShard:
    cdef zp_shard shard
    cdef NativeChain index
    cdef object sequence
    cdef readonly tuple grid
    cdef readonly tuple weights
