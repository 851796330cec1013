/*
 * lz4_pick.c - single bytes of an LZ4 block, the others of which are not decoded
 *
 * Of a sequence only its lengths have to be read to know where the next one
 * is: that takes less time than decoding.  On this way the place of the
 * last sequence that begins in each stretch is noted.  A byte that is wanted is
 * then looked for from there: among literals it is found, and in a match it is
 * the one that the match repeats, which is looked for in turn.
 */
#include "codec.h"
#include "lz4_sequence.h"

#include <string.h>

/* Decoded bytes of a stretch, as a power of two. */
#define STRETCH_BITS 6
/* Bytes that a sequence with short lengths has at most: its token, its literals, a distance. */
#define SHORT_NBYTES (1 + ZP_LZ4_LONG - 1 + 2)

/*
 * A sequence: where it begins in the block, and in the upper half where what it holds does, so
 * that one addition leads to the next one, and one store notes it.
 */
typedef uint64_t mark;

#define MARK(first, place) ((uint64_t)(first) << 32 | (uint32_t)(place))
#define FIRST(m) ((size_t)((m) >> 32))
#define PLACE(m) ((size_t)(uint32_t)(m))
/* No sequence begins in a stretch. */
#define NO_MARK UINT64_MAX

/* From one sequence to the next, by its token; the highest bit is set where that does not tell. */
#define IS_LONG(t) ((t) >> 4 == ZP_LZ4_LONG || ((t) & 15) == ZP_LZ4_LONG)
#define STEP(t)                                                                                    \
    (IS_LONG(t) ? (uint64_t)1 << 63                                                                \
                : MARK(((t) >> 4) + ((t) & 15) + ZP_LZ4_MIN_MATCH, ((t) >> 4) + 3))
#define STEPS4(t) STEP(t), STEP(t + 1), STEP(t + 2), STEP(t + 3)
#define STEPS16(t) STEPS4(t), STEPS4(t + 4), STEPS4(t + 8), STEPS4(t + 12)
#define STEPS64(t) STEPS16(t), STEPS16(t + 16), STEPS16(t + 32), STEPS16(t + 48)

static const uint64_t steps_of[256] = {STEPS64(0), STEPS64(64), STEPS64(128), STEPS64(192)};

/* A survey has the begin of the block, and the mark of each stretch. */
size_t
zp_lz4_survey_nbytes(size_t dst_nbytes)
{
    return (1 + (dst_nbytes >> STRETCH_BITS) + 1) * sizeof(mark);
}

/* Where the mark of the stretch is that a place is in. */
static size_t
stretch_of(size_t place)
{
    return 1 + (place >> STRETCH_BITS);
}

/* Go on behind a sequence, whatever its lengths; 0 where it is damaged. */
static int
step_over(const uint8_t *src, const uint8_t *end, size_t dst_nbytes, mark *at)
{
    const uint8_t *p = src + PLACE(*at);
    size_t first = FIRST(*at);
    zp_lz4_sequence s;

    if (!zp_lz4_read_sequence(&p, end, dst_nbytes - first, &s))
        return 0;
    first += s.nliterals;
    if (first < dst_nbytes && (s.distance == 0 || s.distance > first))
        return 0;
    first += s.nmatch < dst_nbytes ? s.nmatch : dst_nbytes; /* both fit 32 bits then */
    *at = MARK(first, p - src);
    return 1;
}

/* The same for sequences one after the other, as long as they are short. */
static int
step_on(const uint8_t *src, size_t src_nbytes, size_t dst_nbytes, mark *marks, mark *at)
{
    const uint8_t *last = src + (src_nbytes > SHORT_NBYTES ? src_nbytes - SHORT_NBYTES : 0);
    const uint8_t *p = src + PLACE(*at);
    mark here = *at, limit = MARK(dst_nbytes, 0);
    int good = 1;

    while (p < last && here < limit) {
        unsigned token = *p;
        mark next = here + steps_of[token];
        marks[stretch_of(FIRST(here))] = here;
        if ((int64_t)next < 0)
            break;
        p += (token >> 4) + 3;
        good &= (unsigned)zp_load16(p - 2) - 1 < (uint32_t)(here >> 32) + (token >> 4);
        here = next;
    }
    *at = here;
    return good;
}

int64_t
zp_lz4_survey(const void *src, size_t src_nbytes, void *survey, size_t dst_nbytes)
{
    const uint8_t *end = (const uint8_t *)src + src_nbytes;
    mark *marks = survey, here = 0, limit;

    if (src_nbytes > UINT32_MAX / 4 || dst_nbytes > UINT32_MAX / 4) /* sums of two have no sign */
        return ZP_ERR_CORRUPT;
    memset(marks, 0xff, zp_lz4_survey_nbytes(dst_nbytes)); /* NO_MARK */
    marks[0] = here;
    limit = MARK(dst_nbytes, 0);
    while (here < limit) {
        if (!step_on(src, src_nbytes, dst_nbytes, marks, &here))
            return ZP_ERR_CORRUPT;
        if (here >= limit)
            break;
        marks[stretch_of(FIRST(here))] = here;
        if (!step_over(src, end, dst_nbytes, &here))
            return ZP_ERR_CORRUPT;
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
        const mark *from = &marks[stretch_of(place)];
        while (*from == NO_MARK || FIRST(*from) > place)
            from--;
        const uint8_t *p = begin + PLACE(*from);
        size_t first = FIRST(*from);
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
