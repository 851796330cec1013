/*
 * shuffle_avx2.h - the shuffle filter, 32 elements at a time
 */
#ifndef ZP_SHUFFLE_AVX2_H
#define ZP_SHUFFLE_AVX2_H

#include "shuffle_odd_avx2.h"
#include "transpose_avx2.h"

AVX2 void
shuffle2_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    const __m256i low = _mm256_set1_epi16(0xff);
    __m256i a = load_lanes(src, src + 32), b = load_lanes(src + 16, src + 48);

    store32(dst, _mm256_packus_epi16(_mm256_and_si256(a, low), _mm256_and_si256(b, low)));
    store32(dst + stride, _mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8)));
}

AVX2 void
unshuffle2_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    __m256i a = load32(src), b = load32(src + stride);

    store_lanes(dst, dst + 32, LO8(a, b));
    store_lanes(dst + 16, dst + 48, HI8(a, b));
}

AVX2 void
shuffle4_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    /* Within 4 elements: bytes of equal significance together. */
    const __m256i gather = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0,
                                            4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m256i a = _mm256_shuffle_epi8(load_lanes(src, src + 64), gather);
    __m256i b = _mm256_shuffle_epi8(load_lanes(src + 16, src + 80), gather);
    __m256i c = _mm256_shuffle_epi8(load_lanes(src + 32, src + 96), gather);
    __m256i d = _mm256_shuffle_epi8(load_lanes(src + 48, src + 112), gather);
    __m256i ab01 = LO32(a, b), ab23 = HI32(a, b), cd01 = LO32(c, d), cd23 = HI32(c, d);

    store32(dst, LO64(ab01, cd01));
    store32(dst + stride, HI64(ab01, cd01));
    store32(dst + 2 * stride, LO64(ab23, cd23));
    store32(dst + 3 * stride, HI64(ab23, cd23));
}

AVX2 void
unshuffle4_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    __m256i a = load32(src), b = load32(src + stride);
    __m256i c = load32(src + 2 * stride), d = load32(src + 3 * stride);
    __m256i ab0 = LO8(a, b), ab1 = HI8(a, b), cd0 = LO8(c, d), cd1 = HI8(c, d);

    store_lanes(dst, dst + 64, LO16(ab0, cd0));
    store_lanes(dst + 16, dst + 80, HI16(ab0, cd0));
    store_lanes(dst + 32, dst + 96, LO16(ab1, cd1));
    store_lanes(dst + 48, dst + 112, HI16(ab1, cd1));
}

AVX2 void
shuffle8_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    put_planes(get_octets(src), dst, stride, 8);
}

AVX2 void
unshuffle8_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    put_octets(get_planes(src, stride, 8), dst);
}

/* An element of 16 bytes is two of 8, whose planes follow each other. */
AVX2 void
shuffle16_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    for (int half = 0; half < 2; half++) {
        octets e = {half_of_pair(src, 16, 0, half), half_of_pair(src, 16, 1, half),
                    half_of_pair(src, 16, 2, half), half_of_pair(src, 16, 3, half),
                    half_of_pair(src, 16, 4, half), half_of_pair(src, 16, 5, half),
                    half_of_pair(src, 16, 6, half), half_of_pair(src, 16, 7, half)};
        put_planes(e, dst + 8 * half * stride, stride, 8);
    }
}

AVX2 void
put_pair16(uint8_t *dst, __m256i low, __m256i high)
{
    store_lanes(dst, dst + 256, LO64(low, high));
    store_lanes(dst + 16, dst + 272, HI64(low, high));
}

AVX2 void
unshuffle16_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    octets low = get_planes(src, stride, 8), high = get_planes(src + 8 * stride, stride, 8);

    put_pair16(dst, low.v0, high.v0);
    put_pair16(dst + 32, low.v1, high.v1);
    put_pair16(dst + 64, low.v2, high.v2);
    put_pair16(dst + 96, low.v3, high.v3);
    put_pair16(dst + 128, low.v4, high.v4);
    put_pair16(dst + 160, low.v5, high.v5);
    put_pair16(dst + 192, low.v6, high.v6);
    put_pair16(dst + 224, low.v7, high.v7);
}

/* The first n of nelems elements; n is a multiple of GROUP. */
#define DEFINE_LOOPS(k)                                                                            \
    ZP_TARGET("avx2")                                                                              \
    static void shuffle##k##_loop(const uint8_t *src, uint8_t *dst, size_t n, size_t nelems)       \
    {                                                                                              \
        for (size_t i = 0; i < n; i += GROUP)                                                      \
            shuffle##k##_group(src + i * k, dst + i, nelems);                                      \
    }                                                                                              \
    ZP_TARGET("avx2")                                                                              \
    static void unshuffle##k##_loop(const uint8_t *src, uint8_t *dst, size_t n, size_t nelems)     \
    {                                                                                              \
        for (size_t i = 0; i < n; i += GROUP)                                                      \
            unshuffle##k##_group(src + i, dst + i * k, nelems);                                    \
    }

DEFINE_LOOPS(2)
DEFINE_LOOPS(4)
DEFINE_LOOPS(8)
DEFINE_LOOPS(16)

/* Return the number of elements done, a multiple of GROUP. */
static size_t
shuffle_avx2(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
    size_t n = nelems - nelems % GROUP;

    switch (k) {
    case 2:
        shuffle2_loop(src, dst, n, nelems);
        return n;
    case 4:
        shuffle4_loop(src, dst, n, nelems);
        return n;
    case 8:
        shuffle8_loop(src, dst, n, nelems);
        return n;
    case 16:
        shuffle16_loop(src, dst, n, nelems);
        return n;
    default:
        return apply_odd(shuffle_odd, src, dst, nelems, k);
    }
}

/* The first n of nelems elements, a multiple of GROUP; false for another k. */
static int
unshuffle_groups(const uint8_t *src, uint8_t *dst, size_t n, size_t nelems, size_t k)
{
    switch (k) {
    case 2:
        unshuffle2_loop(src, dst, n, nelems);
        return 1;
    case 4:
        unshuffle4_loop(src, dst, n, nelems);
        return 1;
    case 8:
        unshuffle8_loop(src, dst, n, nelems);
        return 1;
    case 16:
        unshuffle16_loop(src, dst, n, nelems);
        return 1;
    default:
        return 0;
    }
}

static size_t
unshuffle_avx2(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
    size_t n = nelems - nelems % GROUP;

    if (unshuffle_groups(src, dst, n, nelems, k))
        return n;
    return apply_odd(unshuffle_odd, src, dst, nelems, k);
}

#endif
