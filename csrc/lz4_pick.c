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
/* Bytes that are looked at of a sequence whose lengths take a byte each at most. */
#define SHORT_NBYTES (1 + 1 + ZP_LZ4_LONG + 255 + 2 + 1)

/* A sequence: where it begins in the block, and in the upper half where what it holds does. */
typedef uint64_t mark;

#define MARK(first, place) ((uint64_t)(first) << 32 | (uint32_t)(place))
#define FIRST(m) ((size_t)((m) >> 32))
#define PLACE(m) ((size_t)(uint32_t)(m))
/* Whether a length does not fit its half of a token: 1 or 0. */
#define IS_LONG(half) (((half) + 1) >> 4)
/* No sequence begins in a stretch. */
#define NO_MARK UINT64_MAX

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
    first += s.nmatch < dst_nbytes ? s.nmatch : dst_nbytes; /* both fit 32 bits then */
    *at = MARK(first, p - src);
    return 1;
}

/*
 * The same for sequences one after the other, as long as no length takes more than one byte beside
 * the token.  Whether a match does is not asked by a branch, which could not be foretold: literals
 * are seldom so many, and the next sequence is waited for less long if their number is known.
 */
static void
step_on(const uint8_t *src, size_t src_nbytes, size_t dst_nbytes, mark *marks, mark *at)
{
    const uint8_t *last = src + (src_nbytes > SHORT_NBYTES ? src_nbytes - SHORT_NBYTES : 0);
    const uint8_t *p = src + PLACE(*at);
    size_t first = FIRST(*at);

    while (p < last && first < dst_nbytes) {
        unsigned token = *p, nmatch = token & 15, then_long = IS_LONG(nmatch);
        size_t nliterals = token >> 4;
        const uint8_t *distance = p + 1 + nliterals;
        marks[stretch_of(first)] = MARK(first, p - src);
        if (nliterals == ZP_LZ4_LONG) {
            if (p[1] == 255)
                break;
            nliterals += p[1];
            distance += 1 + p[1];
        }
        unsigned more = distance[2] & (0U - then_long);
        if (more == 255)
            break;
        p = distance + 2 + then_long;
        first += nliterals + nmatch + more + ZP_LZ4_MIN_MATCH;
    }
    *at = MARK(first, p - src);
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
        step_on(src, src_nbytes, dst_nbytes, marks, &here);
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
        if (s.distance == 0 || s.distance > first)
            return -1;
        size_t behind = place - first;
        place = first - s.distance + (behind < s.distance ? behind : behind % s.distance);
    }
}
