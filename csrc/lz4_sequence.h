/*
 * lz4_sequence.h - the sequences of an LZ4 block, one after the other (internal)
 *
 * A block is a row of sequences: literals, then a match, which repeats bytes
 * that lie up to 64 KB before it (the LZ4 block format).  The last one has no
 * match.
 */
#ifndef ZP_LZ4_SEQUENCE_H
#define ZP_LZ4_SEQUENCE_H

#include "load.h"

#include <stddef.h>

enum { ZP_LZ4_LONG = 15, ZP_LZ4_MIN_MATCH = 4 };

typedef struct zp_lz4_sequence {
    const uint8_t *literals;
    size_t nliterals;
    size_t distance; /* of the match from what it repeats */
    size_t nmatch;
} zp_lz4_sequence;

/* What follows a length that does not fit its half of a token: 255 and so on, up to less. */
static inline int
zp_lz4_read_more(const uint8_t **src, const uint8_t *end, size_t *length)
{
    const uint8_t *p = *src;
    unsigned more;

    do {
        if (p == end)
            return 0;
        more = *p++;
        *length += more;
        if (more == 255) /* a match of many KB has hundreds of them */
            for (; end - p >= 8 && zp_load64(p) == UINT64_MAX; p += 8)
                *length += 8 * (size_t)255;
    } while (more == 255);
    *src = p;
    return 1;
}

/*
 * Read the sequence at *src, of which `room` bytes, more than none, are wanted: no more literals
 * need be there, and no match behind them.  0 where it does not end before `end`.  Whether what
 * a match repeats is there is for the caller to check.
 */
static inline int
zp_lz4_read_sequence(const uint8_t **src, const uint8_t *end, size_t room, zp_lz4_sequence *s)
{
    const uint8_t *p = *src;

    if (p == end)
        return 0;
    unsigned token = *p++;
    s->nliterals = token >> 4;
    if (s->nliterals == ZP_LZ4_LONG && !zp_lz4_read_more(&p, end, &s->nliterals))
        return 0;
    s->literals = p;
    s->distance = s->nmatch = 0;
    if (s->nliterals >= room) {
        s->nliterals = room;
        *src = end;
        return room <= (size_t)(end - p);
    }
    if (s->nliterals + 2 > (size_t)(end - p))
        return 0;
    p += s->nliterals;
    s->distance = zp_load16(p);
    p += 2;
    s->nmatch = token & 15;
    if (s->nmatch == ZP_LZ4_LONG && !zp_lz4_read_more(&p, end, &s->nmatch))
        return 0;
    s->nmatch += ZP_LZ4_MIN_MATCH;
    *src = p;
    return 1;
}

#endif
