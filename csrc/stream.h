/*
 * stream.h - copies past the cache, to memory that is not read again soon (internal)
 *
 * A result larger than the cache is in memory by the time it is complete.  Stores
 * that go there directly spare reading each line before it is overwritten.
 */
#ifndef ZP_STREAM_H
#define ZP_STREAM_H

#include <stdint.h>
#include <string.h>

#include "cpu.h"

#if ZP_X86
#include <emmintrin.h>
#endif

#define ZP_LINE ((size_t)64)

/* Whole lines past the cache, the bytes before and after them through it. */
static inline void
zp_stream_copy(char *dst, const char *src, size_t nbytes)
{
#if ZP_X86
    size_t head = (0 - (size_t)(uintptr_t)dst) % ZP_LINE;

    if (nbytes >= head + ZP_LINE) {
        memcpy(dst, src, head);
        dst += head;
        src += head;
        nbytes -= head;
        for (; nbytes >= ZP_LINE; dst += ZP_LINE, src += ZP_LINE, nbytes -= ZP_LINE)
            for (int i = 0; i < 4; i++)
                _mm_stream_si128((__m128i *)dst + i, _mm_loadu_si128((const __m128i *)src + i));
    }
#endif
    memcpy(dst, src, nbytes);
}

/* As zp_unshuffle, to memory that is not read again soon. */
void zp_unshuffle_streamed(const void *src, void *dst, size_t nbytes, size_t itemsize);

/* Before others are told that what was streamed is there. */
static inline void
zp_stream_end(void)
{
#if ZP_X86
    _mm_sfence();
#endif
}

#endif
