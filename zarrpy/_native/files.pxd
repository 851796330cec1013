from libc.stdint cimport int32_t, int64_t

from zarrpy._native.core cimport zp_directory, zp_error, zp_lock, zp_worker


cdef extern from "copy.h" nogil:
    ctypedef struct zp_source:
        const zp_directory *directory
        const char *key
        int found
        int to_blame
        int32_t cancel

    int64_t zp_lock_copy(const zp_directory *directory, const char *key, zp_lock *lock,
                         zp_source *source, zp_worker *worker, int durability, zp_error *error)
    int64_t zp_copy_unmet(const zp_directory *directory, const char *key, zp_source *source,
                          zp_worker *worker, int durability, zp_error *error)


cdef class Directory:
    cdef zp_directory directory
    cdef bint is_open
    cdef bytes name


cdef class Arrival:
    cdef Directory directory
    cdef zp_source source


cdef class KeyLock:
    cdef Directory directory
    cdef str key
    cdef bytes name
    cdef zp_lock lock
    cdef zp_source source
    cdef readonly int64_t waited_ns
