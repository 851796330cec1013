from zarrpy._native.core cimport zp_bytes


cdef class Encoded:
    cdef zp_bytes stored

    @staticmethod
    cdef Encoded of(zp_bytes *stored)
