/*
 * deflate.h - the two libraries for Deflate, behind one form; not part of the public interface
 *
 * window_bits tell the formats apart, as in zlib: 15 for zlib, 31 for gzip.  Packing returns 0
 * when the result does not fit; unpacking takes one stream or member and says in *used how much
 * of the input that was.
 */
#ifndef ZP_DEFLATE_H
#define ZP_DEFLATE_H

#include "codec.h"

#define ZP_GZIP_BITS 31
#define ZP_MAX_DEFLATE_LEVEL 9

int64_t zp_libdeflate_pack(zp_worker *worker, int window_bits, int level, const uint8_t *src,
                           size_t src_nbytes, uint8_t *dst, size_t dst_nbytes);
int64_t zp_libdeflate_unpack(zp_worker *worker, int window_bits, const uint8_t *src,
                             size_t src_nbytes, uint8_t *dst, size_t dst_nbytes, size_t *used);
size_t zp_libdeflate_bound(size_t nbytes);

int64_t zp_zlibng_pack(zp_worker *worker, int window_bits, int level, const uint8_t *src,
                       size_t src_nbytes, uint8_t *dst, size_t dst_nbytes);
int64_t zp_zlibng_unpack(zp_worker *worker, int window_bits, const uint8_t *src, size_t src_nbytes,
                         uint8_t *dst, size_t dst_nbytes, size_t *used);
size_t zp_zlibng_bound(size_t nbytes);

#endif
