from libc.stdint cimport int32_t, int64_t


cdef extern from "reduce.h" nogil:
    ctypedef struct zp_fold:
        int number
        int ndim
        int64_t shape[64]
        int64_t strides[64]
        int64_t seen


cdef class Fold:
    cdef int what, number, parts, ndim
    cdef bint reduced[64]
    cdef readonly int64_t seen
    cdef int64_t nbytes, itemsize
    cdef readonly object first, second
    cdef void *result
    cdef void *squares
    cdef const double *edges
    cdef int32_t nbins
    cdef double blur
    cdef void clear(self, int64_t first, int64_t nbytes) noexcept nogil
    cdef void take_strip(self, const void *src, int64_t rows, int64_t columns,
                         int64_t first) noexcept nogil
    cdef void pass_rows(self, int64_t rows) noexcept nogil
    cdef int take(self, const void *src, const int64_t *shape) noexcept nogil
