# cython: language_level=3, freethreading_compatible=True
"""How chunks lie in a shard, for the engine."""

from libc.stdint cimport SIZE_MAX, int64_t, uint8_t

from zarrpy._native.steps cimport NativeChain


cdef extern from "shard.h" nogil:
    enum:
        ZP_SHARD_GAP
        ZP_SHARD_RUN


#: Of files: bytes between two chunks that are read along, and bytes that are read at once.
GAP, RUN = ZP_SHARD_GAP, ZP_SHARD_RUN


cdef bint is_order(const int64_t[::1] positions, int64_t count) except -1:
    """Whether each number below `count` is there once."""
    cdef uint8_t[::1] seen = bytearray(count)
    cdef int64_t i
    if positions.shape[0] != count:
        return False
    for i in range(count):
        if not 0 <= positions[i] < count or seen[positions[i]]:
            return False
        seen[positions[i]] = True
    return True


cdef class NativeShard:
    """The grid inside a shard, its index, and the order in which chunks are written.

    Parameters
    ----------
    index : NativeChain
        Codecs of the index, each of which adds a fixed number of bytes.
    chunk : tuple of int
        Shape of the chunks inside, along the axes of the array.
    grid : tuple of int
        How many there are along each axis.
    weights : tuple of int
        What one chunk more along each axis adds to the position in the index.
    index_nbytes : int
        Size of the index as stored.
    at_start : bool
        Whether the index is in front of the chunks.
    sequence : buffer of int64, optional
        Positions in the order of writing; by default ascending.
    """

    def __cinit__(self, NativeChain index, tuple chunk, tuple grid, tuple weights,
                  int64_t index_nbytes, bint at_start, sequence=None):
        cdef const int64_t[::1] view
        cdef int64_t count = 1
        for i in range(len(grid)):
            count *= <int64_t>grid[i]
            self.shard.chunk[i] = chunk[i]
            self.shard.weight[i] = weights[i]
        if <size_t>count > SIZE_MAX // 64:
            raise MemoryError(f"no memory for the index of {count} chunks")
        self.index = index
        self.grid = grid
        self.weights = weights
        self.shard.nchunks = count
        self.shard.index_nbytes = index_nbytes
        self.shard.index_at_start = at_start
        self.shard.index = index.chain
        if sequence is not None:
            view = sequence
            if not is_order(view, count):
                raise ValueError(f"not an order of {count} chunks")
            self.sequence = sequence
            self.shard.sequence = &view[0]

    @property
    def index_range(self):
        """Where the index lies in a shard: offset, negative from the end, and length."""
        nbytes = self.shard.index_nbytes
        return (0 if self.shard.index_at_start else -nbytes), nbytes

    def chunk_index(self, tuple shard, int64_t position):
        """Grid index of a chunk among all chunks of the array."""
        return tuple([
            shard[i] * self.grid[i] + position // self.weights[i] % self.grid[i]
            for i in range(len(self.grid))
        ])
