# cython: language_level=3, freethreading_compatible=True
"""Hand texts of any length over from the engine to an array."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_New

cimport cython
cimport numpy
from numpy cimport ndarray

from zarrpy._native.arena cimport (
    Arena,
    NpyString_acquire_allocator,
    NpyString_pack,
    NpyString_release_allocator,
    Packed,
    StringType,
    string_type,
)
from zarrpy._native.core cimport ZP_ERR_MEMORY, ZP_OK, zp_text, zp_texts

numpy.import_array()


# While the arena is held, nothing may wait for the GIL: no line of these functions is traced.

@cython.linetrace(False)
cdef void *open_arena(void *owner) noexcept nogil:
    return NpyString_acquire_allocator(<const StringType *>owner)


@cython.linetrace(False)
cdef int put(void *opened, char *place, const zp_text *text) noexcept nogil:
    if NpyString_pack(<Arena *>opened, <Packed *>place, text.bytes, text.nbytes) < 0:
        return ZP_ERR_MEMORY
    return ZP_OK


@cython.linetrace(False)
cdef void close_arena(void *opened) noexcept nogil:
    NpyString_release_allocator(<Arena *>opened)


cdef class Texts:
    """The texts of an array, as the engine makes them.

    NumPy gives no buffer of such arrays: as an array this is its elements as they lie in memory.

    Parameters
    ----------
    array : ndarray of StringDType
        Written to.
    fill : str
        The fill value.

    Attributes
    ----------
    fill : bytes
        The same as an element of a decoded chunk.
    capsule : capsule
        What the engine calls, as long as this lives.
    """

    cdef ndarray array
    cdef bytes encoded
    cdef zp_texts texts
    cdef readonly bytes fill
    cdef readonly object capsule

    def __cinit__(self, ndarray array not None, str fill not None):
        cdef zp_text text
        if array.dtype.itemsize != sizeof(zp_text):
            raise ValueError(f"elements of {array.dtype.itemsize} bytes, not of {sizeof(zp_text)}")
        self.array = array
        self.encoded = fill.encode()
        text.nbytes = PyBytes_GET_SIZE(self.encoded)
        text.bytes = PyBytes_AS_STRING(self.encoded)
        self.fill = PyBytes_FromStringAndSize(<const char *>&text, sizeof(text))
        self.texts.owner = <void *>string_type(array)
        self.texts.open = open_arena
        self.texts.put = put
        self.texts.close = close_arena
        self.capsule = PyCapsule_New(&self.texts, "zarrpy.zp_texts", NULL)

    @property
    def __array_interface__(self):
        return {
            "version": 3,
            "typestr": f"|V{sizeof(zp_text)}",
            "shape": (<object>self.array).shape,
            "strides": (<object>self.array).strides,
            "data": (<size_t>numpy.PyArray_DATA(self.array),
                     not numpy.PyArray_ISWRITEABLE(self.array)),
        }
