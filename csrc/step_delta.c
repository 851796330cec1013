/*
 * step_delta.c - the filter "delta": differences of neighbours
 *
 * Differences are taken in the type that values have in memory, integers as
 * unsigned ones, which wrap around whatever the compiler; then they are
 * converted to the type that is stored.  The first value is kept as it is, and
 * not subtracted from zero, which would lose the sign of -0.0.
 */
#include "recast.h"

#include <string.h>

/* `last` is the value before the block; the very first has none. */
#define DEFINE_DELTA(name, type)                                                                   \
    static void name##_differences(type *values, size_t n, type *last, int first)                  \
    {                                                                                              \
        type before = *last;                                                                       \
        *last = values[n - 1];                                                                     \
        for (size_t i = n - 1; i > 0; i--)                                                         \
            values[i] = (type)(values[i] - values[i - 1]);                                         \
        if (!first)                                                                                \
            values[0] = (type)(values[0] - before);                                                \
    }                                                                                              \
    static void name##_sums(type *values, size_t n, type *last, int first)                         \
    {                                                                                              \
        type sum = *last;                                                                          \
        for (size_t i = 0; i < n; i++) {                                                           \
            sum = first && i == 0 ? values[0] : (type)(sum + values[i]);                           \
            values[i] = sum;                                                                       \
        }                                                                                          \
        *last = sum;                                                                               \
    }

DEFINE_DELTA(u1, uint8_t)
DEFINE_DELTA(u2, uint16_t)
DEFINE_DELTA(u4, uint32_t)
DEFINE_DELTA(u8, uint64_t)
DEFINE_DELTA(f4, float)
DEFINE_DELTA(f8, double)

static void
differences(zp_block *block, int kind, size_t n, zp_block *last, int first)
{
    switch (kind) {
    case ZP_INT8:
    case ZP_UINT8:
        u1_differences(block->u1, n, last->u1, first);
        break;
    case ZP_INT16:
    case ZP_UINT16:
        u2_differences(block->u2, n, last->u2, first);
        break;
    case ZP_INT32:
    case ZP_UINT32:
        u4_differences(block->u4, n, last->u4, first);
        break;
    case ZP_INT64:
    case ZP_UINT64:
        u8_differences(block->u8, n, last->u8, first);
        break;
    case ZP_FLOAT32:
        f4_differences(block->f4, n, last->f4, first);
        break;
    default:
        f8_differences(block->f8, n, last->f8, first);
    }
}

static void
sums(zp_block *block, int kind, size_t n, zp_block *last, int first)
{
    switch (kind) {
    case ZP_INT8:
    case ZP_UINT8:
        u1_sums(block->u1, n, last->u1, first);
        break;
    case ZP_INT16:
    case ZP_UINT16:
        u2_sums(block->u2, n, last->u2, first);
        break;
    case ZP_INT32:
    case ZP_UINT32:
        u4_sums(block->u4, n, last->u4, first);
        break;
    case ZP_INT64:
    case ZP_UINT64:
        u8_sums(block->u8, n, last->u8, first);
        break;
    case ZP_FLOAT32:
        f4_sums(block->f4, n, last->f4, first);
        break;
    default:
        f8_sums(block->f8, n, last->f8, first);
    }
}

/* As zp_recast_begin, for kinds that can be subtracted. */
static int64_t
begin(const zp_step *step, zp_worker *worker, int decoding, size_t src_nbytes, size_t dst_nbytes,
      zp_recast *recast)
{
    int64_t n = zp_recast_begin(step, worker, decoding, src_nbytes, dst_nbytes, recast);

    if (n >= 0 && recast->memory >= ZP_NNUMBERS)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "a kind of number without differences");
    return n;
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    zp_recast r;
    zp_block block, last;
    const uint8_t *from = src;
    uint8_t *to = dst;
    int64_t n = begin(step, worker, 0, src_nbytes, dst_nbytes, &r);

    if (n < 0)
        return n;
    last.u8[0] = 0;
    for (size_t left = (size_t)n; left > 0;) {
        size_t some = left < ZP_BLOCK ? left : ZP_BLOCK;
        memcpy(block.bytes, from, some * r.memory_nbytes);
        differences(&block, r.memory, some, &last, from == src);
        zp_cast(r.memory, r.stored)(block.bytes, to, some);
        from += some * r.memory_nbytes;
        to += some * r.stored_nbytes;
        left -= some;
    }
    return n * (int64_t)r.stored_nbytes;
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    zp_recast r;
    zp_block block, last;
    const uint8_t *from = src;
    uint8_t *to = dst;
    int64_t n = begin(step, worker, 1, src_nbytes, dst_nbytes, &r);

    if (n < 0)
        return n;
    last.u8[0] = 0;
    for (size_t left = (size_t)n; left > 0;) {
        size_t some = left < ZP_BLOCK ? left : ZP_BLOCK;
        zp_cast(r.stored, r.memory)(from, block.bytes, some);
        sums(&block, r.memory, some, &last, from == src);
        memcpy(to, block.bytes, some * r.memory_nbytes);
        from += some * r.stored_nbytes;
        to += some * r.memory_nbytes;
        left -= some;
    }
    return n * (int64_t)r.memory_nbytes;
}

const zp_codec zp_codec_delta = {
    .name = "delta",
    .encode = encode,
    .decode = decode,
    .bound = zp_recast_bound,
    .flags = ZP_EXACT,
};
