/*
 * step_deflate.c - the zlib and gzip formats
 *
 * libdeflate does whole buffers at once and is the faster of the two libraries
 * both ways; zlib-ng stands in where it is not linked.
 */
#include <string.h>

#include "codec.h"
#include "worker.h"

#if ZP_HAVE_LIBDEFLATE
#include "proto_deflate.h"
#elif ZP_HAVE_ZLIBNG
#include "proto_zlibng.h"
#endif

#if ZP_HAVE_DEFLATE

#define ZLIB_BITS 15 /* "window bits" tell the formats apart, as in zlib */
#define GZIP_BITS 31
#define DEFAULT_LEVEL 6
#define MAX_LEVEL 9

#if ZP_HAVE_LIBDEFLATE

/*
 * The library's levels 8 and 9 pack raw floating point worse than 7 does, and
 * slower; from 10 on it searches for the best way and beats all others.
 */
static const int levels[MAX_LEVEL + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 7, 10};

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

static int64_t
pack(zp_worker *worker, int window_bits, int level, const uint8_t *src, size_t src_nbytes,
     uint8_t *dst, size_t dst_nbytes)
{
    struct libdeflate_compressor *library = compressor_of(worker, levels[level]);

    if (!library)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    return (int64_t)(window_bits == GZIP_BITS
                         ? libdeflate_gzip_compress(library, src, src_nbytes, dst, dst_nbytes)
                         : libdeflate_zlib_compress(library, src, src_nbytes, dst, dst_nbytes));
}

/* One stream or member; *used is how much of the input it took. */
static int64_t
unpack(zp_worker *worker, int window_bits, const uint8_t *src, size_t src_nbytes, uint8_t *dst,
       size_t dst_nbytes, size_t *used)
{
    struct libdeflate_decompressor *library = zp_worker_context(worker, ZP_CONTEXT_INFLATE);
    size_t n = 0;

    if (!library) {
        library = libdeflate_alloc_decompressor();
        if (!library)
            return zp_fail(worker, ZP_ERR_MEMORY, NULL);
        zp_worker_keep(worker, ZP_CONTEXT_INFLATE, library, release_decompressor);
    }

    enum libdeflate_result result = window_bits == GZIP_BITS
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

#else /* zlib-ng */

/* The library counts in 32 bits: larger buffers are handed over in pieces. */
#define PIECE_NBYTES ((size_t)1 << 30)

static void
feed(zng_stream *stream, const uint8_t *src, size_t src_nbytes, uint8_t *dst, size_t dst_nbytes)
{
    size_t in_left = src_nbytes - stream->total_in, out_left = dst_nbytes - stream->total_out;

    stream->next_in = src + stream->total_in;
    stream->avail_in = (uint32_t)(in_left < PIECE_NBYTES ? in_left : PIECE_NBYTES);
    stream->next_out = dst + stream->total_out;
    stream->avail_out = (uint32_t)(out_left < PIECE_NBYTES ? out_left : PIECE_NBYTES);
}

static int64_t
pack(zp_worker *worker, int window_bits, int level, const uint8_t *src, size_t src_nbytes,
     uint8_t *dst, size_t dst_nbytes)
{
    zng_stream stream = {0};
    int32_t status;

    if (zng_deflateInit2(&stream, level, ZNG_DEFLATED, window_bits, ZNG_MEM_LEVEL,
                         ZNG_DEFAULT_STRATEGY) != ZNG_OK)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    do {
        feed(&stream, src, src_nbytes, dst, dst_nbytes);
        int last = stream.total_in + stream.avail_in == src_nbytes;
        status = zng_deflate(&stream, last ? ZNG_FINISH : ZNG_NO_FLUSH);
    } while (status == ZNG_OK && stream.total_out < dst_nbytes);
    zng_deflateEnd(&stream);
    return status == ZNG_STREAM_END ? (int64_t)stream.total_out : 0;
}

static void
release_inflate(void *context)
{
    zng_inflateEnd(context);
    zp_free(context);
}

static zng_stream *
inflater(zp_worker *worker, int window_bits)
{
    zng_stream *stream = zp_worker_context(worker, ZP_CONTEXT_INFLATE);

    if (stream)
        return zng_inflateReset2(stream, window_bits) == ZNG_OK ? stream : NULL;
    stream = zp_malloc(sizeof *stream);
    if (!stream)
        return NULL;
    *stream = (zng_stream){0};
    if (zng_inflateInit2(stream, window_bits) != ZNG_OK) {
        zp_free(stream);
        return NULL;
    }
    zp_worker_keep(worker, ZP_CONTEXT_INFLATE, stream, release_inflate);
    return stream;
}

/* One stream or member; *used is how much of the input it took. */
static int64_t
unpack(zp_worker *worker, int window_bits, const uint8_t *src, size_t src_nbytes, uint8_t *dst,
       size_t dst_nbytes, size_t *used)
{
    static const uint8_t nothing;
    uint8_t spill; /* where a byte too many lands */
    zng_stream *stream = inflater(worker, window_bits);
    int32_t status;

    if (!stream)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    stream->total_in = stream->total_out = 0;
    do {
        feed(stream, src, src_nbytes, dst, dst_nbytes);
        if (stream->avail_in == 0)
            stream->next_in = &nothing;
        if (stream->avail_out == 0) {
            stream->next_out = &spill;
            stream->avail_out = 1;
        }
        status = zng_inflate(stream, ZNG_NO_FLUSH);
    } while (status == ZNG_OK && stream->total_out <= dst_nbytes);

    *used = stream->total_in;
    if (stream->total_out > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (status == ZNG_STREAM_END)
        return (int64_t)stream->total_out;
    if (status == ZNG_MEM_ERROR)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    return zp_fail(worker, ZP_ERR_CORRUPT,
                   status == ZNG_BUF_ERROR ? "the stream is truncated" : "the stream is damaged");
}

#endif

int64_t
zp_deflate_pack(zp_worker *worker, int window_bits, int level, const void *src, size_t src_nbytes,
                void *dst, size_t dst_nbytes)
{
    if (level < 0)
        level = DEFAULT_LEVEL;
    if (level > MAX_LEVEL)
        level = MAX_LEVEL;
    return pack(worker, window_bits, level, src, src_nbytes, dst, dst_nbytes);
}

int64_t
zp_deflate_unpack(zp_worker *worker, int window_bits, const void *src, size_t src_nbytes, void *dst,
                  size_t dst_nbytes, size_t *used)
{
    return unpack(worker, window_bits, src, src_nbytes, dst, dst_nbytes, used);
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    if (decoded_nbytes > (size_t)INT64_MAX / 2)
        return ZP_ERR_TOO_LARGE;
#if ZP_HAVE_LIBDEFLATE
    return (int64_t)libdeflate_gzip_compress_bound(NULL, decoded_nbytes);
#else
    /* The library's bound is for the zlib format; gzip's frame is 12 bytes longer. */
    return (int64_t)zng_compressBound(decoded_nbytes) + 12;
#endif
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
    int64_t n = unpack(worker, ZLIB_BITS, src, src_nbytes, dst, dst_nbytes, &used);

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
        int64_t n = unpack(worker, GZIP_BITS, p, src_nbytes, (uint8_t *)dst + written,
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
