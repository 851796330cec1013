# cython: language_level=3, freethreading_compatible=True
"""Run codecs and whole batches of chunks in C, without the GIL.

This is the waist of zarrpy: above it are names, below it are pointers.  A `Batch` holds a
reference to everything that the C side points into, for as long as it lives.
"""

import os
from _thread import _local

from cpython.buffer cimport (
    PyBUF_SIMPLE,
    PyBUF_STRIDED_RO,
    PyBUF_STRIDED,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from zarrpy._native.core cimport (
    ZP_ABSENT,
    ZP_DELETED,
    ZP_DONE,
    ZP_ERR_SIZE,
    ZP_MAX_NDIM,
    ZP_MAX_STEPS,
    ZP_READ,
    ZP_SLOT_PING,
    ZP_WRITE,
    zp_batch,
    zp_batch_run,
    zp_bytes,
    zp_chain,
    zp_codec,
    zp_codec_find,
    zp_cpu_features,
    zp_directory,
    zp_error,
    zp_file_read,
    zp_free,
    zp_library_version,
    zp_lock,
    zp_lock_commit,
    zp_lock_delete,
    zp_lock_drop,
    zp_lock_take,
    zp_step,
    zp_strerror,
    zp_worker,
    zp_worker_detail,
    zp_worker_explain,
    zp_worker_free,
    zp_worker_new,
    zp_worker_scratch,
)
from zarrpy._native.plan cimport ChunkPlan

from zarrpy._native.failure import Failure, chunk_failure, file_failure, step_failure

CAPSULE = b"zarrpy.zp_codec.v1"
LIBRARIES = ("zstd", "lz4", "blosclz", "zlib-ng", "libdeflate", "zfp", "shuffle")

#: What became of a task; see `Batch.outcomes`.
PENDING, DONE, ABSENT, DELETED = 0, ZP_DONE, ZP_ABSENT, ZP_DELETED

cdef object _threads = _local()


cdef class _Worker:
    """Scratch memory and codec contexts of one thread."""

    cdef zp_worker *worker

    def __cinit__(self):
        self.worker = zp_worker_new()
        if self.worker == NULL:
            raise MemoryError("no memory for a worker")

    def __dealloc__(self):
        if self.worker != NULL:
            zp_worker_free(self.worker)


cdef zp_worker *current_worker() except NULL:
    """The calling thread's worker, made on first use."""
    try:
        worker = _threads.worker
    except AttributeError:
        worker = _threads.worker = _Worker()
    return (<_Worker>worker).worker


def release_worker():
    """Free the calling thread's scratch memory and codec contexts."""
    _threads.__dict__.pop("worker", None)


def library_versions():
    """Versions of the linked C libraries, by name; those not linked are left out."""
    found = {}
    for name in LIBRARIES:
        version = zp_library_version(name.encode())
        if version != NULL:
            found[name] = version.decode()
    return found


def cpu_features():
    """Return the SIMD features in use, comma-separated."""
    return zp_cpu_features().decode()


def find_codec(str name):
    """Whether a codec of that name is built in."""
    return zp_codec_find(name.encode()) != NULL


# ------------------------------------------------------------------------------ single steps


cdef object explain(zp_error *error):
    """Copy an error of the engine into Python."""
    return Failure(
        status=error.status,
        reason=zp_strerror(error.status).decode(),
        detail=None if error.detail == NULL else error.detail.decode(),
        step=error.step,
        expected=error.expected,
        actual=error.actual,
        os_error=error.os_error,
    )


cdef int fill_step(zp_step *native, object step) except -1:
    """Translate a `zarrpy.codecs.base.Step`."""
    memset(native, 0, sizeof(zp_step))
    if isinstance(step.codec, str):
        native.codec = zp_codec_find(step.codec.encode())
        if native.codec == NULL:
            raise LookupError(f"no native codec {step.codec!r} in this build")
    else:
        native.codec = <const zp_codec *>PyCapsule_GetPointer(step.codec, CAPSULE)
    native.level = step.level
    native.itemsize = step.itemsize
    native.shuffle = step.shuffle
    native.compressor = step.compressor
    native.checksum = step.checksum
    native.at_start = step.at_start
    native.split = step.split
    native.variant = step.variant
    native.blocksize = step.blocksize
    return 0


cdef object run_step(zp_step *step, const void *source, Py_ssize_t nbytes, int64_t room,
                     bint decoding):
    """Run one step; a bytes object, or None when `room` was too small."""
    cdef zp_worker *worker = current_worker()
    cdef int64_t n
    cdef void *scratch
    with nogil:
        scratch = zp_worker_scratch(worker, ZP_SLOT_PING, room)
        if scratch != NULL:
            zp_worker_explain(worker, NULL)
            if decoding:
                n = step.codec.decode(step, worker, source, nbytes, scratch, room)
            else:
                n = step.codec.encode(step, worker, source, nbytes, scratch, room)
    if scratch == NULL:
        raise MemoryError(f"no memory for {room} bytes")
    if n >= 0:
        return PyBytes_FromStringAndSize(<char *>scratch, n)
    if n == ZP_ERR_SIZE and decoding:
        return None
    detail = zp_worker_detail(worker)
    raise step_failure(
        Failure(
            status=n,
            reason=zp_strerror(<int>n).decode(),
            detail=None if detail == NULL else detail.decode(),
        ),
        step.codec.name.decode(),
        "decode" if decoding else "encode",
    )


def encode_step(step, data):
    """Encode bytes by one native step.

    Parameters
    ----------
    step : Step
        The codec and its parameters.
    data : bytes-like
        Contiguous.

    Returns
    -------
    bytes
    """
    cdef zp_step native
    cdef Py_buffer view
    fill_step(&native, step)
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        room = native.codec.bound(&native, view.len)
        if room < 0:
            failure = Failure(status=room, reason=zp_strerror(<int>room).decode())
            raise step_failure(failure, native.codec.name.decode(), "encode")
        return run_step(&native, view.buf, view.len, room, False)
    finally:
        PyBuffer_Release(&view)


def decode_step(step, data, nbytes=None, int64_t limit=1 << 31):
    """Decode bytes by one native step.

    Parameters
    ----------
    step : Step
        The codec and its parameters.
    data : bytes-like
        Contiguous.
    nbytes : int, optional
        The most bytes that may come out. Without it the output may grow up to `limit`.
    limit : int
        See `nbytes`.

    Returns
    -------
    bytes
    """
    cdef zp_step native
    cdef Py_buffer view
    fill_step(&native, step)
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        room = min(4 * view.len + 4096, limit) if nbytes is None else nbytes
        while True:
            decoded = run_step(&native, view.buf, view.len, room, True)
            if decoded is not None:
                return decoded
            if nbytes is not None or room >= limit:
                failure = Failure(
                    status=ZP_ERR_SIZE,
                    reason=zp_strerror(ZP_ERR_SIZE).decode(),
                    expected=room,
                )
                raise step_failure(failure, native.codec.name.decode(), "decode")
            room = min(4 * room, limit)
    finally:
        PyBuffer_Release(&view)


# ------------------------------------------------------------------------------------- files


cdef class Directory:
    """An open directory below which keys are files.

    Parameters
    ----------
    path : str
        The directory; it must exist.

    Raises
    ------
    OSError
        When it cannot be opened.
    """

    cdef zp_directory directory
    cdef bytes name

    def __cinit__(self, str path):
        self.name = os.fsencode(path)
        self.directory.fd = -1
        self.directory.path = self.name
        if hasattr(os, "O_DIRECTORY"):
            self.directory.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        elif not os.path.isdir(path):
            raise FileNotFoundError(2, "no such directory", path)

    def __dealloc__(self):
        if self.directory.fd >= 0:
            os.close(self.directory.fd)

    def read(self, str key, int64_t offset=0, int64_t length=-1):
        """Read a key; None when it does not exist.

        Parameters
        ----------
        key : str
            Relative path with "/".
        offset : int
            First byte; negative counts from the end.
        length : int
            Number of bytes; -1 reads to the end.

        Returns
        -------
        bytes or None
        """
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL)
        cdef zp_worker *worker = current_worker()
        cdef bytes encoded = os.fsencode(key)
        cdef const char *name = encoded
        cdef const void *data = NULL
        cdef int found = 1
        cdef int64_t n
        with nogil:
            n = zp_file_read(&self.directory, name, offset, length, worker, NULL, 0, &data,
                             &found, &error)
        if n < 0:
            raise file_failure(explain(&error), key, "get")
        if not found:
            return None
        return PyBytes_FromStringAndSize(<const char *>data, n)

    def write(self, str key, data, bint durable=False, int64_t timeout_ms=60_000):
        """Replace the value of a key, all at once."""
        with self.lock(key, timeout_ms) as lock:
            lock.commit(data, durable)

    def delete(self, str key, bint durable=False, int64_t timeout_ms=60_000):
        """Delete a key under its lock; one that does not exist is no error."""
        with self.lock(key, timeout_ms) as lock:
            lock.delete(durable)

    def lock(self, str key, int64_t timeout_ms=60_000):
        """Take the lock of a key; a context manager with `commit` and `delete`."""
        return KeyLock(self, key, timeout_ms)


cdef class KeyLock:
    """The lock of one key of a directory, held until it is used or left.

    Parameters
    ----------
    directory : Directory
    key : str
    timeout_ms : int
        How long to wait for another writer.
    """

    cdef Directory directory
    cdef str key
    cdef bytes name
    cdef zp_lock lock

    def __cinit__(self, Directory directory, str key, int64_t timeout_ms):
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL)
        cdef int status
        self.lock.fd = -1
        self.directory = directory
        self.key = key
        self.name = os.fsencode(key)
        cdef const char *name = self.name
        with nogil:
            status = zp_lock_take(&directory.directory, name, timeout_ms, NULL, &self.lock, &error)
        if status < 0:
            self.lock.fd = -1
            raise file_failure(explain(&error), key, "lock")

    def commit(self, data, bint durable=False):
        """Replace the value and let go of the lock."""
        cdef Py_buffer view
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL)
        cdef const char *name = self.name
        cdef int status
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with nogil:
                status = zp_lock_commit(&self.directory.directory, name, &self.lock, view.buf,
                                        view.len, durable, &error)
        finally:
            PyBuffer_Release(&view)
        if status < 0:
            raise file_failure(explain(&error), self.key, "set")

    def delete(self, bint durable=False):
        """Delete the key and let go of the lock."""
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL)
        cdef const char *name = self.name
        cdef int status
        with nogil:
            status = zp_lock_delete(&self.directory.directory, name, &self.lock, durable, &error)
        if status < 0:
            raise file_failure(explain(&error), self.key, "delete")

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        zp_lock_drop(&self.directory.directory, &self.lock)

    def __dealloc__(self):
        if self.directory is not None:
            zp_lock_drop(&self.directory.directory, &self.lock)


# ------------------------------------------------------------------------------------ chains


cdef class NativeChain:
    """A codec chain that C can run, bound to one element size and axis order.

    Parameters
    ----------
    steps : sequence of Step
        In the order of encoding.
    itemsize : int
        Bytes per element.
    order : sequence of int
        Stored axis i is axis ``order[i]`` of the array.
    swap : int
        Bytes to reverse together in each element (2, 4 or 8), or 0.
    """

    cdef zp_chain chain
    cdef zp_step steps[64]
    cdef tuple keep_alive
    cdef readonly tuple names

    def __cinit__(self, steps, int itemsize, order, int swap):
        self.keep_alive = tuple(steps)
        if len(self.keep_alive) > ZP_MAX_STEPS:
            raise ValueError(f"a chain has at most {ZP_MAX_STEPS} steps")
        if len(order) > ZP_MAX_NDIM or sorted(order) != list(range(len(order))):
            raise ValueError(f"not an order of axes: {order}")
        for i, step in enumerate(self.keep_alive):
            fill_step(&self.steps[i], step)
        self.names = tuple([self.steps[i].codec.name.decode() for i in range(len(self.keep_alive))])
        self.chain.steps = self.steps
        self.chain.nsteps = len(self.keep_alive)
        self.chain.ndim = len(order)
        self.chain.itemsize = itemsize
        self.chain.swap = swap
        for i, axis in enumerate(order):
            self.chain.order[i] = axis

    def bound(self, int64_t nbytes):
        """Return the most bytes that a chunk of `nbytes` can be stored in."""
        for i in range(self.chain.nsteps):
            nbytes = self.steps[i].codec.bound(&self.steps[i], nbytes)
            if nbytes < 0:
                failure = Failure(status=nbytes, reason=zp_strerror(<int>nbytes).decode())
                raise step_failure(failure, self.names[i], "encode")
        return nbytes


# ----------------------------------------------------------------------------------- batches


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
    """

    cdef zp_batch batch
    cdef ChunkPlan plan
    cdef NativeChain chain
    cdef Directory directory
    cdef Py_buffer block
    cdef bint has_block
    cdef bytes fill, stored_fill, prefix, zero
    cdef str separator
    cdef list buffers
    cdef Py_buffer *views
    cdef int64_t nviews, room
    cdef zp_bytes *stored
    cdef zp_bytes *encoded
    cdef uint8_t *outcome

    native = True

    def __cinit__(self, ChunkPlan plan, NativeChain chain, block, bytes fill, bytes stored_fill,
                  bint writing=False, bint keep_empty=False, bint durable=False,
                  int64_t timeout_ms=60_000):
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
        self.batch.keep_empty = keep_empty
        self.batch.durability = durable
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
            if axis.npieces:
                end = axis.pieces[axis.npieces - 1].out + axis.pieces[axis.npieces - 1].count
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
        free(self.outcome)
        self.views = NULL
        self.stored = NULL
        self.encoded = NULL
        self.outcome = NULL
        self.nviews = self.room = 0
        self.buffers = None

    @property
    def ntasks(self):
        """Number of chunks of the plan."""
        return self.plan.ntasks

    @property
    def nbytes(self):
        """Bytes of the block: what is read or written, decoded."""
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

    def name_keys(self, str prefix, str separator, str zero):
        """Say how grid indexes become keys."""
        self.prefix = prefix.encode()
        self.zero = zero.encode()
        self.separator = separator
        self.batch.keys.prefix = self.prefix
        self.batch.keys.zero = self.zero
        self.batch.keys.separator = ord(separator)

    def use_directory(self, Directory directory):
        """Read and write files of that directory, the whole plan at once."""
        self.directory = directory
        self.batch.directory = &directory.directory
        self.batch.first = self.batch.cursor = 0
        self.batch.last = self.plan.ntasks

    def open_window(self, int64_t first, int64_t last):
        """Work on the tasks [first, last) with bytes in hand; forgets the window before."""
        if not 0 <= first <= last <= self.plan.ntasks:
            raise IndexError(f"window {first}:{last} of {self.plan.ntasks} tasks")
        self._release_window()
        room = last - first
        self.stored = <zp_bytes *>calloc(room + 1, sizeof(zp_bytes))
        self.outcome = <uint8_t *>calloc(room + 1, 1)
        if self.batch.kind == ZP_WRITE:
            self.encoded = <zp_bytes *>calloc(room + 1, sizeof(zp_bytes))
        if self.stored == NULL or self.outcome == NULL or (
                self.batch.kind == ZP_WRITE and self.encoded == NULL):
            raise MemoryError(f"no memory for {room} tasks")
        self.room = room
        self.batch.first = self.batch.cursor = first
        self.batch.last = last
        self.batch.stored = self.stored
        self.batch.encoded = self.encoded
        self.batch.outcome = self.outcome

    def window_keys(self):
        """Keys of the window's tasks."""
        return self.plan.keys(self.prefix.decode(), self.separator, self.zero.decode(),
                              self.batch.first, self.batch.last)

    def covered(self):
        """Whether each task of the window is written without reading it first."""
        return [self.plan.covered(task) for task in range(self.batch.first, self.batch.last)]

    def feed(self, list values):
        """Hand over the stored bytes of the window's tasks; None where the key does not exist."""
        cdef int64_t i
        cdef object value
        if len(values) != self.room:
            raise ValueError(f"{len(values)} values for {self.room} tasks")
        self.buffers = values
        self.views = <Py_buffer *>calloc(self.room + 1, sizeof(Py_buffer))
        if self.views == NULL:
            raise MemoryError(f"no memory for {self.room} buffers")
        for i in range(self.room):
            value = values[i]
            if value is None:
                continue
            if type(value) is bytes:
                self.stored[i] = zp_bytes(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))
                continue
            PyObject_GetBuffer(value, &self.views[self.nviews], PyBUF_SIMPLE)
            self.stored[i] = zp_bytes(self.views[self.nviews].buf, self.views[self.nviews].len)
            self.nviews += 1
            if self.stored[i].data == NULL:
                self.stored[i].data = b""

    def run(self):
        """Work until the window is empty. Safe to call from many threads at once."""
        cdef zp_worker *worker = current_worker()
        with nogil:
            zp_batch_run(&self.batch, worker)

    def cancel(self):
        """Make all workers stop after the chunk in hand."""
        self.batch.cancel = 1

    def results(self):
        """Give the encoded bytes of the window's tasks; None where the chunk is to be deleted."""
        values = []
        for i in range(self.room):
            if self.encoded[i].data == NULL:
                values.append(None)
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
        """Raise the first error that any worker met, with its codec, chunk and key."""
        if not self.batch.failed:
            return
        failure = explain(&self.batch.error)
        codec = self.chain.names[failure.step] if failure.step >= 0 else "bytes"
        task = self.batch.error.task
        key = self.plan.keys(self.prefix.decode(), self.separator, self.zero.decode(), task,
                             task + 1)[0]
        raise chunk_failure(failure, codec, self.plan.grid_index(task), key, self.writing)
