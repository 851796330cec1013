/*
 * shuffle.c - byte transposition, the "shuffle" filter
 *
 * An array of n elements of k bytes is an n x k matrix of bytes; shuffling is
 * its transpose.  Bytes of equal significance become neighbours, which is what
 * makes slowly varying numbers compress.
 *
 * The vector bodies take whole groups of elements from the front and say how
 * many they did; the portable body does the rest.
 */
#include <string.h>

#include "cpu.h"
#include "stream.h"
#include "zarrpy.h"

#if ZP_X86
#include "shuffle_avx2.h"
#elif ZP_ARM
#include "shuffle_neon.h"
#endif

/* Elements taken together by the portable body, so that they stay in cache for all their bytes. */
#define TILE 64
/* Bytes that are put together in the cache before they go past it. */
#define PORTION 4096

static inline void
shuffle_tiles(const uint8_t *src, uint8_t *dst, size_t first, size_t nelems, size_t k)
{
    for (size_t tile = first; tile < nelems; tile += TILE) {
        size_t n = nelems - tile < TILE ? nelems - tile : TILE;
        for (size_t byte = 0; byte < k; byte++) {
            const uint8_t *from = src + tile * k + byte;
            uint8_t *to = dst + byte * nelems + tile;
            for (size_t i = 0; i < n; i++)
                to[i] = from[i * k];
        }
    }
}

static inline void
unshuffle_tiles(const uint8_t *src, uint8_t *dst, size_t first, size_t nelems, size_t k)
{
    for (size_t tile = first; tile < nelems; tile += TILE) {
        size_t n = nelems - tile < TILE ? nelems - tile : TILE;
        for (size_t byte = 0; byte < k; byte++) {
            const uint8_t *from = src + byte * nelems + tile;
            uint8_t *to = dst + tile * k + byte;
            for (size_t i = 0; i < n; i++)
                to[i * k] = from[i];
        }
    }
}

/* A constant element size lets the compiler do better than a variable one. */
static void
shuffle_rest(const uint8_t *src, uint8_t *dst, size_t first, size_t nelems, size_t k)
{
    switch (k) {
    case 2:
        shuffle_tiles(src, dst, first, nelems, 2);
        break;
    case 4:
        shuffle_tiles(src, dst, first, nelems, 4);
        break;
    case 8:
        shuffle_tiles(src, dst, first, nelems, 8);
        break;
    default:
        shuffle_tiles(src, dst, first, nelems, k);
    }
}

static void
unshuffle_rest(const uint8_t *src, uint8_t *dst, size_t first, size_t nelems, size_t k)
{
    switch (k) {
    case 2:
        unshuffle_tiles(src, dst, first, nelems, 2);
        break;
    case 4:
        unshuffle_tiles(src, dst, first, nelems, 4);
        break;
    case 8:
        unshuffle_tiles(src, dst, first, nelems, 8);
        break;
    default:
        unshuffle_tiles(src, dst, first, nelems, k);
    }
}

/* Elements of the front done by vector instructions. */
static size_t
shuffle_front(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
#if ZP_X86
    if (zp_cpu() & ZP_CPU_AVX2)
        return shuffle_avx2(src, dst, nelems, k);
#elif ZP_ARM
    return shuffle_neon(src, dst, nelems, k);
#endif
    (void)src, (void)dst, (void)nelems, (void)k;
    return 0;
}

static size_t
unshuffle_front(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
#if ZP_X86
    if (zp_cpu() & ZP_CPU_AVX2)
        return unshuffle_avx2(src, dst, nelems, k);
#elif ZP_ARM
    return unshuffle_neon(src, dst, nelems, k);
#endif
    (void)src, (void)dst, (void)nelems, (void)k;
    return 0;
}

/* Bytes after the last whole element are copied. */
void
zp_shuffle(const void *src, void *dst, size_t nbytes, size_t itemsize)
{
    if (nbytes == 0)
        return;
    if (itemsize <= 1 || itemsize > nbytes) {
        memcpy(dst, src, nbytes);
        return;
    }

    size_t nelems = nbytes / itemsize;
    size_t whole_nbytes = nelems * itemsize;
    size_t done = shuffle_front(src, dst, nelems, itemsize);

    shuffle_rest(src, dst, done, nelems, itemsize);
    memcpy((uint8_t *)dst + whole_nbytes, (const uint8_t *)src + whole_nbytes,
           nbytes - whole_nbytes);
}

void
zp_unshuffle(const void *src, void *dst, size_t nbytes, size_t itemsize)
{
    if (nbytes == 0)
        return;
    if (itemsize <= 1 || itemsize > nbytes) {
        memcpy(dst, src, nbytes);
        return;
    }

    size_t nelems = nbytes / itemsize;
    size_t whole_nbytes = nelems * itemsize;
    size_t done = unshuffle_front(src, dst, nelems, itemsize);

    unshuffle_rest(src, dst, done, nelems, itemsize);
    memcpy((uint8_t *)dst + whole_nbytes, (const uint8_t *)src + whole_nbytes,
           nbytes - whole_nbytes);
}

/* Elements of the front, portion by portion past the cache. */
static size_t
unshuffle_streamed(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
    size_t first = 0;
#if ZP_X86
    uint8_t portion[PORTION];
    size_t n = PORTION / k;

    if (n % GROUP || !(zp_cpu() & ZP_CPU_AVX2))
        return 0;
    for (; first + n <= nelems; first += n) {
        if (!unshuffle_groups(src + first, portion, n, nelems, k))
            return 0;
        zp_stream_copy((char *)dst + first * k, (const char *)portion, PORTION);
    }
    zp_stream_end();
#else
    (void)src, (void)dst, (void)nelems, (void)k;
#endif
    return first;
}

void
zp_unshuffle_streamed(const void *src, void *dst, size_t nbytes, size_t itemsize)
{
    size_t nelems = itemsize ? nbytes / itemsize : 0, whole_nbytes = nelems * itemsize;
    size_t done = itemsize > 1 ? unshuffle_streamed(src, dst, nelems, itemsize) : 0;

    if (done == 0) {
        zp_unshuffle(src, dst, nbytes, itemsize);
        return;
    }
    unshuffle_rest(src, dst, done, nelems, itemsize);
    memcpy((uint8_t *)dst + whole_nbytes, (const uint8_t *)src + whole_nbytes,
           nbytes - whole_nbytes);
}
