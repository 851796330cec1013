# cython: language_level=3, freethreading_compatible=True
"""Map a selection to the chunks that it touches.

On each axis a selection is ``start, start + step, ...``, ``count`` elements in all, and the chunk
grid is a row of intervals.  A *piece* is one interval with its share of the selection.  The chunks
of a selection are the product of the axes' pieces, and a piece is computed from the *stretch* of
equal chunks that it lies in.  So a plan has one row for each stretch of an axis, never one for
each chunk: of a regular grid that is one row an axis.

Elements that are named one by one come in groups: the axes of a group share their points, and the
chunks that hold some of them count as the pieces of the group's first axis.
"""

from bisect import bisect_right

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from zarrpy._native.core cimport (
    ZP_MAX_KEY,
    ZP_MAX_NDIM,
    zp_axis,
    zp_axis_piece,
    zp_axis_regular,
    zp_key_format,
    zp_keys,
    zp_ntasks,
    zp_piece,
    zp_points,
    zp_stretch,
    zp_stretch_npieces,
    zp_task_pieces,
)


cdef int64_t most_stretches(object spacing, int64_t start, int64_t count,
                            int64_t step) except -1:
    """Upper bound of the number of stretches of one axis that the selection touches."""
    if isinstance(spacing, int):
        return 1
    ends = spacing[0]
    if count == 0:
        return 0
    last = start + (count - 1) * step
    if last >= ends[len(ends) - 1]:
        raise ValueError(f"element {last} lies beyond the last chunk, which ends at {ends[-1]}")
    return bisect_right(ends, last) - bisect_right(ends, start) + 1


cdef zp_axis cut_irregular(zp_stretch *stretches, tuple spacing, int64_t length, int64_t start,
                           int64_t count, int64_t step) except *:
    """An axis whose chunks have sizes of their own."""
    cdef int64_t n = 0, done = 0, npieces = 0, origin, end, here
    ends, extents, chunks = spacing
    run = bisect_right(ends, start)
    while done < count:
        end = ends[run]
        if start < end:
            origin = ends[run - 1] if run else 0
            here = min(count - done, (end - 1 - start) // step + 1)
            stretches[n] = zp_stretch(origin, extents[run], chunks[run], start - origin, here, done,
                                      npieces)
            npieces += zp_stretch_npieces(&stretches[n], step)
            n += 1
            done += here
            start += here * step
        run += 1
    return zp_axis(stretches, n, npieces, length, step, NULL)


cdef class ChunkPlan:
    """The chunks of a selection, and which part of each it takes.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array, in elements.
    spacing : tuple of (int or tuple)
        Chunk grid an axis: one size for all chunks; or, for each run of chunks of one size, three
        tuples: where it ends, the size of its chunks, and how many chunks lie before it.
    start, count, step : sequence of int
        The selection an axis: ``count`` elements from ``start``, ``step`` (at least 1) apart, all
        inside the array.
    groups : sequence of `zarrpy.selection.PointTable`
        Axes that are selected point by point; their ``count`` is 0.
    """

    def __cinit__(self, tuple shape, tuple spacing, start, count, step, groups=()):
        cdef int64_t room = 0
        self.ndim = len(shape)
        if self.ndim > ZP_MAX_NDIM:
            raise ValueError(f"an array has at most {ZP_MAX_NDIM} dimensions, not {self.ndim}")
        for axis in range(self.ndim):
            room += most_stretches(spacing[axis], start[axis], count[axis], step[axis])
        self.axes = <zp_axis *>malloc((self.ndim + 1) * sizeof(zp_axis))
        self.table = <zp_stretch *>malloc((room + 1) * sizeof(zp_stretch))
        self.points = <zp_points *>malloc((self.ndim + 1) * sizeof(zp_points))
        if self.axes == NULL or self.table == NULL or self.points == NULL:
            raise MemoryError(f"no memory for a plan of {room} stretches")
        stretches = self.table
        for axis in range(self.ndim):
            if isinstance(spacing[axis], int):
                self.axes[axis] = zp_axis_regular(stretches, spacing[axis], shape[axis],
                                                  start[axis], count[axis], step[axis])
                stretches += 1
            else:
                self.axes[axis] = cut_irregular(stretches, spacing[axis], shape[axis],
                                                start[axis], count[axis], step[axis])
                stretches += self.axes[axis].nstretches
        self.groups = tuple(groups)
        for group in self.groups:
            self._add_points(group)
        self.ntasks = zp_ntasks(self.ndim, self.axes)
        if self.ntasks < 0:
            raise OverflowError("the selection touches more than 2**63 chunks")

    cdef int _add_points(self, group) except -1:
        """Make the axes of a group take what its table says."""
        cdef const int64_t[:, :, ::1] pieces = group.pieces
        cdef const int64_t[:, ::1] positions = group.positions
        cdef const int64_t[::1] places = group.places
        cdef int64_t nparts = pieces.shape[1]
        for i, axis in enumerate(group.axes):
            first = i == 0
            self.npoints[axis] = places.shape[0] if first else 1
            self.axes[axis].npieces = nparts if first else 1
            self.axes[axis].step = 1
            self.axes[axis].points = &self.points[axis]
            self.points[axis].leader = group.axes[0]
            self.points[axis].pieces = <const zp_piece *>&pieces[i, 0, 0] if nparts else NULL
            self.points[axis].positions = &positions[i, 0] if nparts else NULL
            self.points[axis].places = &places[0] if nparts and first else NULL
        return 0

    def __dealloc__(self):
        free(self.axes)
        free(self.table)
        free(self.points)

    def __len__(self):
        return self.ntasks

    def pieces(self, int64_t task):
        """Describe one chunk: a tuple an axis, (chunk, extent, inside, start, count, out).

        On the first axis of a group of points, ``start`` and ``count`` tell which of them lie in
        the chunk.
        """
        cdef zp_piece found[64]
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

    @property
    def nbytes(self):
        """Bytes that the plan itself takes."""
        cdef int64_t nstretches = 0
        for i in range(self.ndim):
            nstretches += self.axes[i].nstretches
        tables = sum([group.nbytes for group in self.groups])
        return self.ndim * sizeof(zp_axis) + nstretches * sizeof(zp_stretch) + tables

    @property
    def span(self):
        """Elements of all chunks in which points lie, roughly; 0 where there are none."""
        if not self.groups or self.ntasks == 0:
            return 0
        nelements = self.ntasks
        for piece in self.pieces(0):
            nelements *= piece[1]
        return nelements

    def step(self, int axis):
        """Distance of selected elements along an axis."""
        if not 0 <= axis < self.ndim:
            raise IndexError(f"axis {axis} of {self.ndim}")
        return self.axes[axis].step

    def covered(self, int64_t task):
        """Whether the selection takes every element of a chunk that lies inside the array."""
        cdef zp_piece found[64]
        self._check(task)
        zp_task_pieces(self.ndim, self.axes, task, found)
        return all([found[i].covers for i in range(self.ndim)])

    def census(self):
        """Count the chunks that the selection covers, and the elements of all its chunks."""
        covered = elements = 1
        for axis in range(self.ndim):
            if self.axes[axis].points == NULL:
                found = self._count(&self.axes[axis])
                covered *= found[0]
                elements *= found[1]
        for group in self.groups:
            covered *= int(group.pieces[0, :, 6].sum())
            elements *= int(group.pieces[:, :, 1].prod(axis=0).sum())
        return covered, elements

    cdef tuple _count(self, const zp_axis *axis):
        """Count the pieces of an axis that are covered, and the elements of all its chunks."""
        cdef int64_t first, last
        cdef zp_piece end
        covered = elements = 0
        for i in range(axis.nstretches):
            first = axis.stretches[i].piece
            last = axis.stretches[i + 1].piece if i + 1 < axis.nstretches else axis.npieces
            elements += (last - first) * axis.stretches[i].extent
            end = zp_axis_piece(axis, first)
            covered += bool(end.covers)
            if last - first > 1:
                end = zp_axis_piece(axis, last - 1)
                covered += bool(end.covers)
            if last - first > 2:  # chunks between the ends are all alike
                end = zp_axis_piece(axis, first + 1)
                covered += (last - first - 2) * bool(end.covers)
        return covered, elements

    def keys(self, str prefix, str separator, str zero, int64_t first=0, last=None,
             str suffix=""):
        """Keys of the chunks [first, last), as a list of str."""
        cdef zp_piece found[64]
        cdef int64_t grid_index[64]
        cdef char key[ZP_MAX_KEY]
        cdef bytes head = prefix.encode(), whole = zero.encode(), mark = separator.encode()
        cdef bytes tail = suffix.encode()
        cdef zp_keys names = zp_keys(head, whole, mark[0], tail)
        cdef int64_t task, end = self.ntasks if last is None else last
        cdef list keys = []
        for task in range(first, end):
            self._check(task)
            zp_task_pieces(self.ndim, self.axes, task, found)
            for i in range(self.ndim):
                grid_index[i] = found[i].chunk
            length = zp_key_format(&names, self.ndim, grid_index, key)
            if length < 0:
                raise ValueError(f"key too long: {prefix!r}, {self.ndim} numbers and {suffix!r}")
            keys.append(key[:length].decode())
        return keys

    cdef int _check(self, int64_t task) except -1:
        if not 0 <= task < self.ntasks:
            raise IndexError(f"task {task} of {self.ntasks}")
        return 0
