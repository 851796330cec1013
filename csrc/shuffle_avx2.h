/*
 * shuffle_avx2.h - byte transposition of 32 elements at a time
 *
 * A 256-bit register is two lanes of 16 bytes that hardly mix, so lane 0 takes
 * elements 0-15 of a group and lane 1 elements 16-31: both do the same 16 x k
 * transposition, and a plane comes out whole.  A transposition is a tree of
 * interleavings: of bytes, pairs, quads and halves.
 */
#ifndef ZP_SHUFFLE_AVX2_H
#define ZP_SHUFFLE_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#define GROUP 32
#define AVX2 ZP_TARGET("avx2") static inline

AVX2 __m256i
load32(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

AVX2 void
store32(uint8_t *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

/* Two halves from different places: lane 0 from `low`, lane 1 from `high`. */
AVX2 __m256i
load_lanes(const uint8_t *low, const uint8_t *high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

AVX2 void
store_lanes(uint8_t *low, uint8_t *high, __m256i v)
{
    _mm_storeu_si128((__m128i *)low, _mm256_castsi256_si128(v));
    _mm_storeu_si128((__m128i *)high, _mm256_extracti128_si256(v, 1));
}

#define LO8 _mm256_unpacklo_epi8
#define HI8 _mm256_unpackhi_epi8
#define LO16 _mm256_unpacklo_epi16
#define HI16 _mm256_unpackhi_epi16
#define LO32 _mm256_unpacklo_epi32
#define HI32 _mm256_unpackhi_epi32
#define LO64 _mm256_unpacklo_epi64
#define HI64 _mm256_unpackhi_epi64

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
    /* Within 2 elements: bytes of equal significance together, as 8 pairs. */
    const __m256i gather = _mm256_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15, 0,
                                            8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    __m256i v0 = _mm256_shuffle_epi8(load_lanes(src, src + 128), gather);
    __m256i v1 = _mm256_shuffle_epi8(load_lanes(src + 16, src + 144), gather);
    __m256i v2 = _mm256_shuffle_epi8(load_lanes(src + 32, src + 160), gather);
    __m256i v3 = _mm256_shuffle_epi8(load_lanes(src + 48, src + 176), gather);
    __m256i v4 = _mm256_shuffle_epi8(load_lanes(src + 64, src + 192), gather);
    __m256i v5 = _mm256_shuffle_epi8(load_lanes(src + 80, src + 208), gather);
    __m256i v6 = _mm256_shuffle_epi8(load_lanes(src + 96, src + 224), gather);
    __m256i v7 = _mm256_shuffle_epi8(load_lanes(src + 112, src + 240), gather);

    /* An 8 x 8 transposition of pairs. */
    __m256i a0 = LO16(v0, v1), a1 = HI16(v0, v1), b0 = LO16(v2, v3), b1 = HI16(v2, v3);
    __m256i c0 = LO16(v4, v5), c1 = HI16(v4, v5), d0 = LO16(v6, v7), d1 = HI16(v6, v7);
    __m256i ab0 = LO32(a0, b0), ab1 = HI32(a0, b0), ab2 = LO32(a1, b1), ab3 = HI32(a1, b1);
    __m256i cd0 = LO32(c0, d0), cd1 = HI32(c0, d0), cd2 = LO32(c1, d1), cd3 = HI32(c1, d1);

    store32(dst, LO64(ab0, cd0));
    store32(dst + stride, HI64(ab0, cd0));
    store32(dst + 2 * stride, LO64(ab1, cd1));
    store32(dst + 3 * stride, HI64(ab1, cd1));
    store32(dst + 4 * stride, LO64(ab2, cd2));
    store32(dst + 5 * stride, HI64(ab2, cd2));
    store32(dst + 6 * stride, LO64(ab3, cd3));
    store32(dst + 7 * stride, HI64(ab3, cd3));
}

AVX2 void
unshuffle8_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    __m256i p0 = load32(src), p1 = load32(src + stride);
    __m256i p2 = load32(src + 2 * stride), p3 = load32(src + 3 * stride);
    __m256i p4 = load32(src + 4 * stride), p5 = load32(src + 5 * stride);
    __m256i p6 = load32(src + 6 * stride), p7 = load32(src + 7 * stride);

    __m256i a0 = LO8(p0, p1), a1 = HI8(p0, p1), b0 = LO8(p2, p3), b1 = HI8(p2, p3);
    __m256i c0 = LO8(p4, p5), c1 = HI8(p4, p5), d0 = LO8(p6, p7), d1 = HI8(p6, p7);
    __m256i ab0 = LO16(a0, b0), ab1 = HI16(a0, b0), ab2 = LO16(a1, b1), ab3 = HI16(a1, b1);
    __m256i cd0 = LO16(c0, d0), cd1 = HI16(c0, d0), cd2 = LO16(c1, d1), cd3 = HI16(c1, d1);

    store_lanes(dst, dst + 128, LO32(ab0, cd0));
    store_lanes(dst + 16, dst + 144, HI32(ab0, cd0));
    store_lanes(dst + 32, dst + 160, LO32(ab1, cd1));
    store_lanes(dst + 48, dst + 176, HI32(ab1, cd1));
    store_lanes(dst + 64, dst + 192, LO32(ab2, cd2));
    store_lanes(dst + 80, dst + 208, HI32(ab2, cd2));
    store_lanes(dst + 96, dst + 224, LO32(ab3, cd3));
    store_lanes(dst + 112, dst + 240, HI32(ab3, cd3));
}

/*
 * Elements of 16 bytes are pairs of 8: the group of 8-byte kernels is run on
 * each half, whose elements lie 16 bytes apart, by way of a small buffer.
 */
AVX2 void
shuffle16_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    uint8_t halves[2][8 * GROUP];

    for (int i = 0; i < GROUP; i += 2) {
        __m256i v = load32(src + 16 * i); /* low, high, low, high */
        __m256i w = _mm256_permute4x64_epi64(v, 0xd8);
        store_lanes(halves[0] + 8 * i, halves[1] + 8 * i, w);
    }
    shuffle8_group(halves[0], dst, stride);
    shuffle8_group(halves[1], dst + 8 * stride, stride);
}

AVX2 void
unshuffle16_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    uint8_t halves[2][8 * GROUP];

    unshuffle8_group(src, halves[0], stride);
    unshuffle8_group(src + 8 * stride, halves[1], stride);
    for (int i = 0; i < GROUP; i += 2) {
        __m256i v = load_lanes(halves[0] + 8 * i, halves[1] + 8 * i);
        store32(dst + 16 * i, _mm256_permute4x64_epi64(v, 0xd8));
    }
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
        return 0;
    }
}

static size_t
unshuffle_avx2(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
    size_t n = nelems - nelems % GROUP;

    switch (k) {
    case 2:
        unshuffle2_loop(src, dst, n, nelems);
        return n;
    case 4:
        unshuffle4_loop(src, dst, n, nelems);
        return n;
    case 8:
        unshuffle8_loop(src, dst, n, nelems);
        return n;
    case 16:
        unshuffle16_loop(src, dst, n, nelems);
        return n;
    default:
        return 0;
    }
}

#endif
