/*
 * step_blosc.c - the Blosc1 container as a codec, and the compressors it may hold
 */
#include <string.h>

#include "blosc1.h"
#include "codec.h"
#include "snappy.h"
#include "worker.h"

#if ZP_HAVE_BLOSCLZ
#include "proto_blosclz.h"
#endif

#define ZLIB_BITS 15

int
zp_blosc1_format_of(int compressor)
{
    switch (compressor) {
    case ZP_BLOSCLZ:
        return ZP_HAVE_BLOSCLZ ? ZP_FORMAT_BLOSCLZ : -1;
    case ZP_LZ4:
    case ZP_LZ4HC:
        return ZP_FORMAT_LZ4;
    case ZP_SNAPPY:
        return ZP_FORMAT_SNAPPY;
    case ZP_ZLIB:
        return ZP_HAVE_DEFLATE ? ZP_FORMAT_ZLIB : -1;
    case ZP_ZSTD:
        return ZP_FORMAT_ZSTD;
    default:
        return -1;
    }
}

/* Snappy knows no limit on its output, so it goes by way of scratch memory. */
static int64_t
pack_snappy(zp_worker *worker, const void *src, size_t src_nbytes, void *dst, size_t dst_nbytes)
{
    size_t most = zp_snappy_bound(src_nbytes);
    void *packed = zp_worker_scratch(worker, ZP_SLOT_SPLIT, most);

    if (!packed)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    int64_t n = zp_snappy_encode(worker, src, src_nbytes, packed, most);
    if (n > 0 && (size_t)n > dst_nbytes)
        return 0;
    if (n > 0)
        memcpy(dst, packed, (size_t)n);
    return n;
}

int64_t
zp_blosc1_pack(zp_worker *worker, int compressor, int level, int variant, const void *src,
               size_t src_nbytes, void *dst, size_t dst_nbytes)
{
    switch (compressor) {
#if ZP_HAVE_BLOSCLZ
    case ZP_BLOSCLZ:
        return blosclz_compress(level, src, (int)src_nbytes, dst, (int)dst_nbytes, 0);
#endif
    case ZP_LZ4:
        return zp_lz4_pack(worker, 10 - level, src, src_nbytes, dst, dst_nbytes);
    case ZP_LZ4HC:
        return zp_lz4hc_pack(worker, level, src, src_nbytes, dst, dst_nbytes);
    case ZP_SNAPPY:
        return pack_snappy(worker, src, src_nbytes, dst, dst_nbytes);
#if ZP_HAVE_DEFLATE
    case ZP_ZLIB:
        return zp_deflate_pack(worker, ZLIB_BITS, level, src, src_nbytes, dst, dst_nbytes);
#endif
    case ZP_ZSTD:
        return zp_zstd_pack(worker, level < 9 ? 2 * level - 1 : zp_zstd_max_level(), variant, src,
                            src_nbytes, dst, dst_nbytes);
    default:
        return zp_fail(worker, ZP_ERR_UNSUPPORTED, "this build lacks the compressor");
    }
}

/* Blocks are at most 2^31 bytes, by the container's own limits. */
static int64_t
unpack_any(zp_worker *worker, int format, const void *src, size_t src_nbytes, void *dst,
           size_t dst_nbytes)
{
    switch (format) {
#if ZP_HAVE_BLOSCLZ
    case ZP_FORMAT_BLOSCLZ:
        return blosclz_decompress(src, (int)src_nbytes, dst, (int)dst_nbytes);
#endif
    case ZP_FORMAT_LZ4:
        return zp_lz4_unpack(src, src_nbytes, dst, dst_nbytes);
    case ZP_FORMAT_SNAPPY:
        return zp_snappy_decode(worker, src, src_nbytes, dst, dst_nbytes);
#if ZP_HAVE_DEFLATE
    case ZP_FORMAT_ZLIB: {
        size_t used;
        return zp_deflate_unpack(worker, ZLIB_BITS, src, src_nbytes, dst, dst_nbytes, &used);
    }
#endif
    case ZP_FORMAT_ZSTD:
        return zp_zstd_decode(NULL, worker, src, src_nbytes, dst, dst_nbytes);
    default:
        return ZP_ERR_UNSUPPORTED;
    }
}

int64_t
zp_blosc1_unpack(zp_worker *worker, int format, const void *src, size_t src_nbytes, void *dst,
                 size_t dst_nbytes)
{
    int64_t n = unpack_any(worker, format, src, src_nbytes, dst, dst_nbytes);

    if (n == ZP_ERR_UNSUPPORTED)
        return zp_fail(worker, ZP_ERR_UNSUPPORTED, "unknown compressor, or not in this build");
    if (n == ZP_ERR_MEMORY || n == ZP_ERR_CHECKSUM)
        return n;
    if (n < 0 || (size_t)n != dst_nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a compressed block is damaged");
    return n;
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    return decoded_nbytes > ZP_BLOSC1_MAX_NBYTES
               ? ZP_ERR_TOO_LARGE
               : (int64_t)(decoded_nbytes + ZP_BLOSC1_HEADER_NBYTES);
}

const zp_codec zp_codec_blosc = {
    .name = "blosc",
    .encode = zp_blosc1_encode,
    .decode = zp_blosc1_decode,
    .bound = bound,
    .part = zp_blosc1_part,
    .range = zp_blosc1_range,
};
