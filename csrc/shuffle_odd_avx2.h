/*
 * shuffle_odd_avx2.h - the shuffle filter for elements of 3, 5-7 and 9-15 bytes
 *
 * An element is loaded with some of its neighbour's bytes, transposed as if it
 * were as wide as the next power of two, and the planes of the neighbour's bytes
 * are dropped.  The other way the surplus bytes are stored too, and the next
 * element's store overwrites them; so stores go from front to back, and some
 * elements at the end are left to the portable body.
 */
#ifndef ZP_SHUFFLE_ODD_AVX2_H
#define ZP_SHUFFLE_ODD_AVX2_H

#include "transpose_avx2.h"

/* Elements left over, so that 16 bytes may be read or written at any that is not. */
#define MARGIN 8

/* Elements 2i and 2i + 1 of k < 8 bytes at the front of each lane, as two of 8 bytes. */
AVX2 __m256i
widen_pairs(const uint8_t *src, int k)
{
    uint8_t places[16];

    for (int byte = 0; byte < 8; byte++) {
        places[byte] = (uint8_t)(byte < k ? byte : 0x80);
        places[8 + byte] = (uint8_t)(byte < k ? k + byte : 0x80);
    }
    return _mm256_shuffle_epi8(
        load_lanes(src, src + 16 * k),
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)places)));
}

/* Two elements of 8 bytes in each lane to two of k bytes at its front. */
AVX2 __m256i
narrow_pairs(__m256i pairs, int k)
{
    uint8_t places[16];

    for (int byte = 0; byte < 16; byte++)
        places[byte] = (uint8_t)(byte < k ? byte : byte < 2 * k ? 8 + byte - k : 0x80);
    return _mm256_shuffle_epi8(
        pairs, _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)places)));
}

AVX2 void
store_low(uint8_t *p, __m256i v)
{
    _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(v));
}

AVX2 void
store_high(uint8_t *p, __m256i v)
{
    _mm_storeu_si128((__m128i *)p, _mm256_extracti128_si256(v, 1));
}

/* 3, 5, 6 or 7 bytes. */
AVX2 void
shuffle_narrow(const uint8_t *src, uint8_t *dst, size_t stride, int k)
{
    octets e = {widen_pairs(src, k),          widen_pairs(src + 2 * k, k),
                widen_pairs(src + 4 * k, k),  widen_pairs(src + 6 * k, k),
                widen_pairs(src + 8 * k, k),  widen_pairs(src + 10 * k, k),
                widen_pairs(src + 12 * k, k), widen_pairs(src + 14 * k, k)};

    put_planes(e, dst, stride, k);
}

AVX2 void
unshuffle_narrow(const uint8_t *src, uint8_t *dst, size_t stride, int k)
{
    octets e = get_planes(src, stride, k);
    __m256i v[8] = {e.v0, e.v1, e.v2, e.v3, e.v4, e.v5, e.v6, e.v7};

    for (int i = 0; i < 8; i++) {
        v[i] = narrow_pairs(v[i], k);
        store_low(dst + 2 * i * k, v[i]);
    }
    for (int i = 0; i < 8; i++)
        store_high(dst + (16 + 2 * i) * k, v[i]);
}

/* 9 to 15 bytes: the first 8, then the others. */
AVX2 void
shuffle_wide(const uint8_t *src, uint8_t *dst, size_t stride, int k)
{
    for (int half = 0; half < 2; half++) {
        octets e = {half_of_pair(src, k, 0, half), half_of_pair(src, k, 1, half),
                    half_of_pair(src, k, 2, half), half_of_pair(src, k, 3, half),
                    half_of_pair(src, k, 4, half), half_of_pair(src, k, 5, half),
                    half_of_pair(src, k, 6, half), half_of_pair(src, k, 7, half)};
        put_planes(e, dst + 8 * half * stride, stride, half ? k - 8 : 8);
    }
}

AVX2 void
unshuffle_wide(const uint8_t *src, uint8_t *dst, size_t stride, int k)
{
    octets low = get_planes(src, stride, 8), high = get_planes(src + 8 * stride, stride, k - 8);
    __m256i a[8] = {low.v0, low.v1, low.v2, low.v3, low.v4, low.v5, low.v6, low.v7};
    __m256i b[8] = {high.v0, high.v1, high.v2, high.v3, high.v4, high.v5, high.v6, high.v7};

    for (int i = 0; i < 8; i++) {
        store_low(dst + 2 * i * k, LO64(a[i], b[i]));
        store_low(dst + (2 * i + 1) * k, HI64(a[i], b[i]));
    }
    for (int i = 0; i < 8; i++) {
        store_high(dst + (16 + 2 * i) * k, LO64(a[i], b[i]));
        store_high(dst + (17 + 2 * i) * k, HI64(a[i], b[i]));
    }
}

/* The element size as a constant, so that masks are constants and loops unroll. */
#define DEFINE_ODD(k, width)                                                                       \
    ZP_TARGET("avx2")                                                                              \
    static void shuffle_odd##k(const uint8_t *src, uint8_t *dst, size_t n, size_t nelems)          \
    {                                                                                              \
        for (size_t i = 0; i < n; i += GROUP)                                                      \
            shuffle_##width(src + i * k, dst + i, nelems, k);                                      \
    }                                                                                              \
    ZP_TARGET("avx2")                                                                              \
    static void unshuffle_odd##k(const uint8_t *src, uint8_t *dst, size_t n, size_t nelems)        \
    {                                                                                              \
        for (size_t i = 0; i < n; i += GROUP)                                                      \
            unshuffle_##width(src + i, dst + i * k, nelems, k);                                    \
    }

DEFINE_ODD(3, narrow)
DEFINE_ODD(5, narrow)
DEFINE_ODD(6, narrow)
DEFINE_ODD(7, narrow)
DEFINE_ODD(9, wide)
DEFINE_ODD(10, wide)
DEFINE_ODD(11, wide)
DEFINE_ODD(12, wide)
DEFINE_ODD(13, wide)
DEFINE_ODD(14, wide)
DEFINE_ODD(15, wide)

typedef void (*odd_loop)(const uint8_t *, uint8_t *, size_t, size_t);

static const odd_loop shuffle_odd[16] = {
    [3] = shuffle_odd3,   [5] = shuffle_odd5,   [6] = shuffle_odd6,   [7] = shuffle_odd7,
    [9] = shuffle_odd9,   [10] = shuffle_odd10, [11] = shuffle_odd11, [12] = shuffle_odd12,
    [13] = shuffle_odd13, [14] = shuffle_odd14, [15] = shuffle_odd15,
};
static const odd_loop unshuffle_odd[16] = {
    [3] = unshuffle_odd3,   [5] = unshuffle_odd5,   [6] = unshuffle_odd6,   [7] = unshuffle_odd7,
    [9] = unshuffle_odd9,   [10] = unshuffle_odd10, [11] = unshuffle_odd11, [12] = unshuffle_odd12,
    [13] = unshuffle_odd13, [14] = unshuffle_odd14, [15] = unshuffle_odd15,
};

/* Return the number of elements done, a multiple of GROUP. */
static size_t
apply_odd(const odd_loop *loops, const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
    if (k >= 16 || !loops[k] || nelems < GROUP + MARGIN)
        return 0;
    size_t n = nelems - MARGIN - (nelems - MARGIN) % GROUP;
    loops[k](src, dst, n, nelems);
    return n;
}

#endif
