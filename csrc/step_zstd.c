/*
 * step_zstd.c - Zstandard
 */
#include "codec.h"
#include "load.h"
#include "proto_zstd.h"
#include "worker.h"

/* A context this large (the highest levels) is not kept: it would outlive its use by far. */
#define KEEP_NBYTES ((size_t)64 << 20)

static void
release_encoder(void *context)
{
    ZSTD_freeCCtx(context);
}

static void
release_decoder(void *context)
{
    ZSTD_freeDCtx(context);
}

static ZSTD_CCtx *
encoder(zp_worker *worker)
{
    ZSTD_CCtx *context = zp_worker_context(worker, ZP_CONTEXT_ZSTD_ENCODE);

    if (!context) {
        context = ZSTD_createCCtx();
        if (context)
            zp_worker_keep(worker, ZP_CONTEXT_ZSTD_ENCODE, context, release_encoder);
    }
    return context;
}

static ZSTD_DCtx *
decoder(zp_worker *worker)
{
    ZSTD_DCtx *context = zp_worker_context(worker, ZP_CONTEXT_ZSTD_DECODE);

    if (!context) {
        context = ZSTD_createDCtx();
        if (context)
            zp_worker_keep(worker, ZP_CONTEXT_ZSTD_DECODE, context, release_decoder);
    }
    return context;
}

/* Our status for an error code of the library. */
static int64_t
status_of(zp_worker *worker, size_t code)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_dstSize_tooSmall:
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    case ZSTD_error_checksum_wrong:
        return zp_fail(worker, ZP_ERR_CHECKSUM, "the frame's content checksum does not match");
    case ZSTD_error_memory_allocation:
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    case ZSTD_error_srcSize_wrong:
        return zp_fail(worker, ZP_ERR_CORRUPT, "frame is truncated");
    case ZSTD_error_dictionary_wrong:
        return zp_fail(worker, ZP_ERR_UNSUPPORTED, "frame needs a dictionary");
    default:
        return zp_fail(worker, ZP_ERR_CORRUPT, ZSTD_getErrorName(code));
    }
}

int64_t
zp_zstd_bound(const zp_step *step, size_t decoded_nbytes)
{
    size_t bound = ZSTD_compressBound(decoded_nbytes);

    (void)step;
    return ZSTD_isError(bound) ? ZP_ERR_TOO_LARGE : (int64_t)bound;
}

/* What the fast strategy is told of a kind of data, in place of what a level says. */
typedef struct tuning {
    int min_match;
    int hash_log;
    int step; /* how fast places without a match are passed; 0 is the slowest */
} tuning;

/*
 * By enum zp_zstd_variant.  Level 1 looks for matches of 7 bytes at least, which images seldom
 * have: 5 finds most of what level 3 finds, in half the time.  In planes of numbers matches are
 * long or not worth having, so a small table will do; those of floating-point numbers are partly
 * noise, where searching every place finds nothing.  Numbers of four bytes match from a byte of
 * the next on: one table of such matches finds as much as the two of level 3.
 */
static const tuning tunings[] = {
    [ZP_ZSTD_BYTES] = {5, 16, 0},
    [ZP_ZSTD_FLOAT_PLANES] = {7, 13, 4},
    [ZP_ZSTD_PLANES] = {7, 13, 0},
    [ZP_ZSTD_NUMBERS] = {5, 17, 0},
};

static size_t
tune(ZSTD_CCtx *context, int variant)
{
    const tuning *chosen = &tunings[variant];
    const int parameters[][2] = {
        {ZSTD_c_strategy, ZSTD_fast},
        {ZSTD_c_minMatch, chosen->min_match},
        {ZSTD_c_hashLog, chosen->hash_log},
        {ZSTD_c_targetLength, chosen->step},
        {ZSTD_c_literalCompressionMode, ZSTD_ps_enable}, /* which steps would turn off */
    };
    size_t n = 0;

    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0] && !ZSTD_isError(n); i++)
        n = ZSTD_CCtx_setParameter(context, parameters[i][0], parameters[i][1]);
    return n;
}

/* A context with all parameters set anew; an error code where one is refused. */
static size_t
prepare(ZSTD_CCtx *context, int level, int variant, int checksum)
{
    size_t n = ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);

    if (!ZSTD_isError(n))
        n = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    if (!ZSTD_isError(n) && variant != ZP_ZSTD_ANY)
        n = tune(context, variant);
    if (!ZSTD_isError(n))
        n = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
    return n;
}

int64_t
zp_zstd_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
               void *dst, size_t dst_nbytes)
{
    ZSTD_CCtx *context = encoder(worker);
    size_t n;

    if (!context)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    n = prepare(context, step->level, step->variant, step->checksum != 0);
    if (!ZSTD_isError(n))
        n = ZSTD_compress2(context, dst, dst_nbytes, src, src_nbytes);
    if (ZSTD_sizeof_CCtx(context) > KEEP_NBYTES)
        zp_worker_keep(worker, ZP_CONTEXT_ZSTD_ENCODE, NULL, release_encoder);
    return ZSTD_isError(n) ? status_of(worker, n) : (int64_t)n;
}

/* Whether a frame of today's format starts here; the library would also try formats of old. */
static int
is_frame(const uint8_t *p, size_t nbytes)
{
    if (nbytes < 4)
        return 0;
    uint32_t magic = zp_load32(p);
    return magic == ZSTD_MAGIC || (magic & 0xfffffff0u) == ZSTD_MAGIC_SKIPPABLE;
}

int64_t
zp_zstd_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
               void *dst, size_t dst_nbytes)
{
    const uint8_t *p = src;
    size_t written = 0;
    ZSTD_DCtx *context = decoder(worker);

    (void)step;
    if (!context)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    if (src_nbytes == 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, "no bytes where a frame should be");

    /* Frame by frame, so that what follows the last one is noticed whatever it is. */
    while (src_nbytes) {
        if (!is_frame(p, src_nbytes))
            return zp_fail(worker, ZP_ERR_CORRUPT,
                           written ? "bytes after the last frame" : "not a zstd frame");

        size_t frame_nbytes = ZSTD_findFrameCompressedSize(p, src_nbytes);
        if (ZSTD_isError(frame_nbytes))
            return status_of(worker, frame_nbytes);
        size_t n = ZSTD_decompressDCtx(context, (uint8_t *)dst + written, dst_nbytes - written, p,
                                       frame_nbytes);
        if (ZSTD_isError(n))
            return status_of(worker, n);
        written += n;
        p += frame_nbytes;
        src_nbytes -= frame_nbytes;
    }
    return (int64_t)written;
}

int64_t
zp_zstd_pack(zp_worker *worker, int level, int variant, const void *src, size_t src_nbytes,
             void *dst, size_t dst_nbytes)
{
    ZSTD_CCtx *context = encoder(worker);
    size_t n;

    if (!context)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    if (variant == ZP_ZSTD_ANY) {
        n = ZSTD_compressCCtx(context, dst, dst_nbytes, src, src_nbytes, level);
    } else {
        n = prepare(context, level, variant, 0);
        if (!ZSTD_isError(n))
            n = ZSTD_compress2(context, dst, dst_nbytes, src, src_nbytes);
    }
    if (!ZSTD_isError(n))
        return (int64_t)n;
    return ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall ? 0 : status_of(worker, n);
}

int
zp_zstd_max_level(void)
{
    return ZSTD_maxCLevel();
}

const zp_codec zp_codec_zstd = {
    .name = "zstd",
    .encode = zp_zstd_encode,
    .decode = zp_zstd_decode,
    .bound = zp_zstd_bound,
};
