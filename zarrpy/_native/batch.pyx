# cython: language_level=3, freethreading_compatible=True
"""Run whole batches of chunks in C, without the GIL.

This is the waist of zarrpy: above it are names, below it are pointers.  A `Batch` holds a
reference to everything that the C side points into, for as long as it lives.
"""

from time import monotonic

from cpython.buffer cimport (
    PyBUF_SIMPLE,
    PyBUF_STRIDED,
    PyBUF_STRIDED_RO,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport calloc, free

from zarrpy._native.cache cimport ChunkCache
from zarrpy._native.core cimport (
    ZP_ABSENT,
    ZP_DELETED,
    ZP_DONE,
    ZP_DURABLE_LATER,
    ZP_ERR_LOCK_TIMEOUT,
    ZP_ERR_STALE,
    ZP_READ,
    ZP_STEP_SHARD,
    ZP_TIME_IS_UP,
    ZP_WRITE,
    zp_batch_run,
    zp_batch_run_for,
    zp_bytes,
    zp_error,
    zp_free,
    zp_parts,
    zp_piece,
    zp_place,
    zp_segment,
    zp_shard_places,
    zp_task_pieces,
    zp_texts,
    zp_worker,
)
from zarrpy._native.encoded cimport Encoded
from zarrpy._native.files cimport Directory
from zarrpy._native.plan cimport ChunkPlan
from zarrpy._native.shards cimport NativeShard
from zarrpy._native.steps cimport NativeChain, current_worker, explain
from zarrpy._native.tally cimport Tally
from zarrpy._native.watch cimport NativeWatch

from numpy import empty

from zarrpy._native.failure import chunk_failure, unfinished

#: What became of a task; see `Batch.outcomes`.
PENDING, DONE, ABSENT, DELETED = 0, ZP_DONE, ZP_ABSENT, ZP_DELETED

# How long the engine works or waits for a lock until Python looks whether the user has had enough.
cdef int64_t _POLL_MS = 50

# From here on a result is no longer in the cache when it is complete, so it is not brought there.
STREAM_NBYTES = 32 << 20
cdef Py_ssize_t _STREAM_NBYTES = STREAM_NBYTES


cdef class Batch:
    """Chunks to read into, or to write from, one block of memory.

    Any number of threads may call `run`; they take chunks from a common cursor.

    Parameters
    ----------
    plan : ChunkPlan
        Which chunks, and which part of each.
    chain : NativeChain
        How a chunk is stored.
    block : buffer
        One axis for each axis of the plan, any strides; written when reading.
    fill, stored_fill : bytes
        The fill value as in memory, and in the byte order of stored chunks.
    writing : bool
        Write `block` to the chunks instead of reading them.
    keep_empty : bool
        Write chunks that hold only the fill value.
    durable : bool
        Wait for the disk.
    timeout_ms : int
        How long to wait for the lock of a chunk.
    whole_chunks : bool
        Decode chunks whole also where the codec could decode the selected part alone.
    zero_padding : bool
        Store zeros where chunks reach beyond the array, in place of the fill value.
    only_stored : bool
        Write no part of a chunk that is not stored.
    stream : bool
        Read blocks of `STREAM_NBYTES` or more past the cache.
    """

    native = True

    def __cinit__(self, ChunkPlan plan, NativeChain chain, block, bytes fill, bytes stored_fill,
                  bint writing=False, bint keep_empty=False, bint durable=False,
                  int64_t timeout_ms=60_000, bint whole_chunks=False, bint zero_padding=False,
                  bint only_stored=False, bint stream=True):
        self.plan = plan
        self.chain = chain
        self.fill = fill
        self.stored_fill = stored_fill
        PyObject_GetBuffer(block, &self.block, PyBUF_STRIDED_RO if writing else PyBUF_STRIDED)
        self.has_block = True
        self._check_block(block)
        self.batch.kind = ZP_WRITE if writing else ZP_READ
        self.batch.ndim = plan.ndim
        self.batch.axes = plan.axes
        self.batch.chain = chain.chain
        self.batch.block = <char *>self.block.buf
        self.batch.strides = <const int64_t *>self.block.strides
        self.batch.fill = PyBytes_AS_STRING(fill)
        self.batch.stored_fill = PyBytes_AS_STRING(stored_fill)
        if zero_padding:
            self.pad = bytes(len(stored_fill))
            self.batch.pad = PyBytes_AS_STRING(self.pad)
        self.batch.keep_empty = self.keep_empty = keep_empty
        self.batch.whole_chunks = whole_chunks
        self.batch.stream = stream and not writing and self.block.len >= _STREAM_NBYTES
        self.batch.only_stored = only_stored
        self.batch.durability = ZP_DURABLE_LATER if durable else 0
        self.batch.lock_timeout_ms = timeout_ms
        self.batch.last = plan.ntasks

    cdef int _check_block(self, block) except -1:
        cdef int64_t i, end
        if self.block.ndim != self.plan.ndim or self.chain.chain.ndim != self.plan.ndim:
            raise ValueError(
                f"block of {self.block.ndim} axes, chain of {self.chain.chain.ndim}, "
                f"plan of {self.plan.ndim}"
            )
        if (self.block.itemsize != <Py_ssize_t>self.chain.chain.itemsize
                or len(self.fill) != self.block.itemsize
                or len(self.stored_fill) != self.block.itemsize):
            raise ValueError("block, chain and fill value have different item sizes")
        for i in range(self.plan.ndim):
            axis = self.plan.axes[i]
            end = 0
            if axis.points != NULL:
                end = self.plan.npoints[i]
            elif axis.nstretches:
                last = axis.stretches[axis.nstretches - 1]
                end = last.out + last.count
            if self.block.shape[i] != end:
                raise ValueError(f"block axis {i} has {self.block.shape[i]} elements, not {end}")
        return 0

    def __dealloc__(self):
        self._release_window()
        if self.has_block:
            PyBuffer_Release(&self.block)

    cdef void _release_window(self):
        for i in range(self.nviews):
            PyBuffer_Release(&self.views[i])
        if self.encoded != NULL:
            for i in range(self.room):
                zp_free(<void *>self.encoded[i].data)
        free(self.views)
        free(self.stored)
        free(self.encoded)
        free(self.parts)
        free(self.segments)
        free(self.outcome)
        self.views = NULL
        self.stored = NULL
        self.encoded = NULL
        self.parts = NULL
        self.segments = NULL
        self.batch.parts = NULL
        self.outcome = NULL
        self.batch.outcome = NULL
        self.nviews = self.room = self.noutcomes = 0
        self.buffers = None

    @property
    def ntasks(self):
        """Number of chunks of the plan."""
        return self.plan.ntasks

    @property
    def nbytes(self):
        """How much work this is: bytes of the block, or of what has to be decoded for it.

        Bytes of slow codecs count as several.
        """
        nbytes = max(self.block.len, self.plan.span * self.block.itemsize)
        if self.cache is not None:  # most of it may be decoded already
            return nbytes
        return max(nbytes, self.plan.ntasks * self._span()) * self.chain.toil

    cdef int64_t _span(self):
        """Bytes of the first task's chunk from its first selected element to its last."""
        cdef zp_piece pieces[64]
        cdef int64_t elements = 1, last = 0
        if self.plan.ntasks == 0:
            return 0
        zp_task_pieces(self.plan.ndim, self.plan.axes, 0, pieces)
        for i in range(self.plan.ndim - 1, -1, -1):
            last += (pieces[i].count - 1) * self.plan.axes[i].step * elements
            elements *= pieces[i].extent
        return (last + 1) * self.block.itemsize

    @property
    def asked_nbytes(self):
        """Bytes of the block."""
        return self.block.len

    @property
    def writing(self):
        """Whether chunks are written."""
        return self.batch.kind == ZP_WRITE

    @property
    def nabsent(self):
        """Chunks read so far that did not exist."""
        return self.batch.nabsent

    @property
    def nbytes_stored(self):
        """Encoded bytes read or written so far."""
        return self.batch.nbytes_stored

    def name_keys(self, str prefix, str separator, str zero, str suffix=""):
        """Say how grid indexes become keys."""
        self.prefix = prefix.encode()
        self.zero = zero.encode()
        self.suffix = suffix.encode()
        self.separator = separator
        self.batch.keys.prefix = self.prefix
        self.batch.keys.zero = self.zero
        self.batch.keys.suffix = self.suffix
        self.batch.keys.separator = ord(separator)

    def use_shards(self, NativeShard shard):
        """Say that tasks are shards, and the chain that of the chunks inside."""
        self.shard = shard
        self.batch.shard = &shard.shard

    def use_cache(self, ChunkCache cache):
        """Keep decoded chunks of files, and take from the cache those that it has."""
        self.cache = cache
        self.batch.cache = cache.cache
        self.batch.chain_number = self.chain.number

    def use_texts(self, texts):
        """Have elements made by their owner, a `zarrpy._native.texts.Texts`."""
        self.texts = texts
        self.batch.texts = <zp_texts *>PyCapsule_GetPointer(texts.capsule, "zarrpy.zp_texts")

    def use_tally(self, Tally tally):
        """Count there what is done, and how long it takes."""
        self.tally = tally
        self.batch.tally = &tally.tally

    def use_watch(self, bytes document, bytes marker, state, look):
        """Ask before each file that is written; parameters as of `NativeWatch`."""
        self.watch = NativeWatch(document, marker, state, look)
        self.batch.watch = &self.watch.watch

    @property
    def watched(self):
        """Whether what `use_watch` asks for was asked, as it is not when nothing is written."""
        return self.watch is not None and self.watch.watch.asked != 0

    @property
    def index_range(self):
        """Where the index of a shard lies: offset, negative from the end, and length, or None."""
        return None if self.shard is None else self.shard.index_range

    def ranges(self, int64_t task, index):
        """Where in its shard a task of the window reads: offsets and lengths, ascending.

        Parameters
        ----------
        task : int
            Counted from the begin of the window.
        index : bytes-like
            Of the shard, as stored.

        Returns
        -------
        ndarray of int64, shape (n, 2)
        """
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
        cdef zp_worker *worker = current_worker()
        cdef const zp_place *places = NULL
        cdef Py_buffer view
        cdef int64_t n, i
        cdef int64_t[:, ::1] table
        if self.shard is None:
            raise TypeError("chunks that are stored one by one have no index")
        task += self.batch.first
        PyObject_GetBuffer(index, &view, PyBUF_SIMPLE)
        try:
            n = zp_shard_places(&self.batch, worker, task, view.buf, view.len, &places, &error)
        finally:
            PyBuffer_Release(&view)
        if n < 0:
            error.task = task
            raise self._failure(&error)
        result = empty((n, 2), "int64")
        table = result
        for i in range(n):
            table[i, 0] = places[i].offset
            table[i, 1] = places[i].nbytes
        return result

    def use_directory(self, Directory directory):
        """Read and write files of that directory, the whole plan at once."""
        self.directory = directory
        self.batch.directory = &directory.directory
        self.batch.first = self.batch.cursor = 0
        self.batch.last = self.plan.ntasks
        if self.noting:
            self._release_window()
            self._make_outcomes(self.plan.ntasks)

    def open_window(self, int64_t first, int64_t last):
        """Work on the tasks [first, last) with bytes in hand; forgets the window before."""
        if not 0 <= first <= last <= self.plan.ntasks:
            raise IndexError(f"window {first}:{last} of {self.plan.ntasks} tasks")
        self._note_absent()
        self._release_window()
        room = last - first
        self.stored = <zp_bytes *>calloc(room + 1, sizeof(zp_bytes))
        self._make_outcomes(room)
        if self.batch.kind == ZP_WRITE:
            self.encoded = <zp_bytes *>calloc(room + 1, sizeof(zp_bytes))
        if self.stored == NULL or (self.batch.kind == ZP_WRITE and self.encoded == NULL):
            raise MemoryError(f"no memory for {room} tasks")
        self.room = room
        self.batch.keep_empty = self.keep_empty
        self.batch.first = self.batch.cursor = first
        self.batch.last = last
        self.batch.stored = self.stored
        self.batch.encoded = self.encoded

    cdef int _make_outcomes(self, int64_t count) except -1:
        self.outcome = <uint8_t *>calloc(count + 1, 1)
        if self.outcome == NULL:
            raise MemoryError(f"no memory for the outcomes of {count} tasks")
        self.noutcomes = count
        self.batch.outcome = self.outcome
        return 0

    def note_absent(self):
        """Keep the numbers of the chunks that turn out not to exist, for `absent`."""
        self.noting = True
        self.noted = []

    def leave_absent(self):
        """Leave the places of chunks that do not exist as they are, and keep their numbers."""
        self.batch.leave_absent = True
        self.note_absent()

    cdef int _note_absent(self) except -1:
        cdef int64_t i
        if not self.noting:
            return 0
        for i in range(self.noutcomes):
            if self.outcome[i] == ZP_ABSENT:
                self.noted.append(self.batch.first + i)
                self.outcome[i] = 0
        return 0

    @property
    def absent(self):
        """Numbers of the tasks read so far whose chunk did not exist, if they are noted."""
        self._note_absent()
        return sorted(self.noted or ())

    def window_keys(self):
        """Keys of the window's tasks."""
        return self.keys(self.batch.first, self.batch.last)

    def keys(self, int64_t first, int64_t last):
        """Keys of the tasks [first, last)."""
        return self.plan.keys(self.prefix.decode(), self.separator, self.zero.decode(), first, last,
                              self.suffix.decode())

    def covered(self):
        """Whether each task of the window is written without reading it first."""
        return [self.plan.covered(task) for task in range(self.batch.first, self.batch.last)]

    def feed(self, list values):
        """Hand over the stored bytes of the window's tasks; None where the key does not exist."""
        cdef int64_t i
        cdef object value
        if len(values) != self.room or self.views != NULL:
            raise ValueError(f"{len(values)} values for {self.room} tasks, or fed before")
        self.buffers = list(values)  # whoever made the list may go on to change it
        pieces = sum([len(value[1]) for value in values if isinstance(value, tuple)])
        self.views = <Py_buffer *>calloc(self.room + pieces + 1, sizeof(Py_buffer))
        if self.views == NULL:
            raise MemoryError(f"no memory for {self.room} buffers")
        for i in range(self.room):
            value = values[i]
            if type(value) is bytes:
                self.stored[i] = zp_bytes(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))
            elif isinstance(value, tuple):
                self.stored[i] = self._view(value[0])
            elif value is not None:
                self.stored[i] = self._view(value)
        if self.shard is not None:
            self._feed_parts(values)

    cdef zp_bytes _view(self, value) except *:
        """Hold on to a buffer, up to the end of the window."""
        cdef Py_buffer *view = &self.views[self.nviews]
        PyObject_GetBuffer(value, view, PyBUF_SIMPLE)
        self.nviews += 1
        cdef zp_bytes held = zp_bytes(view.buf, view.len)
        if held.data == NULL:
            held.data = b""
        return held

    cdef int _feed_parts(self, list values) except -1:
        """Hand over the pieces of shards that were read in part: (index, [(offset, bytes)])."""
        cdef int64_t n = 0
        cdef zp_bytes piece
        pieces = sum([len(value[1]) for value in values if isinstance(value, tuple)])
        self.parts = <zp_parts *>calloc(self.room + 1, sizeof(zp_parts))
        self.segments = <zp_segment *>calloc(pieces + 1, sizeof(zp_segment))
        if self.parts == NULL or self.segments == NULL:
            raise MemoryError(f"no memory for {pieces} pieces")
        for i in range(self.room):
            self.parts[i] = zp_parts(&self.segments[n], -1)
            if not isinstance(values[i], tuple):
                continue
            self.parts[i].nsegments = len(values[i][1])
            for offset, data in values[i][1]:
                piece = self._view(data)
                self.segments[n] = zp_segment(offset, piece.data, piece.nbytes)
                n += 1
        self.batch.parts = self.parts
        return 0

    def share(self, int64_t nworkers):
        """Say how many will call `run`, so that they keep out of each other's way."""
        self.batch.nlanes = nworkers

    def run(self, bint alone=False):
        """Work until the window is empty. Safe to call from many threads at once.

        Parameters
        ----------
        alone : bool
            No other thread works on this batch: waiting for a lock can then be interrupted.
        """
        cdef zp_worker *worker = current_worker()
        cdef int status
        if alone:
            self.batch.nlanes = 1
        if alone and self.batch.kind == ZP_WRITE and self.batch.directory != NULL:
            self._run_alone(worker)
            return
        while True:
            with nogil:
                status = zp_batch_run_for(&self.batch, worker, _POLL_MS)
            if status != ZP_TIME_IS_UP:
                return
            PyErr_CheckSignals()  # which nobody sees to while the main thread works

    cdef int _run_alone(self, zp_worker *worker) except -1:
        """Begin a task that waits for its lock again and again, and see to signals between."""
        cdef int64_t patience = self.batch.lock_timeout_ms
        cdef int64_t waiting = -1
        cdef double end = 0
        self.batch.lock_timeout_ms = min(_POLL_MS, patience)
        try:
            while True:
                with nogil:
                    zp_batch_run(&self.batch, worker)
                if not self.batch.failed or self.batch.error.status != ZP_ERR_LOCK_TIMEOUT:
                    return 0
                if waiting != self.batch.error.task:
                    waiting = self.batch.error.task
                    end = monotonic() + (patience - _POLL_MS) / 1000.0
                if monotonic() >= end:
                    return 0
                PyErr_CheckSignals()
                self.batch.failed = 0
                self.batch.cursor = waiting
        finally:
            self.batch.lock_timeout_ms = patience

    def cancel(self):
        """Make all workers stop after the chunk in hand."""
        self.batch.cancel = 1

    def results(self, bint buffers=False):
        """Give the encoded bytes of the window's tasks; None where the chunk is to be deleted.

        With `buffers` they are not copied: each is a view of memory, which the batch has no more.
        """
        values = []
        for i in range(self.room):
            if self.encoded[i].data == NULL:
                values.append(None)
            elif buffers:
                values.append(memoryview(Encoded.of(&self.encoded[i])))
            else:
                values.append(PyBytes_FromStringAndSize(
                    <const char *>self.encoded[i].data, self.encoded[i].nbytes))
        return values

    def outcomes(self):
        """What became of each task of the window: DONE, ABSENT, DELETED or PENDING, as bytes."""
        if self.outcome == NULL:
            return b""
        return PyBytes_FromStringAndSize(<const char *>self.outcome, self.room)

    def check(self):
        """Raise the first error that any worker met, with its codec, chunk and key.

        A batch that was not finished is an error as well: part of `block` was never written.
        """
        if self.batch.failed and self.batch.error.status == ZP_ERR_STALE:
            raise self.watch.failure
        if self.batch.failed:
            raise self._failure(&self.batch.error)
        if self.batch.cursor < self.batch.last:
            raise unfinished(self.batch.last - self.batch.cursor)
        if self.batch.kind == ZP_WRITE and self.batch.durability and self.directory is not None:
            self.directory.sync_names(self.keys(0, self.plan.ntasks))  # their bytes last by now

    cdef object _failure(self, zp_error *error):
        """Make an exception of an error that names the chunk, inside its shard if it is in one."""
        failure = explain(error)
        codec = self.chain.names[failure.step] if failure.step >= 0 else "bytes"
        if failure.step == ZP_STEP_SHARD:
            codec = "sharding_indexed"
        chunk = self.plan.grid_index(error.task)
        if failure.position >= 0 and self.shard is not None:
            chunk = self.shard.chunk_index(chunk, failure.position)
        key = self.keys(error.task, error.task + 1)[0]
        return chunk_failure(failure, codec, chunk, key, self.writing)
