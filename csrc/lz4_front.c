/*
 * lz4_front.c - the first bytes of an LZ4 block
 *
 * A block is a row of sequences: literals, then a match, which repeats bytes
 * that lie up to 64 KB before it (the LZ4 block format).  LZ4's own function
 * for this copies a match that goes on behind the wanted bytes one by one, which
 * in the planes of shuffled numbers may be all there is: decoding half would
 * take twenty times as long as decoding all.
 *
 * Nothing outside of the block, or of what was decoded before, is looked at.
 */
#include "codec.h"
#include "load.h"

#include <string.h>

enum { LONG = 15, MIN_MATCH = 4, STRIDE = 16 };

/* What follows a length that does not fit its half of a token: 255 and so on, up to less. */
static int
read_more(const uint8_t **src, const uint8_t *end, size_t *length)
{
    const uint8_t *p = *src;
    unsigned more;

    do {
        if (p == end)
            return 0;
        more = *p++;
        *length += more;
    } while (more == 255);
    *src = p;
    return 1;
}

/* Repeat n bytes that begin `distance` before dst, some of which are there only then. */
static void
repeat(uint8_t *dst, size_t distance, size_t n)
{
    const uint8_t *from = dst - distance;

    if (distance == 1) {
        memset(dst, *from, n);
        return;
    }
    /* what lies between `from` and dst is a whole number of periods, and doubles */
    for (size_t done = distance; n > 0; done *= 2) {
        size_t part = n < done ? n : done;
        memcpy(dst, from, part);
        dst += part;
        n -= part;
    }
}

/* Copy n bytes, and some more up to whole strides: both sides have room for one stride more. */
static inline void
copy_strides(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i += STRIDE)
        memcpy(dst + i, src + i, STRIDE);
}

static inline void
copy_literals(uint8_t *dst, size_t dst_room, const uint8_t *src, size_t src_room, size_t n)
{
    if (n <= 4 * STRIDE && dst_room >= n + STRIDE && src_room >= n + STRIDE)
        copy_strides(dst, src, n);
    else
        memcpy(dst, src, n);
}

static inline void
copy_match(uint8_t *dst, size_t dst_room, size_t distance, size_t n)
{
    if (distance >= STRIDE && n <= 4 * STRIDE && dst_room >= n + STRIDE)
        copy_strides(dst, dst - distance, n);
    else
        repeat(dst, distance, n);
}

int64_t
zp_lz4_unpack_front(const void *src, size_t src_nbytes, void *dst, size_t dst_nbytes)
{
    const uint8_t *p = src, *p_end = p + src_nbytes;
    uint8_t *out = dst, *out_end = out + dst_nbytes;

    while (out < out_end) {
        if (p == p_end)
            return ZP_ERR_CORRUPT;
        unsigned token = *p++;
        size_t length = token >> 4, room = (size_t)(out_end - out);
        if (length == LONG && !read_more(&p, p_end, &length))
            return ZP_ERR_CORRUPT;
        size_t wanted = length < room ? length : room; /* those behind need not be there */
        if (wanted > (size_t)(p_end - p))
            return ZP_ERR_CORRUPT;
        copy_literals(out, room, p, (size_t)(p_end - p), wanted);
        if (length >= room)
            break;
        out += length;
        room -= length;
        p += length;

        if (p_end - p < 2)
            return ZP_ERR_CORRUPT;
        size_t distance = zp_load16(p);
        p += 2;
        if (distance == 0 || distance > (size_t)(out - (uint8_t *)dst))
            return ZP_ERR_CORRUPT;
        length = token & 15;
        if (length == LONG && !read_more(&p, p_end, &length))
            return ZP_ERR_CORRUPT;
        length += MIN_MATCH;
        if (length > room)
            length = room;
        copy_match(out, room, distance, length);
        out += length;
    }
    return (int64_t)dst_nbytes;
}
