/* blosc1_split.c - the splits of a block of a Blosc1 container, read in part */
#include "blosc1_split.h"

#include "worker.h"

/* More of a split is looked at than its share of what is wanted. */
#define MARGIN_NBYTES 1024

size_t
zp_blosc1_learn_front(const zp_blosc1_split *s, zp_blosc1_learn how, void *to, size_t last)
{
    const uint8_t *begin = s->src + s->place;
    size_t reach = s->n;
    if (s->part->need) {
        double share = (double)last / (double)s->decoded_nbytes;
        reach = (size_t)((double)s->n * share * 1.125) + MARGIN_NBYTES;
    }
    if (reach < s->n) {
        if (zp_blosc1_bring(s->part, s->place, s->place + reach) < 0)
            return 0;
        if (how(begin, reach, to, last) == (int64_t)last)
            return reach;
    } else {
        reach = 0;
    }
    int done = zp_blosc1_bring(s->part, s->place + reach, s->place + s->n) == ZP_OK &&
               how(begin, s->n, to, last) == (int64_t)last;
    return done ? s->n : 0;
}

int64_t
zp_blosc1_take_splits(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                      const zp_part *part, const zp_blosc1_block *block, zp_blosc1_take take,
                      void *context)
{
    zp_blosc1_split s = {part, src, block->place, 0, block->nbytes / h->typesize};

    for (size_t k = 0; k < h->typesize; k++, s.place += s.n) {
        if (zp_blosc1_bring(part, s.place, s.place + 4) < 0)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a split lies outside the chunk");
        int64_t status = zp_blosc1_next_split(h, worker, src, s.decoded_nbytes, &s.place, &s.n);
        if (status < 0)
            return status;
        if (!take(&s, k, context))
            return zp_fail(worker, ZP_ERR_CORRUPT, "a compressed block is damaged");
    }
    return ZP_OK;
}
