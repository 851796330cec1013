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
    int64_t inner
    int64_t ninner  # chunks inside each of these; 1 where there are none


def sort_points(list positions, tuple lengths, tuple spacing, tuple inner=None):
    """Bring points of one chunk of a regular grid next to each other; they keep their order.

    Parameters
    ----------
    positions : list of ndarray of int64, C-contiguous
        Along each axis, all of one length.
    lengths, spacing : tuple of int
        Of the array, and of its chunks, along these axes.
    inner : tuple of int, optional
        Of the chunks inside of those, where they are shards: points of one of these lie next to
        each other, too.

    Returns
    -------
    tuple of ndarray, or None
        Pieces (but for what covers its chunk), positions and places, as of a `PointTable`; None
        when there are no points, or too many chunks for this way, or a point is in none.
    """
    cdef Axis axes[64]
    cdef int ndim = len(positions), i
    cdef int64_t n = len(positions[0]) if ndim else 0, cells = 1, ninner = 1
    cdef const int64_t[::1] row
    if n == 0 or n >= 1 << 31 or ndim > 64:
        return None
    for i in range(ndim):
        row = positions[i]
        if len(row) != n:
            raise ValueError(f"{len(row)} positions on axis {i}, not {n}")
        axes[i] = _axis(&row[0], lengths[i], spacing[i], spacing[i] if inner is None else inner[i])
        if axes[i].count <= 0 or axes[i].count > _MOST_CHUNKS // cells:
            return None
        cells *= axes[i].count
        if axes[i].ninner > _MOST_CHUNKS // cells:
            return None
        cells *= axes[i].ninner
        ninner *= axes[i].ninner
    return _sorted(axes, ndim, n, cells, ninner)


cdef Axis _axis(const int64_t *positions, int64_t length, int64_t spacing, int64_t inner):
    cdef Axis axis = Axis(positions, length, spacing, 0, inner, 1)
    if spacing > 0 and inner > 0:
        axis.count = (length + spacing - 1) // spacing
        axis.ninner = (spacing + inner - 1) // inner
    return axis


cdef _sorted(Axis *axes, int ndim, int64_t n, int64_t cells, int64_t ninner):
    cdef uint32_t *cell = <uint32_t *>malloc(n * sizeof(uint32_t))
    cdef int64_t *next_place = <int64_t *>calloc(cells + 1, sizeof(int64_t))
    cdef int64_t nused
    try:
        if cell == NULL or next_place == NULL:
            raise MemoryError(f"no memory to sort {n} points")
        with nogil:
            nused = _count(axes, ndim, n, cells, ninner, cell, next_place)
        if nused < 0:
            return None
        pieces, found = zeros((ndim, nused, 7), "i8"), empty((ndim, n), "i8")
        places = empty(n, "i8")
        _describe(axes, ndim, cells, ninner, next_place, pieces)
        _place(axes, ndim, n, ninner, cell, next_place, found, places)
        return pieces, found, places
    finally:
        free(cell)
        free(next_place)


cdef int64_t _number(const Axis *axes, int ndim, int64_t p, int64_t ninner) noexcept nogil:
    """Tell the chunk of a point: those inside one shard count on from each other; or -1."""
    cdef int64_t number = 0, number_inside = 0, position, chunk
    cdef int i
    for i in range(ndim):
        position = axes[i].positions[p]
        if position < 0 or position >= axes[i].length:
            return -1
        chunk = <int64_t>(
            <unsigned long long>position // <unsigned long long>axes[i].spacing)
        number = number * axes[i].count + chunk
        if axes[i].ninner > 1:
            position -= chunk * axes[i].spacing
            number_inside = number_inside * axes[i].ninner + <int64_t>(
                <unsigned long long>position // <unsigned long long>axes[i].inner)
    return number * ninner + number_inside


cdef int64_t _count(const Axis *axes, int ndim, int64_t n, int64_t cells, int64_t ninner,
                    uint32_t *cell, int64_t *counts) noexcept nogil:
    """Tell the chunk of each point, and count the points of each; gives how many have any."""
    cdef int64_t p, number, chunk, nused = 0, count
    for p in range(n):
        number = _number(axes, ndim, p, ninner)
        if number < 0:
            return -1
        cell[p] = <uint32_t>number
        counts[number] += 1
    for chunk in range(cells // ninner):
        count = 0
        for number in range(chunk * ninner, chunk * ninner + ninner):
            count += counts[number]
        nused += count > 0
    return nused


cdef _describe(const Axis *axes, int ndim, int64_t cells, int64_t ninner, int64_t *next_place,
               int64_t[:, :, ::1] pieces):
    """Describe the chunks that have points, and tell for each where its first point goes."""
    cdef int64_t number, rest, along, chunk, begin = 0, end, count, used = 0
    cdef int i
    with nogil:
        for chunk in range(cells // ninner):
            end = begin
            for number in range(chunk * ninner, chunk * ninner + ninner):
                count = next_place[number]
                next_place[number] = end
                end += count
            if end == begin:
                continue
            rest = chunk
            for i in range(ndim - 1, -1, -1):
                along = rest % axes[i].count
                rest = rest // axes[i].count
                pieces[i, used, 0] = along
                pieces[i, used, 1] = axes[i].spacing
                pieces[i, used, 2] = min(axes[i].spacing,
                                         axes[i].length - along * axes[i].spacing)
                pieces[i, used, 3] = begin
                pieces[i, used, 4] = end - begin
            begin = end
            used += 1


cdef _place(const Axis *axes, int ndim, int64_t n, int64_t ninner, const uint32_t *cell,
            int64_t *next_place, int64_t[:, ::1] found, int64_t[::1] places):
    """Put each point into its place among those of its chunk."""
    cdef int64_t number, chunk, p, k
    cdef int i
    with nogil:
        for p in range(n):
            number = cell[p]
            k = next_place[number]
            next_place[number] = k + 1
            places[k] = p
            number = number // ninner
            for i in range(ndim - 1, -1, -1):
                chunk = number % axes[i].count
                number = number // axes[i].count
                found[i, k] = axes[i].positions[p] - chunk * axes[i].spacing
