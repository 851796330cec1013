# cython: language_level=3, freethreading_compatible=True
"""Run single codecs in C, and bind them to chains.

Every thread has a worker: scratch memory and codec contexts that are made once and kept.
"""

import atexit
from _thread import _local
from itertools import count

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t
from libc.string cimport memset

from zarrpy._native.core cimport (
    ZP_ERR_SIZE,
    ZP_EXACT,
    ZP_MAX_NDIM,
    ZP_MAX_STEPS,
    ZP_SLOT_PING,
    zp_chain_has_parts,
    zp_codec,
    zp_codec_find,
    zp_cpu_features,
    zp_error,
    zp_library_version,
    zp_step,
    zp_strerror,
    zp_worker,
    zp_worker_detail,
    zp_worker_explain,
    zp_worker_free,
    zp_worker_new,
    zp_worker_numbers,
    zp_worker_scratch,
)

from zarrpy._native.failure import Failure, over_limit, step_failure

CAPSULE = b"zarrpy.zp_codec.v1"
LIBRARIES = ("zstd", "lz4", "blosclz", "zlib-ng", "libdeflate", "zfp", "shuffle")

cdef object _threads = _local()
cdef bint _ending = False


def _begin_to_end():
    global _ending
    _ending = True


# An interpreter that ends takes away what belongs to a thread, also from one that is at work in C.
atexit.register(_begin_to_end)


cdef class _Worker:
    """Scratch memory and codec contexts of one thread."""

    cdef zp_worker *worker

    def __cinit__(self):
        self.worker = zp_worker_new()
        if self.worker == NULL:
            raise MemoryError("no memory for a worker")

    def __dealloc__(self):
        if self.worker != NULL and not _ending:
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
        position=error.position,
        offset=error.offset,
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
    if step.aux:
        native.aux = PyBytes_AS_STRING(step.aux)  # the step lives longer than its native form
    return 0


cdef object run_step(zp_step *step, const void *source, Py_ssize_t nbytes, int64_t room,
                     bint decoding, bint exact):
    """Run one step; a bytes object, or None when `room` was too small.

    Where `room` is likely the size of the result (`exact`), it is made in place.
    """
    cdef zp_worker *worker = current_worker()
    cdef int64_t n, expected = -1, actual = -1
    cdef void *target
    result = PyBytes_FromStringAndSize(NULL, room) if exact else None
    if exact:
        target = PyBytes_AS_STRING(result)
    else:
        target = zp_worker_scratch(worker, ZP_SLOT_PING, room)
        if target == NULL:
            raise MemoryError(f"no memory for {room} bytes")
    with nogil:
        zp_worker_explain(worker, NULL)
        if decoding:
            n = step.codec.decode(step, worker, source, nbytes, target, room)
        else:
            n = step.codec.encode(step, worker, source, nbytes, target, room)
    if n >= 0:
        return result if exact and n == room else PyBytes_FromStringAndSize(<char *>target, n)
    if n == ZP_ERR_SIZE and decoding:
        return None
    detail = zp_worker_detail(worker)
    zp_worker_numbers(worker, &expected, &actual)
    raise step_failure(
        Failure(
            status=n,
            reason=zp_strerror(<int>n).decode(),
            detail=None if detail == NULL else detail.decode(),
            expected=expected,
            actual=actual,
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
        exact = native.codec.flags & ZP_EXACT
        return run_step(&native, view.buf, view.len, room, False, exact)
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
            decoded = run_step(&native, view.buf, view.len, room, True, nbytes is not None)
            if decoded is not None:
                return decoded
            if nbytes is None and room >= limit:
                raise over_limit(limit).fill(codec=native.codec.name.decode())
            if nbytes is not None:
                failure = Failure(
                    status=ZP_ERR_SIZE,
                    reason=zp_strerror(ZP_ERR_SIZE).decode(),
                    expected=room,
                )
                raise step_failure(failure, native.codec.name.decode(), "decode")
            room = min(4 * room, limit)
    finally:
        PyBuffer_Release(&view)


_numbers = count(1)


# How many times as long as codecs about as fast as memory these take to decode.
cdef dict TOIL = {"gzip": 6, "zlib": 6, "zstd": 4, "zfp": 6}


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
    limit : int
        The most bytes that may come out between two steps of decoding; with 0 no more than
        our own encoders would have made.
    """

    def __cinit__(self, steps, int itemsize, order, int swap, int64_t limit=0):
        self.keep_alive = tuple(steps)
        if len(self.keep_alive) > ZP_MAX_STEPS:
            raise ValueError(f"a chain has at most {ZP_MAX_STEPS} steps")
        if len(order) > ZP_MAX_NDIM or sorted(order) != list(range(len(order))):
            raise ValueError(f"not an order of axes: {order}")
        for i, step in enumerate(self.keep_alive):
            fill_step(&self.steps[i], step)
        self.names = tuple([self.steps[i].codec.name.decode() for i in range(len(self.keep_alive))])
        self.toil = max([TOIL.get(name, 1) for name in self.names], default=1)
        self.chain.steps = self.steps
        self.chain.nsteps = len(self.keep_alive)
        self.chain.ndim = len(order)
        self.chain.itemsize = itemsize
        self.chain.swap = swap
        self.chain.limit = limit
        self.number = next(_numbers)
        for i, axis in enumerate(order):
            self.chain.order[i] = axis

    @property
    def swap(self):
        """Bytes that are reversed together while elements are copied, or 0."""
        return self.chain.swap

    @property
    def has_parts(self):
        """Whether a part of a chunk can be decoded without the rest."""
        return bool(zp_chain_has_parts(&self.chain))

    def bound(self, int64_t nbytes):
        """Return the most bytes that a chunk of `nbytes` can be stored in."""
        for i in range(self.chain.nsteps):
            nbytes = self.steps[i].codec.bound(&self.steps[i], nbytes)
            if nbytes < 0:
                failure = Failure(status=nbytes, reason=zp_strerror(<int>nbytes).decode())
                raise step_failure(failure, self.names[i], "encode")
        return nbytes
