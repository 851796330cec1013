# cython: language_level=3, freethreading_compatible=True
"""Read chunks of files and fold them one after the other, without Python between them.

Each block is read into the same memory, which stays in the nearest cache, and goes to a `Fold`
from there.  `zarrpy.reductions` does the same block by block, in every store.
"""

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t

from zarrpy._native.batch cimport Batch
from zarrpy._native.core cimport (
    ZP_TIME_IS_UP,
    zp_batch_run,
    zp_now_ms,
    zp_piece,
    zp_task_pieces,
    zp_worker,
)
from zarrpy._native.reduce cimport Fold
from zarrpy._native.steps cimport current_worker
from zarrpy._native.strips cimport fold_strips, has_strips

from numpy import asarray

# How long the engine works until Python looks whether the user has had enough.
cdef int64_t _POLL_MS = 50


cdef class FoldedBatch(Batch):
    """Chunks in a row, which are read one after the other and folded; by one thread.

    Parameters are those of `Batch`; the block only has the shape of what is selected.
    """

    cdef Fold fold
    cdef char *room
    cdef object held
    cdef int axis
    cdef int64_t each, next_task, room_nbytes
    cdef int64_t count[64]
    cdef int64_t steps[64]
    cdef readonly int64_t nfolded
    cdef readonly list absent_blocks

    def fold_with(self, Fold fold, room, int axis, int64_t each):
        """Say what becomes of the chunks.

        Parameters
        ----------
        fold : Fold
        room : ndarray of one axis, C-contiguous
            Memory for a block.
        axis : int
            Along which the chunks follow each other; on the others there is one.
        each : int
            So many chunks are a block; the last may have fewer.
        """
        cdef const unsigned char[::1] memory = asarray(room).view("u1")
        cdef int64_t n = 0, i
        if self.plan.npoints[axis] or fold.ndim != self.plan.ndim:
            raise ValueError("chunks that are folded are those of a box")
        for i in range(self.plan.ntasks):
            self._measure(i, min(i + each, self.plan.ntasks))
            n = max(n, self._elements())
        if n * self.block.itemsize > len(memory):
            raise ValueError(f"a block of {n} elements does not fit into {len(memory)} bytes")
        self.fold = fold
        self.held = room
        self.room = <char *>&memory[0]
        self.room_nbytes = len(memory)
        self.axis = axis
        self.each = each
        self.absent_blocks = []

    cdef void _measure(self, int64_t first, int64_t last) noexcept nogil:
        """Tell how many elements an axis a block of such tasks has."""
        cdef zp_piece pieces[64]
        cdef int64_t task
        cdef int i
        for task in range(first, last):
            zp_task_pieces(self.plan.ndim, self.plan.axes, task, pieces)
            if task == first:
                for i in range(self.plan.ndim):
                    self.count[i] = pieces[i].count
                    self.steps[i] = pieces[i].out
            else:
                self.count[self.axis] += pieces[self.axis].count

    cdef int64_t _elements(self) noexcept nogil:
        cdef int64_t n = 1
        for i in range(self.plan.ndim):
            n *= self.count[i]
        return n

    cdef void _aim(self, int64_t first, int64_t last) noexcept nogil:
        """Let the tasks of a block land in the room, where it lies in C order."""
        cdef int64_t nbytes = self.block.itemsize
        cdef int i
        self._measure(first, last)
        self.batch.block = self.room
        for i in range(self.plan.ndim - 1, -1, -1):
            self.batch.block -= self.steps[i] * nbytes  # where the selection's origin would be
            self.steps[i] = nbytes
            nbytes *= self.count[i]
        self.batch.strides = self.steps
        self.batch.first = self.batch.cursor = first
        self.batch.last = last
        self.batch.outcome = self.outcome + first if self.outcome != NULL else NULL

    def run(self, bint alone=False):
        """Read and fold block after block; of bytes in hand, only read.

        Parameters
        ----------
        alone : bool
            As it always is.
        """
        if self.batch.directory == NULL:
            Batch.run(self, alone)
            return
        cdef zp_worker *worker = current_worker()
        cdef int status
        self.batch.nlanes = 1
        self.batch.stream = 0  # blocks stay in the cache
        try:
            while True:
                with nogil:
                    status = self._fold_blocks(worker, zp_now_ms() + _POLL_MS)
                if status != ZP_TIME_IS_UP:
                    return
                PyErr_CheckSignals()
        finally:
            self.batch.first = 0
            self.batch.last = self.plan.ntasks
            self.batch.cursor = self.next_task
            self.batch.outcome = self.outcome

    cdef int _fold_blocks(self, zp_worker *worker, int64_t deadline) noexcept nogil:
        """Go on until all is done, something fails or time is up."""
        cdef int64_t last, absent, folded = 0
        cdef bint strips = has_strips(&self.batch, self.fold) != 0
        while self.next_task < self.plan.ntasks:
            if strips:
                self.batch.last = self.plan.ntasks
                folded = fold_strips(&self.batch, self.fold, self.room, self.room_nbytes,
                                     self.next_task)
            if self.batch.failed:
                return 0
            if folded:
                self.nfolded += folded
                self.next_task += folded
                if zp_now_ms() >= deadline:
                    return ZP_TIME_IS_UP
                continue
            last = min(self.next_task + self.each, self.plan.ntasks)
            absent = self._read(worker, last)
            if self.batch.failed or self.batch.cancel:
                return 0
            if absent == last - self.next_task:
                with gil:
                    self.absent_blocks.append((self.next_task, last))
            else:
                self.fold.take(self.room, self.count)
                self.nfolded += last - self.next_task
            self.next_task = last
            if zp_now_ms() >= deadline:
                return ZP_TIME_IS_UP
        return 0

    cdef int64_t _read(self, zp_worker *worker, int64_t last) noexcept nogil:
        """Read a block; tell how many of its chunks are absent."""
        cdef int64_t before = self.batch.nabsent, absent
        self._aim(self.next_task, last)
        zp_batch_run(&self.batch, worker)
        absent = self.batch.nabsent - before
        if 0 < absent < last - self.next_task and not self.batch.failed:
            self._aim(self.next_task, last)
            self.batch.leave_absent = 0  # the others are there: these are the fill value
            zp_batch_run(&self.batch, worker)
            self.batch.leave_absent = 1
            self.batch.nabsent = before + absent
        return absent
