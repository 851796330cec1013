/*
 * lookup3.c - Bob Jenkins' hash "lookup3", of two pieces of data as if they were one
 *
 * Bytes are taken as little-endian words, three at a time; the last up to twelve
 * bytes, filled up with zeros, are mixed more thoroughly.
 */
#include "checksums.h"

#include <string.h>

#include "load.h"

#define GROUP 12

static uint32_t
rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

/* x[0] is taken from x[2], and so on in turns; the amounts are the algorithm's. */
static void
mix(uint32_t x[3])
{
    static const int by[6] = {4, 6, 8, 16, 19, 4};

    for (int i = 0; i < 6; i++) {
        uint32_t *a = &x[i % 3], *b = &x[(i + 1) % 3], *c = &x[(i + 2) % 3];
        *a -= *c;
        *a ^= rotate(*c, by[i]);
        *c += *b;
    }
}

static void
finish(uint32_t x[3])
{
    static const int by[7] = {14, 11, 25, 16, 4, 14, 24};

    for (int i = 0; i < 7; i++) {
        uint32_t *to = &x[(i + 2) % 3], *from = &x[(i + 1) % 3];
        *to ^= *from;
        *to -= rotate(*from, by[i]);
    }
}

uint32_t
zp_lookup3(uint32_t initial, const void *prefix, size_t prefix_nbytes, const void *data,
           size_t nbytes)
{
    const uint8_t *first = prefix, *second = data;
    size_t left = prefix_nbytes + nbytes;
    uint32_t start = 0xdeadbeef + (uint32_t)left + initial;
    uint32_t x[3] = {start, start, start};

    if (left == 0)
        return start;
    for (;;) {
        uint8_t group[GROUP] = {0};
        size_t some = left < GROUP ? left : GROUP;
        size_t of_first = some < prefix_nbytes ? some : prefix_nbytes;
        if (of_first)
            memcpy(group, first, of_first);
        if (some > of_first)
            memcpy(group + of_first, second, some - of_first);
        first += of_first;
        second += some - of_first;
        prefix_nbytes -= of_first;
        for (int i = 0; i < 3; i++)
            x[i] += zp_load32(group + 4 * i);
        if (left <= GROUP)
            break;
        left -= GROUP;
        mix(x);
    }
    finish(x);
    return x[2];
}
