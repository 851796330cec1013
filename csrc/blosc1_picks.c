/* blosc1_picks.c - single elements of a block of a Blosc1 container */
#include "blosc1_picks.h"

#include "blosc1_split.h"
#include "worker.h"

/* So many are looked for in what is packed; more, up to ZP_BLOSC1_SOME_PICKS, only where that is
   not packed tightly, so that matches seldom lead to matches. */
#define FEW_PICKS 8
/* Tightly packed is what is less than one part in so many. */
#define TIGHT 2
/* After one step for so many packed bytes, what is wanted lies too deep, and all is decoded. */
#define STEP_NBYTES 8

/* Where the bytes of a split go that are wanted: to each `typesize`th one of dst. */
typedef struct picking {
    const zp_blosc1_picks *wanted;
    void *scratch;
    uint8_t *dst;
    size_t typesize;
} picking;

/* The bytes that are wanted of some that are decoded. */
static void
pick_decoded(const picking *p, const uint8_t *bytes, uint8_t *dst)
{
    for (size_t i = 0; i < p->wanted->n; i++)
        dst[p->wanted->places[i] * p->typesize] = bytes[p->wanted->places[i]];
}

/* The same of a split that was surveyed, unless they lie too deep. */
static int
pick_packed(const picking *p, const uint8_t *src, size_t n, uint8_t *dst)
{
    const zp_blosc1_picks *wanted = p->wanted;
    size_t share = n / STEP_NBYTES / wanted->n + 1, steps = 4 * share;

    for (size_t i = 0; i < wanted->n; i++, steps += share) {
        int byte = zp_lz4_pick(src, n, p->scratch, wanted->places[i], &steps);
        if (byte < 0)
            return 0;
        dst[wanted->places[i] * p->typesize] = (uint8_t)byte;
    }
    return 1;
}

static int
is_worth_a_survey(const zp_blosc1_split *s, size_t npicks)
{
    return npicks <= FEW_PICKS ||
           (npicks <= ZP_BLOSC1_SOME_PICKS && s->n > s->decoded_nbytes / TIGHT);
}

/* The bytes of a split before `last`; all of them are decoded faster than nearly all. */
static int
unpack_up_to(const zp_blosc1_split *s, void *to, size_t last)
{
    int64_t nbytes = (int64_t)s->decoded_nbytes;

    if (last <= s->decoded_nbytes / 4 * 3)
        return zp_blosc1_learn_front(s, zp_lz4_unpack_front, to, last) > 0;
    return zp_blosc1_bring(s->part, s->place, s->place + s->n) == ZP_OK &&
           zp_lz4_unpack(s->src + s->place, s->n, to, s->decoded_nbytes) == nbytes;
}

static int
take_picks(const zp_blosc1_split *s, size_t k, void *context)
{
    const picking *p = context;
    const zp_blosc1_picks *wanted = p->wanted;
    size_t last = wanted->places[wanted->n - 1] + 1;
    uint8_t *dst = p->dst + k;

    if (zp_blosc1_is_stored(s)) {
        if (zp_blosc1_bring(s->part, s->place + wanted->places[0], s->place + last) < 0)
            return 0;
        pick_decoded(p, s->src + s->place, dst);
        return 1;
    }
    if (is_worth_a_survey(s, wanted->n)) {
        size_t reach = zp_blosc1_learn_front(s, zp_lz4_survey, p->scratch, last);
        if (reach == 0)
            return 0;
        if (pick_packed(p, s->src + s->place, reach, dst))
            return 1;
    }
    if (!unpack_up_to(s, p->scratch, last))
        return 0;
    pick_decoded(p, p->scratch, dst);
    return 1;
}

int64_t
zp_blosc1_decode_picks(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                       const zp_part *part, const zp_blosc1_block *block,
                       const zp_blosc1_picks *wanted, uint8_t *dst)
{
    size_t split_nbytes = block->nbytes / h->typesize;
    size_t nbytes = zp_lz4_survey_nbytes(split_nbytes) + split_nbytes; /* or bytes themselves */
    picking p = {wanted, zp_worker_scratch(worker, ZP_SLOT_BLOCK, nbytes), dst, h->typesize};

    if (wanted->n == 0) /* the block lies between two elements that are */
        return ZP_OK;
    if (!p.scratch)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    return zp_blosc1_take_splits(h, worker, src, part, block, take_picks, &p);
}
