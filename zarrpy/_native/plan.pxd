from libc.stdint cimport int64_t

from zarrpy._native.core cimport zp_axis, zp_stretch


cdef class ChunkPlan:
    cdef readonly int ndim
    cdef readonly int64_t ntasks
    cdef zp_axis *axes
    cdef zp_stretch *table
    cdef int _check(self, int64_t task) except -1
