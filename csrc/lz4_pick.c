/*
 * lz4_pick.c - single bytes of an LZ4 block, the others of which are not decoded
 *
 * Of a sequence only its lengths have to be read to know where the next one
 * is: that takes a third of the time of decoding.  On this way the place of the
 * sequence at the begin of each stretch is noted.  A byte that is wanted is
 * then looked for from there: among literals it is found, and in a match it is
 * the one that the match repeats, which is looked for in turn.
 */
#include "codec.h"
#include "lz4_sequence.h"

enum { STRETCH = 64 };

/* A sequence: where it begins in the block, and where what it holds does. */
typedef struct zp_lz4_mark {
    uint32_t place, first;
} mark;

size_t
zp_lz4_survey_nbytes(size_t dst_nbytes)
{
    return (dst_nbytes / STRETCH + 1) * sizeof(mark);
}

int64_t
zp_lz4_survey(const void *src, size_t src_nbytes, void *survey, size_t dst_nbytes)
{
    const uint8_t *p = src, *p_end = p + src_nbytes;
    mark *next = survey;
    size_t first = 0, begin = 0; /* of the sequence, and of the next stretch */
    zp_lz4_sequence s;

    if (src_nbytes > UINT32_MAX || dst_nbytes > UINT32_MAX)
        return ZP_ERR_CORRUPT;
    while (first < dst_nbytes) {
        mark here = {(uint32_t)(p - (const uint8_t *)src), (uint32_t)first};
        if (!zp_lz4_read_sequence(&p, p_end, dst_nbytes - first, &s))
            return ZP_ERR_CORRUPT;
        first += s.nliterals;
        if (first < dst_nbytes && (s.distance == 0 || s.distance > first))
            return ZP_ERR_CORRUPT;
        first += s.nmatch;
        for (; begin < first && begin < dst_nbytes; begin += STRETCH)
            *next++ = here;
    }
    return (int64_t)dst_nbytes;
}

int
zp_lz4_pick(const void *src, size_t src_nbytes, const void *survey, size_t place, size_t *steps)
{
    const uint8_t *begin = src, *end = begin + src_nbytes;
    const mark *marks = survey;
    zp_lz4_sequence s;

    for (;;) {
        const mark *from = &marks[place / STRETCH];
        const uint8_t *p = begin + from->place;
        size_t first = from->first;
        for (;;) {
            if (*steps == 0 || !zp_lz4_read_sequence(&p, end, place - first + 1, &s))
                return -1;
            --*steps;
            if (place - first < s.nliterals)
                return s.literals[place - first];
            first += s.nliterals;
            if (place - first < s.nmatch)
                break;
            first += s.nmatch;
        }
        /* a match repeats its own bytes where they are more than its distance */
        size_t behind = place - first;
        place = first - s.distance + (behind < s.distance ? behind : behind % s.distance);
    }
}
