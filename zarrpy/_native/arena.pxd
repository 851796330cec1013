"""How NumPy keeps the texts of an array of StringDType.

Each element is a few bytes: a short text itself, or where a longer one lies in the arena of the
array's data type.  Whoever works on them acquires that; while it is held, nothing may wait for the
GIL, whose holder may be waiting for the arena.
"""

from numpy cimport PyArray_DESCR, ndarray


# The declarations that come with NumPy ask for the GIL, which these do not need.
cdef extern from "numpy/arrayobject.h" nogil:
    ctypedef struct Arena "npy_string_allocator":
        pass

    ctypedef struct Packed "npy_packed_static_string":
        pass

    ctypedef struct Text "npy_static_string":
        size_t size
        const char *buf

    ctypedef struct StringType "PyArray_StringDTypeObject":
        pass

    Arena *NpyString_acquire_allocator(const StringType *dtype) noexcept
    void NpyString_release_allocator(Arena *arena) noexcept
    int NpyString_load(Arena *arena, const Packed *packed, Text *text) noexcept
    int NpyString_pack(Arena *arena, Packed *packed, const char *text, size_t nbytes) noexcept


cdef inline const StringType *string_type(ndarray array) except NULL:
    """The data type of an array of texts, in which its arena is."""
    if array.dtype.kind != "T":
        raise TypeError(f"not an array of StringDType: {array.dtype}")
    return <const StringType *>PyArray_DESCR(array)
