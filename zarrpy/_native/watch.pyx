# cython: language_level=3, freethreading_compatible=True
"""Look at the document of an array before chunks are written; by the rules of csrc/watch.c."""

from libc.string cimport memset

from zarrpy._native.core cimport zp_stat, zp_watch, zp_watch_add


cdef class NativeWatch:
    """What a batch asks under the lock of each chunk before it writes it.

    Parameters
    ----------
    document : bytes
        Key of the array's document, in the batch's directory.
    marker : bytes or None
        A key that must not be there.
    state : tuple of int or None
        Of the document, as `Directory.version` gives it; None asks for a call for each chunk.
    look : callable
        Called when the document has another state, or the marker is there: raises an exception when
        nothing may be written, and gives the state from now on.

    Attributes
    ----------
    failure : BaseException or None
        The first exception.
    """

    def __cinit__(self, bytes document, bytes marker, state, look):
        self.document = document
        self.marker = marker
        self.look = look
        memset(&self.watch, 0, sizeof(zp_watch))
        self.watch.document = self.document
        if marker is not None:
            self.watch.marker = marker
        self.watch.confirm = confirm
        self.watch.context = <void *>self
        self.add(state)

    cdef int add(self, found) except -1:
        cdef zp_stat state
        if found is None:
            return 0
        memset(&state, 0, sizeof(zp_stat))
        state.device, state.inode, state.size, state.modified_ns, state.changed_ns = found
        zp_watch_add(&self.watch, &state)
        return 0


cdef int confirm(void *context) noexcept with gil:
    cdef NativeWatch watch = <NativeWatch>context
    try:
        watch.add(watch.look())
    except BaseException as error:
        if watch.failure is None:
            watch.failure = error
        return -1
    return 0
