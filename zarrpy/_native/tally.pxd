from zarrpy._native.core cimport zp_tally


cdef class Tally:
    cdef zp_tally tally
