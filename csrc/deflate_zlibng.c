/* deflate_zlibng.c - Deflate by zlib-ng: a stream at a time */
#include "deflate.h"
#include "worker.h"

#if ZP_HAVE_ZLIBNG
#include "proto_zlibng.h"

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

int64_t
zp_zlibng_pack(zp_worker *worker, int window_bits, int level, const uint8_t *src, size_t src_nbytes,
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
    zng_stream *stream = zp_worker_context(worker, ZP_CONTEXT_INFLATE_STREAM);

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
    zp_worker_keep(worker, ZP_CONTEXT_INFLATE_STREAM, stream, release_inflate);
    return stream;
}

/* One stream or member; *used is how much of the input it took. */
int64_t
zp_zlibng_unpack(zp_worker *worker, int window_bits, const uint8_t *src, size_t src_nbytes,
                 uint8_t *dst, size_t dst_nbytes, size_t *used)
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

size_t
zp_zlibng_bound(size_t nbytes)
{
    /* The library's bound is for the zlib format; gzip's frame is 12 bytes longer. */
    return zng_compressBound(nbytes) + 12;
}
#else
typedef int zp_nothing_here; /* ISO C wants a declaration in every file */
#endif
