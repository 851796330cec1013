/*
 * bitshuffle.c - bit transposition, Blosc1's "bitshuffle" filter
 *
 * Bit b of byte j of n elements becomes row 8 j + b of n / 8 bytes, the first
 * element in the lowest bit.  That is three small transpositions: bytes of
 * elements into planes (shuffle); within a plane the 8 x 8 bits of every 8
 * bytes; and the bytes of those groups of 8 into rows (shuffle again).
 */
#include "cpu.h"
#include "load.h"
#include "zarrpy.h"

/* Exchange the bits of `mask` with those `shift` places above. */
#define SWAP(x, mask, shift)                                                                       \
    do {                                                                                           \
        uint64_t t = ((x) ^ ((x) >> (shift))) & (mask);                                            \
        (x) ^= t ^ (t << (shift));                                                                 \
    } while (0)

/* Transpose the 8 x 8 bits of each 8 bytes; its own inverse.  nbytes is a multiple of 8. */
static inline void
transpose_bits(const uint8_t *src, uint8_t *dst, size_t nbytes)
{
    for (size_t i = 0; i < nbytes; i += 8) {
        uint64_t x = zp_load64(src + i);
        SWAP(x, UINT64_C(0x00aa00aa00aa00aa), 7);
        SWAP(x, UINT64_C(0x0000cccc0000cccc), 14);
        SWAP(x, UINT64_C(0x00000000f0f0f0f0), 28);
        zp_store64(dst + i, x);
    }
}

#if ZP_X86
#include <immintrin.h>

#define SWAP_AVX2(x, mask, shift)                                                                  \
    do {                                                                                           \
        __m256i t = _mm256_and_si256(_mm256_xor_si256(x, _mm256_srli_epi64(x, shift)),             \
                                     _mm256_set1_epi64x(mask));                                    \
        x = _mm256_xor_si256(x, _mm256_xor_si256(t, _mm256_slli_epi64(t, shift)));                 \
    } while (0)

ZP_TARGET("avx2")
static void
transpose_bits_avx2(const uint8_t *src, uint8_t *dst, size_t nbytes)
{
    size_t i = 0;

    for (; i + 32 <= nbytes; i += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(src + i));
        SWAP_AVX2(x, 0x00aa00aa00aa00aa, 7);
        SWAP_AVX2(x, 0x0000cccc0000cccc, 14);
        SWAP_AVX2(x, 0x00000000f0f0f0f0, 28);
        _mm256_storeu_si256((__m256i *)(dst + i), x);
    }
    transpose_bits(src + i, dst + i, nbytes - i);
}
#endif

static void
transpose_all_bits(const uint8_t *src, uint8_t *dst, size_t nbytes)
{
#if ZP_X86
    if (zp_cpu() & ZP_CPU_AVX2) {
        transpose_bits_avx2(src, dst, nbytes);
        return;
    }
#endif
    transpose_bits(src, dst, nbytes);
}

int
zp_bitshuffle(const void *src, void *dst, size_t nelems, size_t itemsize, void *temp)
{
    if (nelems % 8 || itemsize == 0)
        return ZP_ERR_ARGUMENT;

    uint8_t *rows = dst, *planes = temp;

    zp_shuffle(src, rows, nelems * itemsize, itemsize);
    transpose_all_bits(rows, planes, nelems * itemsize);
    for (size_t byte = 0; byte < itemsize; byte++)
        zp_shuffle(planes + byte * nelems, rows + byte * nelems, nelems, 8);
    return ZP_OK;
}

int
zp_bitunshuffle(const void *src, void *dst, size_t nelems, size_t itemsize, void *temp)
{
    if (nelems % 8 || itemsize == 0)
        return ZP_ERR_ARGUMENT;

    const uint8_t *rows = src;
    uint8_t *planes = temp;

    for (size_t byte = 0; byte < itemsize; byte++)
        zp_unshuffle(rows + byte * nelems, planes + byte * nelems, nelems, 8);
    transpose_all_bits(planes, planes, nelems * itemsize);
    zp_unshuffle(planes, dst, nelems * itemsize, itemsize);
    return ZP_OK;
}
