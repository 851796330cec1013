from libc.stdint cimport int64_t

from zarrpy._native.core cimport zp_axis, zp_piece


cdef class ChunkPlan:
    cdef readonly int ndim
    cdef readonly int64_t ntasks
    cdef zp_axis *axes
    cdef zp_piece *table
    cdef int _check(self, int64_t task) except -1
    cdef void add_axis(self, int axis, zp_piece *pieces, int64_t npieces, int64_t step) noexcept
