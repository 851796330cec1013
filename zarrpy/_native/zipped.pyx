# cython: language_level=3, freethreading_compatible=True
"""Values that lie in a zip file as they are, read without Python for each of them."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.errno cimport EINTR, errno
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcmp

from zarrpy._native.core cimport zp_crc32, zp_pread

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *nbytes) except NULL

# Of the header of an entry: its bytes without name and extra field, and where their lengths are.
cdef enum:
    _HEADER = 30
    _NAME_NBYTES = 26
    _EXTRA_NBYTES = 28
    # More than the extra fields of common programs have.
    _GUESS = 36

# No file has so many bytes, whatever its directory says.
cdef uint64_t _MOST = 1ULL << 50

# Bits of the flags, and of the mode that Unix gives a link.
cdef enum:
    _ENCRYPTED = 1
    _KIND = 0o170000
    _LINK = 0o120000


def read_values(int file, list keys not None, list entries not None):
    """Read whole values, each with its header in one go, and compare them with their checksums.

    Parameters
    ----------
    file : int
        Descriptor of the zip file.
    keys : list of str
    entries : list of Entry or None
        Where the directory says that they are; as `zarrpy.stores.zip_format` has them.

    Returns
    -------
    list of memoryview or None
        None for whatever is not as it is in nearly all entries: absent, compressed, empty, with a
        long header, damaged. It is to be read in another way, which tells what is wrong.
    """
    cdef Py_ssize_t i, n = len(keys)
    cdef list values = [None] * n
    if len(entries) != n:
        raise ValueError("there are not as many entries as keys")
    for i in range(n):
        if entries[i] is not None:
            values[i] = value_of(file, keys[i], entries[i])
    return values


cdef object value_of(int file, object key, object entry):
    """Read a value; None where that takes more."""
    cdef uint64_t at, stored, size
    cdef int64_t method, flags, attributes, wanted, nread, offset
    cdef uint32_t crc, found
    cdef Py_ssize_t nname
    cdef const char *name
    cdef const unsigned char *head
    at, stored, size, crc, method, flags, _, _, attributes = entry
    if method or flags & _ENCRYPTED or stored != size or not 0 < size < _MOST or at >= _MOST:
        return None
    if (attributes >> 16) & _KIND == _LINK or not key.isascii():
        return None
    name = PyUnicode_AsUTF8AndSize(key, &nname)
    wanted = _HEADER + nname + _GUESS + size
    data = PyBytes_FromStringAndSize(NULL, wanted)
    head = <const unsigned char *>PyBytes_AS_STRING(data)
    with nogil:
        nread = read_from(file, at, wanted, <char *>head)
        offset = value_offset(head, nread, name, nname)
        if offset < 0 or offset + <int64_t>size > nread:
            offset = -1
        else:
            found = zp_crc32(0, head + offset, size)
    if offset < 0 or found != crc:
        return None
    return memoryview(data)[offset:offset + size]


cdef int64_t read_from(int file, int64_t at, int64_t wanted, char *into) noexcept nogil:
    """Read so many bytes, fewer at the end of the file; none where that fails."""
    cdef int64_t n, done = 0
    while done < wanted:
        n = zp_pread(file, into + done, wanted - done, at + done)
        if n < 0 and errno == EINTR:
            continue
        if n < 0:
            return 0
        if n == 0:
            break
        done += n
    return done


cdef int64_t value_offset(const unsigned char *head, int64_t nread, const char *name,
                          Py_ssize_t nname) noexcept nogil:
    """Tell how far behind the begin of a header the value begins; -1: it is not that of the key."""
    cdef int64_t nextra
    if nread < _HEADER + nname or memcmp(head, b"PK\3\4", 4) != 0:
        return -1
    if head[_NAME_NBYTES] + 256 * head[_NAME_NBYTES + 1] != nname:
        return -1
    if memcmp(head + _HEADER, name, nname) != 0:
        return -1
    nextra = head[_EXTRA_NBYTES] + 256 * head[_EXTRA_NBYTES + 1]
    return _HEADER + nname + nextra
