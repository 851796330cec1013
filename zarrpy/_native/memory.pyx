# cython: language_level=3, freethreading_compatible=True
"""Memory of large results, which is kept for the next one: see csrc/spare.c.

It is NumPy's by its own interface for allocators (NEP 49): arrays own it, and it is given back when
the last of them goes.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset

cimport numpy

import numpy as np

numpy.import_array()


cdef extern from "spare.h" nogil:
    void *zp_spare_take(size_t nbytes)
    void zp_spare_give(void *memory, size_t limit)
    size_t zp_spare_nbytes(const void *memory)
    size_t zp_spare_trim(size_t limit)


cdef extern from "numpy/arrayobject.h":
    ctypedef struct PyDataMemAllocator:
        void *ctx
        void *(*malloc)(void *ctx, size_t size) noexcept nogil
        void *(*calloc)(void *ctx, size_t nelem, size_t elsize) noexcept nogil
        void *(*realloc)(void *ctx, void *memory, size_t size) noexcept nogil
        void (*free)(void *ctx, void *memory, size_t size) noexcept nogil

    ctypedef struct PyDataMem_Handler:
        char name[127]
        uint8_t version
        PyDataMemAllocator allocator

    object PyDataMem_SetHandler(object handler)


# Of what nobody uses, as the last call said.
cdef size_t limit = 0


cdef void *take(void *ctx, size_t size) noexcept nogil:
    return zp_spare_take(size)


cdef void *take_zeros(void *ctx, size_t nelem, size_t elsize) noexcept nogil:
    cdef void *memory = NULL
    if elsize == 0 or nelem <= (<size_t>-1) // elsize:
        memory = zp_spare_take(nelem * elsize)
    if memory != NULL:
        memset(memory, 0, nelem * elsize)
    return memory


cdef void *take_another(void *ctx, void *memory, size_t size) noexcept nogil:
    cdef void *other = zp_spare_take(size)
    if other != NULL and memory != NULL:
        memcpy(other, memory, min(size, zp_spare_nbytes(memory)))
        zp_spare_give(memory, limit)
    return other


cdef void give(void *ctx, void *memory, size_t size) noexcept nogil:
    if memory != NULL:
        zp_spare_give(memory, limit)


cdef PyDataMem_Handler handler
cdef bytes name = b"zarrpy_spare"
memcpy(handler.name, <char *>name, len(name) + 1)
handler.version = 1
handler.allocator.malloc = take
handler.allocator.calloc = take_zeros
handler.allocator.realloc = take_another
handler.allocator.free = give
cdef object capsule = PyCapsule_New(&handler, "mem_handler", NULL)


def empty(shape, dtype, size_t most):
    """Give an array that is not initialised, and begins with a cache line.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    most : int
        Bytes of memory that is kept when nobody uses it; what is kept beyond them goes now.
    """
    global limit
    limit = most
    before = PyDataMem_SetHandler(capsule)
    try:
        return np.empty(shape, dtype)
    finally:
        PyDataMem_SetHandler(before)
        zp_spare_trim(most)


def trim(size_t most):
    """Let go of all but so many bytes of what is kept; tell how many are left."""
    return zp_spare_trim(most)
