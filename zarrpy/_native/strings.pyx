# cython: language_level=3, freethreading_compatible=True, boundscheck=False, wraparound=False
"""Elements of many lengths: between streams of bytes, or labels, and NumPy's arrays.

Here they are made and taken one chunk a call; texts that the engine reads come by
`zarrpy._native.texts`.

A stream is scanned without the GIL, into a table of where each element begins; only then are
elements made, straight at their places in an array.  NumPy keeps the text of a StringDType array
in an arena of the array's own, which has a lock: while it is held, nothing here asks for the GIL.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE,
)
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

cimport cython
cimport numpy
from numpy cimport ndarray, npy_intp

from zarrpy._native.arena cimport (
    Arena,
    NpyString_acquire_allocator,
    NpyString_load,
    NpyString_pack,
    NpyString_release_allocator,
    Packed,
    StringType,
    Text,
    string_type,
)
from zarrpy._native.core cimport ZP_OK, zp_free, zp_malloc

import numpy as np

from zarrpy._native.failure import stream_failure


cdef extern from "zarrpy.h" nogil:
    enum:
        ZP_MAX_NDIM


cdef extern from "vlen.h" nogil:
    int zp_vlen_scan(const void *src, size_t src_nbytes, int64_t nelems, int utf8,
                     int64_t *starts, int64_t *where)


cdef extern from "numpy/arrayobject.h":
    object PyArray_SimpleNewFromDescr(int ndim, npy_intp *shape, numpy.dtype dtype)


numpy.import_array()

#: Of an element, in bytes: its size before it is a number of 32 bits.
# While NumPy's allocator of texts is held, nothing may wait for the GIL, whose holder may be
# waiting for that allocator: no line of these functions is traced.

cdef int64_t LONGEST = (<int64_t>1 << 32) - 1

# What `measure` gives where there is nothing to measure.
cdef enum:
    MISSING = -1
    NO_MEMORY = -2
    TOO_LONG = -3


cdef int64_t *scan(const uint8_t[::1] data, int64_t nelems, bint utf8) except? NULL:
    """Check a stream; where each element begins, for the caller to free."""
    cdef int64_t where = 0
    cdef int fault
    cdef const uint8_t *stream = &data[0] if data.shape[0] else NULL
    cdef int64_t *starts = <int64_t *>zp_malloc(nelems * sizeof(int64_t) + 1)
    if starts == NULL:
        raise MemoryError(f"no memory for {nelems} elements")
    with nogil:
        fault = zp_vlen_scan(stream, data.shape[0], nelems, utf8, starts, &where)
    if fault != ZP_OK:
        zp_free(starts)
        raise stream_failure(fault, where, nelems)
    return starts


@cython.linetrace(False)
cdef inline uint32_t size_at(const uint8_t *stream, int64_t start) noexcept nogil:
    """The size of an element, which stands before it."""
    cdef const uint8_t *p = stream + start - 4
    return <uint32_t>p[0] | <uint32_t>p[1] << 8 | <uint32_t>p[2] << 16 | <uint32_t>p[3] << 24


@cython.linetrace(False)
cdef inline void put_size(uint8_t *p, uint32_t size) noexcept nogil:
    p[0] = size & 0xff
    p[1] = size >> 8 & 0xff
    p[2] = size >> 16 & 0xff
    p[3] = size >> 24


# ------------------------------------------------------------------------------------- text

cdef struct Source:
    const uint8_t *stream
    const int64_t *starts
    const int64_t *steps


@cython.linetrace(False)
cdef int place(Arena *arena, const Source *source, int64_t element, char *target, int axis,
               int ndim, const npy_intp *shape, const npy_intp *strides) noexcept nogil:
    """Make the texts of the axes from `axis` on; 0, or -1 without memory."""
    cdef int64_t i, start
    if axis == ndim:
        start = source.starts[element]
        return NpyString_pack(arena, <Packed *>target, <const char *>source.stream + start,
                              size_at(source.stream, start))
    for i in range(shape[axis]):
        if place(arena, source, element + i * source.steps[axis], target + i * strides[axis],
                 axis + 1, ndim, shape, strides) < 0:
            return -1
    return 0


@cython.linetrace(False)
def unpack_text(const uint8_t[::1] data not None, int64_t nelems, ndarray out not None,
                int64_t first, steps):
    """Make texts of some elements of a stream.

    Parameters
    ----------
    data : bytes-like
        The stream; all of it is checked.
    nelems : int
        How many elements it has to have.
    out : ndarray of StringDType
    first : int
        The element for the first place in `out`.
    steps : sequence of int
        How many elements further the next place along each axis of `out` is.
    """
    cdef int64_t c_steps[ZP_MAX_NDIM]
    cdef int failed, axis, ndim = numpy.PyArray_NDIM(out)
    cdef Source source
    cdef Arena *arena
    cdef char *target = <char *>numpy.PyArray_DATA(out)
    cdef const npy_intp *shape = numpy.PyArray_DIMS(out)
    cdef const npy_intp *strides = numpy.PyArray_STRIDES(out)
    cdef const StringType *dtype = string_type(out)
    if not numpy.PyArray_ISWRITEABLE(out):
        raise ValueError("the array to read into is read-only")
    check_reach(nelems, out, first, steps)
    for axis in range(ndim):
        c_steps[axis] = steps[axis]
    cdef int64_t *starts = scan(data, nelems, True)
    source.stream = &data[0]
    source.starts = starts
    source.steps = c_steps
    with nogil:
        arena = NpyString_acquire_allocator(dtype)
        failed = place(arena, &source, first, target, 0, ndim, shape, strides)
        NpyString_release_allocator(arena)
        zp_free(starts)
    if failed:
        raise MemoryError("no memory for the texts of a chunk")


cdef int check_reach(int64_t nelems, ndarray out, int64_t first, steps) except -1:
    """Check that no place in `out` is for an element that there is not."""
    low = high = first
    for n, step in zip((<object>out).shape, steps, strict=True):
        if n == 0:
            return 0
        low += min(0, (n - 1) * step)
        high += max(0, (n - 1) * step)
    if low < 0 or high >= nelems:
        raise ValueError(f"elements {low} to {high} of {nelems}")
    return 0


@cython.linetrace(False)
cdef int64_t measure(Arena *arena, const char *source, int axis, int ndim,
                     const npy_intp *shape, const npy_intp *strides) noexcept nogil:
    """Bytes that the texts of the axes from `axis` on will take, sizes included."""
    cdef Text text
    cdef int64_t i, part, total = 0
    cdef int status
    if axis == ndim:
        status = NpyString_load(arena, <const Packed *>source, &text)
        if status != 0:
            return MISSING if status > 0 else NO_MEMORY
        return TOO_LONG if <int64_t>text.size > LONGEST else 4 + <int64_t>text.size
    for i in range(shape[axis]):
        part = measure(arena, source + i * strides[axis], axis + 1, ndim, shape, strides)
        if part < 0:
            return part
        total += part
    return total


@cython.linetrace(False)
cdef uint8_t *emit(Arena *arena, const char *source, int axis, int ndim, const npy_intp *shape,
                   const npy_intp *strides, uint8_t *at, const uint8_t *end) noexcept nogil:
    """Write the texts of the axes from `axis` on; the end of them, or NULL where it is full."""
    cdef Text text
    cdef int64_t i
    if axis == ndim:
        if NpyString_load(arena, <const Packed *>source, &text) != 0:
            return NULL
        if <int64_t>text.size > end - at - 4:
            return NULL
        put_size(at, <uint32_t>text.size)
        if text.size:
            memcpy(at + 4, text.buf, text.size)
        return at + 4 + text.size
    for i in range(shape[axis]):
        at = emit(arena, source + i * strides[axis], axis + 1, ndim, shape, strides, at, end)
        if at == NULL:
            return NULL
    return at


@cython.linetrace(False)
def pack_text(ndarray array not None):
    """Make a stream of texts.

    Parameters
    ----------
    array : ndarray of StringDType
        In C order, whatever its strides.

    Returns
    -------
    bytes
    """
    cdef int ndim = numpy.PyArray_NDIM(array)
    cdef int64_t nelems = array.size
    cdef int64_t nbytes
    cdef Arena *arena
    cdef const char *source = <const char *>numpy.PyArray_DATA(array)
    cdef const npy_intp *shape = numpy.PyArray_DIMS(array)
    cdef const npy_intp *strides = numpy.PyArray_STRIDES(array)
    cdef const StringType *dtype = string_type(array)
    cdef uint8_t *end
    check_count(nelems)
    with nogil:
        arena = NpyString_acquire_allocator(dtype)
        nbytes = measure(arena, source, 0, ndim, shape, strides)
        NpyString_release_allocator(arena)
    if nbytes == MISSING:
        raise ValueError("a text is missing; give it a value, such as ''")
    if nbytes == TOO_LONG:
        raise ValueError("a text is longer than 4 GiB")
    if nbytes == NO_MEMORY:
        raise MemoryError("no memory for a text")
    result = PyBytes_FromStringAndSize(NULL, 4 + nbytes)
    cdef uint8_t *at = <uint8_t *>PyBytes_AS_STRING(result)
    put_size(at, <uint32_t>nelems)
    with nogil:
        arena = NpyString_acquire_allocator(dtype)
        end = emit(arena, source, 0, ndim, shape, strides, at + 4, at + 4 + nbytes)
        NpyString_release_allocator(arena)
    if end != at + 4 + nbytes:
        raise RuntimeError("the array was changed while it was written")
    return result


cdef struct Keys:
    int64_t count
    const char **texts
    int64_t *sizes


@cython.linetrace(False)
cdef int64_t position(const Keys *keys, const Text *text) noexcept nogil:
    """Where a text is among the keys, or -1."""
    cdef int64_t low = 0, high = keys.count, middle, both, size = <int64_t>text.size
    cdef int order
    while low < high:
        middle = low + (high - low) // 2
        both = min(size, keys.sizes[middle])
        order = memcmp(text.buf, keys.texts[middle], both) if both else 0
        if order == 0 and size == keys.sizes[middle]:
            return middle
        if order < 0 or (order == 0 and size < keys.sizes[middle]):
            high = middle
        else:
            low = middle + 1
    return -1


@cython.linetrace(False)
cdef int find(Arena *arena, const char *source, int64_t count, npy_intp stride, const Keys *keys,
              int64_t *out) noexcept nogil:
    """Find texts one after the other; 0, or -1 where one is missing."""
    cdef Text text
    cdef int64_t i
    for i in range(count):
        if NpyString_load(arena, <const Packed *>(source + i * stride), &text) != 0:
            return -1
        out[i] = position(keys, &text)
    return 0


def positions(ndarray array not None, list keys not None):
    """Find texts among keys.

    Parameters
    ----------
    array : ndarray of StringDType
        Of one axis.
    keys : list of bytes
        Texts in UTF-8, in ascending order, none twice.

    Returns
    -------
    ndarray of int64
        The place of each text in `keys`, or -1.
    """
    cdef int64_t i, nelems = array.size, nkeys = len(keys)
    cdef int failed
    cdef Keys table
    cdef Arena *arena
    cdef const char *source = <const char *>numpy.PyArray_DATA(array)
    cdef const StringType *dtype = string_type(array)
    if numpy.PyArray_NDIM(array) != 1:
        raise ValueError(f"an array of {numpy.PyArray_NDIM(array)} axes, not of one")
    cdef npy_intp stride = numpy.PyArray_STRIDE(array, 0)
    out = np.empty(nelems, np.int64)
    cdef int64_t[::1] places = out
    table.count = nkeys
    table.texts = <const char **>zp_malloc(nkeys * sizeof(char *) + 1)
    table.sizes = <int64_t *>zp_malloc(nkeys * sizeof(int64_t) + 1)
    try:
        if table.texts == NULL or table.sizes == NULL:
            raise MemoryError(f"no memory for {nkeys} keys")
        for i in range(nkeys):
            key = <bytes?>keys[i]
            table.texts[i] = PyBytes_AS_STRING(key)
            table.sizes[i] = PyBytes_GET_SIZE(key)
        with nogil:
            arena = NpyString_acquire_allocator(dtype)
            failed = find(arena, source, nelems, stride, &table, &places[0] if nelems else NULL)
            NpyString_release_allocator(arena)
    finally:
        zp_free(table.texts)
        zp_free(table.sizes)
    if failed:
        raise ValueError("a text is missing; give it a value, such as ''")
    return out


cdef int check_count(int64_t nelems) except -1:
    if nelems > LONGEST:
        raise ValueError(f"{nelems} elements are more than a chunk of this codec can count")
    return 0


# ------------------------------------------------------------------------------------ bytes

def unpack_bytes(const uint8_t[::1] data not None, int64_t nelems):
    """Give every element of a stream as `bytes`, in an array of one axis."""
    cdef int64_t *starts = scan(data, nelems, False)
    try:
        out = np.empty(nelems, object)
        fill_bytes(out, data, starts)
    finally:
        zp_free(starts)
    return out


cdef int fill_bytes(object[::1] out, const uint8_t[::1] data, const int64_t *starts) except -1:
    cdef int64_t i
    cdef const uint8_t *stream = &data[0]
    for i in range(out.shape[0]):
        out[i] = PyBytes_FromStringAndSize(<const char *>stream + starts[i],
                                           size_at(stream, starts[i]))
    return 0


def pack_bytes(list elements not None):
    """Make a stream of `bytes`."""
    cdef int64_t i, nelems = len(elements), nbytes = 4
    cdef Py_ssize_t size
    cdef object each
    check_count(nelems)
    for i in range(nelems):
        each = elements[i]
        if not PyBytes_CheckExact(each):
            raise TypeError(f"element {i} is no bytes but {type(each).__name__}")
        size = PyBytes_GET_SIZE(each)
        if size > LONGEST:
            raise ValueError(f"element {i} is longer than 4 GiB")
        nbytes += 4 + size
    result = PyBytes_FromStringAndSize(NULL, nbytes)
    cdef uint8_t *at = <uint8_t *>PyBytes_AS_STRING(result)
    put_size(at, <uint32_t>nelems)
    at += 4
    for i in range(nelems):
        each = elements[i]
        size = PyBytes_GET_SIZE(each)
        put_size(at, <uint32_t>size)
        memcpy(at + 4, PyBytes_AS_STRING(each), size)
        at += 4 + size
    return result


# ------------------------------------------------------------------------------------ arrays

def unpack_arrays(const uint8_t[::1] data not None, int64_t nelems, numpy.dtype dtype not None):
    """Give every element of a stream as an array of one axis, in an array of one axis.

    Returns
    -------
    out : ndarray of object
    cut : int
        The first element whose bytes are no whole number of elements of its own, or -1; from it
        on there are no arrays.
    nbytes : int
        How many bytes that element has.
    """
    cdef int64_t *starts = scan(data, nelems, False)
    cdef int64_t cut
    try:
        out = np.empty(nelems, object)
        cut = fill_arrays(out, data, starts, dtype)
        return out, cut, -1 if cut < 0 else size_at(&data[0], starts[cut])
    finally:
        zp_free(starts)


cdef int64_t fill_arrays(object[::1] out, const uint8_t[::1] data, const int64_t *starts,
                         numpy.dtype dtype) except -2:
    cdef int64_t i
    cdef uint32_t nbytes
    cdef npy_intp count, itemsize = dtype.itemsize
    cdef ndarray made
    cdef const uint8_t *stream = &data[0]
    for i in range(out.shape[0]):
        nbytes = size_at(stream, starts[i])
        if nbytes % itemsize:
            return i
        count = nbytes // itemsize
        Py_INCREF(dtype)  # which the array takes
        made = PyArray_SimpleNewFromDescr(1, &count, dtype)
        if nbytes:
            memcpy(numpy.PyArray_DATA(made), stream + starts[i], nbytes)
        out[i] = <object>made
    return -1


def pack_arrays(list elements not None, numpy.dtype dtype not None, convert not None):
    """Make a stream of arrays.

    Parameters
    ----------
    elements : list
        Those that are not yet arrays of one axis and of `dtype` are replaced in it.
    dtype : numpy.dtype
    convert : callable
        Makes such an array of an element that is none, given the element and its number.

    Returns
    -------
    bytes
    """
    cdef int64_t i, nelems = len(elements), nbytes = 4
    cdef int64_t size, itemsize = dtype.itemsize
    cdef ndarray each
    check_count(nelems)
    for i in range(nelems):
        if not is_plain(elements[i], dtype):
            elements[i] = convert(elements[i], i)
            if not is_plain(elements[i], dtype):
                raise TypeError(f"element {i} is no array of {dtype} of one axis")
        each = elements[i]
        size = numpy.PyArray_DIM(each, 0) * itemsize
        if size > LONGEST:
            raise ValueError(f"element {i} is longer than 4 GiB")
        nbytes += 4 + size
    result = PyBytes_FromStringAndSize(NULL, nbytes)
    cdef uint8_t *at = <uint8_t *>PyBytes_AS_STRING(result)
    cdef uint8_t *end = at + nbytes
    put_size(at, <uint32_t>nelems)
    at += 4
    for i in range(nelems):
        each = elements[i]
        size = numpy.PyArray_DIM(each, 0) * itemsize
        if size > end - at - 4 or not is_plain(each, dtype):
            raise RuntimeError(f"element {i} was changed while it was written")
        put_size(at, <uint32_t>size)
        if size:
            memcpy(at + 4, numpy.PyArray_DATA(each), size)
        at += 4 + size
    if at != end:
        raise RuntimeError("elements were changed while they were written")
    return result


cdef bint is_plain(object value, numpy.dtype dtype) noexcept:
    """Whether the bytes of an element are those that are stored."""
    cdef ndarray array
    if type(value) is not ndarray:
        return False
    array = value
    return (
        numpy.PyArray_NDIM(array) == 1
        and numpy.PyArray_IS_C_CONTIGUOUS(array)
        and numpy.PyArray_EquivTypes(array.dtype, dtype)
    )
