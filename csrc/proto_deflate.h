/*
 * proto_deflate.h - what is used of libdeflate (1.x)
 */
#ifndef ZP_PROTO_DEFLATE_H
#define ZP_PROTO_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

struct libdeflate_compressor;
struct libdeflate_decompressor;

enum libdeflate_result {
    LIBDEFLATE_SUCCESS = 0,
    LIBDEFLATE_BAD_DATA = 1,
    LIBDEFLATE_SHORT_OUTPUT = 2,
    LIBDEFLATE_INSUFFICIENT_SPACE = 3,
};

struct libdeflate_compressor *libdeflate_alloc_compressor(int level);
void libdeflate_free_compressor(struct libdeflate_compressor *compressor);
struct libdeflate_decompressor *libdeflate_alloc_decompressor(void);
void libdeflate_free_decompressor(struct libdeflate_decompressor *decompressor);

/* These return 0 when the output does not fit. */
size_t libdeflate_zlib_compress(struct libdeflate_compressor *compressor, const void *in,
                                size_t in_nbytes, void *out, size_t out_nbytes);
size_t libdeflate_gzip_compress(struct libdeflate_compressor *compressor, const void *in,
                                size_t in_nbytes, void *out, size_t out_nbytes);
size_t libdeflate_zlib_compress_bound(struct libdeflate_compressor *compressor, size_t in_nbytes);
size_t libdeflate_gzip_compress_bound(struct libdeflate_compressor *compressor, size_t in_nbytes);

enum libdeflate_result
libdeflate_deflate_decompress_ex(struct libdeflate_decompressor *decompressor, const void *src,
                                 size_t src_nbytes, void *dst, size_t dst_nbytes, size_t *used,
                                 size_t *written);
enum libdeflate_result libdeflate_zlib_decompress_ex(struct libdeflate_decompressor *decompressor,
                                                     const void *in, size_t in_nbytes, void *out,
                                                     size_t out_nbytes, size_t *in_used,
                                                     size_t *out_used);
enum libdeflate_result libdeflate_gzip_decompress_ex(struct libdeflate_decompressor *decompressor,
                                                     const void *in, size_t in_nbytes, void *out,
                                                     size_t out_nbytes, size_t *in_used,
                                                     size_t *out_used);

uint32_t libdeflate_crc32(uint32_t crc, const void *data, size_t nbytes);
uint32_t libdeflate_adler32(uint32_t adler, const void *data, size_t nbytes);

#endif
