from libc.stdint cimport int64_t

from zarrpy._native.core cimport zp_chain, zp_error, zp_step, zp_worker


cdef zp_worker *current_worker() except NULL
cdef object explain(zp_error *error)


cdef class NativeChain:
    cdef zp_chain chain
    cdef zp_step steps[64]
    cdef tuple keep_alive
    cdef readonly tuple names
    cdef readonly int64_t toil
    cdef readonly unsigned long long number
