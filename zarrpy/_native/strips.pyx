# cython: language_level=3, freethreading_compatible=True
"""Fold large chunks that are stored as they are, strip by strip out of their files.

A chunk of several megabytes that is read whole has left the nearest cache when it is folded, and a
result of its size goes through memory for each of them.  So pieces are read that stay there: of one
chunk after the other where all of it comes together; of several chunks at a time, each the same
strip, where they are added up along their first axes.

What is in any way out of the ordinary - a file that is not there, or of another size - is left to
the way of whole chunks, which tells what it is.
"""

from libc.stdint cimport int64_t

from zarrpy._native.core cimport (
    ZP_MAX_KEY,
    zp_batch,
    zp_close,
    zp_error,
    zp_file_fill,
    zp_file_open,
    zp_key_format,
    zp_piece,
    zp_stat,
    zp_task_pieces,
)
from zarrpy._native.reduce cimport Fold

# Chunks that are smaller stay in the cache as a whole.
cdef int64_t _MIN_CHUNK_NBYTES = 512 << 10
# Of what is folded in one go; its part of the result may take as much.
cdef int64_t _STRIP_NBYTES = 256 << 10
# A row of a strip is worth a call to the system.
cdef int64_t _MIN_ROW_NBYTES = 16 << 10
# Files that are open at a time.
cdef int _MOST_FILES = 16


cdef struct Shape:
    int64_t rows     # of elements that come together, in a chunk
    int64_t columns  # elements of a row: 1 where all come together
    int64_t nbytes   # of the chunk


cdef int has_strips(const zp_batch *batch, Fold fold) noexcept nogil:
    """Whether chunks are stored as they lie in memory, and reduced along their first axes."""
    cdef int i
    cdef bint kept = False
    if batch.chain.nsteps or batch.chain.swap or batch.tally != NULL or fold.parts > 1:
        return 0
    for i in range(batch.ndim):
        if batch.chain.order[i] != i or (fold.reduced[i] and kept):
            return 0
        kept = kept or not fold.reduced[i]
    return 1


cdef int64_t fold_strips(zp_batch *batch, Fold fold, char *room, int64_t room_nbytes,
                         int64_t first) noexcept nogil:
    """Fold chunks from a task on; tells how many, and 0 where the ordinary way has to be taken.

    The tasks follow each other along an axis that is reduced.
    """
    cdef int fds[16]
    cdef int64_t ntasks = 1, count = 0, task, done = 0
    cdef Shape shape, other
    cdef int i
    if not _is_whole(batch, fold, first, &shape) or shape.nbytes < _MIN_CHUNK_NBYTES:
        return 0
    if shape.columns > 1:
        ntasks = _MOST_FILES
        for i in range(batch.ndim):
            if not fold.reduced[i] and batch.axes[i].npieces != 1:
                return 0
    for task in range(first, batch.last):
        if count == ntasks or not _is_whole(batch, fold, task, &other):
            break
        if other.columns != shape.columns or other.rows != shape.rows:
            break
        fds[count] = _open(batch, task, shape.nbytes)
        if fds[count] < 0:
            break
        count += 1
    if count and _fold_files(batch, fold, room, room_nbytes, fds, count, first, &shape) == 0:
        done = count
    for i in range(count):
        zp_close(fds[i])
    return done


cdef int _is_whole(const zp_batch *batch, Fold fold, int64_t task, Shape *shape) noexcept nogil:
    """Whether a task takes all of a chunk that lies inside the array; tells its shape."""
    cdef zp_piece pieces[64]
    cdef int i
    zp_task_pieces(batch.ndim, batch.axes, task, pieces)
    shape.rows = shape.columns = 1
    for i in range(batch.ndim):
        if pieces[i].count != pieces[i].extent or pieces[i].inside != pieces[i].extent:
            return 0
        if fold.reduced[i]:
            shape.rows *= pieces[i].extent
        else:
            shape.columns *= pieces[i].extent
    shape.nbytes = shape.rows * shape.columns * batch.chain.itemsize
    return 1


cdef int _open(const zp_batch *batch, int64_t task, int64_t nbytes) noexcept nogil:
    """Open the file of a chunk; -1 when it is not there as it should be."""
    cdef zp_piece pieces[64]
    cdef int64_t index[64]
    cdef char key[ZP_MAX_KEY]
    cdef zp_error error
    cdef zp_stat file
    cdef int found, fd, i
    zp_task_pieces(batch.ndim, batch.axes, task, pieces)
    for i in range(batch.ndim):
        index[i] = pieces[i].chunk
    if zp_key_format(&batch.keys, batch.ndim, index, key) < 0:
        return -1
    fd = zp_file_open(batch.directory, key, &file, &found, &error)
    if fd >= 0 and file.size != nbytes:
        zp_close(fd)
        return -1
    return fd


cdef int _fold_files(zp_batch *batch, Fold fold, char *room, int64_t room_nbytes, const int *fds,
                     int64_t count, int64_t first, const Shape *shape) noexcept nogil:
    """Read and fold; -1 when the strips would be too narrow.  A failure is the batch's."""
    cdef int64_t itemsize = batch.chain.itemsize, nrows = count * shape.rows, width, at = 0, n
    cdef int64_t most = min(room_nbytes, 2 * _STRIP_NBYTES)
    if shape.columns == 1:  # all elements come together: a piece is a row of them
        _fold_pieces(batch, fold, room, min(most, _STRIP_NBYTES) // itemsize, fds[0], first, shape)
        return 0
    width = min(most // (nrows * itemsize), _STRIP_NBYTES // 8)
    if width < min(_MIN_ROW_NBYTES // itemsize, shape.columns):
        return -1
    while at < shape.columns:
        n = min(width, shape.columns - at)
        if not _read_strip(batch, room, fds, count, first, shape, at, n):
            return 0
        fold.take_strip(room, nrows, n, at)
        at += n
    fold.pass_rows(nrows)
    return 0


cdef void _fold_pieces(zp_batch *batch, Fold fold, char *room, int64_t most, int fd, int64_t task,
                       const Shape *shape) noexcept nogil:
    """Read and fold all elements of a chunk, one piece after the other."""
    cdef int64_t at = 0, n
    while at < shape.rows:
        n = min(most, shape.rows - at)
        if not _read(batch, fd, task, at, n, room):
            return
        fold.take_strip(room, n, 1, 0)
        fold.pass_rows(n)
        at += n


cdef bint _read_strip(zp_batch *batch, char *room, const int *fds, int64_t count, int64_t first,
                      const Shape *shape, int64_t at, int64_t n) noexcept nogil:
    """Bring elements [at, at + n) of each row of each file to memory, row after row."""
    cdef int64_t i, row
    for i in range(count):
        for row in range(shape.rows):
            if not _read(batch, fds[i], first + i, row * shape.columns + at, n, room):
                return False
            room += n * batch.chain.itemsize
    return True


cdef bint _read(zp_batch *batch, int fd, int64_t task, int64_t at, int64_t n,
                char *room) noexcept nogil:
    """Read n elements of a file; a failure is the batch's."""
    cdef int64_t itemsize = batch.chain.itemsize
    cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
    if zp_file_fill(fd, at * itemsize, n * itemsize, room, &error) < 0:
        batch.failed = 1
        batch.error = error
        batch.error.task = task
        return False
    batch.nbytes_stored += n * itemsize
    return True
