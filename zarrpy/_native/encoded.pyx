# cython: language_level=3, freethreading_compatible=True
"""Encoded chunks where the engine left them, as buffers that nobody copies."""

from cpython.buffer cimport PyBuffer_FillInfo

from zarrpy._native.core cimport zp_bytes, zp_free


cdef class Encoded:
    """Bytes of the engine, which nobody changes and which go with this object."""

    @staticmethod
    cdef Encoded of(zp_bytes *stored):
        """Take over bytes from whoever would have freed them."""
        held = Encoded()
        held.stored = stored[0]
        stored.data = NULL
        return held

    def __len__(self):
        return self.stored.nbytes

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, <void *>self.stored.data, self.stored.nbytes, True, flags)

    def __dealloc__(self):
        zp_free(<void *>self.stored.data)
