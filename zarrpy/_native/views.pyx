# cython: language_level=3, freethreading_compatible=True
"""Axes of lazy views, and what slices and integers make of them.

A step of a view is a few additions and products for each axis; objects of Python would take longer
to make than that. What this leaves to the general way is `zarrpy.selection.transform`, which says
what the words mean, and does the same.
"""

cimport cython
from cpython.long cimport PyLong_AsSsize_t, PyLong_CheckExact
from cpython.slice cimport PySlice_AdjustIndices, PySlice_Check, PySlice_Unpack

from zarrpy._native.core cimport ZP_MAX_NDIM

# Beyond this a product of steps might not be a number of 64 bits.
cdef Py_ssize_t _FAR = <Py_ssize_t>1 << 31


@cython.freelist(64)
cdef class Axis:
    """An axis of a view, told from others by being itself.

    Parameters
    ----------
    length : int
    """

    cdef readonly Py_ssize_t length

    def __init__(self, Py_ssize_t length):
        self.length = length


@cython.freelist(64)
cdef class Stretch:
    """Positions on an axis of the array, `step` apart from `start` on, along an axis of the view.

    Parameters
    ----------
    start : int
    step : int
        May be negative.
    along : Axis
    """

    cdef readonly Py_ssize_t start, step
    cdef readonly Axis along

    def __init__(self, Py_ssize_t start, Py_ssize_t step, Axis along):
        self.start, self.step, self.along = start, step, along


cdef struct Cut:  # what becomes of an axis: these places, or the one
    Py_ssize_t start, step


cdef Axis _axis(Py_ssize_t length):
    cdef Axis made = Axis.__new__(Axis)
    made.length = length
    return made


cdef Axis _cut(slice term, Py_ssize_t length, Cut *cut):
    """Understand a slice of an axis; None where that is to be said by the general way."""
    cdef Py_ssize_t start, stop, step, count
    for bound in (term.start, term.stop, term.step):
        if bound is not None and not PyLong_CheckExact(bound):
            return None
    if term.step == 0:
        return None
    PySlice_Unpack(term, &start, &stop, &step)
    count = PySlice_AdjustIndices(length, &start, &stop, step)
    cut.start = start if count else 0
    cut.step = step if count > 1 else 1
    return _axis(count)


cdef int _place(term, Py_ssize_t length, Cut *cut) except -1:
    """Understand an integer; 0 where it is not within the axis."""
    cdef Py_ssize_t at
    try:
        at = PyLong_AsSsize_t(term)
    except OverflowError:
        return 0
    at += length if at < 0 else 0
    cut.start, cut.step = at, 1
    return 0 <= at < length


def select(tuple rows, tuple axes, key):
    """Select by integers, slices, ellipsis and newaxis.

    Parameters
    ----------
    rows : tuple of (int or Stretch)
        Of each axis of the array.
    axes : tuple of Axis
        Of the view.
    key : object
        As in ``view[key]``.

    Returns
    -------
    (tuple of (int or Stretch), tuple of Axis), or None
        Those of the new view; None where something else selects, or does not fit.
    """
    cdef Cut cuts[ZP_MAX_NDIM]
    cdef Py_ssize_t ndim = len(axes), used = 0, i = 0, k, start
    cdef tuple terms = key if type(key) is tuple else (key,)
    cdef Axis old, new
    cdef Stretch row, made
    cdef list along = [], shown = [], result = []
    cdef bint whole = False
    if ndim > ZP_MAX_NDIM:
        return None
    for term in terms:
        if term is Ellipsis:
            if whole:
                return None
            whole = True
        elif term is not None:
            used += 1
    if used > ndim:
        return None
    for term in (terms if whole else (*terms, Ellipsis)):
        if term is None:
            shown.append(_axis(1))
        elif term is Ellipsis:
            for i in range(i, i + ndim - used):
                old = <Axis>axes[i]
                cuts[i].start, cuts[i].step = 0, 1
                new = _axis(old.length)
                along.append(new)
                shown.append(new)
            i = len(along)
        elif PySlice_Check(term):
            old = <Axis>axes[i]
            new = _cut(term, old.length, &cuts[i])
            if new is None:
                return None
            along.append(new)
            shown.append(new)
            i += 1
        elif PyLong_CheckExact(term):
            old = <Axis>axes[i]
            if not _place(term, old.length, &cuts[i]):
                return None
            along.append(None)
            i += 1
        else:
            return None
    for each in rows:
        if type(each) is not Stretch:
            result.append(each)
            continue
        row = <Stretch>each
        for k in range(ndim):
            if row.along is axes[k]:
                break
        else:
            return None
        start = row.start + cuts[k].start * row.step
        if along[k] is None:
            result.append(start)
            continue
        if not (-_FAR < row.step < _FAR and -_FAR < cuts[k].step < _FAR):
            return None
        made = Stretch.__new__(Stretch)
        made.start, made.step, made.along = start, row.step * cuts[k].step, <Axis>along[k]
        result.append(made)
    return tuple(result), tuple(shown)
