from libc.stdint cimport int64_t

from zarrpy._native.core cimport zp_batch
from zarrpy._native.reduce cimport Fold


cdef int has_strips(const zp_batch *batch, Fold fold) noexcept nogil
cdef int64_t fold_strips(zp_batch *batch, Fold fold, char *room, int64_t room_nbytes,
                         int64_t first) noexcept nogil
