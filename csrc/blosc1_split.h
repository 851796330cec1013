/*
 * blosc1_split.h - the splits of a block of a Blosc1 container, read in part (internal)
 *
 * What is stored of them may come to memory only when it is asked for.
 */
#ifndef ZP_BLOSC1_SPLIT_H
#define ZP_BLOSC1_SPLIT_H

#include "blosc1_frame.h"
#include "codec.h"

/* One of the splits of a block: n stored bytes at `place` of the chunk. */
typedef struct zp_blosc1_split {
    const zp_part *part;
    const uint8_t *src;
    size_t place, n, decoded_nbytes;
} zp_blosc1_split;

/* See that bytes of the chunk are in memory; a zp_status. */
static inline int
zp_blosc1_bring(const zp_part *part, size_t from, size_t to)
{
    return part->need ? part->need(part->source, from, to) : ZP_OK;
}

static inline int
zp_blosc1_is_stored(const zp_blosc1_split *s)
{
    return s->n == s->decoded_nbytes;
}

/* Takes what is wanted of the kth split of a block; 0 when that is damaged. */
typedef int (*zp_blosc1_take)(const zp_blosc1_split *s, size_t k, void *context);

/* Take something of each split of a block that has one for each byte of its elements. */
int64_t zp_blosc1_take_splits(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                              const zp_part *part, const zp_blosc1_block *block,
                              zp_blosc1_take take, void *context);

/* What is done to n bytes of a split to learn of its first `last` ones, which is the answer then. */
typedef int64_t (*zp_blosc1_learn)(const void *src, size_t n, void *to, size_t last);

/*
 * Learn of the first `last` bytes of a split.  Not all of its stored ones need
 * be there: about as large a part of them as of the split is tried first.  How
 * many were looked at, or 0.
 */
size_t zp_blosc1_learn_front(const zp_blosc1_split *s, zp_blosc1_learn how, void *to, size_t last);

#endif
