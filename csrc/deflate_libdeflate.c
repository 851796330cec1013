/* deflate_libdeflate.c - Deflate by libdeflate: whole buffers at once */
#include "deflate.h"
#include "worker.h"

#if ZP_HAVE_LIBDEFLATE
#include "proto_deflate.h"

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
        return zp_fail(worker, ZP_ERR_CORRUPT,
                       "the stream is damaged, truncated, or fails its checksum");
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
