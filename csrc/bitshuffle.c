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

/* Transpose 8 x 8 bits, a row in each byte; its own inverse. */
static inline uint64_t
transposed_bits(uint64_t x)
{
    SWAP(x, UINT64_C(0x00aa00aa00aa00aa), 7);
    SWAP(x, UINT64_C(0x0000cccc0000cccc), 14);
    SWAP(x, UINT64_C(0x00000000f0f0f0f0), 28);
    return x;
}

/* One plane of nelems bytes into 8 rows of nelems / 8 bytes, from row byte `first` on. */
static void
plane_to_rows(const uint8_t *plane, uint8_t *rows, size_t nelems, size_t first)
{
    size_t row_nbytes = nelems / 8;

    for (size_t i = first; i < row_nbytes; i++) {
        uint64_t x = transposed_bits(zp_load64(plane + 8 * i));
        for (int bit = 0; bit < 8; bit++)
            rows[(size_t)bit * row_nbytes + i] = (uint8_t)(x >> (8 * bit));
    }
}

static void
rows_to_plane(const uint8_t *rows, uint8_t *plane, size_t nelems, size_t first)
{
    size_t row_nbytes = nelems / 8;

    for (size_t i = first; i < row_nbytes; i++) {
        uint64_t x = 0;
        for (int bit = 0; bit < 8; bit++)
            x |= (uint64_t)rows[(size_t)bit * row_nbytes + i] << (8 * bit);
        zp_store64(plane + 8 * i, transposed_bits(x));
    }
}

#if ZP_X86

#include "transpose_avx2.h"

#define SWAP_AVX2(x, mask, shift)                                                                  \
    do {                                                                                           \
        __m256i t = _mm256_and_si256(_mm256_xor_si256(x, _mm256_srli_epi64(x, shift)),             \
                                     _mm256_set1_epi64x(mask));                                    \
        x = _mm256_xor_si256(x, _mm256_xor_si256(t, _mm256_slli_epi64(t, shift)));                 \
    } while (0)

AVX2 __m256i
transposed_bits4(__m256i x)
{
    SWAP_AVX2(x, 0x00aa00aa00aa00aa, 7);
    SWAP_AVX2(x, 0x0000cccc0000cccc, 14);
    SWAP_AVX2(x, 0x00000000f0f0f0f0, 28);
    return x;
}

AVX2 octets
transposed_octets(octets e)
{
    octets t = {transposed_bits4(e.v0), transposed_bits4(e.v1), transposed_bits4(e.v2),
                transposed_bits4(e.v3), transposed_bits4(e.v4), transposed_bits4(e.v5),
                transposed_bits4(e.v6), transposed_bits4(e.v7)};
    return t;
}

/* Return the bytes of a row that are done, a multiple of GROUP. */
ZP_TARGET("avx2")
static size_t
plane_to_rows_avx2(const uint8_t *plane, uint8_t *rows, size_t nelems)
{
    size_t row_nbytes = nelems / 8, i = 0;

    for (; i + GROUP <= row_nbytes; i += GROUP)
        put_planes(transposed_octets(get_octets(plane + 8 * i)), rows + i, row_nbytes, 8);
    return i;
}

ZP_TARGET("avx2")
static size_t
rows_to_plane_avx2(const uint8_t *rows, uint8_t *plane, size_t nelems)
{
    size_t row_nbytes = nelems / 8, i = 0;

    for (; i + GROUP <= row_nbytes; i += GROUP)
        put_octets(transposed_octets(get_planes(rows + i, row_nbytes, 8)), plane + 8 * i);
    return i;
}

#endif

static size_t
plane_to_rows_front(const uint8_t *plane, uint8_t *rows, size_t nelems)
{
#if ZP_X86
    if (zp_cpu() & ZP_CPU_AVX2)
        return plane_to_rows_avx2(plane, rows, nelems);
#endif
    (void)plane, (void)rows, (void)nelems;
    return 0;
}

static size_t
rows_to_plane_front(const uint8_t *rows, uint8_t *plane, size_t nelems)
{
#if ZP_X86
    if (zp_cpu() & ZP_CPU_AVX2)
        return rows_to_plane_avx2(rows, plane, nelems);
#endif
    (void)plane, (void)rows, (void)nelems;
    return 0;
}

int
zp_bitshuffle(const void *src, void *dst, size_t nelems, size_t itemsize, void *temp)
{
    if (nelems % 8 || itemsize == 0)
        return ZP_ERR_ARGUMENT;

    zp_shuffle(src, temp, nelems * itemsize, itemsize);
    for (size_t byte = 0; byte < itemsize; byte++) {
        const uint8_t *plane = (const uint8_t *)temp + byte * nelems;
        uint8_t *rows = (uint8_t *)dst + byte * nelems;
        plane_to_rows(plane, rows, nelems, plane_to_rows_front(plane, rows, nelems));
    }
    return ZP_OK;
}

int
zp_bitunshuffle(const void *src, void *dst, size_t nelems, size_t itemsize, void *temp)
{
    if (nelems % 8 || itemsize == 0)
        return ZP_ERR_ARGUMENT;

    for (size_t byte = 0; byte < itemsize; byte++) {
        const uint8_t *rows = (const uint8_t *)src + byte * nelems;
        uint8_t *plane = (uint8_t *)temp + byte * nelems;
        rows_to_plane(rows, plane, nelems, rows_to_plane_front(rows, plane, nelems));
    }
    zp_unshuffle(temp, dst, nelems * itemsize, itemsize);
    return ZP_OK;
}
