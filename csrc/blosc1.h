/*
 * blosc1.h - the Blosc1 container; not part of the public interface
 */
#ifndef ZP_BLOSC1_H
#define ZP_BLOSC1_H

#include "zarrpy.h"

#define ZP_BLOSC1_HEADER_NBYTES 16
#define ZP_BLOSC1_MAX_NBYTES ((size_t)INT32_MAX - ZP_BLOSC1_HEADER_NBYTES)

/* The compressors as the container numbers them. */
enum zp_blosc1_format {
    ZP_FORMAT_BLOSCLZ = 0,
    ZP_FORMAT_LZ4 = 1,
    ZP_FORMAT_SNAPPY = 2,
    ZP_FORMAT_ZLIB = 3,
    ZP_FORMAT_ZSTD = 4,
};

int64_t zp_blosc1_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                         void *dst, size_t dst_nbytes);
int64_t zp_blosc1_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                         void *dst, size_t dst_nbytes);
int64_t zp_blosc1_part(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       size_t decoded_nbytes, const zp_part *part);
int64_t zp_blosc1_range(zp_worker *worker, const void *head, size_t head_nbytes, size_t src_nbytes,
                        const zp_part *part, size_t *from, size_t *to);

/* --- what step_blosc.c lends to the container: the compressors --- */

/* enum zp_blosc1_format of an enum zp_compressor; negative when it is not linked. */
int zp_blosc1_format_of(int compressor);

/* `variant` is an enum zp_zstd_variant.  Returns the bytes written, 0 when they do not fit, or a negative zp_status. */
int64_t zp_blosc1_pack(zp_worker *worker, int compressor, int level, int variant, const void *src,
                       size_t src_nbytes, void *dst, size_t dst_nbytes);

/* Gives exactly dst_nbytes, or a negative zp_status. */
int64_t zp_blosc1_unpack(zp_worker *worker, int format, const void *src, size_t src_nbytes,
                         void *dst, size_t dst_nbytes);

#endif
