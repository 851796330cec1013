# cython: language_level=3, freethreading_compatible=True
"""Copy many blocks of elements in one call, by several threads: see csrc/blocks.h.

`zarrpy.engine.copies` says in NumPy what comes out.
"""

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport calloc, free

cimport numpy

from zarrpy._native.core cimport (
    ZP_MAX_NDIM,
    ZP_TIME_IS_UP,
    zp_block,
    zp_call,
    zp_call_to,
    zp_dismiss_helpers,
    zp_slab,
    zp_slabs,
    zp_slabs_run,
    zp_slabs_run_for,
    zp_slabs_stop,
)

numpy.import_array()

# Bytes that one thread copies at a time, and that are worth another thread.
cdef int64_t _PART_NBYTES = 256 << 10

# A thread that copies more at a time would be late to see to signals, or to help.
cdef int64_t _LARGEST_NBYTES = 4 << 20

# So many parts are as many as any number of threads can share fairly.
cdef int64_t _FAIR_PARTS = 16

# Signals are looked for so often.
cdef int64_t _POLL_MS = 50


def copy_blocks(list blocks, int helpers, lend, dict loans):
    """Copy arrays to others of their shape and data type, neither of objects nor of texts.

    Parameters
    ----------
    blocks : list of tuple of ndarray
        Targets and sources, which do not overlap.
    helpers : int
        Threads that may help.
    lend : callable
        Ask, with a key of one's own, for a number of cores besides the caller's; tells how many
        there are.
    loans : dict
        From which the key is popped to give them back.

    Raises
    ------
    TypeError, ValueError
        When data types, or shapes, differ; nothing is copied then.
    MemoryError
    """
    cdef int64_t n = 0, nbytes = 0
    cdef int i, nblocks = len(blocks)
    cdef zp_block *laid = <zp_block *>calloc(nblocks + 1, sizeof(zp_block))
    cdef zp_slab *slabs = NULL
    cdef zp_slabs job
    try:
        if laid == NULL:
            raise MemoryError
        for i in range(nblocks):
            target, source = blocks[i]
            _lay_out(&laid[i], target, source)
            n += _nparts(&laid[i])
            nbytes += _nbytes(&laid[i])
        slabs = <zp_slab *>calloc(n + 1, sizeof(zp_slab))
        if slabs == NULL:
            raise MemoryError
        _cut(laid, nblocks, slabs)
        job = zp_slabs(slabs, n, 0)
        _run(&job, min(helpers, n - 1, nbytes // _PART_NBYTES - 1), lend, loans)
    finally:
        free(slabs)
        free(laid)


cdef int _lay_out(zp_block *block, numpy.ndarray target, numpy.ndarray source) except -1:
    cdef int i
    block.ndim = numpy.PyArray_NDIM(target)
    if target.dtype != source.dtype or target.dtype.hasobject or target.dtype.kind == "T":
        raise TypeError(f"cannot copy elements of {source.dtype} to {target.dtype}")
    if block.ndim != numpy.PyArray_NDIM(source) or block.ndim > ZP_MAX_NDIM:
        raise ValueError(f"cannot copy {source.ndim} axes to {block.ndim}")
    block.shape = <const int64_t *>numpy.PyArray_DIMS(target)
    for i in range(block.ndim):
        if block.shape[i] != numpy.PyArray_DIM(source, i):
            raise ValueError(f"cannot copy {source.shape[i]} elements to {block.shape[i]}")
    block.src_strides = <const int64_t *>numpy.PyArray_STRIDES(source)
    block.dst_strides = <const int64_t *>numpy.PyArray_STRIDES(target)
    block.src = <const char *>numpy.PyArray_DATA(source)
    block.dst = <char *>numpy.PyArray_DATA(target)
    block.itemsize = <uint32_t>numpy.PyArray_ITEMSIZE(target)
    block.axis = _axis(block)
    return 0


cdef int64_t _nbytes(const zp_block *block) noexcept:
    cdef int64_t nbytes = block.itemsize
    cdef int i
    for i in range(block.ndim):
        nbytes *= block.shape[i]
    return nbytes


cdef int _axis(const zp_block *block) noexcept:
    """Find the axis to cut along: the first that gives enough parts, or the longest.

    Pieces of one step along the first axis, or of a few, are common.
    """
    cdef int64_t nbytes = _nbytes(block)
    cdef int64_t enough = max(
        min(_FAIR_PARTS, nbytes // _PART_NBYTES), nbytes // _LARGEST_NBYTES
    )
    cdef int i, longest = 0
    for i in range(block.ndim):
        if block.shape[i] >= enough:
            return i
        if block.shape[i] > block.shape[longest]:
            longest = i
    return longest


cdef int64_t _nparts(const zp_block *block) noexcept:
    """Tell in how many parts a block is copied; 0 where it has no elements."""
    cdef int64_t nbytes = _nbytes(block)
    if nbytes == 0 or block.ndim == 0:
        return nbytes > 0
    return max(1, min(block.shape[block.axis], nbytes // _PART_NBYTES))


cdef void _cut(const zp_block *blocks, int nblocks, zp_slab *slabs) noexcept:
    cdef int64_t i, n, rows
    cdef int k
    for k in range(nblocks):
        n = _nparts(&blocks[k])
        rows = blocks[k].shape[blocks[k].axis] if blocks[k].ndim else 1
        for i in range(n):
            slabs[i] = zp_slab(&blocks[k], i * rows // n, (i + 1) * rows // n)
        slabs += n


cdef int _run(zp_slabs *job, int wanted, lend, dict loans) except -1:
    """Copy all parts, with the help of others where that is much."""
    cdef int helpers
    if wanted < 1:
        return _run_together(job, 0)
    loan = object()
    try:
        helpers = lend(loan, wanted)
        return _run_together(job, helpers)
    finally:
        loans.pop(loan, None)


cdef int _run_together(zp_slabs *job, int helpers) except -1:
    """Copy all parts beside others, and see to signals now and then."""
    cdef zp_call call
    cdef int status = ZP_TIME_IS_UP
    with nogil:
        zp_call_to(&call, zp_slabs_run, job, helpers)
    try:
        while status == ZP_TIME_IS_UP:
            with nogil:
                status = zp_slabs_run_for(job, _POLL_MS)
            if status == ZP_TIME_IS_UP:
                PyErr_CheckSignals()
    finally:
        with nogil:
            zp_slabs_stop(job)  # after an interrupt, helpers end with the part in hand
            zp_dismiss_helpers(&call)
    return 0
