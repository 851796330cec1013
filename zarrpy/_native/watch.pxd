from zarrpy._native.core cimport zp_watch


cdef class NativeWatch:
    cdef zp_watch watch
    cdef bytes document, marker
    cdef object look
    cdef readonly object failure

    cdef int add(self, found) except -1
