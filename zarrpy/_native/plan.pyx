# cython: language_level=3, freethreading_compatible=True
"""Map a selection to the chunks that it touches.

On each axis a selection is ``start, start + step, ...``, ``count`` elements in all, and the chunk
grid is a row of intervals.  A *piece* is one interval with its share of the selection.  The chunks
of a selection are the product of the axes' pieces, so the plan keeps one short table an axis and
never a row a chunk.
"""

from bisect import bisect_right
from itertools import accumulate

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from zarrpy._native.core cimport (
    ZP_MAX_KEY,
    ZP_MAX_NDIM,
    zp_axis,
    zp_key_format,
    zp_keys,
    zp_ntasks,
    zp_piece,
    zp_task_pieces,
)


cdef int64_t most_pieces(object spacing, int64_t length, int64_t start, int64_t count,
                         int64_t step) except -1:
    """Upper bound of the number of pieces on one axis."""
    if count == 0:
        return 0
    if isinstance(spacing, int):
        return min(count, (start + (count - 1) * step) // <int64_t>spacing
                   - start // <int64_t>spacing + 1)
    return min(count, len(spacing))


cdef int64_t cut_regular(zp_piece *pieces, int64_t size, int64_t length, int64_t start,
                         int64_t count, int64_t step) noexcept:
    """Pieces of an axis whose chunks all have one size."""
    cdef int64_t n = 0, done = 0, chunk, inside, first, here
    while done < count:
        chunk = start // size
        first = start - chunk * size
        inside = min(size, length - chunk * size)
        here = min(count - done, (inside - 1 - first) // step + 1)
        pieces[n] = zp_piece(chunk, size, inside, first, here, done)
        n += 1
        done += here
        start += here * step
    return n


cdef int64_t cut_irregular(zp_piece *pieces, tuple extents, int64_t length, int64_t start,
                           int64_t count, int64_t step) except -1:
    """Pieces of an axis whose chunks have sizes of their own."""
    cdef int64_t n = 0, done = 0, chunk, extent, inside, first, here
    cdef list ends = list(accumulate(extents))
    while done < count:
        chunk = bisect_right(ends, start)
        extent = <int64_t>extents[chunk]
        first = start - (<int64_t>ends[chunk] - extent)
        inside = min(extent, length - (<int64_t>ends[chunk] - extent))
        here = min(count - done, (inside - 1 - first) // step + 1)
        pieces[n] = zp_piece(chunk, extent, inside, first, here, done)
        n += 1
        done += here
        start += here * step
    return n


cdef class ChunkPlan:
    """The chunks of a selection, and which part of each it takes.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array, in elements.
    spacing : tuple of (int or tuple of int)
        Chunk grid an axis: one size for all chunks, or the size of each.
    start, count, step : sequence of int
        The selection an axis: ``count`` elements from ``start``, ``step`` (at least 1) apart, all
        inside the array.
    """

    def __cinit__(self, tuple shape, tuple spacing, start, count, step):
        cdef int64_t room = 0, used = 0
        self.ndim = len(shape)
        if self.ndim > ZP_MAX_NDIM:
            raise ValueError(f"an array has at most {ZP_MAX_NDIM} dimensions, not {self.ndim}")
        for axis in range(self.ndim):
            room += most_pieces(spacing[axis], shape[axis], start[axis], count[axis], step[axis])
        self.axes = <zp_axis *>malloc((self.ndim + 1) * sizeof(zp_axis))
        self.table = <zp_piece *>malloc((room + 1) * sizeof(zp_piece))
        if self.axes == NULL or self.table == NULL:
            raise MemoryError(f"no memory for a plan of {room} pieces")
        for axis in range(self.ndim):
            pieces = self.table + used
            if isinstance(spacing[axis], int):
                n = cut_regular(pieces, spacing[axis], shape[axis], start[axis], count[axis],
                                step[axis])
            else:
                n = cut_irregular(pieces, spacing[axis], shape[axis], start[axis], count[axis],
                                  step[axis])
            self.add_axis(axis, pieces, n, step[axis])
            used += n
        self.ntasks = zp_ntasks(self.ndim, self.axes)
        if self.ntasks < 0:
            raise OverflowError("the selection touches more than 2**63 chunks")

    def __dealloc__(self):
        free(self.axes)
        free(self.table)

    cdef void add_axis(self, int axis, zp_piece *pieces, int64_t npieces, int64_t step) noexcept:
        self.axes[axis] = zp_axis(pieces, npieces, step)

    def __len__(self):
        return self.ntasks

    def pieces(self, int64_t task):
        """Describe one chunk: a tuple an axis, (chunk, extent, inside, start, count, out)."""
        cdef const zp_piece *found[64]
        self._check(task)
        zp_task_pieces(self.ndim, self.axes, task, found)
        return tuple([
            (found[i].chunk, found[i].extent, found[i].inside, found[i].start, found[i].count,
             found[i].out)
            for i in range(self.ndim)
        ])

    def grid_index(self, int64_t task):
        """Grid index of one chunk."""
        return tuple([piece[0] for piece in self.pieces(task)])

    def step(self, int axis):
        """Distance of selected elements along an axis."""
        if not 0 <= axis < self.ndim:
            raise IndexError(f"axis {axis} of {self.ndim}")
        return self.axes[axis].step

    def covered(self, int64_t task):
        """Whether the selection takes every element of a chunk that lies inside the array."""
        return all([piece[4] == piece[2] for piece in self.pieces(task)])

    def keys(self, str prefix, str separator, str zero, int64_t first=0, last=None):
        """Keys of the chunks [first, last), as a list of str."""
        cdef const zp_piece *found[64]
        cdef int64_t grid_index[64]
        cdef char key[ZP_MAX_KEY]
        cdef bytes head = prefix.encode(), whole = zero.encode(), mark = separator.encode()
        cdef zp_keys names = zp_keys(head, whole, mark[0])
        cdef int64_t task, end = self.ntasks if last is None else last
        cdef list keys = []
        for task in range(first, end):
            self._check(task)
            zp_task_pieces(self.ndim, self.axes, task, found)
            for i in range(self.ndim):
                grid_index[i] = found[i].chunk
            length = zp_key_format(&names, self.ndim, grid_index, key)
            if length < 0:
                raise ValueError(f"key too long: {prefix!r} and {self.ndim} numbers")
            keys.append(key[:length].decode())
        return keys

    cdef int _check(self, int64_t task) except -1:
        if not 0 <= task < self.ntasks:
            raise IndexError(f"task {task} of {self.ntasks}")
        return 0
