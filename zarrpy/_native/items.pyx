# cython: language_level=3, freethreading_compatible=True, boundscheck=False, wraparound=False
"""Elements out of lists that are nested as an array's axes are."""

from cpython.list cimport PyList_CheckExact

import numpy as np


def flattened(list rows not None, list shape not None, Py_ssize_t count):
    """Give the elements of nested lists in an array of one axis.

    Parameters
    ----------
    rows : list
        What a document held; lists that are elements are left as they are.
    shape : list of int
        How many elements are on each axis, of which there is at least one.
    count : int
        Their product.

    Returns
    -------
    ndarray of object, or None
        None where a list is missing, or has another length.
    """
    out = np.empty(count, object)
    return out if fill(rows, shape, 0, out, 0) == count else None


cdef Py_ssize_t fill(list rows, list shape, int axis, object[::1] out, Py_ssize_t at) except -2:
    """Place the elements of the axes from `axis` on; where the next one goes, or -1."""
    cdef Py_ssize_t i, n = len(rows)
    if n != shape[axis]:
        return -1
    if axis + 1 == len(shape):
        if n > out.shape[0] - at:
            return -1
        for i in range(n):
            out[at + i] = rows[i]
        return at + n
    for i in range(n):
        if not PyList_CheckExact(rows[i]):
            return -1
        at = fill(rows[i], shape, axis + 1, out, at)
        if at < 0:
            return -1
    return at
