# cython: language_level=3, freethreading_compatible=True, boundscheck=False, wraparound=False
"""Filters: kernels of the engine for bytes in hand, and delta for every type of number.

Delta is written once, for all types, and reaches the engine as capsules with the name
``zarrpy.zp_codec.v1``; each holds a ``zp_codec`` of csrc/zarrpy.h, whose functions run without
the GIL.  Other modules may add codecs of their own in the same way.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from zarrpy._native.core cimport (
    ZP_ERR_SIZE, ZP_EXACT, zp_codec, zp_step, zp_step_fn, zp_worker,
)


cdef extern from "zarrpy.h" nogil:
    enum:
        ZP_ERR_CORRUPT
        ZP_ERR_ENCODE
        ZP_ERR_TOO_LARGE

    void zp_shuffle(const void *src, void *dst, size_t nbytes, size_t itemsize)
    void zp_unshuffle(const void *src, void *dst, size_t nbytes, size_t itemsize)
    void zp_byteswap(const void *src, void *dst, size_t nbytes, size_t size)
    uint32_t zp_crc32c_of "zp_crc32c"(uint32_t crc, const void *data, size_t nbytes)


# ---------------------------------------------------------------------------------- kernels


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


# ------------------------------------------------------------------------------------ delta

# Integers are added as unsigned ones: those wrap around, whatever the compiler.
ctypedef fused number:
    uint8_t
    uint16_t
    uint32_t
    uint64_t
    float
    double


cdef int64_t delta_bound(const zp_step *step, size_t nbytes) noexcept nogil:
    return ZP_ERR_TOO_LARGE if nbytes > <size_t>1 << 62 else <int64_t>nbytes


cdef inline int64_t delta_encode(number value, const void *src, size_t src_nbytes,
                                 void *dst, size_t dst_nbytes) noexcept nogil:
    """Give differences; `value` only tells the type, and memory need not be aligned."""
    cdef const uint8_t *values = <const uint8_t *>src
    cdef uint8_t *differences = <uint8_t *>dst
    cdef size_t i, k = sizeof(number), n = src_nbytes // sizeof(number)
    cdef number before = 0, difference
    if src_nbytes % sizeof(number):
        return ZP_ERR_ENCODE
    if src_nbytes > dst_nbytes:
        return ZP_ERR_SIZE
    if src_nbytes == 0:
        return 0
    # The first is copied and not subtracted from zero, which would lose the sign of -0.0.
    memcpy(differences, values, sizeof(number))
    for i in range(1, n):
        memcpy(&before, values + (i - 1) * k, sizeof(number))
        memcpy(&value, values + i * k, sizeof(number))
        difference = <number>(value - before)
        memcpy(differences + i * k, &difference, sizeof(number))
    return src_nbytes


cdef inline int64_t delta_decode(number value, const void *src, size_t src_nbytes,
                                 void *dst, size_t dst_nbytes) noexcept nogil:
    """Give running sums; `value` only tells the type, and memory need not be aligned."""
    cdef const uint8_t *differences = <const uint8_t *>src
    cdef uint8_t *values = <uint8_t *>dst
    cdef size_t i, k = sizeof(number), n = src_nbytes // sizeof(number)
    cdef number difference = 0
    if src_nbytes % sizeof(number):
        return ZP_ERR_CORRUPT
    if src_nbytes > dst_nbytes:
        return ZP_ERR_SIZE
    if src_nbytes == 0:
        return 0
    memcpy(&value, differences, sizeof(number))
    memcpy(values, &value, sizeof(number))
    for i in range(1, n):
        memcpy(&difference, differences + i * k, sizeof(number))
        value = <number>(value + difference)
        memcpy(values + i * k, &value, sizeof(number))
    return src_nbytes


cdef int64_t encode_u1(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_encode[uint8_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t decode_u1(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_decode[uint8_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t encode_u2(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_encode[uint16_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t decode_u2(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_decode[uint16_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t encode_u4(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_encode[uint32_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t decode_u4(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_decode[uint32_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t encode_u8(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_encode[uint64_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t decode_u8(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_decode[uint64_t](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t encode_f4(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_encode[float](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t decode_f4(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_decode[float](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t encode_f8(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_encode[double](0, src, src_nbytes, dst, dst_nbytes)


cdef int64_t decode_f8(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes) noexcept nogil:
    return delta_decode[double](0, src, src_nbytes, dst, dst_nbytes)


# Written once, here, and only read afterwards.
cdef zp_codec[6] delta_codecs


cdef object describe(int i, zp_step_fn encode, zp_step_fn decode):
    delta_codecs[i].name = b"delta"
    delta_codecs[i].encode = encode
    delta_codecs[i].decode = decode
    delta_codecs[i].bound = delta_bound
    delta_codecs[i].flags = ZP_EXACT
    return PyCapsule_New(&delta_codecs[i], b"zarrpy.zp_codec.v1", NULL)


cdef dict _delta = {
    "u1": describe(0, encode_u1, decode_u1),
    "u2": describe(1, encode_u2, decode_u2),
    "u4": describe(2, encode_u4, decode_u4),
    "u8": describe(3, encode_u8, decode_u8),
    "f4": describe(4, encode_f4, decode_f4),
    "f8": describe(5, encode_f8, decode_f8),
}
_delta.update({f"i{size}": _delta[f"u{size}"] for size in (1, 2, 4, 8)})


def delta_codec(str kind):
    """Return the capsule of delta for a type such as "i4" or "f8"; None where there is none."""
    return _delta.get(kind)
