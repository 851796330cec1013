/*
 * fletcher32.c - Fletcher's checksum as HDF5 computes it
 *
 * Two sums modulo 65535 over big-endian words of 16 bits, the second over the
 * values of the first.  The remainder of a sum that is not 0 is 1 to 65535: it
 * is reduced by adding its upper half to its lower, never by dividing.
 */
#include "checksums.h"

/* The most words before the second sum could overflow 32 bits. */
#define STRETCH 360

static uint32_t
fold(uint32_t sum)
{
    return (sum & 0xffff) + (sum >> 16);
}

uint32_t
zp_fletcher32(const void *data, size_t nbytes)
{
    const uint8_t *p = data;
    uint32_t first = 0, second = 0;

    for (size_t nwords = nbytes / 2; nwords > 0;) {
        size_t some = nwords < STRETCH ? nwords : STRETCH;
        nwords -= some;
        for (; some > 0; some--, p += 2) {
            first += (uint32_t)p[0] << 8 | p[1];
            second += first;
        }
        first = fold(first);
        second = fold(second);
    }
    if (nbytes % 2) {
        first += (uint32_t)*p << 8;
        second += first;
        first = fold(first);
        second = fold(second);
    }
    return fold(second) << 16 | fold(first);
}
