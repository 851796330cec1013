# cython: language_level=3, freethreading_compatible=True
"""Sort points by the chunks that hold them, in two passes.

`zarrpy.selection.table` says in NumPy what comes out.
"""

from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport calloc, free, malloc

from numpy import empty, zeros

# More chunks than that, beyond the number of points, are sorted otherwise.
cdef int64_t _MOST_CHUNKS = 1 << 16


cdef struct Axis:
    const int64_t *positions
    int64_t length
    int64_t spacing
    int64_t count  # chunks


def sort_points(list positions, tuple lengths, tuple spacing):
    """Bring points of one chunk of a regular grid next to each other; they keep their order.

    Parameters
    ----------
    positions : list of ndarray of int64, C-contiguous
        Along each axis, all of one length.
    lengths, spacing : tuple of int
        Of the array, and of its chunks, along these axes.

    Returns
    -------
    tuple of ndarray, or None
        Pieces (but for what covers its chunk), positions and places, as of a `PointTable`; None
        when there are no points, or too many chunks for this way, or a point is in none.
    """
    cdef Axis axes[64]
    cdef int ndim = len(positions), i
    cdef int64_t n = len(positions[0]) if ndim else 0, cells = 1
    cdef const int64_t[::1] row
    if n == 0 or n >= 1 << 31 or ndim > 64:
        return None
    for i in range(ndim):
        row = positions[i]
        if len(row) != n:
            raise ValueError(f"{len(row)} positions on axis {i}, not {n}")
        axes[i] = Axis(&row[0], lengths[i], spacing[i],
                       (lengths[i] + spacing[i] - 1) // spacing[i] if spacing[i] > 0 else 0)
        if axes[i].count <= 0 or axes[i].count > _MOST_CHUNKS // cells:
            return None
        cells *= axes[i].count
    return _sorted(axes, ndim, n, cells)


cdef _sorted(Axis *axes, int ndim, int64_t n, int64_t cells):
    cdef uint32_t *cell = <uint32_t *>malloc(n * sizeof(uint32_t))
    cdef int64_t *next_place = <int64_t *>calloc(cells + 1, sizeof(int64_t))
    cdef int64_t nused
    try:
        if cell == NULL or next_place == NULL:
            raise MemoryError(f"no memory to sort {n} points")
        with nogil:
            nused = _count(axes, ndim, n, cells, cell, next_place)
        if nused < 0:
            return None
        pieces, found = zeros((ndim, nused, 7), "i8"), empty((ndim, n), "i8")
        places = empty(n, "i8")
        _place(axes, ndim, n, cells, cell, next_place, pieces, found, places)
        return pieces, found, places
    finally:
        free(cell)
        free(next_place)


cdef int64_t _count(const Axis *axes, int ndim, int64_t n, int64_t cells, uint32_t *cell,
                    int64_t *counts) noexcept nogil:
    """Tell the chunk of each point, and count the points of each; gives how many have any."""
    cdef int64_t p, number, position, nused = 0
    cdef int i
    for p in range(n):
        number = 0
        for i in range(ndim):
            position = axes[i].positions[p]
            if position < 0 or position >= axes[i].length:
                return -1
            number = number * axes[i].count + <int64_t>(
                <unsigned long long>position // <unsigned long long>axes[i].spacing)
        cell[p] = <uint32_t>number
        counts[number] += 1
    for number in range(cells):
        nused += counts[number] > 0
    return nused


cdef _place(const Axis *axes, int ndim, int64_t n, int64_t cells, const uint32_t *cell,
            int64_t *next_place, int64_t[:, :, ::1] pieces, int64_t[:, ::1] found,
            int64_t[::1] places):
    """Describe the chunks, and put each point into its place among those of its chunk."""
    cdef int64_t number, rest, chunk, begin = 0, count, p, k, used = 0
    cdef int i
    with nogil:
        for number in range(cells):
            count = next_place[number]
            next_place[number] = begin
            if count == 0:
                continue
            rest = number
            for i in range(ndim - 1, -1, -1):
                chunk = rest % axes[i].count
                rest = rest // axes[i].count
                pieces[i, used, 0] = chunk
                pieces[i, used, 1] = axes[i].spacing
                pieces[i, used, 2] = min(axes[i].spacing,
                                         axes[i].length - chunk * axes[i].spacing)
                pieces[i, used, 3] = begin
                pieces[i, used, 4] = count
            begin += count
            used += 1
        for p in range(n):
            number = cell[p]
            k = next_place[number]
            next_place[number] = k + 1
            places[k] = p
            for i in range(ndim - 1, -1, -1):
                chunk = number % axes[i].count
                number = number // axes[i].count
                found[i, k] = axes[i].positions[p] - chunk * axes[i].spacing
