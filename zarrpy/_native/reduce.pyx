# cython: language_level=3, freethreading_compatible=True
"""Fold blocks of numbers into sums, moments and counts, without the GIL.

`zarrpy.engine.reduce` says in NumPy what these do.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from zarrpy._native.core cimport ZP_MAX_NDIM


cdef extern from "reduce.h" nogil:
    ctypedef struct zp_fold:
        int number
        int ndim
        int64_t shape[64]
        int64_t strides[64]
        int64_t seen

    void zp_fold_sum(const zp_fold *fold, const void *src, double *result)
    void zp_fold_moments(const zp_fold *fold, const void *src, double *mean, double *squares)
    void zp_fold_integers(const zp_fold *fold, const void *src, uint64_t *result)
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


def has(block):
    """Whether a block is one that these functions take: usual numbers, in C order."""
    if not (block.flags.c_contiguous and block.dtype.isnative and block.size):
        return False
    kind = spelled(block.dtype)
    return kind in NUMBERS or kind in PARTS


cdef int describe(zp_fold *fold, block, result) except -1:
    """Say how the result lies beside the block; neighbouring axes of one kind become one."""
    cdef int n = 0
    cdef int64_t stride
    kind = spelled(block.dtype)
    fold.number = NUMBERS[PARTS.get(kind, kind)]
    shape, strides = [], []
    stride = result.dtype.itemsize // 8
    if stride == 2:  # a complex number is an axis of two
        shape.append(2)
        strides.append(1)
    for length, left in zip(reversed(block.shape), reversed(result.shape)):
        if left != 1 and left != length:
            raise ValueError(f"a result of shape {result.shape} for a block of {block.shape}")
        mine = stride if left == length and length > 1 else 0
        stride *= left
        if length == 1:
            continue
        if shape and ((mine == 0 and strides[-1] == 0)
                      or (mine != 0 and strides[-1] != 0 and mine == shape[-1] * strides[-1])):
            shape[-1] *= length
        else:
            shape.append(length)
            strides.append(mine)
    if not shape:
        shape, strides = [1], [0]
    if len(shape) > ZP_MAX_NDIM:
        raise ValueError(f"a block has at most {ZP_MAX_NDIM} axes, not {len(shape)}")
    fold.seen = 0
    fold.ndim = len(shape)
    for n in range(fold.ndim):
        fold.shape[n] = shape[fold.ndim - 1 - n]
        fold.strides[n] = strides[fold.ndim - 1 - n]
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
