# cython: language_level=3, freethreading_compatible=True
"""Read a selection of an array of files in one call.

What `zarrpy._native.plan` and `zarrpy._native.batch` do for selections of every kind and size takes
tens of microseconds, and waking threads of Python for them as long again.  Here is the short way
for integers and slices of some megabytes; whoever cannot go it, for whatever reason, is sent the
long way and nothing has happened.
"""

import os

from cpython.buffer cimport PyBUF_STRIDED, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport int64_t
from libc.string cimport memset

from zarrpy._native.cache cimport ChunkCache
from zarrpy._native.core cimport (
    ZP_MAX_NDIM,
    ZP_READ,
    ZP_TIME_IS_UP,
    zp_axis,
    zp_axis_regular,
    zp_batch,
    zp_batch_run,
    zp_batch_run_for,
    zp_cache_look,
    zp_call,
    zp_call_helpers,
    zp_directory,
    zp_dismiss_helpers,
    zp_ntasks,
    zp_piece,
    zp_stat,
    zp_stat_key,
    zp_stretch,
    zp_task_pieces,
    zp_worker,
)
from zarrpy._native.shards cimport NativeShard
from zarrpy._native.steps cimport NativeChain, current_worker

from numpy import empty, integer

cdef extern from "Python.h":
    int PySlice_Unpack(PyObject *term, Py_ssize_t *start, Py_ssize_t *stop,
                       Py_ssize_t *step) except -1
    Py_ssize_t PySlice_AdjustIndices(Py_ssize_t length, Py_ssize_t *start, Py_ssize_t *stop,
                                     Py_ssize_t step)


# Signals are looked for so often.
cdef int64_t _POLL_MS = 50


cdef struct Cut:
    # The selection of one axis.
    int64_t start
    int64_t count
    int64_t step  # may be negative
    bint kept     # the result has this axis


cdef class SmallReader:
    """All that reads of one array have in common.

    Parameters
    ----------
    shape, chunks : tuple of int
        Of the array, and of its regular chunk grid.
    dtype : numpy.dtype
        Of the result; its arrays give a buffer.
    chain : NativeChain
        How a chunk is stored.
    shard : NativeShard, optional
        When chunks are shards, and the chain that of the chunks inside.
    fill, stored_fill : bytes
        The fill value as in memory, and in the byte order of stored chunks.
    place : str
        Absolute path of the array's directory. It is looked up for each chunk, as somebody may
        put another in its place.
    keys : tuple of str
        Prefix, separator, key of an array without axes, and suffix.
    cache : ChunkCache, optional
        With so many bytes as `cache_nbytes`, or it is left to the long way to make it so.
    cache_nbytes : int
    whole_chunks : bool
        Decode chunks whole also where the codec could decode the selected part alone.
    shared, most : int
        Bytes of work: of so many, others are asked to help, and of more it goes the long way.
    document : str
        Name of the document that describes the array.
    workers : int
        Threads that may work on one call.
    lend : callable
        Ask, with a key of one's own, for a number of cores besides the caller's; tells how many
        there are.
    loans : dict
        From which the key is popped to give them back.
    """

    cdef int ndim
    cdef int64_t shared, most, itemsize, cache_nbytes, workers
    cdef int64_t shape[64]
    cdef int64_t chunks[64]
    cdef object dtype
    cdef NativeChain chain
    cdef NativeShard shard
    cdef ChunkCache cache
    cdef bytes fill, stored_fill, name, prefix, zero, suffix
    cdef char separator
    cdef bint whole_chunks
    cdef zp_directory directory
    cdef bytes document
    cdef object lend
    cdef dict loans
    cdef object known  # what was seen of the document
    cdef zp_stat state

    def __cinit__(self, tuple shape, tuple chunks, dtype, NativeChain chain, NativeShard shard,
                  bytes fill, bytes stored_fill, str place, tuple keys, ChunkCache cache,
                  int64_t cache_nbytes, bint whole_chunks, int64_t shared, int64_t most,
                  str document, int64_t workers, lend, dict loans):
        cdef str prefix, separator, zero, suffix
        self.ndim = len(shape)
        if len(chunks) != self.ndim or chain.chain.ndim != self.ndim or self.ndim > ZP_MAX_NDIM:
            raise ValueError(f"shape {shape}, chunks {chunks}, chain of {chain.chain.ndim} axes")
        if not len(fill) == len(stored_fill) == dtype.itemsize == chain.chain.itemsize:
            raise ValueError("data type, chain and fill value have different item sizes")
        if not os.path.isabs(place):
            raise ValueError(f"place {place!r} must be an absolute path")
        for i in range(self.ndim):
            self.shape[i] = shape[i]
            self.chunks[i] = chunks[i]
        prefix, separator, zero, suffix = keys
        # Keys of Windows are joined to the directory; elsewhere an absolute path is a key as well.
        self.name = os.fsencode(place)
        start = b"" if os.name == "nt" else self.name + b"/"
        self.prefix = start + prefix.encode()
        self.zero = start + zero.encode()
        self.document = start + document.encode()
        self.suffix = suffix.encode()
        self.separator = ord(separator)
        self.directory = zp_directory(-1, self.name, 0)
        self.dtype, self.itemsize = dtype, dtype.itemsize
        self.chain, self.shard = chain, shard
        self.fill, self.stored_fill = fill, stored_fill
        self.cache, self.cache_nbytes = cache, cache_nbytes
        self.whole_chunks, self.shared, self.most = whole_chunks, shared, most
        self.workers, self.lend, self.loans = workers, lend, loans

    def read(self, key):
        """Read a selection, as ``array[key]``.

        Returns
        -------
        tuple of ndarray or scalar, and int, or None
            What is read, and how many chunks were absent. None where the long way has to be gone:
            for other kinds of selections and for wrong ones, for more work, and where anything went
            wrong.
        """
        cdef Cut cuts[64]
        cdef zp_axis axes[64]
        cdef zp_stretch stretches[64]
        cdef zp_batch batch
        cdef int64_t strides[64]
        cdef int64_t ntasks, work
        cdef bint scalar = True
        cdef list shape = []
        cdef Py_buffer view
        if self.cache is not None and zp_cache_look(self.cache.cache).limit < self.cache_nbytes:
            return None
        if not self._understand(key, cuts, &scalar):
            return None
        for i in range(self.ndim):
            if cuts[i].kept:
                shape.append(cuts[i].count)
        if 0 in shape:
            return empty(shape, self.dtype), 0
        work = self._work(cuts, axes, stretches)
        if work >= self.most:
            return None
        self._plan(cuts, axes, stretches, self.chunks)
        ntasks = zp_ntasks(self.ndim, axes)
        if ntasks <= 0:
            return None
        result = empty(shape, self.dtype)
        PyObject_GetBuffer(result, &view, PyBUF_STRIDED)
        try:
            self._prepare(&batch, axes, ntasks, strides)
            self._lay_out(&batch, cuts, strides, &view)
            self._run(&batch, work)
        finally:
            PyBuffer_Release(&view)
        if batch.failed:
            return None
        return result[()] if scalar and not shape else result, batch.nabsent

    cdef int _run(self, zp_batch *batch, int64_t work) except -1:
        """Read all chunks, with the help of others where that is much."""
        cdef zp_worker *worker = current_worker()
        cdef int64_t wanted = min(self.workers, batch.last) - 1
        if work < self.shared or wanted < 1:
            with nogil:
                zp_batch_run(batch, worker)
            return 0
        loan = object()
        try:
            self._run_together(batch, worker, self.lend(loan, wanted))
        finally:
            self.loans.pop(loan, None)

    cdef int _run_together(self, zp_batch *batch, zp_worker *worker, int helpers) except -1:
        """Read all chunks beside others, and see to signals now and then."""
        cdef zp_call call
        cdef int status = ZP_TIME_IS_UP
        with nogil:
            zp_call_helpers(&call, batch, helpers)
        try:
            while status == ZP_TIME_IS_UP:
                with nogil:
                    status = zp_batch_run_for(batch, worker, _POLL_MS)
                if status == ZP_TIME_IS_UP:
                    PyErr_CheckSignals()
        finally:
            if status == ZP_TIME_IS_UP:
                batch.cancel = 1
            with nogil:
                zp_dismiss_helpers(&call)
        return 0

    def is_current(self, seen):
        """Whether the document has the state still that it was seen in, with this shape.

        Parameters
        ----------
        seen : tuple, or None
            A state as `Directory.version` gives it, and metadata.
        """
        cdef zp_stat now
        cdef const char *document = self.document
        cdef int status
        if seen is None or (seen is not self.known and not self._know(seen)):
            return False
        with nogil:
            status = zp_stat_key(&self.directory, document, 1, &now)
        return (
            status == 0
            and now.inode == self.state.inode
            and now.device == self.state.device
            and now.size == self.state.size
            and now.modified_ns == self.state.modified_ns
            and now.changed_ns == self.state.changed_ns
        )

    cdef bint _know(self, seen) except -1:
        cdef zp_stat state
        found, metadata = seen
        if type(found) is not tuple or len(found) != 5 or len(metadata.shape) != self.ndim:
            return False
        for i in range(self.ndim):
            if metadata.shape[i] != self.shape[i]:
                return False
        memset(&state, 0, sizeof(zp_stat))
        state.device, state.inode, state.size, state.modified_ns, state.changed_ns = found
        self.known, self.state = seen, state
        return True

    cdef bint _understand(self, key, Cut *cuts, bint *scalar):
        """Read an index expression; False where it is not of integers and slices within bounds."""
        cdef Py_ssize_t given = len(key) if type(key) is tuple else 1
        cdef Py_ssize_t i, axis = 0
        cdef tuple terms = key if type(key) is tuple else (key,)
        for i in range(given):
            term = terms[i]
            if term is Ellipsis:
                if not scalar[0]:
                    return False
                scalar[0] = False
                if given - 1 > self.ndim:
                    return False
                while axis < self.ndim - (given - 1 - i):
                    self._whole(&cuts[axis], axis)
                    axis += 1
                continue
            if axis >= self.ndim or not self._cut(term, &cuts[axis], self.shape[axis]):
                return False
            axis += 1
        while axis < self.ndim:
            self._whole(&cuts[axis], axis)
            axis += 1
        return True

    cdef void _whole(self, Cut *cut, Py_ssize_t axis):
        cut[0] = Cut(0, self.shape[axis], 1, True)

    cdef bint _cut(self, term, Cut *cut, int64_t length):
        """Understand what stands for one axis."""
        cdef Py_ssize_t start, stop, step
        cdef int64_t index
        if type(term) is slice:
            try:
                PySlice_Unpack(<PyObject *>term, &start, &stop, &step)
            except (TypeError, ValueError):
                return False
            cut.count = PySlice_AdjustIndices(length, &start, &stop, step)
            cut.start, cut.kept = start, True
            cut.step = step if cut.count > 1 else 1
            return True
        if type(term) is not int and not isinstance(term, integer):
            return False
        try:
            index = term
        except OverflowError:
            return False
        if not -length <= index < length:
            return False
        cut[0] = Cut(index + length if index < 0 else index, 1, 1, False)
        return True

    cdef void _plan(self, Cut *cuts, zp_axis *axes, zp_stretch *stretches, const int64_t *chunks):
        """Map the selection to chunks; reversed axes ascend, and their memory is reversed."""
        cdef int64_t start, step
        for i in range(self.ndim):
            start, step = cuts[i].start, cuts[i].step
            if step < 0:
                start += (cuts[i].count - 1) * step
                step = -step
            axes[i] = zp_axis_regular(&stretches[i], chunks[i], self.shape[i], start,
                                      cuts[i].count, step)

    cdef int64_t _work(self, Cut *cuts, zp_axis *axes, zp_stretch *stretches):
        """How many bytes the result has, or have to be decoded for it, of shards chunk by chunk."""
        cdef zp_piece pieces[64]
        cdef double nbytes = self.itemsize, last = 0, elements = 1
        cdef double ntasks
        cdef const int64_t *chunks = self.chunks
        for i in range(self.ndim):
            nbytes *= cuts[i].count
        if self.cache is None:
            if self.shard is not None:
                chunks = self.shard.shard.chunk
            self._plan(cuts, axes, stretches, chunks)
            ntasks = <double>zp_ntasks(self.ndim, axes)
            zp_task_pieces(self.ndim, axes, 0, pieces)
            for i in range(self.ndim - 1, -1, -1):
                last += (pieces[i].count - 1) * <double>axes[i].step * elements
                elements *= pieces[i].extent
            nbytes = max(nbytes, ntasks * (last + 1) * self.itemsize)
        return <int64_t>min(nbytes, <double>self.most)

    cdef void _prepare(self, zp_batch *batch, zp_axis *axes, int64_t ntasks, int64_t *strides):
        memset(batch, 0, sizeof(zp_batch))
        batch.kind = ZP_READ
        batch.ndim, batch.axes = self.ndim, axes
        batch.last = ntasks
        batch.chain = self.chain.chain
        batch.strides = strides
        batch.fill = PyBytes_AS_STRING(self.fill)
        batch.stored_fill = PyBytes_AS_STRING(self.stored_fill)
        batch.whole_chunks = self.whole_chunks
        batch.keys.prefix = PyBytes_AS_STRING(self.prefix)
        batch.keys.zero = PyBytes_AS_STRING(self.zero)
        batch.keys.suffix = PyBytes_AS_STRING(self.suffix)
        batch.keys.separator = self.separator
        batch.directory = &self.directory
        if self.shard is not None:
            batch.shard = &self.shard.shard
        if self.cache is not None:
            batch.cache, batch.chain_number = self.cache.cache, self.chain.number

    cdef void _lay_out(self, zp_batch *batch, Cut *cuts, int64_t *strides, Py_buffer *view):
        """Say where the elements of each axis go in the result."""
        cdef char *block = <char *>view.buf
        cdef int axis = 0
        for i in range(self.ndim):
            strides[i] = 0
            if cuts[i].kept:
                strides[i] = view.strides[axis]
                axis += 1
            if cuts[i].step < 0:
                block += (cuts[i].count - 1) * strides[i]
                strides[i] = -strides[i]
        batch.block = block
