from libc.stdint cimport int64_t

from zarrpy._native.core cimport zp_directory, zp_lock


cdef class Directory:
    cdef zp_directory directory
    cdef bytes name


cdef class KeyLock:
    cdef Directory directory
    cdef str key
    cdef bytes name
    cdef zp_lock lock
    cdef readonly int64_t waited_ns
