from cpython.buffer cimport Py_buffer
from libc.stdint cimport int64_t, uint8_t

from zarrpy._native.cache cimport ChunkCache
from zarrpy._native.core cimport (
    zp_batch,
    zp_bytes,
    zp_error,
    zp_parts,
    zp_segment,
    zp_worker,
)
from zarrpy._native.files cimport Directory
from zarrpy._native.plan cimport ChunkPlan
from zarrpy._native.shards cimport NativeShard
from zarrpy._native.steps cimport NativeChain
from zarrpy._native.tally cimport Tally
from zarrpy._native.watch cimport NativeWatch


cdef class Batch:
    cdef zp_batch batch
    cdef readonly ChunkPlan plan
    cdef NativeChain chain
    cdef NativeShard shard
    cdef Directory directory
    cdef ChunkCache cache
    cdef Tally tally
    cdef NativeWatch watch
    cdef Py_buffer block
    cdef public bint keep_empty
    cdef bint has_block
    cdef bytes fill, stored_fill, pad, prefix, zero, suffix
    cdef str separator
    cdef list buffers
    cdef Py_buffer *views
    cdef int64_t nviews, room
    cdef zp_bytes *stored
    cdef zp_bytes *encoded
    cdef zp_parts *parts
    cdef zp_segment *segments
    cdef uint8_t *outcome
    cdef int64_t noutcomes
    cdef bint noting
    cdef list noted
    cdef object texts

    cdef int _check_block(self, block) except -1
    cdef void _release_window(self)
    cdef int64_t _span(self)
    cdef int _make_outcomes(self, int64_t count) except -1
    cdef int _note_absent(self) except -1
    cdef zp_bytes _view(self, value) except *
    cdef int _feed_parts(self, list values) except -1
    cdef int _run_alone(self, zp_worker *worker) except -1
    cdef object _failure(self, zp_error *error)
