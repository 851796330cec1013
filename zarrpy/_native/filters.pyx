# cython: language_level=3, freethreading_compatible=True, boundscheck=False, wraparound=False
"""Filters for the Python body of a chain: shuffle and other kernels of the engine, and delta.

Delta is written here once more, for all kinds of numbers at once, apart from the engine's own
(csrc/step_delta.c): two that have nothing in common but their meaning can judge each other.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "zarrpy.h" nogil:
    void zp_shuffle(const void *src, void *dst, size_t nbytes, size_t itemsize)
    void zp_unshuffle(const void *src, void *dst, size_t nbytes, size_t itemsize)
    void zp_byteswap(const void *src, void *dst, size_t nbytes, size_t size)
    uint32_t zp_crc32c_of "zp_crc32c"(uint32_t crc, const void *data, size_t nbytes)


def shuffle(const uint8_t[::1] data not None, size_t itemsize):
    """Transpose bytes: the first bytes of all elements, then the second bytes, and so on.

    Parameters
    ----------
    data : bytes-like
        Bytes after the last whole element stay where they are.
    itemsize : int
        Bytes of an element.

    Returns
    -------
    bytes
    """
    result = PyBytes_FromStringAndSize(NULL, data.shape[0])
    cdef char *out = PyBytes_AS_STRING(result)
    if data.shape[0]:
        with nogil:
            zp_shuffle(&data[0], out, data.shape[0], itemsize)
    return result


def unshuffle(const uint8_t[::1] data not None, size_t itemsize):
    """Undo `shuffle`."""
    result = PyBytes_FromStringAndSize(NULL, data.shape[0])
    cdef char *out = PyBytes_AS_STRING(result)
    if data.shape[0]:
        with nogil:
            zp_unshuffle(&data[0], out, data.shape[0], itemsize)
    return result


def byteswap(const uint8_t[::1] data not None, size_t size):
    """Reverse each group of 2, 4 or 8 bytes."""
    result = PyBytes_FromStringAndSize(NULL, data.shape[0])
    cdef char *out = PyBytes_AS_STRING(result)
    if data.shape[0]:
        with nogil:
            zp_byteswap(&data[0], out, data.shape[0], size)
    return result


def crc32c(const uint8_t[::1] data not None, uint32_t value=0):
    """Compute a CRC-32C, or go on with `value`, that of the bytes before."""
    if data.shape[0]:
        with nogil:
            value = zp_crc32c_of(value, &data[0], data.shape[0])
    return value


# Integers as unsigned ones: these wrap around, whatever the compiler.
ctypedef fused number:
    uint8_t
    uint16_t
    uint32_t
    uint64_t
    float
    double


cdef void _differences(const number *values, number *result, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    result[0] = values[0]
    for i in range(1, n):
        result[i] = <number>(values[i] - values[i - 1])


cdef void _sums(const number *values, number *result, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    result[0] = values[0]
    for i in range(1, n):
        result[i] = <number>(result[i - 1] + values[i])


def delta(const number[::1] values not None, number[::1] result not None):
    """Write the first number, and of each other one what it is more than the one before.

    Parameters
    ----------
    values : buffer
        Unsigned integers, or floats.
    result : buffer
        As long, and of the same type.
    """
    if values.shape[0] != result.shape[0]:
        raise ValueError(f"{values.shape[0]} numbers do not fit into {result.shape[0]}")
    if values.shape[0]:
        with nogil:
            _differences(&values[0], &result[0], values.shape[0])


def undelta(const number[::1] values not None, number[::1] result not None):
    """Undo `delta`."""
    if values.shape[0] != result.shape[0]:
        raise ValueError(f"{values.shape[0]} numbers do not fit into {result.shape[0]}")
    if values.shape[0]:
        with nogil:
            _sums(&values[0], &result[0], values.shape[0])
