# cython: language_level=3, freethreading_compatible=True
"""Fold blocks of numbers into sums, moments, extremes and counts, without the GIL.

`zarrpy.engine.reduce` says in NumPy what these do.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memset

from zarrpy._native.core cimport ZP_MAX_NDIM


cdef extern from "reduce.h" nogil:
    void zp_fold_sum(const zp_fold *fold, const void *src, double *result)
    void zp_fold_moments(const zp_fold *fold, const void *src, double *mean, double *squares)
    void zp_fold_extreme(const zp_fold *fold, int greatest, const void *src, void *result)
    void zp_fold_integers(const zp_fold *fold, const void *src, uint64_t *result)
    void zp_merge_sums(int64_t n, double *sums, double *lost, const double *later)
    void zp_merge_moments(int64_t n, double seen, double share, double *mean, double *squares,
                          const double *later_mean, const double *later_squares)
    void zp_fold_count(int number, const void *src, int64_t n, const double *edges, int32_t nbins,
                       double blur, int64_t *counts)


# In the order of enum zp_number; truth values count as 0 and 1.
cdef dict NUMBERS = {
    "i1": 0, "i2": 1, "i4": 2, "i8": 3, "u1": 4, "u2": 5, "u4": 6, "u8": 7, "f4": 8, "f8": 9,
    "b1": 4,
}
cdef dict PARTS = {"c8": "f4", "c16": "f8"}


cdef str spelled(dtype):
    return f"{dtype.kind}{dtype.itemsize}"


def takes(dtype):
    """Whether these functions take numbers of a type: the usual ones."""
    kind = spelled(dtype)
    return dtype.isnative and (kind in NUMBERS or kind in PARTS)


def has(block):
    """Whether a block is one that these functions take: such numbers, in C order."""
    return block.flags.c_contiguous and block.size > 0 and takes(block.dtype)


cdef int lay(zp_fold *fold, int parts, int ndim, const int64_t *shape,
             const int64_t *left) noexcept nogil:
    """Say how a result lies beside a block; neighbouring axes of one kind become one.

    Numbers of `parts` parts, which complex ones have, are an axis of their own.  Gives -1 when
    there are too many axes.
    """
    cdef int64_t lengths[64]
    cdef int64_t strides[64]
    cdef int64_t stride = parts, mine
    cdef int n = 0, i
    if parts > 1:
        lengths[0] = parts
        strides[0] = 1
        n = 1
    for i in range(ndim - 1, -1, -1):
        mine = stride if left[i] == shape[i] and shape[i] > 1 else 0
        stride *= left[i]
        if shape[i] == 1:
            continue
        if n and ((mine == 0 and strides[n - 1] == 0)
                  or (mine != 0 and strides[n - 1] != 0
                      and mine == lengths[n - 1] * strides[n - 1])):
            lengths[n - 1] *= shape[i]
            continue
        if n == ZP_MAX_NDIM:
            return -1
        lengths[n] = shape[i]
        strides[n] = mine
        n += 1
    if n == 0:
        lengths[0] = 1
        strides[0] = 0
        n = 1
    fold.seen = 0
    fold.ndim = n
    for i in range(n):
        fold.shape[i] = lengths[n - 1 - i]
        fold.strides[i] = strides[n - 1 - i]
    return 0


cdef int describe(zp_fold *fold, block, result) except -1:
    """Say how the result lies beside the block."""
    cdef int64_t shape[64]
    cdef int64_t left[64]
    cdef int i
    kind = spelled(block.dtype)
    fold.number = NUMBERS[PARTS.get(kind, kind)]
    for i in range(block.ndim):
        shape[i] = block.shape[i]
        left[i] = result.shape[i]
        if left[i] != 1 and left[i] != shape[i]:
            raise ValueError(f"a result of shape {result.shape} for a block of {block.shape}")
    if lay(fold, result.dtype.itemsize // 8, block.ndim, shape, left) < 0:
        raise ValueError(f"a block has at most {ZP_MAX_NDIM} axes")
    return 0


cdef const uint8_t[::1] bytes_of(array):
    return array.reshape(-1).view("u1")


def add(block, result):
    """Add the numbers of a block along the axes in which the result has length 1.

    Parameters
    ----------
    block : ndarray
        One that `has` accepts.
    result : ndarray, C-contiguous
        Of float64, complex128, or integers of 64 bits for integers.

    Returns
    -------
    bool
        Whether that was done; not for a result of another type.
    """
    cdef zp_fold fold
    cdef const uint8_t[::1] src
    cdef uint8_t[::1] sums
    kind = spelled(result.dtype)
    integers = kind in ("i8", "u8")
    if (kind == "c16") != (block.dtype.kind == "c") or kind not in ("f8", "c16", "i8", "u8"):
        return False
    if integers and block.dtype.kind not in "biu":
        return False
    describe(&fold, block, result)
    src = bytes_of(block)
    sums = result.reshape(-1).view("u1")
    if integers:
        with nogil:
            zp_fold_integers(&fold, &src[0], <uint64_t *>&sums[0])
    else:
        with nogil:
            zp_fold_sum(&fold, &src[0], <double *>&sums[0])
    return True


def add_moments(block, int64_t seen, mean, squares):
    """Take the numbers of a block into means and sums of squared deviations.

    Parameters
    ----------
    block : ndarray
        One that `has` accepts.
    seen : int
        Numbers that each mean is of.
    mean, squares : ndarray, C-contiguous
        As the result of `add`, of float64 or complex128; the squares of the parts of complex
        numbers stay apart.
    """
    cdef zp_fold fold
    cdef const uint8_t[::1] src
    cdef uint8_t[::1] means, sums
    if mean.shape != squares.shape or mean.dtype != squares.dtype:
        raise ValueError("means and squares are not alike")
    if spelled(mean.dtype) != ("c16" if block.dtype.kind == "c" else "f8"):
        raise ValueError(f"no moments of {block.dtype} in {mean.dtype}")
    describe(&fold, block, mean)
    fold.seen = seen
    src = bytes_of(block)
    means = mean.reshape(-1).view("u1")
    sums = squares.reshape(-1).view("u1")
    with nogil:
        zp_fold_moments(&fold, &src[0], <double *>&means[0], <double *>&sums[0])


cdef double[::1] numbers_of(array):
    return array.reshape(-1).view("f8")


def merge_sums(sums, lost, later):
    """Add sums of later blocks, and what rounding takes from the result to what is lost.

    Parameters
    ----------
    sums, lost, later : ndarray, C-contiguous
        Of one shape, all of float64 or all of complex128; the first two are changed.
    """
    cdef double[::1] first = numbers_of(sums), errors = numbers_of(lost)
    cdef double[::1] second = numbers_of(later)
    if not len(first) == len(errors) == len(second):
        raise ValueError(f"sums of shapes {sums.shape}, {lost.shape} and {later.shape}")
    with nogil:
        zp_merge_sums(len(first), &first[0], &errors[0], &second[0])


def merge_moments(double seen, double share, mean, squares, later_mean, later_squares):
    """Take in the means and squared deviations of later blocks.

    Parameters
    ----------
    seen : float
        Numbers that each mean is of.
    share : float
        Of the later numbers in all.
    mean, squares, later_mean, later_squares : ndarray of float64, C-contiguous
        Of one shape; the first two are changed.
    """
    cdef double[::1] means = numbers_of(mean), sums = numbers_of(squares)
    cdef double[::1] later = numbers_of(later_mean), later_sums = numbers_of(later_squares)
    if not len(means) == len(sums) == len(later) == len(later_sums):
        raise ValueError(f"moments of shapes {mean.shape} and {later_mean.shape}")
    with nogil:
        zp_merge_moments(len(means), seen, share, &means[0], &sums[0], &later[0], &later_sums[0])


def count(block, const double[::1] edges, double blur, int64_t[:, ::1] counts):
    """Count the numbers of a block between edges of equal distance.

    Parameters
    ----------
    block : ndarray
        One that `has` accepts.
    edges : ndarray of float64
    blur : float
        How far, in parts of a bin, an edge is at most from where it should be.
    counts : ndarray of int64
        Four tables, which have one number more than there are bins: for what is in none.

    Returns
    -------
    bool
        Whether that was done; not for complex numbers.
    """
    cdef const uint8_t[::1] src
    cdef int number
    cdef int64_t n = block.size
    cdef int32_t nbins = <int32_t>(len(edges) - 1)
    if counts.shape[0] != 4 or counts.shape[1] != nbins + 1 or nbins < 1:
        raise ValueError(f"{counts.shape[0]} tables of {counts.shape[1]} for {nbins} bins")
    if block.dtype.kind == "c":
        return False
    number = NUMBERS[spelled(block.dtype)]
    src = bytes_of(block)
    with nogil:
        zp_fold_count(number, &src[0], n, &edges[0], nbins, blur, &counts[0, 0])
    return True


cdef enum:
    _SUM, _INTEGERS, _MOMENTS, _LEAST, _GREATEST, _COUNT

#: What a `Fold` does.
SUM, INTEGERS, MOMENTS, COUNT = _SUM, _INTEGERS, _MOMENTS, _COUNT
LEAST, GREATEST = _LEAST, _GREATEST


cdef class Fold:
    """One of these reductions, of block after block, as the engine does it without Python.

    Parameters
    ----------
    what : int
        SUM, INTEGERS, MOMENTS or COUNT: as `add` to a result of floats or of integers, as
        `add_moments`, or as `count`; or LEAST or GREATEST.
    dtype : dtype
        Of the blocks; one that `has` accepts.
    axes : sequence of int
        That are reduced.
    ndim : int
        Axes of a block.
    first, second : ndarray
        The result: sums; means and squares; extremes, of the type of the blocks; or tables and
        edges.  Sums, means and squares may be anything before the first block, which clears them;
        extremes are compared with, tables have counts to add to.
    blur : float
        As of `count`.
    """

    def __cinit__(self, int what, dtype, axes, int ndim, first, second=None, double blur=0):
        cdef uint8_t[::1] result = first.reshape(-1).view("u1"), squares
        cdef const double[::1] edges
        kind = spelled(dtype)
        self.what = what
        self.number = NUMBERS[PARTS.get(kind, kind)]
        self.parts = 2 if kind in PARTS else 1
        if ndim + self.parts > ZP_MAX_NDIM or (what >= _LEAST and self.parts > 1):
            raise ValueError(f"no such reduction of blocks of {ndim} axes of {dtype}")
        self.ndim = ndim
        for axis in axes:
            self.reduced[axis] = True
        self.blur = blur
        self.result = &result[0]
        self.nbytes = len(result)
        self.itemsize = first.dtype.itemsize
        self.first = first
        self.second = second
        if what == COUNT:
            edges = second
            self.edges = &edges[0]
            self.nbins = <int32_t>(len(edges) - 1)
        elif second is not None:
            squares = second.reshape(-1).view("u1")
            self.squares = &squares[0]

    cdef void clear(self, int64_t first, int64_t nbytes) noexcept nogil:
        """Clear bytes of the result before the first numbers come to them, while they are near."""
        if self.seen == 0 and self.what <= _MOMENTS:
            memset(<char *>self.result + first, 0, nbytes)
            if self.squares != NULL:
                memset(<char *>self.squares + first, 0, nbytes)

    cdef int take(self, const void *src, const int64_t *shape) noexcept nogil:
        """Take a block of such a shape, in C order, without an empty axis."""
        cdef zp_fold fold
        cdef int64_t left[64]
        cdef int64_t together = 1, n = 1
        cdef int i
        for i in range(self.ndim):
            left[i] = 1 if self.reduced[i] else shape[i]
            together *= shape[i] if self.reduced[i] else 1
            n *= shape[i]
        if self.what == _COUNT:
            zp_fold_count(self.number, src, n, self.edges, self.nbins, self.blur,
                          <int64_t *>self.result)
            return 0
        self.clear(0, self.nbytes)
        fold.number = self.number
        lay(&fold, self.parts, self.ndim, shape, left)
        if self.what == _SUM:
            zp_fold_sum(&fold, src, <double *>self.result)
        elif self.what == _INTEGERS:
            zp_fold_integers(&fold, src, <uint64_t *>self.result)
        elif self.what != _MOMENTS:
            zp_fold_extreme(&fold, self.what == _GREATEST, src, self.result)
        else:
            fold.seen = self.seen
            zp_fold_moments(&fold, src, <double *>self.result, <double *>self.squares)
        self.seen += together
        return 0

    cdef void take_strip(self, const void *src, int64_t rows, int64_t columns,
                         int64_t first) noexcept nogil:
        """Take rows of elements that come together, into the result from an element on."""
        cdef zp_fold fold
        if self.what == _COUNT:
            zp_fold_count(self.number, src, rows, self.edges, self.nbins, self.blur,
                          <int64_t *>self.result)
            return
        self.clear(first * 8, columns * 8)
        fold.number = self.number
        fold.seen = self.seen
        fold.ndim = 1 if columns == 1 else 2
        fold.shape[0], fold.shape[1] = rows, columns
        fold.strides[0], fold.strides[1] = 0, 1
        if self.what == _SUM:
            zp_fold_sum(&fold, src, <double *>self.result + first)
        elif self.what == _INTEGERS:
            zp_fold_integers(&fold, src, <uint64_t *>self.result + first)
        elif self.what != _MOMENTS:
            zp_fold_extreme(&fold, self.what == _GREATEST, src,
                            <char *>self.result + first * self.itemsize)
        else:
            zp_fold_moments(&fold, src, <double *>self.result + first,
                            <double *>self.squares + first)

    cdef void pass_rows(self, int64_t rows) noexcept nogil:
        """Count rows that were taken, strip by strip."""
        self.seen += rows
