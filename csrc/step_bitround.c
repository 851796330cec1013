/*
 * step_bitround.c - the filter "bitround": fewer significant bits
 *
 * Adding half of what is cut off, less one, plus the lowest bit that stays,
 * rounds to the nearest and ties to even; what carries over goes into the
 * exponent, where it belongs.  A NaN stays as it is: its payload could carry
 * over into the sign.  Decoding changes nothing, and so costs nothing.
 */
#include <string.h>

#include "codec.h"
#include "worker.h"

/* Kinds of elements, in step->variant: how many bits a mantissa has, or 0 for integers. */
static int
exponent_bits(uint32_t itemsize, int mantissa_bits)
{
    return (int)(8 * itemsize) - 1 - mantissa_bits;
}

/* Count of bits from the highest that is set. */
static int
length_of(uint64_t x)
{
    int length = 0;

    for (int half = 32; half > 0; half /= 2)
        if (x >> half) {
            x >>= half;
            length += half;
        }
    return length + (x != 0);
}

#define DEFINE_ROUND(type, most)                                                                   \
    static type round_##type(type x, int cut)                                                      \
    {                                                                                              \
        type half = (type)((((type)1 << (cut - 1)) - 1) + (x >> cut & 1));                         \
        return (type)((type)(x + half) >> cut << cut);                                             \
    }                                                                                              \
    static void round_floats_##type(const uint8_t *src, uint8_t *dst, size_t n, int cut, type inf) \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            type x;                                                                                \
            memcpy(&x, src + i * sizeof x, sizeof x);                                              \
            type y = (type)(x & (most >> 1)) > inf ? x : round_##type(x, cut);                     \
            memcpy(dst + i * sizeof y, &y, sizeof y);                                              \
        }                                                                                          \
    }                                                                                              \
    static void round_integers_##type(const uint8_t *src, uint8_t *dst, size_t n, int keep)        \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            type x;                                                                                \
            memcpy(&x, src + i * sizeof x, sizeof x);                                              \
            int cut = length_of(x) - keep;                                                         \
            if (cut > 0) {                                                                         \
                type half = (type)((((type)1 << (cut - 1)) - 1) + (x >> cut & 1));                 \
                x = x > most - half ? most : (type)(x + half); /* 255 has no higher neighbour */   \
                x = (type)(x >> cut << cut);                                                       \
            }                                                                                      \
            memcpy(dst + i * sizeof x, &x, sizeof x);                                              \
        }                                                                                          \
    }

DEFINE_ROUND(uint8_t, UINT8_MAX)
DEFINE_ROUND(uint16_t, UINT16_MAX)
DEFINE_ROUND(uint32_t, UINT32_MAX)
DEFINE_ROUND(uint64_t, UINT64_MAX)

static void
round_floats(uint32_t itemsize, int mantissa, int cut, const void *src, void *dst, size_t n)
{
    uint64_t inf = (((uint64_t)1 << exponent_bits(itemsize, mantissa)) - 1) << mantissa;

    if (itemsize == 1)
        round_floats_uint8_t(src, dst, n, cut, (uint8_t)inf);
    else if (itemsize == 2)
        round_floats_uint16_t(src, dst, n, cut, (uint16_t)inf);
    else if (itemsize == 4)
        round_floats_uint32_t(src, dst, n, cut, (uint32_t)inf);
    else
        round_floats_uint64_t(src, dst, n, cut, inf);
}

static void
round_integers(uint32_t itemsize, int keep, const void *src, void *dst, size_t n)
{
    if (itemsize == 1)
        round_integers_uint8_t(src, dst, n, keep);
    else if (itemsize == 2)
        round_integers_uint16_t(src, dst, n, keep);
    else if (itemsize == 4)
        round_integers_uint32_t(src, dst, n, keep);
    else
        round_integers_uint64_t(src, dst, n, keep);
}

static int
valid(const zp_step *step)
{
    uint32_t size = step->itemsize;

    return (size == 1 || size == 2 || size == 4 || size == 8) &&
           step->level >= (step->variant == 0) && step->variant >= 0 &&
           step->variant < (int)(8 * size) - 1;
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    if (!valid(step))
        return ZP_ERR_ARGUMENT;
    return decoded_nbytes > (size_t)INT64_MAX ? ZP_ERR_TOO_LARGE : (int64_t)decoded_nbytes;
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    if (!valid(step))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "no bits to keep, or elements of no known size");
    if (src_nbytes % step->itemsize)
        return zp_fail(worker, ZP_ERR_ENCODE, "not a whole number of elements");
    if (src_nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);

    size_t n = src_nbytes / step->itemsize;
    if (step->variant == 0)
        round_integers(step->itemsize, step->level, src, dst, n);
    else if (step->level < step->variant)
        round_floats(step->itemsize, step->variant, step->variant - step->level, src, dst, n);
    else if (n)
        memcpy(dst, src, src_nbytes);
    return (int64_t)src_nbytes;
}

static int64_t
view(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, size_t *offset)
{
    (void)src;
    if (!valid(step))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "elements of no known size");
    if (src_nbytes % step->itemsize)
        return zp_fail(worker, ZP_ERR_CORRUPT, "not a whole number of elements");
    *offset = 0;
    return (int64_t)src_nbytes;
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    size_t offset;
    int64_t n = view(step, worker, src, src_nbytes, &offset);

    if (n < 0)
        return n;
    if (src_nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (n)
        memcpy(dst, src, src_nbytes);
    return n;
}

const zp_codec zp_codec_bitround = {
    .name = "bitround",
    .encode = encode,
    .decode = decode,
    .bound = bound,
    .view = view,
    .flags = ZP_EXACT,
};
