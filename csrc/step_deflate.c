/*
 * step_deflate.c - the zlib and gzip formats
 *
 * libdeflate does whole buffers at once and is the faster of the two libraries
 * both ways.  zlib-ng stands in where it is not linked, and where
 * ZARRPY_DISABLE=libdeflate asks for the slower twin.
 */
#include <string.h>

#include "cpu.h"
#include "deflate.h"
#include "worker.h"

#if ZP_HAVE_DEFLATE

#define ZLIB_BITS 15
#define GZIP_BITS ZP_GZIP_BITS
#define DEFAULT_LEVEL 6
#define MAX_LEVEL ZP_MAX_DEFLATE_LEVEL

#if ZP_HAVE_LIBDEFLATE && ZP_HAVE_ZLIBNG

static int
use_libdeflate(void)
{
    return !(zp_cpu() & ZP_NO_LIBDEFLATE);
}

#define BY_LIBRARY(function) (use_libdeflate() ? zp_libdeflate_##function : zp_zlibng_##function)
#elif ZP_HAVE_LIBDEFLATE
#define BY_LIBRARY(function) zp_libdeflate_##function
#else
#define BY_LIBRARY(function) zp_zlibng_##function
#endif

int64_t
zp_deflate_pack(zp_worker *worker, int window_bits, int level, const void *src, size_t src_nbytes,
                void *dst, size_t dst_nbytes)
{
    if (level < 0)
        level = DEFAULT_LEVEL;
    if (level > MAX_LEVEL)
        level = MAX_LEVEL;
    return BY_LIBRARY(pack)(worker, window_bits, level, src, src_nbytes, dst, dst_nbytes);
}

int64_t
zp_deflate_unpack(zp_worker *worker, int window_bits, const void *src, size_t src_nbytes, void *dst,
                  size_t dst_nbytes, size_t *used)
{
    return BY_LIBRARY(unpack)(worker, window_bits, src, src_nbytes, dst, dst_nbytes, used);
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    if (decoded_nbytes > (size_t)INT64_MAX / 2)
        return ZP_ERR_TOO_LARGE;
    return (int64_t)BY_LIBRARY(bound)(decoded_nbytes);
}

static int64_t
encode(int window_bits, const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
       void *dst, size_t dst_nbytes)
{
    int64_t n = zp_deflate_pack(worker, window_bits, step->level, src, src_nbytes, dst, dst_nbytes);

    return n == 0 ? zp_fail(worker, ZP_ERR_SIZE, "no room for the worst case") : n;
}

static int64_t
zlib_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
            size_t dst_nbytes)
{
    return encode(ZLIB_BITS, step, worker, src, src_nbytes, dst, dst_nbytes);
}

static int64_t
zlib_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
            size_t dst_nbytes)
{
    size_t used = 0;
    int64_t n = zp_deflate_unpack(worker, ZLIB_BITS, src, src_nbytes, dst, dst_nbytes, &used);

    (void)step;
    if (n >= 0 && used != src_nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT, "bytes after the end of the stream");
    return n;
}

static int64_t
gzip_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
            size_t dst_nbytes)
{
    return encode(GZIP_BITS, step, worker, src, src_nbytes, dst, dst_nbytes);
}

static int
all_zero(const uint8_t *p, size_t nbytes)
{
    for (size_t i = 0; i < nbytes; i++)
        if (p[i])
            return 0;
    return 1;
}

/* A gzip file is any number of members, one after the other; padding of zeros may follow. */
static int64_t
gzip_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
            size_t dst_nbytes)
{
    const uint8_t *p = src;
    size_t written = 0;

    (void)step;
    do {
        size_t used = 0;
        int64_t n = zp_deflate_unpack(worker, GZIP_BITS, p, src_nbytes, (uint8_t *)dst + written,
                                      dst_nbytes - written, &used);
        if (n < 0)
            return n;
        written += (size_t)n;
        p += used;
        src_nbytes -= used;
        if (src_nbytes && p[0] != 0x1f) {
            if (all_zero(p, src_nbytes))
                break;
            return zp_fail(worker, ZP_ERR_CORRUPT, "bytes after the last member");
        }
    } while (src_nbytes);
    return (int64_t)written;
}

const zp_codec zp_codec_zlib = {
    .name = "zlib",
    .encode = zlib_encode,
    .decode = zlib_decode,
    .bound = bound,
};

const zp_codec zp_codec_gzip = {
    .name = "gzip",
    .encode = gzip_encode,
    .decode = gzip_decode,
    .bound = bound,
};

#endif
