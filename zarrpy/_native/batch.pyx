"""Run whole batches of chunks without the GIL."""

cdef extern from *:
    """
    unsigned ZSTD_versionNumber(void);
    """
    unsigned ZSTD_versionNumber() nogil


def zstd_version() -> int:
    """Return the number of the zstd that is linked."""
    return ZSTD_versionNumber()
