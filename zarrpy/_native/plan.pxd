from libc.stdint cimport int64_t

from zarrpy._native.core cimport zp_axis, zp_points, zp_stretch


cdef class ChunkPlan:
    cdef readonly int ndim
    cdef readonly int64_t ntasks
    cdef readonly tuple groups
    cdef zp_axis *axes
    cdef zp_stretch *table
    cdef zp_points *points
    cdef int64_t npoints[64]
    cdef int _check(self, int64_t task) except -1
    cdef int _add_points(self, group) except -1
    cdef tuple _count(self, const zp_axis *axis)
