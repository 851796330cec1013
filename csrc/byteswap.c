/*
 * byteswap.c - reverse the bytes of words
 *
 * Each vector is loaded before it is stored, so that dst may be src.
 */
#include <string.h>

#include "cpu.h"
#include "zarrpy.h"

#if ZP_X86
#include <immintrin.h>
#elif ZP_ARM
#include <arm_neon.h>
#endif

static void
swap_portable(const uint8_t *src, uint8_t *dst, size_t nbytes, size_t size)
{
    for (size_t word = 0; word + size <= nbytes; word += size)
        for (size_t i = 0; i < size / 2; i++) {
            uint8_t low = src[word + i], high = src[word + size - 1 - i];
            dst[word + i] = high;
            dst[word + size - 1 - i] = low;
        }
}

#if ZP_X86
/* Returns the bytes done. */
ZP_TARGET("avx2")
static size_t
swap_avx2(const uint8_t *src, uint8_t *dst, size_t nbytes, size_t size)
{
    /* Byte i of a word of 2^n bytes comes from byte i ^ (2^n - 1). */
    const __m256i places = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m256i order = _mm256_xor_si256(places, _mm256_set1_epi8((char)(size - 1)));
    size_t i = 0;

    for (; i + 64 <= nbytes; i += 64) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(src + i));
        __m256i b = _mm256_loadu_si256((const __m256i *)(src + i + 32));
        _mm256_storeu_si256((__m256i *)(dst + i), _mm256_shuffle_epi8(a, order));
        _mm256_storeu_si256((__m256i *)(dst + i + 32), _mm256_shuffle_epi8(b, order));
    }
    return i;
}
#elif ZP_ARM
static size_t
swap_neon(const uint8_t *src, uint8_t *dst, size_t nbytes, size_t size)
{
    size_t i = 0;

    for (; i + 16 <= nbytes; i += 16) {
        uint8x16_t v = vld1q_u8(src + i);
        vst1q_u8(dst + i, size == 2 ? vrev16q_u8(v) : size == 4 ? vrev32q_u8(v) : vrev64q_u8(v));
    }
    return i;
}
#endif

void
zp_byteswap(const void *src, void *dst, size_t nbytes, size_t size)
{
    const uint8_t *from = src;
    uint8_t *to = dst;
    size_t done = 0;

    if (size != 2 && size != 4 && size != 8) {
        if (nbytes && dst != src)
            memcpy(dst, src, nbytes);
        return;
    }
#if ZP_X86
    if (zp_cpu() & ZP_CPU_AVX2)
        done = swap_avx2(from, to, nbytes, size);
#elif ZP_ARM
    done = swap_neon(from, to, nbytes, size);
#endif
    swap_portable(from + done, to + done, nbytes - done, size);
}
