/* deflate_libdeflate.c - Deflate by libdeflate: whole buffers at once */
#include "deflate.h"
#include "worker.h"

#if ZP_HAVE_LIBDEFLATE
#include "load.h"
#include "proto_deflate.h"

#define ZLIB_HEADER_NBYTES 2
#define GZIP_HEADER_NBYTES 10
#define TRAILER_NBYTES 4 /* the checksum; gzip has the size behind it */

/*
 * The library's levels 8 and 9 pack raw floating point worse than 7 does, and
 * slower; from 10 on it searches for the best way and beats all others.
 */
static const int levels[ZP_MAX_DEFLATE_LEVEL + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 7, 10};

typedef struct compressor {
    int level;
    struct libdeflate_compressor *library;
} compressor;

static void
release_compressor(void *context)
{
    libdeflate_free_compressor(((compressor *)context)->library);
    zp_free(context);
}

static void
release_decompressor(void *context)
{
    libdeflate_free_decompressor(context);
}

static struct libdeflate_compressor *
compressor_of(zp_worker *worker, int level)
{
    compressor *context = zp_worker_context(worker, ZP_CONTEXT_DEFLATE);

    if (context && context->level == level)
        return context->library;
    context = zp_malloc(sizeof *context);
    if (!context)
        return NULL;
    context->level = level;
    context->library = libdeflate_alloc_compressor(level);
    if (!context->library) {
        zp_free(context);
        return NULL;
    }
    zp_worker_keep(worker, ZP_CONTEXT_DEFLATE, context, release_compressor);
    return context->library;
}

int64_t
zp_libdeflate_pack(zp_worker *worker, int window_bits, int level, const uint8_t *src,
                   size_t src_nbytes, uint8_t *dst, size_t dst_nbytes)
{
    struct libdeflate_compressor *library = compressor_of(worker, levels[level]);

    if (!library)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    return (int64_t)(window_bits == ZP_GZIP_BITS
                         ? libdeflate_gzip_compress(library, src, src_nbytes, dst, dst_nbytes)
                         : libdeflate_zlib_compress(library, src, src_nbytes, dst, dst_nbytes));
}

/* Bytes of a gzip member before its data, or 0 when they are not all there. */
static size_t
gzip_header_nbytes(const uint8_t *src, size_t src_nbytes)
{
    enum { HEADER_CHECK = 2, EXTRA = 4, NAME = 8, COMMENT = 16 };
    size_t at = GZIP_HEADER_NBYTES;

    if (src_nbytes < at)
        return 0;
    if (src[3] & EXTRA && (at += 2) <= src_nbytes)
        at += zp_load16(src + at - 2);
    for (int text = NAME; text <= COMMENT; text *= 2)
        if (src[3] & text) {
            while (at < src_nbytes && src[at])
                at++;
            at++;
        }
    at += src[3] & HEADER_CHECK ? 2 : 0;
    return at <= src_nbytes ? at : 0;
}

/*
 * Why a stream was refused.  The library does not tell damage from a wrong
 * checksum: where the data between header and checksum can be decoded, it is that.
 */
static int64_t
explain_refusal(zp_worker *worker, struct libdeflate_decompressor *library, int gzip,
                const uint8_t *src, size_t src_nbytes, uint8_t *dst, size_t dst_nbytes)
{
    static const char unclear[] = "the stream is damaged, truncated, or fails its checksum";
    size_t head = gzip ? gzip_header_nbytes(src, src_nbytes) : ZLIB_HEADER_NBYTES;
    size_t used = 0, n = 0;

    if (head == 0 || src_nbytes < head + TRAILER_NBYTES ||
        libdeflate_deflate_decompress_ex(library, src + head, src_nbytes - head, dst, dst_nbytes,
                                         &used, &n) != LIBDEFLATE_SUCCESS ||
        src_nbytes - head - used < TRAILER_NBYTES)
        return zp_fail(worker, ZP_ERR_CORRUPT, unclear);
    uint32_t stored = zp_load32(src + head + used);
    uint32_t computed = gzip ? libdeflate_crc32(0, dst, n) : libdeflate_adler32(1, dst, n);
    if (!gzip)
        stored = stored >> 24 | (stored >> 8 & 0xff00) | (stored << 8 & 0xff0000) | stored << 24;
    return stored == computed ? zp_fail(worker, ZP_ERR_CORRUPT, unclear)
                              : zp_fail_checksum(worker, stored, computed);
}

/* One stream or member; *used is how much of the input it took. */
int64_t
zp_libdeflate_unpack(zp_worker *worker, int window_bits, const uint8_t *src, size_t src_nbytes,
                     uint8_t *dst, size_t dst_nbytes, size_t *used)
{
    struct libdeflate_decompressor *library = zp_worker_context(worker, ZP_CONTEXT_INFLATE);
    size_t n = 0;

    if (!library) {
        library = libdeflate_alloc_decompressor();
        if (!library)
            return zp_fail(worker, ZP_ERR_MEMORY, NULL);
        zp_worker_keep(worker, ZP_CONTEXT_INFLATE, library, release_decompressor);
    }

    enum libdeflate_result result = window_bits == ZP_GZIP_BITS
                                        ? libdeflate_gzip_decompress_ex(library, src, src_nbytes,
                                                                        dst, dst_nbytes, used, &n)
                                        : libdeflate_zlib_decompress_ex(library, src, src_nbytes,
                                                                        dst, dst_nbytes, used, &n);
    switch (result) {
    case LIBDEFLATE_SUCCESS:
        return (int64_t)n;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    default:
        return explain_refusal(worker, library, window_bits == ZP_GZIP_BITS, src, src_nbytes, dst,
                               dst_nbytes);
    }
}

size_t
zp_libdeflate_bound(size_t nbytes)
{
    return libdeflate_gzip_compress_bound(NULL, nbytes);
}
#else
typedef int zp_nothing_here; /* ISO C wants a declaration in every file */
#endif
