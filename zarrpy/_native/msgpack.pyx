# cython: language_level=3, freethreading_compatible=True, boundscheck=False, wraparound=False
"""MessagePack (https://msgpack.org): objects to bytes and back, in one call.

What a document claims is not believed: nothing is made for elements whose bytes, one at least for
each, are not there, and nesting has an end.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_CheckExact
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_Check
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_AsUnsignedLongLong, PyLong_Check
from cpython.object cimport PyTypeObject
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.math cimport isinf
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

#: How deep lists and maps are nested at most.
DEEPEST = 512

cdef int deepest = DEEPEST


class ExtensionError(Exception):
    """A type that is not of the format itself, such as its timestamps."""


# ----------------------------------------------------------------------------------- writing

cdef struct Sink:
    uint8_t *data
    size_t nbytes
    size_t room
    bint bin_type
    bint single


def pack(value, bint use_bin_type=True, bint use_single_float=False):
    """Write a document.

    Parameters
    ----------
    value : object
        None, a bool, number, text, bytes, or a list, tuple or dictionary of such.
    use_bin_type : bool
        Write bytes as such; without it as text.
    use_single_float : bool
        Write floats in 4 bytes.

    Returns
    -------
    bytes
    """
    cdef Sink sink
    sink.data = NULL
    sink.nbytes = sink.room = 0
    sink.bin_type, sink.single = use_bin_type, use_single_float
    try:
        write(&sink, value, 0)
        return PyBytes_FromStringAndSize(<char *>sink.data, sink.nbytes)
    finally:
        free(sink.data)


cdef int write(Sink *sink, object value, int depth) except -1:
    if depth > deepest:
        raise ValueError(f"objects are nested more than {DEEPEST} deep")
    if value is None:
        head(sink, 0xc0, 0, 0)
    elif value is True or value is False:
        head(sink, 0xc3 if value is True else 0xc2, 0, 0)
    elif PyLong_Check(value):
        write_integer(sink, value)
    elif PyFloat_Check(value):
        write_float(sink, PyFloat_AS_DOUBLE(value))
    elif isinstance(value, str):
        write_text(sink, (<str>value).encode())
    elif isinstance(value, (bytes, bytearray, memoryview)):
        write_bytes(sink, bytes(value))
    elif isinstance(value, dict):
        write_map(sink, value, depth)
    elif isinstance(value, (list, tuple)):
        write_list(sink, value, depth)
    elif type(value).__module__.partition(".")[0] == "msgpack":
        raise ExtensionError(type(value).__name__)
    else:
        kind = type(value)
        name = (<PyTypeObject *>kind).tp_name.decode()
        raise TypeError(f"can not serialize '{name:.200}' object")  # in the words of the package
    return 0


cdef int put(Sink *sink, const void *data, size_t nbytes) except -1:
    cdef size_t room = sink.room
    cdef void *grown
    if nbytes > room - sink.nbytes:
        room = 2 * room + nbytes + 256
        grown = realloc(sink.data, room)
        if grown == NULL:
            raise MemoryError(f"no memory for a document of {room} bytes")
        sink.data, sink.room = <uint8_t *>grown, room
    if nbytes:
        memcpy(sink.data + sink.nbytes, data, nbytes)
        sink.nbytes += nbytes
    return 0


cdef int head(Sink *sink, uint8_t kind, uint64_t value, int nbytes) except -1:
    """Write a byte that says what comes, and a number with its highest byte first."""
    cdef uint8_t room[9]
    cdef int i
    room[0] = kind
    for i in range(nbytes):
        room[1 + i] = <uint8_t>(value >> (8 * (nbytes - 1 - i)))
    return put(sink, room, 1 + nbytes)


cdef int sized(Sink *sink, uint64_t size, uint8_t base, uint64_t few, uint8_t one,
               uint8_t two) except -1:
    """Write how many there are: in the byte itself, or in 1 (where `one` is not 0), 2 or 4 more."""
    if size < few:
        return head(sink, <uint8_t>(base | size), 0, 0)
    if one and size <= 0xff:
        return head(sink, one, size, 1)
    if size <= 0xffff:
        return head(sink, two, size, 2)
    if size <= 0xffffffff:
        return head(sink, two + 1, size, 4)
    raise ValueError(f"{size} elements or bytes are more than MessagePack can count")


cdef int write_integer(Sink *sink, object value) except -1:
    cdef int overflow = 0
    cdef int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow > 0:
        return head(sink, 0xcf, PyLong_AsUnsignedLongLong(value), 8)
    if overflow < 0:
        raise OverflowError(f"{value} is below the least integer of MessagePack")
    if -32 <= number <= 127:
        return head(sink, <uint8_t>number, 0, 0)
    if number >= 0:
        if number <= 0xff:
            return head(sink, 0xcc, number, 1)
        if number <= 0xffff:
            return head(sink, 0xcd, number, 2)
        return head(sink, 0xce, number, 4) if number <= 0xffffffff else head(sink, 0xcf, number, 8)
    if number >= -0x80:
        return head(sink, 0xd0, <uint64_t>number, 1)
    if number >= -0x8000:
        return head(sink, 0xd1, <uint64_t>number, 2)
    wide = number < -<int64_t>0x80000000
    return head(sink, 0xd3, <uint64_t>number, 8) if wide else head(sink, 0xd2, <uint64_t>number, 4)


cdef int write_float(Sink *sink, double number) except -1:
    cdef float narrow = <float>number
    cdef uint64_t wide
    cdef uint32_t bits
    if sink.single:
        if isinf(narrow) and not isinf(number):
            raise OverflowError(f"{number} is too large for a float of 4 bytes")
        memcpy(&bits, &narrow, sizeof(bits))
        return head(sink, 0xca, bits, 4)
    memcpy(&wide, &number, sizeof(wide))
    return head(sink, 0xcb, wide, 8)


cdef int write_text(Sink *sink, bytes text) except -1:
    sized(sink, PyBytes_GET_SIZE(text), 0xa0, 32, 0xd9 if sink.bin_type else 0, 0xda)
    return put(sink, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef int write_bytes(Sink *sink, bytes data) except -1:
    if not sink.bin_type:
        return write_text(sink, data)
    sized(sink, PyBytes_GET_SIZE(data), 0, 0, 0xc4, 0xc5)
    return put(sink, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))


cdef int write_list(Sink *sink, object values, int depth) except -1:
    cdef Py_ssize_t left = len(values)
    sized(sink, left, 0x90, 16, 0, 0xdc)
    for each in values:
        left -= 1
        write(sink, each, depth + 1)
    return changed() if left else 0


cdef int write_map(Sink *sink, object values, int depth) except -1:
    cdef Py_ssize_t left = len(values)
    sized(sink, left, 0x80, 16, 0, 0xde)
    if PyDict_CheckExact(values):
        for key, each in (<dict>values).items():
            left -= 1
            write(sink, key, depth + 1)
            write(sink, each, depth + 1)
    else:
        for key, each in values.items():
            left -= 1
            write(sink, key, depth + 1)
            write(sink, each, depth + 1)
    return changed() if left else 0


cdef int changed() except -1:
    raise RuntimeError("an object was changed while it was written")


# ----------------------------------------------------------------------------------- reading

cdef struct Source:
    const uint8_t *data
    uint64_t left
    uint64_t owed  # elements that lists and maps around this one still have to have
    bint raw


def unpack(const uint8_t[::1] data not None, bint raw=False):
    """Read a document, of which nothing may be left.

    Parameters
    ----------
    data : bytes-like
    raw : bool
        Give text as bytes.

    Raises
    ------
    ValueError
        For what is no document.
    ExtensionError
    """
    cdef Source source
    source.data = &data[0] if data.shape[0] else NULL
    source.left, source.owed, source.raw = data.shape[0], 0, raw
    value = read(&source, 0)
    if source.left:
        raise ValueError(f"{source.left} bytes are left behind its end")
    return value


cdef const uint8_t *take(Source *source, uint64_t nbytes) except NULL:
    """Go on by some bytes; where they are."""
    cdef const uint8_t *data = source.data
    if nbytes > source.left:
        raise ValueError(f"it ends {nbytes - source.left} bytes too early")
    source.data += nbytes
    source.left -= nbytes
    return data


cdef int read_number(Source *source, int nbytes, uint64_t *value) except -1:
    """Read a number with its highest byte first."""
    cdef const uint8_t *data = take(source, nbytes)
    cdef int i
    value[0] = 0
    for i in range(nbytes):
        value[0] = value[0] << 8 | data[i]
    return 0


cdef object read(Source *source, int depth):
    cdef uint8_t kind
    cdef uint64_t value = 0
    if depth > deepest:
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    kind = take(source, 1)[0]
    if kind <= 0x7f:
        return kind
    if kind >= 0xe0:
        return <int>kind - 0x100
    if kind <= 0x8f:
        return read_map(source, kind & 0x0f, depth)
    if kind <= 0x9f:
        return read_list(source, kind & 0x0f, depth)
    if kind <= 0xbf:
        return read_text(source, kind & 0x1f)
    if kind in (0xc0, 0xc2, 0xc3):
        return None if kind == 0xc0 else kind == 0xc3
    if kind <= 0xc6 and kind >= 0xc4:
        read_number(source, 1 << (kind - 0xc4), &value)
        return read_bytes(source, value)
    if kind in (0xca, 0xcb):
        return read_float(source, kind == 0xca)
    if kind >= 0xcc and kind <= 0xcf:
        read_number(source, 1 << (kind - 0xcc), &value)
        return value
    if kind >= 0xd0 and kind <= 0xd3:
        read_number(source, 1 << (kind - 0xd0), &value)
        return signed_of(value, 8 << (kind - 0xd0))
    if kind >= 0xd9 and kind <= 0xdb:
        read_number(source, 1 << (kind - 0xd9), &value)
        return read_text(source, value)
    if kind in (0xdc, 0xdd):
        read_number(source, 2 << (kind - 0xdc), &value)
        return read_list(source, value, depth)
    if kind in (0xde, 0xdf):
        read_number(source, 2 << (kind - 0xde), &value)
        return read_map(source, value, depth)
    if kind == 0xc1:
        raise ValueError("it holds the byte 0xc1, which means nothing")
    raise ExtensionError(hex(kind))


cdef object signed_of(uint64_t value, int nbits):
    """A number of so many bits, of which the highest is the sign."""
    cdef uint64_t sign = <uint64_t>1 << (nbits - 1)
    return <int64_t>((value ^ sign) - sign)


cdef object read_float(Source *source, bint single):
    cdef uint64_t wide = 0
    cdef uint32_t bits
    cdef float narrow
    cdef double value
    read_number(source, 4 if single else 8, &wide)
    if single:
        bits = <uint32_t>wide
        memcpy(&narrow, &bits, sizeof(narrow))
        return narrow
    memcpy(&value, &wide, sizeof(value))
    return value


cdef object read_bytes(Source *source, uint64_t nbytes):
    cdef const uint8_t *data = take(source, nbytes)
    return PyBytes_FromStringAndSize(<const char *>data, nbytes)


cdef object read_text(Source *source, uint64_t nbytes):
    if source.raw:
        return read_bytes(source, nbytes)
    cdef const uint8_t *data = take(source, nbytes)
    return PyUnicode_DecodeUTF8(<const char *>data, nbytes, NULL)


cdef int owe(Source *source, uint64_t count) except -1:
    """Check that there can be so many elements more: each has a byte at least."""
    if count > source.left or source.owed > source.left - count:
        raise ValueError(f"it ends before the last of {count} elements")
    source.owed += count
    return 0


cdef object read_list(Source *source, uint64_t count, int depth):
    cdef list values = []
    cdef uint64_t _
    owe(source, count)
    for _ in range(count):
        source.owed -= 1
        values.append(read(source, depth + 1))
    return values


cdef object read_map(Source *source, uint64_t count, int depth):
    cdef dict values = {}
    cdef uint64_t _
    owe(source, 2 * count)
    for _ in range(count):
        source.owed -= 2
        key = read(source, depth + 1)
        if type(key) is not str and type(key) is not bytes:
            raise ValueError(f"a key is {type(key).__name__}, and neither text nor bytes")
        values[key] = read(source, depth + 1)
    return values
