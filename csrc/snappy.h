/*
 * snappy.h - the raw Snappy format; not part of the public interface
 */
#ifndef ZP_SNAPPY_H
#define ZP_SNAPPY_H

#include "zarrpy.h"

/* The most bytes that encoding can give. */
size_t zp_snappy_bound(size_t nbytes);

/* Return the bytes written or a negative zp_status; at most 2^32 - 1 bytes can be encoded. */
int64_t zp_snappy_encode(zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
                         size_t dst_nbytes);
int64_t zp_snappy_decode(zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
                         size_t dst_nbytes);

#endif
