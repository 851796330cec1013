/*
 * transpose_avx2.h - byte transposition of 32 elements in registers
 *
 * A 256-bit register is two lanes of 16 bytes that hardly mix, so lane 0 takes
 * elements 0-15 of a group and lane 1 elements 16-31: both do the same 16 x k
 * transposition, and a plane comes out whole.  A transposition is a tree of
 * interleavings: of bytes, pairs, quads and halves.
 */
#ifndef ZP_TRANSPOSE_AVX2_H
#define ZP_TRANSPOSE_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#define GROUP 32 /* elements */
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

/* 32 elements of 8 bytes: vector i holds elements 2i and 2i + 1, and 16 further on in lane 1. */
typedef struct octets {
    __m256i v0, v1, v2, v3, v4, v5, v6, v7;
} octets;

/* Into the first n of 8 planes, which lie `stride` bytes apart. */
AVX2 void
put_planes(octets e, uint8_t *dst, size_t stride, int n)
{
    /* Within 2 elements: bytes of equal significance together, as 8 pairs. */
    const __m256i gather = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    __m256i v0 = _mm256_shuffle_epi8(e.v0, gather), v1 = _mm256_shuffle_epi8(e.v1, gather);
    __m256i v2 = _mm256_shuffle_epi8(e.v2, gather), v3 = _mm256_shuffle_epi8(e.v3, gather);
    __m256i v4 = _mm256_shuffle_epi8(e.v4, gather), v5 = _mm256_shuffle_epi8(e.v5, gather);
    __m256i v6 = _mm256_shuffle_epi8(e.v6, gather), v7 = _mm256_shuffle_epi8(e.v7, gather);

    /* An 8 x 8 transposition of pairs. */
    __m256i a0 = LO16(v0, v1), a1 = HI16(v0, v1), b0 = LO16(v2, v3), b1 = HI16(v2, v3);
    __m256i c0 = LO16(v4, v5), c1 = HI16(v4, v5), d0 = LO16(v6, v7), d1 = HI16(v6, v7);
    __m256i ab0 = LO32(a0, b0), ab1 = HI32(a0, b0), ab2 = LO32(a1, b1), ab3 = HI32(a1, b1);
    __m256i cd0 = LO32(c0, d0), cd1 = HI32(c0, d0), cd2 = LO32(c1, d1), cd3 = HI32(c1, d1);

    const __m256i planes[8] = {LO64(ab0, cd0), HI64(ab0, cd0), LO64(ab1, cd1), HI64(ab1, cd1),
                               LO64(ab2, cd2), HI64(ab2, cd2), LO64(ab3, cd3), HI64(ab3, cd3)};
    for (int i = 0; i < n; i++)
        store32(dst + i * stride, planes[i]);
}

/* From n planes that lie `stride` bytes apart, and zeros for the others of 8. */
AVX2 octets
get_planes(const uint8_t *src, size_t stride, int n)
{
    __m256i p[8];

    for (int i = 0; i < 8; i++)
        p[i] = i < n ? load32(src + i * stride) : _mm256_setzero_si256();

    __m256i a0 = LO8(p[0], p[1]), a1 = HI8(p[0], p[1]), b0 = LO8(p[2], p[3]), b1 = HI8(p[2], p[3]);
    __m256i c0 = LO8(p[4], p[5]), c1 = HI8(p[4], p[5]), d0 = LO8(p[6], p[7]), d1 = HI8(p[6], p[7]);
    __m256i ab0 = LO16(a0, b0), ab1 = HI16(a0, b0), ab2 = LO16(a1, b1), ab3 = HI16(a1, b1);
    __m256i cd0 = LO16(c0, d0), cd1 = HI16(c0, d0), cd2 = LO16(c1, d1), cd3 = HI16(c1, d1);

    octets e = {LO32(ab0, cd0), HI32(ab0, cd0), LO32(ab1, cd1), HI32(ab1, cd1),
                LO32(ab2, cd2), HI32(ab2, cd2), LO32(ab3, cd3), HI32(ab3, cd3)};
    return e;
}

/*
 * One half, 0 or 8, of elements 2i and 2i + 1 of k bytes, 8 < k <= 16, and of those 16 further on.
 * Reads 16 bytes at each element.
 */
AVX2 __m256i
half_of_pair(const uint8_t *src, int k, int i, int half)
{
    const uint8_t *p = src + 2 * i * k;
    __m256i a = load_lanes(p, p + 16 * k), b = load_lanes(p + k, p + 17 * k);

    return half ? HI64(a, b) : LO64(a, b);
}

/* 32 elements of 8 bytes, one after the other. */
AVX2 octets
get_octets(const uint8_t *src)
{
    octets e = {load_lanes(src, src + 128),      load_lanes(src + 16, src + 144),
                load_lanes(src + 32, src + 160), load_lanes(src + 48, src + 176),
                load_lanes(src + 64, src + 192), load_lanes(src + 80, src + 208),
                load_lanes(src + 96, src + 224), load_lanes(src + 112, src + 240)};
    return e;
}

AVX2 void
put_octets(octets e, uint8_t *dst)
{
    store_lanes(dst, dst + 128, e.v0);
    store_lanes(dst + 16, dst + 144, e.v1);
    store_lanes(dst + 32, dst + 160, e.v2);
    store_lanes(dst + 48, dst + 176, e.v3);
    store_lanes(dst + 64, dst + 192, e.v4);
    store_lanes(dst + 80, dst + 208, e.v5);
    store_lanes(dst + 96, dst + 224, e.v6);
    store_lanes(dst + 112, dst + 240, e.v7);
}

#endif
