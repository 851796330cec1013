# cython: language_level=3, freethreading_compatible=True
"""What one call did and how long it took, added up by all threads that work on it."""

from zarrpy._native.core cimport ZP_NSUMS, zp_sum, zp_tally_share

#: What is added up, in the order of csrc/tally.h; names with ``ns_`` are nanoseconds.
NAMES = (
    "chunks_read",
    "chunks_absent",
    "chunks_cached",
    "chunks_written",
    "chunks_empty",
    "gets",
    "sets",
    "deletes",
    "bytes_read",
    "bytes_written",
    "bytes_decoded",
    "bytes_encoded",
    "ns_plan",
    "ns_store",
    "ns_codec",
    "ns_copy",
    "ns_wait",
)
assert len(NAMES) == ZP_NSUMS
_PLACES = {name: i for i, name in enumerate(NAMES)}


cdef class Tally:
    """Sums of a call. A batch adds to them, and what works in Python does by `add`."""

    def add(self, **sums):
        """Add to some of the sums; any number of threads may do so at once."""
        for name, n in sums.items():
            zp_tally_share(&self.tally, <zp_sum><int>_PLACES[name], n)

    def sums(self):
        """Give the sums by name."""
        return {name: self.tally.sums[i] for i, name in enumerate(NAMES)}
