/*
 * lz4_front.c - the first bytes of an LZ4 block
 *
 * LZ4's own function for this copies a match that goes on behind the wanted
 * bytes one by one, which in the planes of shuffled numbers may be all there
 * is: decoding half would take twenty times as long as decoding all.
 *
 * Nothing outside of the block, or of what was decoded before, is looked at.
 */
#include "codec.h"
#include "lz4_sequence.h"

#include <string.h>

enum { STRIDE = 16 };

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
    zp_lz4_sequence s;

    while (out < out_end) {
        size_t room = (size_t)(out_end - out);
        if (!zp_lz4_read_sequence(&p, p_end, room, &s))
            return ZP_ERR_CORRUPT;
        copy_literals(out, room, s.literals, (size_t)(p_end - s.literals), s.nliterals);
        out += s.nliterals;
        room -= s.nliterals;
        if (room == 0)
            break;
        if (s.distance == 0 || s.distance > (size_t)(out - (uint8_t *)dst))
            return ZP_ERR_CORRUPT;
        size_t n = s.nmatch < room ? s.nmatch : room;
        copy_match(out, room, s.distance, n);
        out += n;
    }
    return (int64_t)dst_nbytes;
}
